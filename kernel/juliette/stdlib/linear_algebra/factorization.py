"""What factorization objects have in common: Julia types and parameters, destructuring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from juliette.runtime import types as T
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import structured as S

LinearAlgebra = PACKAGES["LinearAlgebra"]
Factorization_ = S.define("Factorization", T.Any_, "T", abstract=True)


class Factorization:
    """Base of the classes of factorization objects."""

    __slots__ = ()
    family: Any = None
    fields: tuple[str, ...] = ()
    # What the display names: (title, field).
    factors_shown: tuple[tuple[str, str], ...] = ()

    def __new__(cls, *args: Any, **_: Any) -> Any:
        made = cls.class_for(*args)
        return object.__new__(made)

    @classmethod
    def class_for(cls, *args: Any) -> type:
        """The class with the Julia parameters that the parts give."""
        t = T.apply_type(cls.family, *cls.parameters(*args))
        made = t._pyclass
        if made is None:
            base = cls if "julia_type" not in cls.__dict__ else cls.__mro__[1]
            made = type(T.type_string(t), (base,), {"__slots__": (), "julia_type": t})
            T.register_class(made, t)
        return made

    @staticmethod
    def parameters(*args: Any) -> tuple[Any, ...]:
        raise NotImplementedError

    def parts(self) -> Iterator[Any]:
        """What destructuring gives."""
        return iter(())

    def julia_iterator(self) -> Iterator[Any]:
        return self.parts()


def factorization(key: str, params: str, fields: str, *, export: bool = True) -> Any:
    """The type of a kind of factorization."""
    t = S.define(key, lambda *ps: T.apply_type(Factorization_, ps[0]), params, export=export)
    S.fields_of(t, fields)
    return t


def real_type(t: Any) -> Any:
    """The type of the real parts of numbers of a type."""
    return T.typeof(Base.bindings["real"](Base.bindings["zero"](t)))
