"""The pacer: at most so many sends a second, the last state always, one thread at most."""

from __future__ import annotations

import threading
from time import monotonic

from reactflow.notebook.pacer import Pacer


class Display:
    """Sends what `state` is at that moment, and says so."""

    def __init__(self) -> None:
        self.state = 0
        self.sent: list[int] = []
        self.times: list[float] = []
        self.threads: set[threading.Thread] = set()
        self.changed = threading.Condition()

    def send(self) -> None:
        with self.changed:
            self.times.append(monotonic())
            self.sent.append(self.state)
            self.threads.add(threading.current_thread())
            self.changed.notify_all()

    def wait_for(self, state: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.sent[-1:] == [state], 10)


def test_twenty_thousand_notes_end_with_the_last_state_at_twenty_sends_a_second() -> None:
    pacer, display = Pacer(), Display()
    for state in range(1, 20_001):
        display.state = state
        pacer.note(display)
    display.wait_for(20_000)
    gaps = [later - earlier for earlier, later in zip(display.times, display.times[1:], strict=False)]
    assert all(gap > 0.045 for gap in gaps)
    assert display.sent == sorted(set(display.sent))


def test_many_threads_share_one_thread_that_sends() -> None:
    pacer, display = Pacer(interval=0.001), Display()
    ready = threading.Barrier(8)

    def writer() -> None:
        ready.wait()
        for _ in range(500):
            display.state += 1
            pacer.note(display)

    writers = [threading.Thread(target=writer) for _ in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    display.state = -1
    pacer.note(display)
    display.wait_for(-1)
    assert len(display.threads) == 1
    assert not display.threads & {*writers, threading.current_thread()}


def test_the_thread_ends_when_nothing_changes_and_comes_back_with_the_next_change() -> None:
    pacer, display = Pacer(), Display()
    for state in (1, 2):
        display.state = state
        pacer.note(display)
        display.wait_for(state)
        for thread in display.threads:
            thread.join(10)
            assert not thread.is_alive()
    assert len(display.threads) == 2


def test_flush_sends_in_the_calling_thread_without_waiting_for_the_pace() -> None:
    pacer, display = Pacer(interval=60), Display()
    pacer.note(display)
    display.wait_for(0)
    display.state = 1
    pacer.note(display)
    pacer.flush()
    assert display.sent == [0, 1]
    assert threading.current_thread() in display.threads
    pacer.flush()
    assert display.sent == [0, 1]


def test_flush_waits_for_a_send_that_the_thread_has_begun() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done = []

    class Slow:
        def send(self) -> None:
            begun.set()
            go_on.wait(10)
            done.append(True)

    pacer = Pacer()
    pacer.note(Slow())
    begun.wait(10)
    flusher = threading.Thread(target=pacer.flush)
    flusher.start()
    assert flusher.is_alive()
    go_on.set()
    flusher.join(10)
    assert done == [True]


def test_a_display_that_cannot_be_sent_does_not_stop_the_others(caplog: object) -> None:
    class Broken:
        def send(self) -> None:
            raise OSError("the page is gone")

    pacer, display = Pacer(), Display()
    pacer.note(Broken())
    pacer.note(display)
    display.wait_for(0)


def test_an_interrupted_flush_leaves_nothing_behind() -> None:
    class Interrupted(Display):
        def send(self) -> None:
            if not self.state:
                self.state = 1
                raise KeyboardInterrupt
            super().send()

    pacer, display = Pacer(interval=60), Interrupted()
    pacer._thread = threading.current_thread()  # nobody but flush() sends
    pacer.note(display)
    try:
        pacer.flush()
    except KeyboardInterrupt:
        pacer.flush()
    assert display.sent == [1]
