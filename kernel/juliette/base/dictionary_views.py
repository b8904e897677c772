"""Keys and values of dictionaries, as collections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from juliette.base.collecting import lazy_type
from juliette.base.dictionaries import key_value_types
from juliette.base.iteration import iterate_value, native_steps
from juliette.base.iterator_sizes import Lazy
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base


class DictView(Lazy):
    """`keys(d)` and `values(d)`, which follow the dictionary."""

    __slots__ = ("dict",)
    fields = ("dict",)

    def __init__(self, dict_: Any) -> None:
        self.dict = dict_

    def entries(self) -> Iterator[Any]:
        if isinstance(self.dict, V.JuliaDict):
            return self.dict.pairs()
        return (tuple(iterate_value(p)) for p in iterate_value(self.dict))

    def iteration_length(self) -> int:
        return int(Base.bindings["length"](self.dict))


class KeySet(DictView):
    """`keys(d)`"""

    __slots__ = ()

    def julia_iterator(self) -> Iterator[Any]:
        if isinstance(self.dict, V.JuliaDict):
            return self.dict.walk(self.dict.originals)
        return (e[0] for e in self.entries())

    def element_type(self) -> Any:
        return key_value_types(self.dict)[0]


class ValueIterator(DictView):
    """`values(d)`"""

    __slots__ = ()

    def julia_iterator(self) -> Iterator[Any]:
        if isinstance(self.dict, V.JuliaDict):
            return self.dict.walk(self.dict.values_of)
        return (e[1] for e in self.entries())

    def element_type(self) -> Any:
        return key_value_types(self.dict)[1]


def _key_set_type() -> Any:
    family = T.sub_family("Base.KeySet", "K T", lambda k, t: T.apply_type(T.AbstractSet, k))
    T.unwrap(family).typename.fields = ("dict",)
    T.unwrap(family).typename.field_types = (T.Any_,)
    T.register_instances(
        KeySet, lambda x: T.apply_type(family, x.element_type(), T.typeof(x.dict)), family
    )
    return family


KeySet_ = _key_set_type()
ValueIterator_ = lazy_type(ValueIterator, "Base.ValueIterator", "T", lambda x: (T.typeof(x.dict),))
Base.const("KeySet", KeySet_, export=False)
Base.const("ValueIterator", ValueIterator_, export=False)
native_steps("ValueIterator")


@Base.method("keys(d::AbstractDict)", transparent=True)
def keys(d: Any) -> Any:
    """The keys of a dictionary; it follows later changes.

    ```jldoctest
    julia> collect(keys(Dict('a' => 2, 'b' => 3)))
    2-element Vector{Char}:
     'a': ASCII/Unicode U+0061 (category Ll: Letter, lowercase)
     'b': ASCII/Unicode U+0062 (category Ll: Letter, lowercase)
    ```
    """
    return KeySet(d)


@Base.method("values(d::AbstractDict)", transparent=True)
def values(d: Any) -> Any:
    """The values of a dictionary; it follows later changes.

    ```jldoctest
    julia> sum(values(Dict('a' => 2, 'b' => 3)))
    5
    ```
    """
    return ValueIterator(d)


@Base.method("values(x)", transparent=True)
def values_of(x: Any) -> Any:
    if isinstance(x, V.NamedTuple):
        return x.values
    return x


@Base.method("in(k, ks::Base.KeySet)", transparent=True)
def in_keys(k: Any, ks: KeySet) -> bool:
    return Base.bindings["haskey"](ks.dict, k)


@Base.method("length(x::Base.KeySet)", transparent=True)
def length_of_keys(x: KeySet) -> int:
    return x.iteration_length()
