"""Functions with an argument filled in: `in(xs)`, `Returns`, `splat`."""

from __future__ import annotations

from typing import Any

from juliette.base.essentials import _simple
from juliette.base.fixing import Fix2
from juliette.base.iteration import iterate_value
from juliette.runtime import types as T
from juliette.runtime.modules import Base


def function_type(
    name: str, params: str, cls: type, parameters: Any, *, export: bool = False
) -> Any:
    """Register a class of callables as a parametric subtype of Function."""
    family = T.sub_family(name, params, lambda *_: T.Function_)
    fields = cls.fields  # type: ignore[attr-defined]
    T.unwrap(family).typename.fields = fields
    T.unwrap(family).typename.field_types = (T.Any_,) * len(fields)
    T.register_instances(cls, lambda f: T.apply_type(family, *parameters(f)), family)
    Base.const(name.removeprefix("Base."), family, export=export)
    return family


class Returns:
    """`Returns(x)`: a function that gives `x` whatever it gets."""

    __slots__ = ("value",)
    fields = value_fields = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, *args: Any) -> Any:
        return self.value

    def call_kw(self, kwargs: dict[str, Any], *args: Any) -> Any:
        return self.value


class Splat:
    """`splat(f)`: `args -> f(args...)`."""

    __slots__ = ("f",)
    fields = value_fields = ("f",)

    def __init__(self, f: Any) -> None:
        self.f = f

    def __call__(self, args: Any) -> Any:
        return self.f(*iterate_value(args))


Returns_ = function_type("Returns", "V", Returns, lambda f: (T.typeof(f.value),), export=True)
Splat_ = function_type("Base.Splat", "F", Splat, lambda f: (T.typeof(f.f),))
_simple(Returns_, lambda _, x: Returns(x))
_simple(Splat_, lambda _, f: Splat(f))


@Base.method("show(io::IO, s::Base.Splat)")
def show_splat(io: Any, s: Splat) -> None:
    io.write(f"splat({Base.bindings['string'](s.f)})")


@Base.method("splat(f)", transparent=True)
def splat(f: Any) -> Any:
    """The function of one tuple that passes its elements to `f`.

    ```jldoctest
    julia> map(splat(+), [(1, 2), (3, 4)])
    2-element Vector{Int64}:
     3
     7
    ```
    """
    return Splat(f)


@Base.method("in(x)", transparent=True)
def in_collection(x: Any) -> Any:
    """`in(xs)` is the function of an element."""
    return Fix2(Base.bindings["in"], x)
