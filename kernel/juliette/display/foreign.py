"""What Python's exceptions stand for in Julia.

Compiled code and Base use Python's own operations where the types allow, so an operator that Python
refuses is a method that Julia does not have: it is told as the MethodError of that operator.  Of what
says nothing about an operation, the function of Base whose code failed is told.
"""

from __future__ import annotations

import errno
import itertools
import re
from collections.abc import Iterator
from inspect import CO_VARARGS
from typing import Any

import numpy as np

from juliette.compiler.closures import ArgumentTypeError, UnsupportedKeyword
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime.dispatch import CALLABLES, GenericFunction, KeywordCall
from juliette.runtime.modules import PACKAGES, Base
from juliette.syntax.expr import Symbol

_TOO_FEW = re.compile(
    r"(?:.*\.)?(?P<name>[\w<>!]+)\(\) missing (?P<count>\d+) required positional argument"
)
_TOO_MANY = re.compile(
    r"(?:.*\.)?(?P<name>[\w<>!]+)\(\) takes (?P<count>\d+) positional arguments? but \d+ w"
)
_NO_KEYWORD = re.compile(r".*\(\) missing \d+ required keyword-only arguments?: '(?P<name>\w+)'")


def _type_error(error: TypeError) -> Any:
    text = str(error)
    if found := _NO_KEYWORD.match(text):
        return E.UndefKeywordError(Symbol(found["name"]))
    if "is not callable" in text:
        return NotCallable(error)
    if not _in_our_code(error):
        for pattern, which in ((_TOO_FEW, "few"), (_TOO_MANY, "many")):
            if found := pattern.match(text):
                # One of the functions that Julia itself has built in.
                name = "" if found["name"].startswith("<") else f"{found['name']}: "
                return E.ArgumentError(f"{name}too {which} arguments (expected {found['count']})")
    return _operator_error(error, text)


def _in_our_code(error: BaseException) -> bool:
    """Whether a call of one Python function of ours by another failed, and not one by Julia's code."""
    frame = _innermost(error)
    name = frame.f_code.co_filename if frame is not None else ""
    return name.endswith(".py") and not name.endswith(("dispatch.py", "broadcast.py"))


def _innermost(error: BaseException) -> Any:
    trace = error.__traceback__
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame


# ---------------------------------------------------------------- operators

# Python's sentences about operators, and what their groups mean.
_BINARY = re.compile(
    r"unsupported operand type\(s\) for (?P<op>\S+?)=?(?: or \w+\(\))?: '(?P<a>.+)' and '(?P<b>.+)'"
)
_COMPARISON = re.compile(
    r"'(?P<op>[<>]=?)' not supported between instances of '(?P<a>.+)' and '(?P<b>.+)'"
)
_UNARY = re.compile(r"bad operand type for (?:unary )?(?P<op>[-+~]|abs)(?:\(\))?: '(?P<a>.+)'")
_ITERATION = re.compile(
    r"(?:cannot unpack non-iterable (?P<a>.+) object|'(?P<b>.+)' object is not (?:iterable|an iterator))"
)
_LENGTH = re.compile(r"object of type '(?P<a>.+)' has no len\(\)")
_NO_LOOP = re.compile(
    r"loop of ufunc does not support argument 0 of type (?P<a>\S+) which has no callable (?P<op>\w+) method"
)
_NUMBER = re.compile(r"(?P<op>float|int)\(\) argument must be .*, not '(?P<a>.+)'")

_NAMES = {
    "**": "^",
    "//": "div",
    "%": "rem",
    "@": "*",
    "divmod()": "divrem",
    "absolute": "abs",
    "conjugate": "conj",
}
_UFUNCS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "floor_divide": "div",
    "power": "^",
    "remainder": "mod",
    "fmod": "rem",
    "negative": "-",
    "absolute": "abs",
    "conjugate": "conj",
    "less": "isless",
    "less_equal": "isless",
    "greater": "isless",
    "greater_equal": "isless",
    "maximum": "max",
    "minimum": "min",
    "matmul": "*",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "xor",
    "left_shift": "<<",
    "right_shift": ">>",
    "invert": "~",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
}


