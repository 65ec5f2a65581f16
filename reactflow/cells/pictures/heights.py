"""How high each item stands: the y of boxes and of points of passage, layer by layer.

It promises to keep the order within each layer, with room between, and to bring items as near to their neighbours as
that allows; deterministic, in time linear in items and edges. It must not know x, nor names.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reactflow.cells.pictures.layers import Layers

BOX_GAP, PASSAGE_GAP = 16.0, 13.0
PASSES = 3


def heights(layers: Layers, height: Sequence[float]) -> list[float]:
    """The middle y of every item: near its neighbours, in the order of its layer, with room between.

    Each pass takes one layer after another: every item wishes for the mean of its neighbours, long edges pulling
    harder so that they run straight, and ``settle`` finds the places nearest to all wishes.
    """
    real = layers.count
    # (other item, weight, -1 left or 1 right)
    links: list[list[tuple[int, float, int]]] = [[] for _ in height]
    at = [0] * len(height)
    for number, column in enumerate(layers.order):
        for item in column:
            at[item] = number
    for a, b in dict.fromkeys(pair for chain in layers.chains for pair in pairwise(chain)):
        side = at[b] - at[a]
        if abs(side) != 1:
            continue
        weight = 1.0 if a < real and b < real else 8.0 if a >= real and b >= real else 2.0
        links[a].append((b, weight, side))
        links[b].append((a, weight, -side))

    apart = []
    for column in layers.order:
        gaps = [0.0]
        for a, b in pairwise(column):
            gap = BOX_GAP if a < real and b < real else PASSAGE_GAP
            gaps.append(gaps[-1] + (height[a] + height[b]) / 2 + gap)
        apart.append(gaps)

    y = [0.0] * len(height)
    for column, gaps in zip(layers.order, apart, strict=True):
        for item, offset in zip(column, gaps, strict=True):
            y[item] = offset - gaps[-1] / 2

    def align(number: int, sides: tuple[int, ...]) -> None:
        column = layers.order[number]
        wishes, weights = [], []
        for item in column:
            total = wish = 0.0
            for other, weight, side in links[item]:
                if side in sides:
                    total += weight
                    wish += weight * y[other]
            wishes.append(wish / total if total else y[item])
            weights.append(total or 0.05)
        for item, place in zip(column, settle(wishes, weights, apart[number]), strict=True):
            y[item] = place

    last = len(layers.order)
    for _ in range(PASSES):
        for number in range(1, last):
            align(number, (-1,))
        for number in range(last - 2, -1, -1):
            align(number, (1,))
    for number in (*range(last), *range(last - 2, -1, -1)):
        align(number, (-1, 1))
    return y


def settle(wishes: Sequence[float], weights: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Places in order, each at least its offset's step after the last, with the least squared distance to the wishes.

    Items that would collide are pooled and stand at their common mean (isotonic regression).

    >>> settle([0.0, 0.0, 100.0], [1.0, 1.0, 1.0], [0.0, 10.0, 20.0])
    [-5.0, 5.0, 100.0]
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        mean, total, count = wish - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            other, more, members = pools.pop()
            mean = (mean * total + other * more) / (total + more)
            total, count = total + more, count + members
        pools.append((mean, total, count))
    places = [mean for mean, _, count in pools for _ in range(count)]
    return [place + offset for place, offset in zip(places, offsets, strict=True)]
