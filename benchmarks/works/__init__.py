"""The works, in the order of the table."""

from __future__ import annotations

from benchmarks.works.batches import BATCH, KEYED, THOUSAND
from benchmarks.works.changing import CUT_OFF, DYNAMIC, INPUTS
from benchmarks.works.shapes import CELLX, CHAIN, DEEP, DIAMOND, FAN
from benchmarks.works.single import ONE_EFFECT, ONE_READ, READ_HEAVY, WIDE, WRITE_HEAVY
from benchmarks.works.work import Work

WORKS: tuple[Work, ...] = (
    ONE_READ,
    ONE_EFFECT,
    CHAIN,
    FAN,
    DIAMOND,
    CUT_OFF,
    INPUTS,
    CELLX,
    THOUSAND,
    KEYED,
    READ_HEAVY,
    WRITE_HEAVY,
    WIDE,
    DEEP,
    DYNAMIC,
    BATCH,
)
