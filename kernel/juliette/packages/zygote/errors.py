"""Zygote's errors, in its words, and the traces that are open.

Changing an array is no error in itself: it happens, and going back over it is the error, whether or
not the result depends on it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from juliette.compiler import support
from juliette.compiler.closures import Box
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import TRANSLATORS, ErrorException, translated
from juliette.runtime.structs import Struct
from juliette_engine import errors as engine_errors
from juliette_engine.tape import LEVELS

_MUTATION = """Mutating arrays is not supported -- called {call}
This error occurs when you ask Zygote to differentiate operations that change
the elements of arrays in place (e.g. setting values with x .= ...)

Possible fixes:
- avoid mutating operations (preferred)
- or read the documentation and solutions for this error
  https://fluxml.ai/Zygote.jl/latest/limitations"""


class Open:
    """How many times over gradients are being ignored."""

    __slots__ = ("ignoring",)

    def __init__(self) -> None:
        self.ignoring = 0


OPEN = Open()


class Refusal:
    """Stands on a tape for something that cannot be differentiated, with the place where it is."""

    __slots__ = ("grad", "place")
    data = None

    def __init__(self) -> None:
        self.grad = 0.0
        self.place = _place()


def _place() -> Any:
    """The calls between the gradient and here, as a traceback."""
    found, frame = None, sys._getframe(3)
    while frame is not None and not frame.f_code.co_filename.endswith("tracing.py"):
        found = TracebackType(found, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return found


def refuse(g: Any, out: Any, a: Any, b: Any) -> None:
    raise ErrorException(a).with_traceback(out.place)


def refuse_later(message: str) -> None:
    """Going back over this point of the innermost trace is an error."""
    if LEVELS.tapes and not OPEN.ignoring:
        LEVELS.tapes[-1].append((refuse, Refusal(), message, None))


def foreign_call(name: str) -> ErrorException:
    """A method without a derivative on a traced argument."""
    return ErrorException(
        f"Can't differentiate foreigncall expression {name}.\n"
        "You might want to check the Zygote limitations documentation.\n"
        "https://fluxml.ai/Zygote.jl/latest/limitations"
    )


def unexplained(error: Exception) -> bool:
    """Is this one of Python's, of values that a rule cannot compute with, which says nothing in Julia?"""
    return (
        isinstance(error, (TypeError, AttributeError, ValueError, LookupError, NotImplementedError))
        and not hasattr(error, "julia_type")
        and translated(error) is None
    )


def mutated(target: Any, name: str) -> Any:
    """An array is changed where gradients are traced; the message ends with its name, where it has one.

    In forward mode that is no error; what is given back is how dots change it.
    """
    if not LEVELS.tapes or OPEN.ignoring:
        return None
    if LEVELS.tapes[-1].forward:
        from juliette.packages.zygote.changing import dotted_forward

        return dotted_forward(target) if name == "copyto!" else None
    message = _MUTATION.format(call=f"{name}({T.type_string(T.typeof(target))}, ...)")
    variable = _variable(target)
    refuse_later(f"{message}\n\nThe array is `{variable}`." if variable else message)
    return None


def _variable(target: Any) -> str:
    """The name that the innermost function of the user's has for a value: of a variable, a global, or a field of one."""
    frame = sys._getframe(2)
    while frame is not None and "%module" not in frame.f_globals:
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return ""
    used = {n: frame.f_globals[n] for n in frame.f_code.co_names if n in frame.f_globals}
    known = [
        (name.partition("%")[0], value.value if type(value) is Box else value)
        for name, value in (*frame.f_locals.items(), *used.items())
        if name[0] not in "%#" and not (type(value) is Box and not hasattr(value, "value"))
    ]
    for name, value in known:
        if value is target:
            return name
    for name, value in known:
        if isinstance(value, (Struct, V.NamedTuple)):
            fields = value.names if isinstance(value, V.NamedTuple) else value.fields
            for field in fields:
                part = (
                    value.values[fields.index(field)]
                    if isinstance(value, V.NamedTuple)
                    else getattr(value, field, None)
                )
                if part is target:
                    return f"{name}.{field}"
    return ""


def mutation(target: Any, name: str, run: Callable[[], Any]) -> Any:
    """Change an array; what that changes in turn is not refused again."""
    mutated(target, name)
    OPEN.ignoring += 1
    try:
        return run()
    finally:
        OPEN.ignoring -= 1


def _caught() -> None:
    """A `catch` block runs where gradients are traced."""
    frame = sys._getframe(2)
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    refuse_later(f"Can't differentiate function execution in catch block at #= {place} =#.")


support.CAUGHT = _caught
B.MUTATION = mutated


# ---------------------------------------------------------------- the engine's errors


def _of_the_engine(error: Exception) -> Any:
    """Julia's error for one of the engine's, by the table that comes with the boundary to it."""
    from juliette.packages.flux import boundary as boundary

    return TRANSLATORS[type(error)](error)


for _kind in (
    engine_errors.DimensionMismatch,
    engine_errors.ArgumentError,
    engine_errors.AssertionFailed,
    engine_errors.DomainError,
    engine_errors.OutOfBounds,
    engine_errors.Inapplicable,
    engine_errors.UsageError,
):
    TRANSLATORS.setdefault(_kind, _of_the_engine)
