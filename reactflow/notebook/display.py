"""``live(thing)``: what is shown in a notebook and moves with the values.

A display has an id; wherever it is shown, each send replaces what stands there, and a saved notebook holds the last
one. It promises: one subscription and one id a thing, however often it is shown; changes from any thread; at most 20
updates a second, one at the end of each executed notebook cell, and always the last value. It must not send or print
from propagation, and it keeps no thing alive that nobody else holds.

``live`` shows at once, where it is called, and returns the handle. As the last line of the same notebook cell the
handle is not shown a second time; anywhere else it can be shown again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from reactflow.cells import Readable
from reactflow.cells.effect import effect
from reactflow.cells.readable import current_outcome
from reactflow.errors import ConfigurationError, MissingExtra, TemplateError
from reactflow.notebook.bundle import Bundle, Occurred, ancestry, failed, picture, table
from reactflow.notebook.pacer import Pacer

PACER = Pacer()
# Weak, and keyed by id: a display lives as long as what it shows, which holds it as its observer.
_DISPLAYS: WeakValueDictionary[tuple[int, bool], Live] = WeakValueDictionary()
_LOCK = threading.RLock()


def live(thing: object, *, graph: bool = False) -> Live:
    """Show a cell or a flow's instance in a notebook, and keep what is shown up to date.

    ``graph=True`` shows the picture of what it is computed from, with its values, instead of a table. Returns a handle
    with ``stop()``. Raises MissingExtra without IPython, ConfigurationError outside a notebook's kernel, TemplateError
    for a flow's class or a cell of it, and TypeError for what has no cells.

    >>> from reactflow import cell
    >>> live(cell(3.0))  # not in a notebook
    Traceback (most recent call last):
    reactflow.errors.ConfigurationError: live() shows in a notebook, and this is not one...
    """
    title, cells = _cells_of(thing)
    shell = _shell()
    with _LOCK:
        display = _DISPLAYS.get((id(thing), graph))
        if display is None or display.is_stopped:
            display = Live(thing, title, cells, graph, shell)
            _DISPLAYS[id(thing), graph] = display
    display.show()
    display._echo = shell.execution_count
    return display


class Live:
    """A live display; ``live()`` makes it. ``display_id`` is what its outputs in the notebook carry."""

    __slots__ = (
        "__weakref__", "_cells", "_drawn", "_echo", "_effect", "_is_graph", "_lock", "_occurred", "_sent", "_shell",
        "_thing", "_title", "display_id",
    )  # fmt: skip

    def __init__(
        self, thing: object, title: str, cells: Mapping[str, Readable[Any]], graph: bool, shell: Any
    ) -> None:
        self._thing = thing  # so that its id is its own as long as this display is known by it
        self._title = title
        self._cells = cells
        self._is_graph = graph
        self._shell = shell
        self._occurred: dict[Readable[Any], Occurred] = {}
        self._lock = threading.RLock()
        self._drawn = self._sent = 0
        self._echo = -1
        self.display_id = f"reactflow-{uuid4().hex}"
        self._effect = effect(self._noticed, name=f"live display of {title}")

    @property
    def is_stopped(self) -> bool:
        """Whether it no longer follows its values."""
        return self._effect.stopped

    def stop(self) -> None:
        """Show the present state and follow it no longer; what is in the notebook stays. Twice does nothing more."""
        if self.is_stopped:
            return
        self._effect.stop()
        PACER.forget(self)
        self.send()

    def show(self) -> None:
        """Show it here as well: one more place, the same display."""
        self._echo = -1
        number, bundle = self._draw()
        with self._lock:
            self._publish(bundle, update=False)
            if number < self._sent:  # another thread sent a newer state meanwhile
                PACER.note(self)

    def send(self) -> None:
        """Replace what is shown by the present state, now."""
        number, bundle = self._draw()
        with self._lock:
            if number > self._sent:  # else a drawing begun later is out already
                self._sent = number
                self._publish(bundle, update=True)

    def _noticed(self) -> None:
        """The effect: follows what is shown and notes that it changed. Nothing is drawn here."""
        cells = self._cells.values()
        for one in ancestry(cells) if self._is_graph else cells:
            if one.is_set and one.is_pulse:  # asking whether it is set subscribes, and raises nothing
                times = self._occurred[one].times if one in self._occurred else 0
                self._occurred[one] = Occurred(times + 1, current_outcome(one))
        PACER.note(self)

    def _draw(self) -> tuple[int, Bundle]:
        """The present state, and its number. Takes the graph's lock, so it is called without ours."""
        with self._lock:
            self._drawn += 1
            number = self._drawn
        try:
            if self._is_graph:
                return number, picture(self._cells.values(), self._title)
            return number, table(self._cells, self._occurred)
        except Exception as error:
            return number, failed(self._title, error)

    def _publish(self, bundle: Bundle, *, update: bool) -> None:
        transient = {"display_id": self.display_id}
        self._shell.display_pub.publish(data=bundle, metadata={}, transient=transient, update=update)

    def _ipython_display_(self) -> None:
        if self._echo == self._shell.execution_count:
            self._echo = -1  # live() has just shown it; this is its echo as the cell's last line
        else:
            self.show()

    def __repr__(self) -> str:
        return f"<{'stopped' if self.is_stopped else 'live'} display of {self._title}>"


def _cells_of(thing: object) -> tuple[str, Mapping[str, Readable[Any]]]:
    """What a thing is called, and its cells by name: a cell itself, or what stands in a flow instance's ``cells``."""
    if isinstance(thing, Readable):
        return thing.name, {thing.name: thing}
    cells = {} if isinstance(thing, type) else getattr(getattr(thing, "cells", None), "__dict__", {})
    named = {name: one for name, one in cells.items() if isinstance(one, Readable)}
    if named:
        return type(thing).__name__, named
    if isinstance(thing, type) and any(isinstance(one, Readable) for one in vars(thing).values()):
        raise TemplateError(f"{thing.__name__} is a template; make {thing.__name__}()")
    what = f"class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__
    raise TypeError(f"live() shows a cell or a flow's instance, not {what}: it has no cells")


def _shell() -> Any:
    """The running kernel's shell, which from now on sends what waits at the end of each notebook cell."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        raise MissingExtra("reactflow.notebook", "ipython", "notebook") from None
    shell: Any = get_ipython()  # type: ignore[no-untyped-call,unused-ignore]  # some releases have no types
    if getattr(shell, "kernel", None) is None:
        raise ConfigurationError(
            "live() shows in a notebook, and this is not one. Run it in Jupyter; here use print(graph(area)) for the "
            "picture, or area.subscribe(print) for each value"
        )
    if PACER.flush not in shell.events.callbacks["post_execute"]:
        # A notebook that is run and saved at once, without a page, holds only what came before its cell was done.
        shell.events.register("post_execute", PACER.flush)
    return shell
