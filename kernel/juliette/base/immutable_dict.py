"""`Base.ImmutableDict`: a dictionary that grows by making new ones."""

from __future__ import annotations

from typing import Any

from juliette.base.conversion import convert_to
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base, constructors

_immutable = T.sub_family(
    "Base.ImmutableDict", "K V", lambda k, v: T.apply_type(T.AbstractDict, k, v)
)
Base.const("ImmutableDict", _immutable, export=False)


class ImmutableDict(V.JuliaDict):
    """`Base.ImmutableDict(parent, key => value)`: later entries first."""

    __slots__ = ("key_type", "value_type")
    family = _immutable
    by_hash = False

    def __init__(self, key_type: Any, value_type: Any) -> None:
        super().__init__(key_type, value_type)
        self.key_type, self.value_type = key_type, value_type


T.register_instances(
    ImmutableDict, lambda d: T.apply_type(_immutable, d.key_type, d.value_type), _immutable
)


def _immutable_constructor(t: Any, *args: Any) -> Any:
    parent, rest = (
        (args[0], args[1:]) if args and isinstance(args[0], ImmutableDict) else (None, args)
    )
    if len(rest) == 2 and not isinstance(rest[0], V.Pair):
        rest = (V.Pair(*rest),)
    if not all(isinstance(p, V.Pair) for p in rest):
        raise MethodError(t, args, None)
    if isinstance(t, T.DataType):
        kt, vt = t.parameters
    elif parent is not None:
        kt, vt = parent.key_type, parent.value_type
    elif rest:
        kt, vt = T.typeof(rest[0].first), T.typeof(rest[0].second)
    else:
        kt = vt = T.Any_
    out = ImmutableDict(kt, vt)
    added = [(convert_to(kt, p.first), convert_to(vt, p.second)) for p in reversed(rest)]
    for k, v in (*added, *(parent.entries() if parent is not None else ())):
        if out.key(k) not in out.data:
            out.put(k, v)
    return out


support._builtin(
    constructors(_immutable),
    T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
    _immutable_constructor,
    ("args",),
)