def _operator_error(error: TypeError, text: str) -> Any:
    """The MethodError of an operator that Python refused; None if the error is of another kind."""
    name, classes = "", []
    if found := _BINARY.match(text):
        name, classes = _NAMES.get(found["op"], found["op"]), [found["a"], found["b"]]
    elif found := _COMPARISON.match(text):
        # Every order rests on `isless`.
        name, classes = "isless", [found["a"], found["b"]]
        if found["op"].startswith(">"):
            classes.reverse()
    elif found := _NUMBER.match(text):
        x = _value_of(error, found["a"])
        wanted = T.Float64 if found["op"] == "float" else T.Int64
        if x is _UNKNOWN or T.isa(x, T.Number):
            return None
        return E.MethodError(Base.bindings["convert"], (wanted, x), None)
    elif (found := _UNARY.match(text)) or (found := _NO_LOOP.match(text)):
        name, classes = _NAMES.get(found["op"], found["op"]), [found["a"]]
    elif found := _ITERATION.match(text):
        name, classes = "iterate", [found["a"] or found["b"]]
    elif found := _LENGTH.match(text):
        name, classes = "length", [found["a"]]
    elif hasattr(error, "ufunc") and hasattr(error, "dtypes"):
        return _ufunc_error(error)
    return _missing_method(name, [_value_of(error, c) for c in classes]) if name else None


def _ufunc_error(error: Any) -> Any:
    """The same for numpy's functions of elements, which name types of elements."""
    name = _UFUNCS.get(error.ufunc.__name__, error.ufunc.__name__)
    operands = [
        _UNKNOWN if d is None or d.kind == "O" else _zero(d)
        for d in error.dtypes[: error.ufunc.nin]
    ]
    if error.ufunc.__name__.startswith("greater"):
        operands.reverse()
    return _missing_method(name, operands)


_UNKNOWN = object()


def _zero(d: Any) -> Any:
    """A value of numpy's type of elements."""
    d = np.dtype(d) if isinstance(d, type) else d
    zero = d.type()
    return zero.item() if d.kind in "US" or d.char in "?lqd" else zero


def _missing_method(name: str, operands: list[Any]) -> Any:
    f = Base.bindings.get(name)
    if not isinstance(f, GenericFunction) or any(v is _UNKNOWN for v in operands):
        return None
    if f.matching(tuple(map(T.dispatch_type, operands))):
        return None  # there is one, so the failure is ours
    return E.MethodError(f, tuple(operands), None)


def _value_of(error: BaseException, name: str) -> Any:
    """A value of the type of what Python refused, of which it tells the class' name only.

    It is among the variables and constants of the frame that failed, or an element of one.
    """
    frame = _innermost(error)
    seen = [v for v in _seen(frame) if type(v).__name__ == name] if frame is not None else []
    if len({T.typeof(v) for v in seen}) == 1:
        return seen[0]
    return _UNKNOWN if seen else _PLAIN.get(name, _UNKNOWN)


# Values of the classes whose instances all look the same in a message.
_PLAIN: dict[str, Any] = {
    "int": 0,
    "float": 0.0,
    "bool": False,
    "str": "",
    "NoneType": None,
    "complex": 0j,
}


def _held(value: Any) -> Any:
    """The ndarray that an array holds; not what a property works out, as the object may be half made."""
    computed = isinstance(getattr(type(value), "data", None), property)
    return None if computed else getattr(value, "data", None)


def _seen(frame: Any) -> Iterator[Any]:
    """Values that the code of a frame may have been working on."""
    code = frame.f_code
    for value in (*frame.f_locals.values(), *code.co_consts):
        yield value
        data = value if isinstance(value, np.ndarray) else _held(value)
        if type(value) in (list, tuple):
            yield from value[:1000]
        elif isinstance(data, np.ndarray) and data.dtype == object:
            yield from data.flat[:1000]
    yield from (frame.f_globals[n] for n in code.co_names if n in frame.f_globals)


# ---------------------------------------------------------------- arrays


# How numpy says that an array cannot have such a size.
_NO_SIZE = ("array is too big", "Maximum allowed dimension", "negative dimensions are not allowed")


