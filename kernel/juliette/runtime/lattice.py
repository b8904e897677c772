"""Types as trees: nominal types, unions, `where`, and how they are put together and taken apart.

Every instantiation is hash-consed, so types without unions and `where` compare with ``is``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Constructor = Callable[["JuliaType", tuple[Any, ...], dict[str, Any]], Any]


def _construct_unset(t: JuliaType, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
    raise RuntimeError("constructors are not set up yet")


class JuliaType:
    """Base of everything that Julia calls a `Type`."""

    __slots__ = ()

    # What calling a type does; dispatch lives above this module and sets it.
    construct: Constructor = staticmethod(_construct_unset)

    def __call__(self, *args: Any) -> Any:
        if len(args) == 1:
            found = CONVERSIONS.get((self, type(args[0])))
            if found is not None:
                return found(args[0])
        return JuliaType.construct(self, args, {})


# The conversions of numbers that calls of types came to, by type and the argument's class; they are
# kept until a constructor is added to a type of number.
CONVERSIONS: dict[tuple[Any, type], Callable[[Any], Any]] = {}


class TypeVar:
    """A type parameter with its bounds."""

    __slots__ = ("lower", "name", "upper")

    def __init__(self, name: str, lower: Any = None, upper: Any = None) -> None:
        self.name = name
        self.lower = Bottom if lower is None else lower
        self.upper = Any_ if upper is None else upper

    def __repr__(self) -> str:
        return self.name


class Vararg:
    """`Vararg{T, N}`: the last parameter of a tuple type; `count` is None, an int or a TypeVar."""

    __slots__ = ("count", "type")

    def __init__(self, type_: Any, count: Any = None) -> None:
        self.type = type_
        self.count = count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vararg) and (self.type, self.count) == (other.type, other.count)

    def __hash__(self) -> int:
        return hash((Vararg, self.type, self.count))

    def __repr__(self) -> str:
        return f"Vararg{{{self.type!r}}}"


class TypeName:
    """What the instantiations of one type family share."""

    __slots__ = (
        "abstract",
        "cache",
        "constructors",
        "direct",
        "field_atomics",
        "field_consts",
        "field_types",
        "fields",
        "is_struct",
        "kw_defaults",
        "make_class",
        "module",
        "mutable",
        "name",
        "ninitialized",
        "params",
        "primitive_bits",
        "singleton",
        "super",
        "wrapper",
    )

    def __init__(
        self, name: str, module: Any = None, *, abstract: bool = False, mutable: bool = False
    ) -> None:
        self.name = name
        self.module = module
        self.abstract = abstract
        self.mutable = mutable
        self.params: tuple[TypeVar, ...] = ()
        self.super: Any = None
        self.fields: tuple[str, ...] = ()
        self.field_types: tuple[Any, ...] = ()
        self.field_atomics: frozenset[str] = frozenset()
        self.field_consts: frozenset[str] = frozenset()
        self.kw_defaults: dict[str, Any] | None = None
        self.wrapper: Any = None
        self.cache: dict[tuple[Any, ...], DataType] = {}
        # the same, of those whose parameters are types
        self.direct: dict[tuple[Any, ...], DataType] = {}
        self.constructors: Any = None
        self.make_class: Callable[[DataType], type] | None = None
        self.primitive_bits = 0
        self.singleton: Any = None
        self.ninitialized = 0
        # A singleton without fields, such as `Nothing`, or any type made by `struct`.
        self.is_struct = False

    def __repr__(self) -> str:
        return f"<TypeName {self.name}>"


class DataType(JuliaType):
    """A nominal type: abstract, primitive, struct, tuple, function or `Type{T}`."""

    __slots__ = (
        "_field_types",
        "_pyclass",
        "_super",
        "below",
        "concrete",
        "has_free",
        "parameters",
        "typename",
    )

    def __init__(self, typename: TypeName, parameters: tuple[Any, ...] = ()) -> None:
        self.typename = typename
        self.parameters = parameters
        self._super: Any = None
        self._pyclass: type | None = None
        # the declared types of the fields, and what they are for these parameters
        self._field_types: tuple[tuple[Any, ...], tuple[Any, ...]] | None = None
        # Answers to `a <: self` that are known.
        self.below: dict[Any, bool] = {}
        self.has_free = any(has_free(p) for p in parameters)
        self.concrete = not typename.abstract and not self.has_free
        if typename is TUPLE_NAME:
            self.concrete = not self.has_free and all(is_concrete(p) for p in parameters)
        elif typename is TYPE_NAME:
            self.concrete = False

    @property
    def name(self) -> str:
        return self.typename.name

    @property
    def super(self) -> Any:
        """The supertype, with this type's parameters put in."""
        if self._super is None:
            name = self.typename
            base = name.super if name.super is not None else Any_
            if name.params and self.parameters:
                base = substitute(base, dict(zip(name.params, self.parameters, strict=False)))
            self._super = base
        return self._super

    @property
    def fields(self) -> tuple[str, ...]:
        return self.typename.fields

    @property
    def field_types(self) -> tuple[Any, ...]:
        name = self.typename
        if not name.params:
            return name.field_types
        declared = name.field_types
        if self._field_types is None or self._field_types[0] is not declared:
            env = dict(zip(name.params, self.parameters, strict=False))
            self._field_types = declared, tuple(substitute(t, env) for t in declared)
        return self._field_types[1]

    @property
    def pyclass(self) -> type | None:
        """The Python class of this type's instances, made when first needed."""
        if self._pyclass is None and self.concrete and self.typename.make_class is not None:
            cls = self.typename.make_class(self)
            self._pyclass = cls
            REGISTER(cls, self)
        return self._pyclass

    @pyclass.setter
    def pyclass(self, cls: type) -> None:
        self._pyclass = cls

    def __repr__(self) -> str:
        return tree_text(self)


