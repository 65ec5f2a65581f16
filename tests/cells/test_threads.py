from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from reactflow import Effect, batch, cell, derived, effect, fold, folds, pulse, snapshot
from tests.cells.model import Boom
from tests.cells.undone import undone


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


def read_in_a_batch_of_another_thread(
    work: Callable[[], object], reads: Callable[[], object]
) -> list[object]:
    """What another thread reads while a batch is open, in which something was done; nothing if it waits."""
    seen: list[object] = []
    reader = Thread(target=lambda: seen.append(reads()), daemon=True)
    try:
        with batch():
            work()
            reader.start()
            reader.join(0.1)
            raise Boom
    except Boom:
        pass
    reader.join(30)
    assert not reader.is_alive()
    return seen


def test_a_snapshot_of_another_thread_waits_for_the_open_batch() -> None:
    length, width = cell(1), cell(1)
    area = length * width

    def work() -> None:
        length.value, width.value = 5, 5
        assert area.value == 25

    def reads() -> tuple[int, int, int]:
        with snapshot():
            return length.value, width.value, area.value

    assert read_in_a_batch_of_another_thread(work, reads) == [(1, 1, 1)]


def test_a_write_of_another_thread_waits_for_the_open_batch_and_is_an_event_of_its_own() -> None:
    ran: list[tuple[int, int]] = []
    one, other = cell(0), cell(0)
    stop = effect(lambda: ran.append((one.value, other.value)))

    def write() -> None:
        other.value = 1

    writer = Thread(target=write)
    with batch():
        one.value = 1
        writer.start()
        writer.join(0.05)
        assert other.value == 0
        one.value = 2
    writer.join(30)
    stop()
    assert ran == [(0, 0), (2, 0), (2, 1)]


def test_a_thread_has_no_part_in_the_batch_in_which_it_was_started() -> None:
    ran: list[int] = []
    one, other = cell(0), cell(0)
    stop = (one + other).subscribe(ran.append)
    writer = Thread(target=lambda: setattr(other, "value", 10))
    with undone():
        one.value = 1
        writer.start()
    writer.join(30)
    stop()
    assert (ran, one.value, other.value) == ([0, 10], 0, 10)


def test_a_callback_kept_by_a_derived_cell_is_not_tracked_when_it_is_called_later() -> None:
    ran: list[int] = []
    length, hidden = cell(1), cell(2)
    kept: list[Callable[[], int]] = []

    def compute() -> int:
        kept.append(lambda: hidden.value)
        return length.value

    double = derived(compute)
    effect(lambda: ran.append(double.value))
    for one in kept:
        one()
    hidden.value = 3
    length.value = 2
    assert ran == [1, 2]


def test_a_generator_begun_in_an_effect_is_tracked_only_while_the_effect_runs() -> None:
    ran: list[int] = []
    first, second = cell(1), cell(2)
    begun: list[Iterator[int]] = []

    def numbers() -> Iterator[int]:
        yield first.value
        yield second.value

    def look() -> None:
        begun.append(numbers())
        ran.append(next(begun[-1]))

    effect(look)
    assert next(begun[0]) == 2
    second.value = 3
    first.value = 4
    assert ran == [1, 4]


def test_tasks_that_were_started_in_an_effect_write_cells_after_it_is_done() -> None:
    ran: list[tuple[int, int]] = []
    length, written, hidden = cell(1), cell(0), cell(0)

    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []

        async def later(value: int) -> None:
            await asyncio.sleep(0)
            written.value = value + hidden.value

        stops = [
            effect(lambda: tasks.append(asyncio.ensure_future(later(length.value)))),
            effect(lambda: ran.append((length.value, written.value))),
        ]
        length.value = 2
        await asyncio.gather(*tasks)
        hidden.value = 9
        assert len(tasks) == 2
        for stop in stops:
            stop()

    asyncio.run(main())
    assert ran == [(1, 0), (2, 0), (2, 1), (2, 2)]


def test_tasks_that_write_one_after_the_other_are_events_of_their_own() -> None:
    ran: list[int] = []
    total = cell(0)
    total.subscribe(ran.append)

    async def add(value: int) -> None:
        await asyncio.sleep(0)
        total.value += value

    async def main() -> None:
        await asyncio.gather(*(add(1) for _ in range(20)), asyncio.to_thread(lambda: None))

    asyncio.run(main())
    assert ran == [*range(21)]


def test_a_thread_that_a_derived_cell_starts_is_not_tracked_and_goes_on_after_it() -> None:
    source, hidden = cell(1), cell(10)
    threads: list[Thread] = []
    read: list[int] = []
    ran: list[int] = []

    def compute() -> int:
        thread = Thread(target=lambda: read.append(hidden.value), daemon=True)
        thread.start()
        threads.append(thread)
        return source.value * 2

    double = derived(compute)
    stop = effect(lambda: ran.append(double.value))
    hidden.value = 20
    source.value = 2
    for thread in threads:
        thread.join(30)
    stop()
    assert (ran, len(read)) == ([2, 4], 2)


def test_a_thread_that_an_effect_starts_writes_when_the_effect_is_done() -> None:
    source, written = cell(0), cell(-1)
    threads: list[Thread] = []
    seen: list[int] = []

    def starts() -> None:
        value = source.value
        thread = Thread(target=lambda: setattr(written, "value", value), daemon=True)
        thread.start()
        threads.append(thread)

    stops: list[Effect] = [effect(starts), written.subscribe(seen.append)]
    for value in range(1, 50):
        threads[-1].join(30)
        source.value = value
    threads[-1].join(30)
    for stop in stops:
        stop()
    assert (len(threads), written.value) == (50, 49)
    assert seen[-49:] == [*range(1, 50)]


def test_an_effect_made_in_another_thread_while_an_effect_runs_is_not_owned_by_that() -> None:
    ran: list[str] = []
    outer, inner = cell(0), cell(0)
    threads: list[Thread] = []

    def follow() -> None:
        effect(lambda: ran.append(f"other {inner.value}"), name="other")

    def parent() -> None:
        ran.append(f"parent {outer.value}")
        if not threads:
            threads.append(Thread(target=follow, daemon=True))
            threads[0].start()
            threads[0].join(0.1)  # it waits for this effect to be done

    effect(parent)
    threads[0].join(30)
    outer.value = 1
    inner.value = 1
    assert ran == ["parent 0", "other 0", "parent 1", "other 1"]
