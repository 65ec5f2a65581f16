"""Generated code: a few dozen nodes of known shape as straight-line Python.

Two kinds of code are made of nodes in topological order. *Pushing* code follows a write: a node runs if one of its
inputs moved in this event. *Pulling* code serves a read of what nobody observes: a node runs if an input is not in the
version that it saw. In both a node is a call, a comparison and a few stores.

Nodes are cut into chunks, each a function of its own, so that no function gets too large for Python to run it well and
long chains are many times one shape. The code depends on the shape alone: no name and no value of a program is in it,
and all chunks of one shape share it. This module writes the text, ``compiled`` makes functions of it. What runs them,
and what happens at the first thing that is out of the ordinary, is said in ``fast``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from reactflow.cells.doing import EVENT


class Form(NamedTuple):
    """What the code of a node depends on.

    ``arguments`` are what its function is called with, in the words of the code: ``n3`` is the fourth node of the
    chunk, ``x0`` a node outside, ``k0`` a constant. ``inputs`` are its inputs in the same words, () when it has to be
    asked each time (a tracked function with branches). ``reads`` says that it is tracked: "" not, "list" into a list,
    "watch" by a function that notices what may not be up to date, "plain" not at all, since it always reads its inputs
    (see `functions`). ``variables`` are what holds them: a word for the variable, whether it is a closure's, a word for
    what it holds, and whether that is a list, which may come to hold other cells.
    """

    arguments: tuple[str, ...]
    inputs: tuple[str, ...]
    reads: str
    is_default: bool  # == decides whether it changed
    is_plain: bool  # what it has now is a number or text of Python, so that == is likely to give a bool
    variables: tuple[tuple[str, bool, str, bool], ...] = ()


Shape = tuple[Form, ...]


def _call(place: int, form: Form, words: Sequence[str], leave: str) -> list[str]:
    """Run a node's function; a tracked one has its reads compared with those of the last time."""
    call = f"at = {place}; v{place} = f{place}({', '.join(words)})"
    if not form.reads:
        return [call]
    if form.reads == "plain":
        held = []
        for word, is_closure, what, is_list in form.variables:
            now = f"{word}.cell_contents" if is_closure else f"{word}.get(q{word[1:]})"
            held.append(f"{now} != {what}" if is_list else f"{now} is not {what}")
        check = [f"if {' or '.join(held)}: {_leave(leave, place, 'MISSING')}"] if held else []
        return [*check, f"r = None; {call}"]
    track = "r.append" if form.reads == "list" else f"w{place}(r)"
    return [
        f"r = []; D.track = {track}",
        call,
        "D.track = foreign",
        f"if r != n{place}.reads and not agree(n{place}, r): {_leave(leave, place)}",
    ]


def _leave(leave: str, place: int, value: str = "") -> str:
    return f"return {leave}(n{place}, None, {value or f'v{place}'}, r)"


def _has_changed(place: int, form: Form) -> str:
    """The rule of `semantics.same`, in the order in which it costs least; what is no bool is left to `says_same`."""
    verdict = f"old == v{place}" if form.is_default else f"equals[{place}](old, v{place})"
    if form.is_plain and form.is_default:
        # a jump right after a comparison is fast, and to compare twice costs little
        return f"not ({verdict} and (({verdict}) is True or says_same({verdict})))"
    return f"((same := {verdict}) is False or (same is not True and not says_same(same)))"


# --- pushing: after a write ----------------------------------------------------------------------------------------