class UnionType(JuliaType):
    """`Union{A, B}`; flattened, without duplicates; see `union`."""

    __slots__ = ("below", "has_free", "types")

    def __init__(self, types: tuple[Any, ...]) -> None:
        self.types = types
        self.below: dict[Any, bool] = {}
        self.has_free = any(has_free(t) for t in types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnionType) and set(self.types) == set(other.types)

    def __hash__(self) -> int:
        return hash(frozenset(self.types))

    def __repr__(self) -> str:
        return tree_text(self)


# So many comparisons are remembered of a type.
MOST_COMPARED = 64


class UnionAll(JuliaType):
    """`body where var`."""

    __slots__ = ("alike", "below", "body", "has_free", "var")

    def __init__(self, var: TypeVar, body: Any) -> None:
        self.var = var
        self.body = body
        self.below: dict[Any, bool] = {}
        # what it has been compared with, by identity: all types of a family have one hash
        self.alike: dict[int, tuple[UnionAll, bool]] = {}
        self.has_free = bool(
            (free_vars(body) | free_vars(var.upper) | free_vars(var.lower)) - {var}
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, UnionAll):
            return False
        known = self.alike.get(id(other))
        if known is None:
            from juliette.runtime.subtyping import equal

            if len(self.alike) >= MOST_COMPARED:
                self.alike.clear()
            known = self.alike[id(other)] = other, equal(self, other)
        return known[1]

    def __hash__(self) -> int:
        return hash(unwrap(self).typename) if isinstance(unwrap(self), DataType) else 7

    def __repr__(self) -> str:
        return tree_text(self)


def has_free(t: Any) -> bool:
    if isinstance(t, TypeVar):
        return True
    if isinstance(t, Vararg):
        return has_free(t.type) or isinstance(t.count, TypeVar)
    return getattr(t, "has_free", False) if isinstance(t, JuliaType) else False


def free_vars(t: Any) -> set[TypeVar]:
    """Type variables that occur in `t` without a `where` of their own."""
    if isinstance(t, TypeVar):
        return {t}
    if isinstance(t, Vararg):
        return free_vars(t.type) | free_vars(t.count)
    if isinstance(t, DataType):
        return set().union(*map(free_vars, t.parameters)) if t.has_free else set()
    if isinstance(t, UnionType):
        return set().union(*map(free_vars, t.types))
    if isinstance(t, UnionAll):
        return (free_vars(t.body) | free_vars(t.var.upper) | free_vars(t.var.lower)) - {t.var}
    return set()


