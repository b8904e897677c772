"""Identity and copies: `===`, `objectid`, `deepcopy`."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from juliette.display.io import IOBuffer
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BigInt,
)
from juliette.runtime.tables import identity_key
from juliette.runtime.wrappers import Wrapper
from juliette.syntax.expr import Expr, QuoteNode


def _number(x: Any) -> Any:
    """A number without the gradient that it is under."""
    return x.data if hasattr(type(x), "tape") and not isinstance(x.data, np.ndarray) else x


def egal(a: Any, b: Any) -> bool:
    """`a === b`"""
    if a is b:
        return True
    if type(a) is not type(b):
        if isinstance(a, T.JuliaType) and isinstance(b, T.JuliaType):
            return bool(a == b)
        p, q = _number(a), _number(b)
        return (p is not a or q is not b) and egal(p, q)
    if type(a) in (int, str, bool, V.Char):
        return bool(a == b)
    if type(a) is float:
        return (a == b and str(a) == str(b)) or (a != a and b != b)
    if type(a) is tuple:
        return len(a) == len(b) and all(map(egal, a, b))
    if isinstance(a, np.generic):
        return a.tobytes() == b.tobytes()
    own = getattr(type(a), "egal", None)
    if own is not None:
        return bool(own(a, b))
    if isinstance(a, int):
        return int(a) == int(b) and not isinstance(a, BigInt)
    if type(a) is complex:
        return egal(a.real, b.real) and egal(a.imag, b.imag)
    if isinstance(a, V.NamedTuple):
        return a.names == b.names and egal(a.values, b.values) and V.kinds_of(a) == V.kinds_of(b)
    names = getattr(type(a), "value_fields", None)
    if names is not None:
        return all(egal(getattr(a, n, None), getattr(b, n, None)) for n in names)
    if isinstance(a, T.JuliaType):
        return bool(a == b)
    if isinstance(a, V.Pair):
        return T.typeof(a) is T.typeof(b) and egal(a.first, b.first) and egal(a.second, b.second)
    if isinstance(a, V.Range):
        return identity_key(a) == identity_key(b)
    return False


@Base.method("===(a, b)", transparent=True)
def _egal(a: Any, b: Any) -> bool:
    """Are `a` and `b` indistinguishable to any program?"""
    return egal(a, b)


Base.const("≡", Base.bindings["==="])


@Base.method("!==(a, b)", transparent=True)
def not_egal(a: Any, b: Any) -> bool:
    """`!(a === b)`"""
    return not egal(a, b)


Base.const("≢", Base.bindings["!=="])


@Base.method("objectid(x)")
def objectid(x: Any) -> Any:
    """A hash value that distinguishes objects."""
    return np.uint64(hash(identity_key(x)) & (2**64 - 1))


@Base.method("identity(x)", transparent=True)
def identity(x: Any) -> Any:
    """The argument itself."""
    return x


@Base.method("deepcopy(x)", transparent=True)
def deepcopy(x: Any) -> Any:
    """A copy that shares nothing with the original."""
    return deep_copy(x, {})


def deep_copy(x: Any, memo: dict[int, Any]) -> Any:
    if id(x) in memo:
        return memo[id(x)]
    hook = COPY_HOOKS.get(type(x))
    if hook is not None:
        return hook(x, memo)
    if isinstance(x, Array):
        out = type(x)(x.data.copy(order="F"))
        memo[id(x)] = out
        if x.data.dtype == object:
            flat = out.data
            for i in np.ndindex(flat.shape):
                flat[i] = deep_copy(flat[i], memo)
        return out
    if type(x) is tuple:
        return tuple(deep_copy(v, memo) for v in x)
    if isinstance(x, V.NamedTuple):
        return V.NamedTuple(x.names, deep_copy(x.values, memo))
    if isinstance(x, V.JuliaDict):
        d = type(x)(x.key_type, x.value_type)
        memo[id(x)] = d
        for k, v in x.pairs():
            kk = deep_copy(k, memo)
            d.put(kk, deep_copy(v, memo))
        return d
    if isinstance(x, Expr):
        code = memo[id(x)] = Expr(x.head)
        code.args = [deep_copy(a, memo) for a in x.args]
        return code
    if isinstance(x, QuoteNode):
        return QuoteNode(deep_copy(x.value, memo))
    if isinstance(x, V.Pair):
        return _slots_copied(x, memo, {"first", "second"})
    if isinstance(x, V.JuliaSet):
        held = memo[id(x)] = type(x)(x.eltype)
        for v in x.items():
            v = deep_copy(v, memo)
            held.data[held.key(v)] = v
        return held
    if isinstance(x, IOBuffer):
        return IOBuffer(copy.deepcopy(x.stream))
    if isinstance(x, V.BitArray):
        return type(x)(x.data.copy(order="F"))
    if isinstance(x, Wrapper):
        return _slots_copied(x, memo, {"parent", *getattr(type(x), "fields", ())})
    if isinstance(x, (bytearray, list)):  # what values of ours hold
        return bytearray(x) if isinstance(x, bytearray) else [deep_copy(v, memo) for v in x]
    fields: Any = getattr(type(x), "fields", None)
    if isinstance(x, V.Ref) or (type(fields) is tuple and not isinstance(x, V.Range)):
        if not hasattr(type(x), "julia_type") or any(
            isinstance(getattr(type(x), f, None), property) for f in fields or ()
        ):
            return _slots_copied(x, memo)
        made: Any = object.__new__(type(x))
        memo[id(x)] = made
        for f in fields or ():
            if hasattr(x, f):
                setattr(made, f, deep_copy(getattr(x, f), memo))
        return made
    return x


def _slots_copied(x: Any, memo: dict[int, Any], deep: set[str] | None = None) -> Any:
    """The same for classes of ours that keep what they have under names of their own; all, or some, are copied."""
    out = memo[id(x)] = object.__new__(type(x))
    for cls in type(x).__mro__:
        for name in cls.__dict__.get("__slots__", ()):
            if hasattr(x, name):
                value = getattr(x, name)
                setattr(
                    out, name, deep_copy(value, memo) if deep is None or name in deep else value
                )
    return out


COPY_HOOKS: dict[type, Any] = {}