def pushing_text(shape: Shape, sources: frozenset[str], leave: str = "") -> list[str]:
    """The code that follows a write through a chunk. ``sources`` are the words of what has moved for certain.

    >>> area = Form(("x0", "x1"), ("x0",), "", True, True)
    >>> label = Form(("n0",), ("n0",), "", True, False)
    >>> for line in pushing_text((area, label), frozenset({"x0"})):
    ...     print(line)
    at = 0; v0 = f0(x0.outcome, x1.outcome)
    old = n0.outcome; n0.seen = now
    if v0 is not old and not (old == v0 and ((old == v0) is True or says_same(old == v0))):
        if v0 is UNSET: return (n0, None, v0, r)
        n0.outcome = v0; n0.version = now; m0 = True
    else: v0 = old; m0 = False
    if m0:
        at = 1; v1 = f1(v0)
        old = n1.outcome; n1.seen = now
        if v1 is not old and ((same := old == v1) is False or (same is not True and not says_same(same))):
            if v1 is UNSET: return (n1, None, v1, r)
            n1.outcome = v1; n1.version = now
    """
    used = {word for form in shape for word in (*form.arguments, *form.inputs)}
    lines: list[str] = []
    for place, form in enumerate(shape):
        passed_on = f"n{place}" in used
        moved = f"; m{place} = True" if passed_on else ""
        body = _call(place, form, [_value(word) for word in form.arguments], leave)
        body += [
            f"old = n{place}.outcome; n{place}.seen = {'now' if len(form.inputs) == 1 else '-now'}",
            f"if v{place} is not old and {_has_changed(place, form)}:",
            f"    if v{place} is UNSET: {_leave(leave, place)}",
            f"    n{place}.outcome = v{place}; n{place}.version = now{moved}",
        ]
        if passed_on:
            body.append(f"else: v{place} = old; m{place} = False")
        asked = " or ".join(_moved(word) for word in form.inputs)
        if not form.inputs:
            asked = f"n{place}.inputs and (n{place}.inputs[0].version is now or moved(n{place}, now))"
        if sources.isdisjoint(form.inputs):
            body = [f"if {asked}:", *(f"    {line}" for line in body)]
            if passed_on:
                body.append(f"else: v{place} = n{place}.outcome; m{place} = False")
        lines += body
    return lines


def _value(word: str) -> str:
    return f"{word}.outcome" if word[0] == "x" else f"v{word[1:]}" if word[0] == "n" else word


def _moved(word: str) -> str:
    return f"m{word[1:]}" if word[0] == "n" else f"{word}.version is now"


# --- pulling: before a read ----------------------------------------------------------------------------------------


def pulling_text(shape: Shape, leave: str = "") -> list[str]:
    """The code that brings a chunk up to date before a read.

    What runs gets the latest version of its inputs, or the latest that there is: between events an outcome belongs to
    those, and the function is not run again while they stay.

    >>> for line in pulling_text((Form(("x0",), ("x0",), "", True, True),)):
    ...     print(line)
    s = n0.seen; w = x0.version
    if s is not w:
        a0 = x0.outcome
        if a0 is UNSET or a0.__class__ is Failure: return (n0, None, MISSING, r)
        at = 0; v0 = f0(a0)
        old = n0.outcome; n0.seen = w
        if v0 is not old and not (old == v0 and ((old == v0) is True or says_same(old == v0))):
            if v0 is UNSET: return (n0, None, v0, r)
            n0.outcome = v0; n0.version = w
    n0.checked = epoch
    """
    lines: list[str] = []
    for place, form in enumerate(shape):
        inputs = form.inputs
        if form.reads:
            lines.append(f"if n{place}.inputs is not i{place}: {_leave(leave, place, 'MISSING')}")
        if len(inputs) == 1:
            lines += [
                f"s = n{place}.seen; w = {inputs[0]}.version",
                "if s is not w:",  # of an only input the version itself is kept
            ]
        else:
            versions = ", ".join(f"{word}.version" for word in inputs)
            newer = " or ".join(f"{word}.version > -s" for word in inputs)
            lines += [
                f"s = n{place}.seen; w = ({versions})",
                f"if s != w and (s is None or s.__class__ is tuple or {newer}):",
            ]
        needed = form.inputs if form.reads == "plain" else form.arguments
        words = [f"a{at}" if word[0] != "k" else word for at, word in enumerate(needed)]
        for word, given in zip(words, needed, strict=True):
            if word != given:
                lines += [
                    f"    {word} = {given}.outcome",
                    f"    if {word} is UNSET or {word}.__class__ is Failure: {_leave(leave, place, 'MISSING')}",
                ]
        lines += [f"    {line}" for line in _call(place, form, [] if form.reads else words, leave)]
        lines += [
            f"    old = n{place}.outcome; n{place}.seen = w",
            f"    if v{place} is not old and {_has_changed(place, form)}:",
            f"        if v{place} is UNSET: {_leave(leave, place)}",
            f"        n{place}.outcome = v{place}; n{place}.version = {'w' if len(inputs) == 1 else 'now'}",
            f"n{place}.checked = epoch",
        ]
    return lines


# --- whole functions -----------------------------------------------------------------------------------------------

_CHUNK = """
def run({parameters}):
    at = 0; r = None
    try:
        {body}
    except BaseException as error:
        return {failed}
"""