# ---------------------------------------------------------------- the first types

TUPLE_NAME = TypeName("Tuple")
TYPE_NAME = TypeName("Type", abstract=True)
Bottom = UnionType(())
_ANY_NAME = TypeName("Any", abstract=True)
Any_ = DataType(_ANY_NAME)
_ANY_NAME.wrapper = Any_
_ANY_NAME.cache[()] = Any_

CORE_TYPES: dict[str, Any] = {"Any": Any_}


def instantiate(name: TypeName, parameters: tuple[Any, ...]) -> DataType:
    """The one DataType of a family with these parameters."""
    t = name.direct.get(parameters)
    if t is not None:
        return t
    key = tuple((type(p), p) if type(p) in (bool, int, float) else p for p in parameters)
    t = name.cache.get(key)
    if t is None:
        t = name.cache[key] = DataType(name, parameters)
    if key == parameters and all(isinstance(p, JuliaType) for p in parameters):
        name.direct[parameters] = t
    return t


def define(
    name: str,
    super_: Any = None,
    params: Iterable[TypeVar] = (),
    *,
    abstract: bool = False,
    mutable: bool = False,
    module: Any = None,
    bits: int = 0,
) -> Any:
    """Make a type family; returns its DataType, or the UnionAll over its parameters."""
    family = TypeName(name, module, abstract=abstract, mutable=mutable)
    family.super = super_
    family.params = tuple(params)
    family.primitive_bits = bits
    t: Any = instantiate(family, family.params)
    for var in reversed(family.params):
        t = UnionAll(var, t)
    family.wrapper = t
    return t


def core_type(name: str, super_: Any = None, params: str = "", **options: Any) -> Any:
    t = define(name, super_, [TypeVar(p) for p in params.split()], **options)
    CORE_TYPES[name] = t
    return t


def unwrap(t: Any) -> Any:
    """The body under all `where`s."""
    while isinstance(t, UnionAll):
        t = t.body
    return t


def substitute(t: Any, env: dict[TypeVar, Any]) -> Any:
    """Replace type variables."""
    if isinstance(t, TypeVar):
        return env.get(t, t)
    if isinstance(t, DataType):
        if not t.has_free:
            return t
        return make_applied(t.typename, tuple(substitute(p, env) for p in t.parameters))
    if isinstance(t, Vararg):
        return Vararg(substitute(t.type, env), substitute(t.count, env))
    if isinstance(t, UnionType):
        return union(*(substitute(x, env) for x in t.types)) if t.has_free else t
    if isinstance(t, UnionAll):
        if not t.has_free:
            return t
        var = t.var
        if free_vars(var.upper) | free_vars(var.lower):
            new = TypeVar(var.name, substitute(var.lower, env), substitute(var.upper, env))
            return UnionAll(new, substitute(t.body, {**env, var: new}))
        return UnionAll(var, substitute(t.body, {k: v for k, v in env.items() if k is not var}))
    return t


def make_applied(name: TypeName, parameters: tuple[Any, ...]) -> DataType:
    """`instantiate`, with a tuple's counted Vararg spelled out."""
    if name is TUPLE_NAME and parameters:
        check_elements("Tuple", "parameter", parameters)
        last = parameters[-1]
        if isinstance(last, Vararg) and type(last.count) is int:
            if last.count < 0:
                raise VarargLengthError(f"Vararg length is negative: {last.count}")
            parameters = parameters[:-1] + (last.type,) * last.count
    return instantiate(name, parameters)


