"""Functions of two arguments with one of them filled in: `Base.Fix1` and `Base.Fix2`."""

from __future__ import annotations

from typing import Any

from juliette.base.essentials import _simple
from juliette.runtime import types as T
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base


class _Fix:
    """A two-argument function with one argument filled in."""

    __slots__ = ("f", "x")
    fields = value_fields = ("f", "x")

    def __init__(self, f: Any, x: Any) -> None:
        self.f = f
        self.x = x


class Fix1(_Fix):
    """`Base.Fix1(f, x)`: `y -> f(x, y)`."""

    __slots__ = ()

    def __call__(self, *ys: Any) -> Any:
        if len(ys) != 1:
            raise MethodError(self, ys, None)
        return self.f(self.x, ys[0])


class Fix2(_Fix):
    """`Base.Fix2(f, x)`: `y -> f(y, x)`."""

    __slots__ = ()

    def __call__(self, *ys: Any) -> Any:
        if len(ys) != 1:
            raise MethodError(self, ys, None)
        return self.f(ys[0], self.x)


def _fix_type(cls: type, name: str) -> None:
    t = T.sub_family(f"Base.{name}", "F T", lambda f, x: T.Function_)
    family = T.unwrap(t).typename
    family.fields, family.field_types = ("f", "x"), (T.Any_, T.Any_)
    T.register_instances(cls, lambda v: T.apply_type(t, T.dispatch_type(v.f), T.typeof(v.x)), t)
    Base.const(name, t, export=False)
    _simple(t, lambda _, f, x: cls(f, x))


_fix_type(Fix1, "Fix1")
_fix_type(Fix2, "Fix2")
