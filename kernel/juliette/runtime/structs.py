"""User-defined types: one Python class for each concrete instantiation of a `struct`."""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.dispatch import call_object, call_object_kw
from juliette.runtime.errors import ArgumentError, ErrorException, JuliaException, TypeError_
from juliette.syntax.expr import Symbol


class Struct:
    """Base of the classes of Julia structs."""

    __slots__ = ("__weakref__",)
    fields: tuple[str, ...] = ()
    mutable = False
    value_fields: tuple[str, ...] | None = None

    __call__ = call_object
    call_kw = call_object_kw

    def __repr__(self) -> str:
        values = ", ".join(repr(getattr(self, f, "#undef")) for f in self.fields)
        return f"{T.type_string(T.typeof(self))}({values})"


# Python classes that let structs under an abstract type stand in for Base's own of that type.
MIXINS: dict[Any, type] = {}


def make_class(t: T.DataType, *more: type) -> type:
    """The Python class of a concrete struct type; `more` are further base classes."""
    fields = t.fields
    above = list(T.supertypes(t))
    bases: tuple[type, ...] = (Struct, *more, *(MIXINS[s] for s in above if s in MIXINS))
    exception = any(s is T.Exception_ for s in above)
    if exception:
        bases = (JuliaException,)
    open_ended = bool(more) or any(b.__dictoffset__ for b in bases)
    attributes: dict[str, Any] = {
        "__slots__": _slots(fields, open_ended),
        "fields": fields,
        "mutable": t.typename.mutable,
        "julia_type": t,
        "__call__": call_object,
        "call_kw": call_object_kw,
    }
    if not t.typename.mutable:
        attributes["value_fields"] = fields
        if not exception:
            attributes["__eq__"] = _equal
            attributes["__hash__"] = _hash
        if not fields and not exception:
            attributes["__new__"] = _the_one
    if exception:
        attributes["__init__"] = JuliaException.__init__
    return type(T.type_string(t), bases, attributes)


def _slots(fields: tuple[str, ...], open_ended: bool) -> tuple[str, ...]:
    """Slots for the fields; names such as `σ²`, which Python cannot write, need a dictionary."""
    plain = tuple(f for f in fields if f.isidentifier())
    return plain if len(plain) == len(fields) or open_ended else (*plain, "__dict__")


_SINGLETONS: dict[type, Any] = {}


def _the_one(cls: type) -> Any:
    """The only instance of a type without fields."""
    found = _SINGLETONS.get(cls)
    if found is None:
        base = BaseException if issubclass(cls, BaseException) else object
        found = _SINGLETONS[cls] = base.__new__(cls)
    return found


def _equal(self: Any, other: Any) -> bool:
    return self is other or (
        type(self) is type(other)
        and all(getattr(self, f) is getattr(other, f) for f in self.fields)
    )


def _hash(self: Any) -> int:
    return hash((type(self), *(id(getattr(self, f, None)) for f in self.fields)))


class Primitive:
    """Base of the classes of primitive types: a value is its bits, as an unsigned number."""

    __slots__ = ("bits",)
    julia_type: Any = None

    __call__ = call_object
    call_kw = call_object_kw

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.bits == other.bits

    def __hash__(self) -> int:
        return hash((type(self), self.bits))

    egal = __eq__


def make_primitive(t: T.DataType) -> type:
    """The Python class of a primitive type."""
    return type(T.type_string(t), (Primitive,), {"__slots__": (), "julia_type": t})


exact_type = T._TYPE_OF_CLASS.get


def checked(value: Any, t: Any, place: str) -> Any:
    """What a method of `convert` gave, which need not be of the type that was asked for."""
    if exact_type(type(value)) is not t and not T.isa(value, t):
        raise TypeError_(Symbol(place), "", t, value)
    return value


def new(t: Any, values: tuple[Any, ...], convert: Any) -> Any:
    """`new(values...)`: an instance with converted fields; later ones may stay undefined."""
    if not isinstance(t, T.DataType) or not t.concrete:
        raise TypeError_(Symbol("new"), "", T.DataType_, t)
    fields = t.fields
    if len(values) > len(fields):
        raise ArgumentError(f"new: too many arguments (expected {len(fields)})")
    cls = t.pyclass
    assert cls is not None
    obj = cls.__new__(cls)  # type: ignore[call-overload]
    for name, typ, value in zip(fields, t.field_types, values, strict=False):
        if (
            typ is not T.Any_
            and (kind := exact_type(type(value))) is not typ
            and (kind is None or type(typ) is not T.UnionType or kind not in typ.types)
        ):
            value = checked(convert(typ, value), typ, "new")
        object.__setattr__(obj, name, value)
    if len(values) < len(fields):
        for name, zero in plain_rest(t, len(values)):
            object.__setattr__(obj, name, zero)
    return obj


def plain_rest(t: Any, n: int) -> list[tuple[str, Any]]:
    """Fields after the first `n` that are plain bits: those are there, whatever `new` leaves out."""
    return [
        (name, ZERO(typ))
        for name, typ in zip(t.fields[n:], t.field_types[n:], strict=True)
        if isinstance(typ, T.DataType) and typ.typename.primitive_bits and T.subtype(typ, T.Real)
    ]


def _no_zero(t: Any) -> Any:
    raise ErrorException(f"no zero for {T.type_string(t)}")


ZERO: Any = _no_zero


def set_zero(f: Any) -> None:
    """Install what makes the zero of a number type."""
    global ZERO
    ZERO = f


def partial_set(name: str) -> Any:
    """How a field that has no slot is set."""
    return lambda o, x: setattr(o, name, x)


_MAKERS: dict[tuple[Any, int], Any] = {}


def maker(t: T.DataType, n: int) -> Any:
    """A function that makes an instance of a struct from its first `n` fields, of the right types."""
    found = _MAKERS.get((t, n))
    if found is None:
        names = [f"x{i}" for i in range(n)]
        body = "".join(f"    set{i}(o, {x})\n" for i, x in enumerate(names))
        cls = t.pyclass
        assert cls is not None
        scope: dict[str, Any] = {"new": cls.__new__, "cls": cls}
        for i, (name, zero) in enumerate(plain_rest(t, n)):
            body += f"    rest{i}(o, zero{i})\n"
            scope[f"rest{i}"], scope[f"zero{i}"] = getattr(cls, name).__set__, zero
        for i, f in enumerate(t.fields[:n]):
            slot = getattr(cls, f, None)
            scope[f"set{i}"] = slot.__set__ if slot is not None else partial_set(f)
        text = f"def make({', '.join(names)}):\n    o = new(cls)\n{body}    return o\n"
        exec(compile(text, __file__, "exec"), scope)
        found = _MAKERS[t, n] = scope["make"]
    return found