def apply_type(t: Any, *params: Any) -> Any:
    """`t{params...}`; raises Python TypeError with Julia's sentence if it does not fit."""
    if t is Tuple_:
        check_elements("Tuple", "parameter", params)
        if params and params[-1] is Vararg_:
            params = (*params[:-1], Vararg(Any_))
        return tuple_type(params)
    if t is Union_Kind:
        check_elements("Union", "", params)
        return union(*params)
    if t is Vararg_:
        return Vararg(*params) if params else Vararg(Any_)
    family = t
    for p in params:
        if not isinstance(t, UnionAll):
            if not isinstance(t, JuliaType):
                raise TypeError
            raise ParameterCountError(family)
        t = bind_parameter(t, p)
    if CHECKS and params:
        body = unwrap(family)
        check = CHECKS.get(body.typename) if isinstance(body, DataType) else None
        if check is not None:
            check(params)
    return t


# What the parameters of a family must be beyond their bounds: raises what Julia throws.
CHECKS: dict[Any, Any] = {}


def check_elements(family: str, context: str, params: tuple[Any, ...]) -> None:
    """The elements of tuple types and unions are types."""
    for p in params:
        if isinstance(p, Vararg):
            check_elements("Vararg", "type", (p.type,))
        elif not isinstance(p, (JuliaType, TypeVar)):
            raise ElementError(family, context, p)


class VarargLengthError(Exception):
    """A tuple type of fewer than no elements."""


class ElementError(Exception):
    """A parameter that none can be, as an element of a tuple type that is no type."""

    def __init__(self, family: str, context: str, got: Any) -> None:
        self.family, self.context, self.got = family, context, got
        super().__init__(f"in {family}, expected Type, got {got!r}")


def _refers(p: Any) -> bool:
    """Is a value mutable, or has it references to such? No type can be told apart by it."""
    from juliette.runtime.array import Array
    from juliette.runtime.tables import Hashed

    if isinstance(p, (str, Array, Hashed)) or type(p).__hash__ is None:
        return True
    parts = p if type(p) is tuple else [getattr(p, f) for f in getattr(p, "value_fields", ())]
    return any(map(_refers, parts))


def bind_parameter(t: UnionAll, p: Any) -> Any:
    """`t{p}`, if `p` is in the bounds of the variable."""
    if p is Vararg_:
        raise ElementError("Type", "parameter", p)
    if not isinstance(p, (JuliaType, TypeVar, int)) and _refers(p):
        raise ElementError("Type", "parameter", p)
    var = t.var
    if var.upper is not Any_ or var.lower is not Bottom:
        from juliette.runtime.subtyping import subtype

        if isinstance(p, TypeVar):
            fits = (
                var.upper is Any_
                or has_free(var.upper)
                or has_free(p.upper)
                or (subtype(p.upper, var.upper) or type_may_meet(p.upper, var.upper))
            )
        elif isinstance(p, JuliaType):
            fits = has_free(p) or (
                (has_free(var.upper) or subtype(p, var.upper))
                and (has_free(var.lower) or subtype(var.lower, p))
            )
        else:
            fits = var.upper is Any_
        if not fits:
            body = unwrap(t)
            raise TypeParameterError(
                body.typename.name if isinstance(body, DataType) else "Type", var, p
            )
    return substitute(t.body, {var: p})


def type_may_meet(a: Any, b: Any) -> bool:
    from juliette.runtime.intersection import intersects

    return intersects(a, b)


class ParameterCountError(Exception):
    """More parameters than the type takes."""

    def __init__(self, family: Any) -> None:
        self.family = family
        super().__init__(f"too many parameters for type {family!r}")


class TypeParameterError(Exception):
    """A type parameter out of its bounds: `in Q, in T, expected T<:Real, got Type{String}`."""

    def __init__(self, family: str, var: TypeVar, got: Any) -> None:
        self.family, self.var, self.got = family, var, got
        super().__init__(
            f"in {family}, in {var.name}, expected {var.name}<:{var.upper!r}, got {got!r}"
        )