def _value_error(error: ValueError) -> Any:
    text = str(error)
    if any(words in text for words in _NO_SIZE):
        return E.ArgumentError("invalid Array dimensions")
    if "maximum supported dimension" in text:
        return E.ArgumentError("arrays of more than 64 dimensions are not supported")
    if text == "cannot convert float NaN to integer":
        return E.InexactError(Symbol("trunc"), T.Int64, float("nan"))
    if found := re.search(r"core dimension .*\(size (\d+) is different from (\d+)\)", text):
        return E.DimensionMismatch(f"B has leading dimension {found[1]}, but needs {found[2]}")
    if "infs or NaNs" in text:
        return E.ArgumentError("matrix contains Infs or NaNs")
    if "read-only" in text:
        return _not_writable(error)
    if text.startswith("operands could not be broadcast together with shapes"):
        return _unequal([_size_in(found) for found in re.findall(r"\(([\d,]*)\)", text)])
    if text.startswith(("non-broadcastable output operand", "could not broadcast input array")) or (
        text == "array is not broadcastable to correct shape"
    ):
        return E.DimensionMismatch("array could not be broadcast to match destination")
    return None


def _size_in(text: str) -> tuple[int, ...]:
    """The size of an array as numpy writes it."""
    return tuple(int(n) for n in text.split(",") if n)


def _unequal(sizes: list[tuple[int, ...]]) -> Any:
    """The error of arrays that do not broadcast together, or of one that does not take the result."""
    for lengths in itertools.zip_longest(*sizes, fillvalue=1):
        long = [n for n in dict.fromkeys(lengths) if n != 1]
        if len(long) > 1:
            return E.DimensionMismatch(
                "arrays could not be broadcast to a common size; got a dimension with lengths "
                f"{long[0]} and {long[1]}"
            )
    return E.DimensionMismatch("array could not be broadcast to match destination")


def _not_writable(error: ValueError) -> Any:
    """The error of an assignment to an element of an array that cannot be changed, if a frame has one."""
    trace = error.__traceback__
    while trace is not None:
        for value in trace.tb_frame.f_locals.values():
            flags = getattr(_held(value), "flags", None)
            if not getattr(flags, "writeable", True) and T.isa(value, T.AbstractArray):
                return E.CanonicalIndexError("setindex!", T.typeof(value))
        trace = trace.tb_next
    return None


# ---------------------------------------------------------------- the function of Base that failed


def _refused(error: BaseException) -> Any:
    """A MethodError of the function of Base that was called, where Python could not do what its code says.

    That is the outermost one below the user's code; it is told by the code that was running.
    """
    trace = error.__traceback__
    frames: list[Any] = []
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        frames = [*frames, trace.tb_frame] if name.endswith(".py") else []
        trace = trace.tb_next
    for frame in frames:
        method = _method_of(frame)
        if method is not None:
            return _method_error(method, frame)
        called = _constructor_call(frame)
        if called is not None:
            return called
    return None


def called_method(frame: Any) -> tuple[str, tuple[Any, ...]] | None:
    """The name of the function whose Python code runs in a frame, and its arguments; None if it is none of Base's."""
    method = _method_of(frame)
    if method is None or method.function is CALLABLES:
        return None
    return method.function.name, tuple(_arguments_in(method, frame)[0])


def _method_error(method: Any, frame: Any) -> Any:
    """The MethodError of a method whose code runs in a frame, with the arguments that it got."""
    args, given = _arguments_in(method, frame)
    f = method.function
    if f is CALLABLES:
        f, *args = args  # what is called comes first
    if args and _has_constructors(args[0]) and T.unwrap(args[0]).typename.constructors is f:
        f, *args = args  # a constructor's first argument is the type
    return E.MethodError(KeywordCall(f, given) if given else f, tuple(args), None)


