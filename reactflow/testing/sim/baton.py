"""The baton: invocations that run beside each other, one at a time, and change over only where they are told to.

Each task has a thread, and only the one that holds the baton runs; it gives it back where it pauses, or ends. So code
that knows nothing of being watched is stopped in its midst, and what happens is the same every time. It must not decide
who runs next: that is the world's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from attrs import define, field


class Crash(BaseException):
    """The process is gone. No ``except Exception`` of the code that is tried can catch it, as none can in truth."""


@define(eq=False)
class Task:
    """Something that is run, may pause, and ends with an answer or an error."""

    name: str
    run: Callable[[], object]
    answer: object = None
    error: BaseException | None = None
    is_done: bool = False
    is_paused: bool = False
    is_killed: bool = False
    _wake: threading.Lock = field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        self._wake.acquire()


class Baton:
    """Hands the baton to one task after the other; ``current`` is the one that has it."""

    def __init__(self) -> None:
        self.current: Task | None = None
        self._back = threading.Lock()
        self._back.acquire()
        self._idle: list[_Worker] = []

    def go(self, task: Task) -> None:
        """Have a task run, or go on, until it pauses or ends."""
        assert self.current is None
        self.current = task
        if task.is_paused:
            task.is_paused = False
            task._wake.release()
        else:
            worker = self._idle.pop() if self._idle else _Worker(self)
            worker.take(task)
        self._back.acquire()
        self.current = None

    def pause(self) -> None:
        """Called by the task that runs: wait until it is to go on. Raises Crash when it is not to any more."""
        task = self.current
        assert task is not None
        task.is_paused = True
        self._back.release()
        task._wake.acquire()
        if task.is_killed:
            raise Crash

    def kill(self, task: Task) -> None:
        """End a task that is paused, as if its process had ended there."""
        task.is_killed = True
        self.go(task)

    def close(self) -> None:
        """Let go of the threads; no task may be paused any more."""
        for worker in self._idle:
            worker.end()
        self._idle.clear()


class _Worker:
    """A thread that runs one task after the other: starting one for each would cost more than many a task."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self._wake = threading.Lock()
        self._wake.acquire()
        self._task: Task | None = None
        threading.Thread(target=self._work, name="reactflow-sim", daemon=True).start()

    def take(self, task: Task) -> None:
        self._task = task
        self._wake.release()

    def end(self) -> None:
        self._wake.release()

    def _work(self) -> None:
        while True:
            self._wake.acquire()
            task, self._task = self._task, None
            if task is None:
                return
            try:
                task.answer = task.run()
            except BaseException as error:  # also a Crash: whoever started the task judges it
                task.error = error
            task.is_done = True
            self._baton._idle.append(self)
            self._baton._back.release()
