"""What the lazy iterators share: the module `Iterators`, how one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.base.collecting import lazy_type
from juliette.base.essentials import members_constructor
from juliette.base.iteration import native_steps
from juliette.base.iterator_sizes import Lazy, eltype_of_iterator, shape_of_iterator, size_of
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base, Module, constructors

Iterators = Module("Iterators", Base)
Iterators.visible = Iterators.bindings["__builtins__"] = Base.bindings
Base.const("Iterators", Iterators)
for _name in ("filter", "map", "accumulate", "reverse"):
    # These differ from Base's functions of the same name: they are lazy.
    Iterators.set(_name, GenericFunction(_name, Iterators), const=True)


def length_of(x: Any) -> int:
    return int(Base.bindings["length"](x))


def lazily(
    name: str, params: str, parameters: Callable[[Any], tuple[Any, ...]], *, plain: bool = True
) -> Callable[[type], type]:
    """Make a class the class of `Base.Iterators.Name{params}`, with its `iterate` methods.

    Its constructors are made too, but without `plain` the one of the bare `Name` stands elsewhere.
    """

    def register(cls: type) -> type:
        family = lazy_type(cls, f"Base.Iterators.{name}", params, parameters)
        taken: list[tuple[Any, ...]]
        if name in ("Zip", "ProductIterator"):  # the one field holds all iterators
            taken = [((T.Tuple_,), ("is",), lambda t, sources: cls(*sources))]
        else:
            made = cls.__init__.__code__  # type: ignore[misc]
            names = made.co_varnames[1 : made.co_argcount]
            few = len(names) - len(cls.__init__.__defaults__ or ())  # type: ignore[misc]
            taken = [
                ((T.Any_,) * n, names[:n], lambda t, *args: cls(*args))
                for n in range(few, len(names) + 1)
            ]
        for types, names, make in taken:
            members_constructor(family, types, make, names)
            if plain:
                whole = T.tuple_type([T.type_of_type(family), *types])
                support._builtin(constructors(family), whole, make, names)
        Iterators.set(name, family, const=True)
        native_steps(name, module=Iterators)
        return cls

    return register


class Wrapping(Lazy):
    """A lazy iterator over one other, element by element."""

    __slots__ = ()

    @property
    def source(self) -> Any:
        return self.itr  # type: ignore[attr-defined]

    def size(self) -> Any:
        return size_of(self.source)

    def iteration_shape(self) -> tuple[int, ...] | None:
        return shape_of_iterator(self.source)

    def iteration_length(self) -> int:
        return length_of(self.source)

    def element_type(self) -> Any:
        return eltype_of_iterator(self.source)
