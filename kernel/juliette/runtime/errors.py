"""Julia's exceptions as Python exceptions: data only.

The sentences are written in `display.errors`.  Any value can be thrown in Julia; one that is not an
exception travels inside `Thrown`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from juliette.runtime import types as T


class JuliaException(Exception):
    """Base of every Julia value of type `Exception`; fields are slots in Julia's order."""

    __slots__ = ()
    fields: tuple[str, ...] = ()

    def __init__(self, *values: Any) -> None:
        for name, value in zip(self.fields, values, strict=False):
            setattr(self, name, value)
        for name in self.fields[len(values) :]:
            setattr(self, name, None)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(repr(getattr(self, f, None)) for f in self.fields)})"
        )

    def __reduce__(self) -> Any:
        raise TypeError("Julia values are not pickled")


class NoMethod(TypeError):
    """No method of the function that Julia code called takes these arguments.

    Thrown below that function; its MethodError is what users see.
    """


class Thrown(Exception):
    """`throw(value)` of something that is no exception."""

    def __init__(self, value: Any) -> None:
        self.value = value


EXCEPTIONS: dict[str, type[JuliaException]] = {}


def _exception(name: str, fields: str = "", field_types: tuple[Any, ...] = ()) -> Any:
    names = tuple(fields.split())
    content = {
        "__slots__": names,
        "fields": names,
        "value_fields": names,
        "__doc__": f"Julia's `{name}`.",
    }
    cls = type(name, (JuliaException,), content)
    t = T.define(name, T.Exception_)
    t.typename.fields = names
    t.typename.field_types = field_types or (T.Any_,) * len(names)
    t.typename.ninitialized = len(names)
    T.register_class(cls, t)
    T.CORE_TYPES[name] = t
    EXCEPTIONS[name] = cls
    return cls


ArgumentError = _exception("ArgumentError", "msg")
AssertionError_ = _exception("AssertionError", "msg")
BoundsError = _exception("BoundsError", "a i")
DimensionMismatch = _exception("DimensionMismatch", "msg")
DivideError = _exception("DivideError")
DomainError = _exception("DomainError", "val msg")
EOFError_ = _exception("EOFError")
ErrorException = _exception("ErrorException", "msg")
InexactError = _exception("InexactError", "func T val")
InterruptException = _exception("InterruptException")
InvalidStateException = _exception("InvalidStateException", "msg state")
KeyError_ = _exception("KeyError", "key")
LoadError = _exception("LoadError", "file line error")
MethodError = _exception("MethodError", "f args world")
MissingException = _exception("MissingException", "msg")
OutOfMemoryError = _exception("OutOfMemoryError")
OverflowError_ = _exception("OverflowError", "msg")
StackOverflowError = _exception("StackOverflowError")
StringIndexError = _exception("StringIndexError", "string index")
SystemError_ = _exception("SystemError", "prefix errnum extrainfo")
TypeError_ = _exception("TypeError", "func context expected got")
UndefKeywordError = _exception("UndefKeywordError", "var")
UndefRefError = _exception("UndefRefError")
UndefVarError = _exception("UndefVarError", "var")
ParseErrorException = _exception("ParseError", "msg detail")
ConcurrencyViolationError = _exception("ConcurrencyViolationError", "msg")
ReadOnlyMemoryError = _exception("ReadOnlyMemoryError")
SegmentationFault = _exception("SegmentationFault")
CanonicalIndexError = _exception("CanonicalIndexError", "func type")


def julia_value(error: BaseException) -> Any:
    """What `catch e` binds for a Python exception that came out of Julia code.

    Compiled code uses Python's own operations where types allow, so Python's exceptions stand for
    the Julia ones they mean.
    """
    if isinstance(error, Thrown):
        return error.value
    if isinstance(error, JuliaException):
        if isinstance(error, MethodError) and type(error.world) in (type(None), str):
            from juliette.runtime.world import WORLD

            error.world = WORLD.age()
        return error
    if isinstance(error, NameError):
        from juliette.syntax.expr import Symbol

        name = error.name or str(error).split("'")[1]
        return UndefVarError(Symbol(name.split("%")[0] or name))
    if isinstance(error, ZeroDivisionError):
        return DivideError()
    if isinstance(error, RecursionError):
        return StackOverflowError()
    if isinstance(error, MemoryError):
        return OutOfMemoryError()
    if isinstance(error, KeyboardInterrupt):
        return InterruptException()
    if isinstance(error, T.TypeParameterError):
        return TypeError_(Symbol_of(error.family), error.var.name, error.var, error.got)
    if isinstance(error, T.ElementError):
        return TypeError_(Symbol_of(error.family), error.context, T.Type_, error.got)
    if isinstance(error, T.VarargLengthError):
        return ArgumentError(str(error))
    PREPARE()
    for meaning in (translated, REFUSED):
        with suppress(Exception):  # whoever reads an error is not to meet a second one
            found = meaning(error)
            if found is not None:
                return found
    return ErrorException(
        f"this call fails inside Juliette{_place(error)}, which is a defect of it"
    )


def _place(error: BaseException) -> str:
    """Where an exception was thrown, for whoever is to mend it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" ({code.co_name} of {code.co_filename.rsplit('/', 1)[-1].removesuffix('.py')})"
        trace = trace.tb_next
    return place


def translated(error: BaseException) -> Any:
    """Julia's exception for one of Python's, if it is known what that means; None otherwise."""
    PREPARE()
    for cls in (type(error), *TRANSLATORS):
        if cls in TRANSLATORS and isinstance(error, cls):
            found = TRANSLATORS[cls](error)
            if found is not None:
                return found
    return None


TRANSLATORS: dict[type[BaseException], Any] = {}


def _prepared() -> None:
    pass


def _not_refused(error: BaseException) -> Any:
    return None


# The MethodError of the function of Base whose code could do nothing with its arguments.
REFUSED: Any = _not_refused

# Called before `TRANSLATORS` is looked at: imports what fills it.
PREPARE: Any = _prepared


def Symbol_of(name: str) -> Any:
    from juliette.syntax.expr import Symbol

    return Symbol(name)