def _arguments_in(method: Any, frame: Any) -> tuple[list[Any], dict[str, Any]]:
    """What a method whose code runs in a frame was given: by position, and by keyword."""
    code, values = frame.f_code, frame.f_locals
    first = len(method.type_vars) if method.source.static else 0
    args = [values.get(n) for n in code.co_varnames[first : code.co_argcount]]
    names = code.co_varnames[code.co_argcount :]
    if code.co_flags & CO_VARARGS:
        args += values.get(names[code.co_kwonlyargcount], ())
    else:  # what was not given has its default
        defaults = list(method.builtin.__defaults__ or ())
        while defaults and args and args[-1] is defaults[-1]:
            args.pop()
            defaults.pop()
    usual = method.builtin.__kwdefaults__ or {}
    given = {
        n: values[n]
        for n in names[: code.co_kwonlyargcount]
        if n in values and values[n] is not usual.get(n)
    }
    return args, given


# The files of ours that pass a call on.
_ON_THE_WAY = ("dispatch.py", "types.py", "lattice.py", "conversion.py")


def _constructor_call(frame: Any) -> Any:
    """The MethodError of a constructor whose code runs in a frame: its first argument is the type."""
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames
    t = values.get(names[0]) if code.co_argcount else None
    if (
        not _has_constructors(t)
        or T.unwrap(t).typename.constructors is None
        or code.co_filename.endswith(_ON_THE_WAY)
    ):
        return None
    args = [values.get(n) for n in names[1 : code.co_argcount]]
    if code.co_flags & CO_VARARGS:
        args += values.get(names[code.co_argcount + code.co_kwonlyargcount], ())
    return E.MethodError(t, tuple(args), None)


def _method_of(frame: Any) -> Any:
    """The method of Base or a package whose Python function runs in this frame."""
    code, values = frame.f_code, frame.f_locals

    def runs(f: Any) -> bool:
        """Is this the code, and, as functions made in one place share it, are its surroundings the same?"""
        if getattr(f, "__code__", None) is not code:
            return False
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        return all(values.get(n) is c.cell_contents for n, c in cells if n in values)

    for m in CALLABLES.methods:
        if runs(m.builtin):
            return m
    for module in (Base, *PACKAGES.values()):
        for value in list(module.bindings.values()):
            table = T.unwrap(value).typename.constructors if _has_constructors(value) else value
            if isinstance(table, GenericFunction):
                for m in table.methods:
                    if runs(m.builtin):
                        return m
    return None


def _has_constructors(value: Any) -> bool:
    return isinstance(value, T.JuliaType) and isinstance(T.unwrap(value), T.DataType)


# ---------------------------------------------------------------- what is no function


class NotCallable(E.ErrorException):  # type: ignore[misc]
    """A call of something that is no function."""

    __slots__ = ()

    def __init__(self, error: TypeError) -> None:
        name = str(error).split("'")[1]
        value = _value_of(error, name)
        shown = T.class_named(name) if value is _UNKNOWN else T.typeof(value)
        note = ""
        if T.subtype(shown, T.Number):
            note = "\nMaybe you forgot to use an operator such as *, ^, %, / etc. ?"
        elif T.subtype(shown, T.AbstractArray):
            note = "\nUse square brackets [] for indexing an Array."
        super().__init__(
            f"MethodError: objects of type {T.type_string(shown)} are not callable{note}"
        )


T.register_class(NotCallable, T.CORE_TYPES["MethodError"])


def _broken_pipe(error: BrokenPipeError) -> Any:
    """What is written has no reader any more."""
    return T.CONSTRUCT(
        Base.get("IOError"), ("write: broken pipe (EPIPE)", -(error.errno or errno.EPIPE)), {}
    )


E.REFUSED = _refused
E.TRANSLATORS[TypeError] = _type_error
E.TRANSLATORS[ValueError] = _value_error
E.TRANSLATORS[UnboundLocalError] = lambda e: E.UndefVarError(
    Symbol(str(e).split("'")[1].split("%")[0])
)
E.TRANSLATORS[ArgumentTypeError] = lambda e: E.ArgumentError(
    f"invalid type for argument {e.argument} in method definition for {e.name} at {e.place}"
)
E.TRANSLATORS[UnsupportedKeyword] = lambda e: E.ErrorException(
    f'got unsupported keyword argument "{e}"'
)
E.TRANSLATORS[OverflowError] = lambda e: E.InexactError(Symbol("Int64"), T.Int64, float("inf"))
E.TRANSLATORS[BrokenPipeError] = _broken_pipe