def union(*types: Any) -> Any:
    """`Union{types...}` in its simplest form."""
    flat: list[Any] = []
    for t in types:
        for x in t.types if isinstance(t, UnionType) else (t,):
            if not any(x is y or x == y for y in flat):
                flat.append(x)
    if not flat:
        return Bottom
    if len(flat) > 1:
        from juliette.runtime.subtyping import subtype

        flat = [
            x
            for i, x in enumerate(flat)
            if has_free(x)
            or not isinstance(x, JuliaType)
            or not any(
                j != i
                and isinstance(y, JuliaType)
                and not has_free(y)
                and subtype(x, y)
                and (not subtype(y, x) or j < i)
                for j, y in enumerate(flat)
            )
        ]
        flat.sort(key=_union_order)
    if not flat:
        return Bottom
    return flat[0] if len(flat) == 1 else UnionType(tuple(flat))


def _union_order(t: Any) -> tuple[int, str]:
    """Singletons come first, then types of plain bits, then the others; by name among themselves."""
    if isinstance(t, DataType):
        family = t.typename
        if t.concrete and not family.fields and not family.primitive_bits and family.is_struct:
            return (0, family.name)
        if t.concrete and family.primitive_bits:
            return (1, family.name)
        return (2, family.name)
    return (3, "")


def tuple_type(params: Iterable[Any]) -> DataType:
    return make_applied(TUPLE_NAME, tuple(params))


def type_of_type(t: Any) -> DataType:
    """`Type{t}`."""
    key = (t,)  # as `instantiate` keeps it for a type; a call on a type asks every time
    return TYPE_NAME.cache.get(key) or instantiate(TYPE_NAME, key)


def is_concrete(t: Any) -> bool:
    """`isconcretetype(t)`."""
    return isinstance(t, DataType) and t.concrete


def supertypes(t: Any) -> Iterator[Any]:
    """`t`, its supertype, and so on to Any."""
    t = unwrap(t)
    while True:
        yield t
        if t is Any_ or not isinstance(t, DataType):
            return
        t = unwrap(t.super)


# ---------------------------------------------------------------- types of types


def _parametric_type() -> UnionAll:
    var = TypeVar("T")
    return UnionAll(var, instantiate(TYPE_NAME, (var,)))


TYPE_NAME.params = (TypeVar("T"),)
Type_ = TYPE_NAME.wrapper = CORE_TYPES["Type"] = _parametric_type()
DataType_ = core_type("DataType", Type_)
UnionAll_ = core_type("UnionAll", Type_)
TypeofBottom = define("TypeofBottom", Type_)
TypeofVararg = define("TypeofVararg")
TypeVar_ = core_type("TypeVar")
core_type("TypeName")
Union_Kind = define("Union", Type_)
CORE_TYPES["Union"] = Union_Kind
Vararg_ = core_type("Vararg")
Tuple_ = instantiate(TUPLE_NAME, (Vararg(Any_),))
TUPLE_NAME.wrapper = CORE_TYPES["Tuple"] = Tuple_
for _kind in (DataType_, UnionAll_, TypeofBottom, Union_Kind):
    _kind.typename.is_struct = True


def kind_of(t: Any) -> Any:
    """`typeof` of a type: DataType, Union, UnionAll or TypeofBottom."""
    if isinstance(t, DataType):
        return DataType_
    if isinstance(t, UnionAll):
        return UnionAll_
    if isinstance(t, UnionType):
        return Union_Kind if t.types else TypeofBottom
    return TypeVar_


def _tree_text(t: Any) -> str:
    """A type for Python's eyes; Julia's own form is `type_names.type_string`."""
    if isinstance(t, DataType):
        inner = ", ".join(map(repr, t.parameters))
        return f"{t.name}{{{inner}}}" if inner else t.name
    if isinstance(t, UnionType):
        return f"Union{{{', '.join(map(repr, t.types))}}}"
    return f"{t.body!r} where {t.var!r}"


# Set by the modules above: how types are written, and how a class is entered for its type.
tree_text: Callable[[Any], str] = _tree_text
REGISTER: Callable[[type, Any], None] = lambda cls, t: None  # noqa: E731


def set_type_text(f: Callable[[Any], str]) -> None:
    """Install Julia's form of a type, for `repr`."""
    global tree_text
    tree_text = f


def set_register(f: Callable[[type, Any], None]) -> None:
    """Install how the Python class of a type is entered."""
    global REGISTER
    REGISTER = f