_WRITE = """
def run(cell, value):
    old = cell.outcome
    if value is old: return
    if {unusual}value is UNSET or value.__class__ is Failure: return slow(cell, value)
    try:
        if (same := {same}) is not False and (same is True or says_same(same)): return
    except Exception: pass
    me = get_ident()
    if not D.rest or cell.put is not run: return slow(cell, value)
    D.rest = False; D.claim = me
    D.last_version = cell.version = now = D.epoch
    D.epoch = now + {event}
    cell.outcome = value
    D.track = foreign; D.running = program
    try:
        for chunk in chunks:
            left = chunk(now)
            if left is not None: return leave(*left)
    except BaseException as error:
        if D.claim != me: raise  # it comes from what follows the event
        return leave(None, error, MISSING, None)
    D.track = D.running = None
    {end}
"""

_END = "D.claim = None; D.rest = True\n    if D.waiting: D.end_claim()"

_READ = """
def run(node):
    me = get_ident()
    if not D.rest: return slow(node)
    D.rest = False; D.claim = me
    D.track = foreign; D.running = program
    now = D.last_version
    epoch = D.epoch
    try:
        for chunk in chunks:
            left = chunk(now, epoch)
            if left is not None: return leave(*left)
    except BaseException as error:
        if D.claim != me: raise  # it comes from what follows the event
        return leave(None, error, MISSING, None)
    D.track = D.running = None
    {end}
    return node.outcome
"""

_ALONE = """
def run(n0):
    me = get_ident()
    if not D.rest: return slow(n0)
    {given}
    D.rest = False; D.claim = me
    D.track = foreign; D.running = program
    now = D.last_version
    epoch = D.epoch; at = 0; r = None
    try:
        {body}
    except BaseException as error:
        if D.claim != me: raise  # it comes from what follows the event
        return leave{failed}
    D.track = D.running = None
    {end}
    return n0.outcome
"""

_FAILED = "(locals()[f'n{at}'], error, locals().get(f'v{at}', MISSING), r)"


def _indented(lines: Sequence[str]) -> str:
    return "\n        ".join(lines)


def words_of(shape: Shape) -> list[str]:
    """The words of a shape that its code is given, beside the helpers."""
    words = sorted({word for form in shape for word in (*form.arguments, *form.inputs) if word[0] in "xk"})
    words += [f"n{place}" for place in range(len(shape))]
    words += [f"f{place}" for place in range(len(shape))]
    words += [f"w{place}" for place, form in enumerate(shape) if form.reads == "watch"]
    words += [f"i{place}" for place, form in enumerate(shape) if form.reads]
    for form in shape:
        for word, is_closure, what, _ in form.variables:
            words += [word] if is_closure else [word, f"q{word[1:]}"]
            words += [what] if what[0] == "h" else []
    return words


def source_text(shape: Shape, sources: frozenset[str] | None, entry: str, tells: bool, compares: bool) -> str:
    """The text of a whole function: a "chunk", or the "entry" of a write or a read to its chunks.

    That of a read of a node which needs no other is for it "alone": it gets at all else through the node, and serves
    every node of its shape. ``sources`` is None for pulling code; ``tells`` says that effects follow, ``compares`` that
    == compares the source.

    >>> negated = Form(("x0",), ("x0",), "", True, True)
    >>> print(source_text((negated,), frozenset({"x0"}), "chunk", False, True))
    def run(now, x0=x0, n0=n0, f0=f0):
        at = 0; r = None
        try:
            at = 0; v0 = f0(x0.outcome)
            old = n0.outcome; n0.seen = now
            if v0 is not old and not (old == v0 and ((old == v0) is True or says_same(old == v0))):
                if v0 is UNSET: return (n0, None, v0, r)
                n0.outcome = v0; n0.version = now
        except BaseException as error:
            return (locals()[f'n{at}'], error, locals().get(f'v{at}', MISSING), r)
    """
    words = words_of(shape)
    given: dict[str, Any] = {
        "words": "".join(f", {word}={word}" for word in words),
        "failed": _FAILED,
        "end": "return tell(effects, now)" if tells else _END,
        "event": EVENT,
        "same": "old == value" if compares else "equal(old, value)",
        "unusual": "" if compares else "not D.rest or ",
    }
    pulls = sources is None
    leave = "leave" if entry == "alone" else ""
    body = pulling_text(shape, leave) if sources is None else pushing_text(shape, sources, leave)
    if entry == "alone":
        (form,) = shape
        equals = "" if form.is_default else "; equals = (n0.equal,)"
        given["given"] = f"{', '.join(form.arguments)}, = n0.arguments; f0 = n0.fn{equals}"
    template = {"chunk": _CHUNK, "alone": _ALONE}.get(entry, _READ if pulls else _WRITE)
    given["parameters"] = ("now, epoch" if pulls else "now") + given["words"]
    return template.format(body=_indented(body), **given).strip()
