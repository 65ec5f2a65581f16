from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from reactflow import batch, cell, derived, effect, fold, folds, pulse, snapshot


def in_thread(work: Callable[[], object]) -> None:
    thread = Thread(target=work)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def test_many_threads_write_one_graph() -> None:
    reading = pulse()
    count, total = fold(reading, folds.count), fold(reading, folds.sum)
    cells = [cell(0) for _ in range(4)]
    everything = derived(lambda: sum(one.value for one in cells))
    ran: list[int] = []
    stop = effect(lambda: ran.append(everything.value))

    def work(mine: int) -> None:
        for value in range(1, 101):
            with batch():
                cells[mine].value = value
                reading.emit(value)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    stop()
    assert (count.value, total.value, everything.value) == (400, 4 * 5050, 400)
    assert ran == list(range(401))


def test_a_reader_in_a_snapshot_never_sees_a_torn_pair() -> None:
    one, other, going = cell(0), cell(0), [True]
    double = derived(lambda: one.value + other.value)
    torn: list[tuple[int, int, int]] = []

    def read() -> None:
        while going[0]:
            with snapshot():
                seen = one.value, other.value, double.value
            if seen[0] != seen[1] or seen[2] != 2 * seen[0]:
                torn.append(seen)

    reader = Thread(target=read)
    reader.start()
    for value in range(500):
        with batch():
            one.value = value
            other.value = value
    going[0] = False
    reader.join(30)
    assert torn == []


def test_another_thread_does_not_read_what_a_batch_may_yet_undo() -> None:
    length = cell(1)
    double = length * 2
    stop = double.subscribe(lambda value: None)
    inside, seen = Event(), []

    def read() -> None:
        inside.wait(30)
        seen.append(double.value)

    reader = Thread(target=read)
    reader.start()
    try:
        with batch():
            length.value = 5
            inside.set()
            raise ValueError
    except ValueError:
        pass
    reader.join(30)
    stop()
    assert seen == [2]


def test_reads_in_another_thread_are_not_tracked() -> None:
    ran: list[int] = []
    length, width = cell(1), cell(2)

    def look() -> None:
        in_thread(lambda: width.value)
        ran.append(length.value)

    effect(look)
    width.value = 3
    length.value = 4
    assert ran == [1, 4]


def test_reads_in_tasks_to_thread_and_callbacks_are_not_tracked() -> None:
    ran: list[int] = []
    length, width = cell(1), cell(2)
    calls: list[Callable[[], int]] = []

    async def main() -> None:
        def look() -> None:
            ran.append(length.value)
            if tasks:
                return
            loop.call_soon(lambda: width.value)
            tasks.append(loop.create_task(later()))
            calls.append(lambda: width.value)

        async def later() -> int:
            return await asyncio.to_thread(lambda: width.value)

        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[int]] = []
        effect(look)
        assert await asyncio.gather(*tasks) == [2]
        await asyncio.to_thread(lambda: setattr(width, "value", 3))
        width.value = 4

    asyncio.run(main())
    assert calls[0]() == 4
    width.value = 5
    length.value = 6
    assert ran == [1, 6]
