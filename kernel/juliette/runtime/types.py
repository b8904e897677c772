"""Julia's types: the lattice, subtyping, instantiation, and the type of a value.

Every concrete instantiation is hash-consed, so types compare with ``is``.  A Python class that
fixes the Julia type of its instances is entered with `register_class`; dispatch then goes by
``type(x)`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from juliette.syntax.expr import Symbol


class JuliaType:
    """Base of everything that Julia calls a `Type`."""

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        return CONSTRUCT(self, args, {})


def _construct_unset(t: JuliaType, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
    raise RuntimeError("constructors are not set up yet")


CONSTRUCT: Callable[[JuliaType, tuple[Any, ...], dict[str, Any]], Any] = _construct_unset


def set_constructor(f: Callable[[JuliaType, tuple[Any, ...], dict[str, Any]], Any]) -> None:
    """Install what calling a type does (dispatch lives above this module)."""
    global CONSTRUCT
    CONSTRUCT = f


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
        return f"Vararg{{{type_string(self.type)}}}"


class TypeName:
    """What the instantiations of one type family share."""

    __slots__ = (
        "abstract", "cache", "constructors", "field_consts", "field_types", "fields", "kw_defaults",
        "make_class", "module", "mutable", "name", "ninitialized", "params", "primitive_bits",
        "singleton", "super", "wrapper",
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
        self.field_consts: frozenset[str] = frozenset()
        self.kw_defaults: dict[str, Any] | None = None
        self.wrapper: Any = None
        self.cache: dict[tuple[Any, ...], DataType] = {}
        self.constructors: Any = None
        self.make_class: Callable[[DataType], type] | None = None
        self.primitive_bits = 0
        self.singleton: Any = None
        self.ninitialized = 0

    def __repr__(self) -> str:
        return f"<TypeName {self.name}>"


class DataType(JuliaType):
    """A nominal type: abstract, primitive, struct, tuple, function or `Type{T}`."""

    __slots__ = ("_pyclass", "_super", "concrete", "has_free", "parameters", "typename")

    def __init__(self, typename: TypeName, parameters: tuple[Any, ...] = ()) -> None:
        self.typename = typename
        self.parameters = parameters
        self._super: Any = None
        self._pyclass: type | None = None
        self.has_free = any(_has_free(p) for p in parameters)
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
        env = dict(zip(name.params, self.parameters, strict=False))
        return tuple(substitute(t, env) for t in name.field_types)

    @property
    def pyclass(self) -> type | None:
        """The Python class of this type's instances, made when first needed."""
        if self._pyclass is None and self.concrete and self.typename.make_class is not None:
            cls = self.typename.make_class(self)
            self._pyclass = cls
            register_class(cls, self)
        return self._pyclass

    @pyclass.setter
    def pyclass(self, cls: type) -> None:
        self._pyclass = cls

    def __repr__(self) -> str:
        return type_string(self)


class UnionType(JuliaType):
    """`Union{A, B}`; flattened, without duplicates; see `union`."""

    __slots__ = ("has_free", "types")

    def __init__(self, types: tuple[Any, ...]) -> None:
        self.types = types
        self.has_free = any(_has_free(t) for t in types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnionType) and set(self.types) == set(other.types)

    def __hash__(self) -> int:
        return hash(frozenset(self.types))

    def __repr__(self) -> str:
        return type_string(self)


class UnionAll(JuliaType):
    """`body where var`."""

    __slots__ = ("body", "has_free", "var")

    def __init__(self, var: TypeVar, body: Any) -> None:
        self.var = var
        self.body = body
        self.has_free = bool(free_vars(body) - {var})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnionAll) and (
            self is other or (subtype(self, other) and subtype(other, self))
        )

    def __hash__(self) -> int:
        return hash(unwrap(self).typename) if isinstance(unwrap(self), DataType) else 7

    def __repr__(self) -> str:
        return type_string(self)


def _has_free(t: Any) -> bool:
    if isinstance(t, TypeVar):
        return True
    if isinstance(t, Vararg):
        return _has_free(t.type) or isinstance(t.count, TypeVar)
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
    key = tuple((type(p), p) if type(p) in (bool, int, float) else p for p in parameters)
    t = name.cache.get(key)
    if t is None:
        t = name.cache[key] = DataType(name, parameters)
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


def _core(name: str, super_: Any = None, params: str = "", **options: Any) -> Any:
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
        last = parameters[-1]
        if isinstance(last, Vararg) and type(last.count) is int:
            parameters = parameters[:-1] + (last.type,) * last.count
    return instantiate(name, parameters)


def apply_type(t: Any, *params: Any) -> Any:
    """`t{params...}`; raises Python TypeError with Julia's sentence if it does not fit."""
    if t is Tuple_:
        return tuple_type(params)
    if t is Union_:
        return union(*params)
    if t is Vararg_:
        return Vararg(*params) if params else Vararg(Any_)
    if isinstance(t, DataType) and t.typename is TYPE_NAME:
        return instantiate(TYPE_NAME, params)
    for p in params:
        if not isinstance(t, UnionAll):
            raise TypeError(f"too many parameters for type {type_string(t)}")
        var = t.var
        if (
            isinstance(p, JuliaType)
            and not _has_free(p)
            and var.upper is not Any_
            and not free_vars(var.upper)
            and not subtype(p, var.upper)
        ):
            raise TypeParameterError(unwrap(t).typename.name, var, p)
        t = substitute(t.body, {var: p})
    return t


class TypeParameterError(Exception):
    """A type parameter out of its bounds: `in Q, in T, expected T<:Real, got Type{String}`."""

    def __init__(self, family: str, var: TypeVar, got: Any) -> None:
        self.family, self.var, self.got = family, var, got
        super().__init__(
            f"in {family}, in {var.name}, expected {var.name}<:{type_string(var.upper)}, "
            f"got Type{{{type_string(got)}}}"
        )


def union(*types: Any) -> Any:
    """`Union{types...}` in its simplest form."""
    flat: list[Any] = []
    for t in types:
        for x in t.types if isinstance(t, UnionType) else (t,):
            if not any(x is y or x == y for y in flat):
                flat.append(x)
    if len(flat) > 1:
        simple = [
            x for x in flat
            if _has_free(x) or not any(
                y is not x and not _has_free(y) and subtype(x, y)
                and (not subtype(y, x) or flat.index(y) < flat.index(x))
                for y in flat
            )
        ]
        flat = simple
    return flat[0] if len(flat) == 1 else UnionType(tuple(flat))


def tuple_type(params: Iterable[Any]) -> DataType:
    return make_applied(TUPLE_NAME, tuple(params))


def type_of_type(t: Any) -> DataType:
    """`Type{t}`."""
    return instantiate(TYPE_NAME, (t,))


# ---------------------------------------------------------------- subtyping


class _Existential:
    """What is known of a right-hand `where` variable while a subtype question is open."""

    __slots__ = ("covariant", "invariant", "lower", "upper")

    def __init__(self, var: TypeVar) -> None:
        self.lower: Any = var.lower
        self.upper: Any = var.upper
        self.covariant = 0
        self.invariant = 0


Env = dict[TypeVar, _Existential]


def _snapshot(env: Env) -> list[tuple[_Existential, Any, Any, int, int]]:
    return [(b, b.lower, b.upper, b.covariant, b.invariant) for b in env.values()]


def _restore(saved: list[tuple[_Existential, Any, Any, int, int]]) -> None:
    for b, b.lower, b.upper, b.covariant, b.invariant in saved:
        pass


def subtype(a: Any, b: Any) -> bool:
    """`a <: b`."""
    if a is b or b is Any_:
        return True
    return _sub(a, b, {}, False)


def match(a: Any, b: Any) -> dict[TypeVar, Any] | None:
    """If `a <: b`, the values that the outer `where` variables of `b` took; else None."""
    env: Env = {}
    order: list[TypeVar] = []
    body = b
    while isinstance(body, UnionAll):
        env[body.var] = _Existential(body.var)
        order.append(body.var)
        body = body.body
    if not _sub(a, body, env, False):
        return None
    if not all(_consistent(v, env) for v in order):
        return None
    return {v: _solution(v, env) for v in order}


def _solution(var: TypeVar, env: Env) -> Any:
    b = env[var]
    return b.lower if b.lower is not Bottom else b.upper


def _consistent(var: TypeVar, env: Env) -> bool:
    b = env[var]
    # Julia's diagonal rule: seen twice, only in covariant places, so it must be concrete.
    if b.covariant > 1 and not b.invariant and b.lower is not Bottom:
        return is_concrete(b.lower) or (
            isinstance(b.lower, DataType) and b.lower.typename is TYPE_NAME
        ) or isinstance(b.lower, TypeVar)
    return True


def _sub(a: Any, b: Any, env: Env, invariant: bool) -> bool:
    if a is b:
        if isinstance(b, TypeVar) and b in env:
            env[b].invariant += 1
        return True
    if b is Any_ and not invariant:
        return True
    if not isinstance(a, (JuliaType, TypeVar)):
        if isinstance(b, TypeVar) and b in env:
            return _bind_value(b, a, env)
        return type(a) is type(b) and bool(a == b)
    if isinstance(b, TypeVar) and b in env:
        return _below_existential(a, b, env, invariant)
    if isinstance(a, TypeVar) and a in env:
        return _above_existential(a, b, env)
    if isinstance(a, UnionType):
        return all(_sub(x, b, env, invariant) for x in a.types)
    if isinstance(b, UnionType):
        for y in b.types:
            saved = _snapshot(env)
            if _sub(a, y, env, invariant):
                return True
            _restore(saved)
        return False
    if isinstance(a, TypeVar):
        return not isinstance(b, TypeVar) and _sub(a.upper, b, env, invariant)
    if isinstance(b, TypeVar):
        return _sub(a, b.lower, env, invariant) if b.lower is not Bottom else False
    if isinstance(a, UnionAll):
        return _sub(a.body, b, env, invariant)
    if isinstance(b, UnionAll):
        var = b.var
        if var in env:
            fresh = TypeVar(var.name, var.lower, var.upper)
            return _sub(a, UnionAll(fresh, substitute(b.body, {var: fresh})), env, invariant)
        env[var] = _Existential(var)
        ok = _sub(a, b.body, env, invariant) and _consistent(var, env)
        del env[var]
        return ok
    if not isinstance(a, DataType) or not isinstance(b, DataType):
        return False
    return _sub_nominal(a, b, env)


def _sub_nominal(a: DataType, b: DataType, env: Env) -> bool:
    goal = b.typename
    if a.typename is TYPE_NAME and goal is not TYPE_NAME:
        # `Type{Int}` is a kind of DataType, `Type{Vector}` of UnionAll.
        if not a.parameters or isinstance(a.parameters[0], TypeVar):
            return b is Any_
        return kind_of(a.parameters[0]) is b or b is Any_
    while a.typename is not goal:
        parent = a.super
        if parent is a or not isinstance(parent, DataType) or a is Any_:
            return False
        a = parent
    if goal is TUPLE_NAME:
        return _sub_tuple(a.parameters, b.parameters, env)
    if not b.parameters:
        return True
    if len(a.parameters) != len(b.parameters):
        return goal is TYPE_NAME and not b.parameters
    return all(_equal(x, y, env) for x, y in zip(a.parameters, b.parameters, strict=True))


def _equal(x: Any, y: Any, env: Env) -> bool:
    if x is y:
        if isinstance(y, TypeVar) and y in env:
            env[y].invariant += 1
        return True
    if isinstance(y, TypeVar) and y in env:
        env[y].invariant += 1
        if not isinstance(x, (JuliaType, TypeVar)):
            return _bind_value(y, x, env)
        return _below_existential(x, y, env, True) and _above_existential(y, x, env)
    if isinstance(x, DataType) and isinstance(y, DataType) and not x.has_free and not y.has_free:
        return x is y
    if isinstance(x, tuple) and isinstance(y, tuple):
        return x == y
    if not isinstance(x, (JuliaType, TypeVar)) or not isinstance(y, (JuliaType, TypeVar)):
        return type(x) is type(y) and bool(x == y)
    if isinstance(x, DataType) and isinstance(y, DataType):
        if x.typename is not y.typename or len(x.parameters) != len(y.parameters):
            return False
        if x.typename is not TUPLE_NAME:
            return all(_equal(p, q, env) for p, q in zip(x.parameters, y.parameters, strict=True))
    if isinstance(x, UnionAll) is not isinstance(y, UnionAll) and isinstance(
        y if isinstance(x, UnionAll) else x, DataType
    ):
        return False
    return _sub(x, y, env, True) and _sub(y, x, env, True)


def _bind_value(var: TypeVar, value: Any, env: Env) -> bool:
    b = env[var]
    b.invariant += 1
    if b.lower is Bottom and b.upper is Any_:
        b.lower = b.upper = value
        return True
    return type(b.lower) is type(value) and bool(b.lower == value)


def _below_existential(a: Any, var: TypeVar, env: Env, invariant: bool) -> bool:
    """`a <: var`: raise the variable's lower bound."""
    b = env[var]
    if not invariant:
        b.covariant += 1
    if not isinstance(b.upper, (JuliaType, TypeVar)):
        return False
    if b.upper is not Any_ and not _sub(a, b.upper, env, False):
        return False
    if b.lower is Bottom:
        b.lower = a
    elif b.lower is not a:
        b.lower = union(b.lower, a)
        if isinstance(a, JuliaType) and b.upper is not Any_ and not _sub(b.lower, b.upper, env, False):
            return False
    return True


def _above_existential(var: TypeVar, b: Any, env: Env) -> bool:
    """`var <: b`: lower the variable's upper bound."""
    bounds = env[var]
    if bounds.lower is not Bottom and not _sub(bounds.lower, b, env, False):
        return False
    bounds.upper = b
    return True


def _sub_tuple(a: tuple[Any, ...], b: tuple[Any, ...], env: Env) -> bool:
    i = j = 0
    while True:
        x = a[i] if i < len(a) else None
        y = b[j] if j < len(b) else None
        if x is None:
            if y is None:
                return True
            if not isinstance(y, Vararg):
                return False
            return y.count is None or _bind_count(y.count, len(a) - len(b) + 1, env)
        if y is None:
            return False
        if isinstance(x, Vararg):
            if not isinstance(y, Vararg):
                return False
            return (y.count is None or y.count == x.count) and _sub(x.type, y.type, env, False)
        if isinstance(y, Vararg):
            if not _sub(x, y.type, env, False):
                return False
            i += 1
            continue
        if not _sub(x, y, env, False):
            return False
        i += 1
        j += 1


def _bind_count(count: Any, n: int, env: Env) -> bool:
    if isinstance(count, TypeVar):
        return count in env and _bind_value(count, n, env)
    return bool(count == n)


def more_specific(a: Any, b: Any) -> bool:
    """Should a method of signature `a` be tried before one of signature `b`?"""
    return subtype(a, b) and not subtype(b, a)


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


def intersects(a: Any, b: Any) -> bool:
    """Could a value be of both types? Errs on the side of yes."""
    a, b = unwrap(a), unwrap(b)
    if isinstance(a, TypeVar):
        return intersects(a.upper, b)
    if isinstance(b, TypeVar):
        return intersects(a, b.upper)
    if isinstance(a, UnionType):
        return any(intersects(x, b) for x in a.types)
    if isinstance(b, UnionType):
        return any(intersects(a, x) for x in b.types)
    if not isinstance(a, DataType) or not isinstance(b, DataType):
        return a == b
    if a.typename is TUPLE_NAME and b.typename is TUPLE_NAME:
        return _tuples_intersect(a.parameters, b.parameters)
    if a.typename is b.typename:
        return all(
            intersects(x, y) if isinstance(x, (JuliaType, TypeVar))
            and isinstance(y, (JuliaType, TypeVar)) else isinstance(x, TypeVar)
            or isinstance(y, TypeVar) or x == y
            for x, y in zip(a.parameters, b.parameters, strict=False)
        )
    names = [x.typename for x in supertypes(a) if isinstance(x, DataType)]
    if b.typename in names:
        return True
    names = [x.typename for x in supertypes(b) if isinstance(x, DataType)]
    return a.typename in names


def _tuples_intersect(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    i = 0
    while i < max(len(a), len(b)):
        x = a[min(i, len(a) - 1)] if a and (i < len(a) or isinstance(a[-1], Vararg)) else None
        y = b[min(i, len(b) - 1)] if b and (i < len(b) or isinstance(b[-1], Vararg)) else None
        if x is None or y is None:
            return isinstance(x, Vararg) or isinstance(y, Vararg)
        if isinstance(x, Vararg) and isinstance(y, Vararg):
            return True
        x = x.type if isinstance(x, Vararg) else x
        y = y.type if isinstance(y, Vararg) else y
        if not intersects(x, y):
            return False
        i += 1
    return True


# ---------------------------------------------------------------- the type of a value

_TYPE_OF_CLASS: dict[type, Any] = {}
_TYPE_OF_INSTANCE: dict[type, Callable[[Any], Any]] = {}


def register_class(cls: type, t: Any) -> None:
    """Instances of `cls` are all of the one Julia type `t`."""
    _TYPE_OF_CLASS[cls] = t
    if isinstance(t, DataType) and t._pyclass is None:
        t.pyclass = cls


def register_instances(cls: type, f: Callable[[Any], Any], general: Any) -> None:
    """The Julia type of an instance of `cls` depends on the instance; `general` covers them all."""
    _TYPE_OF_INSTANCE[cls] = f
    GENERAL_TYPE[cls] = general


GENERAL_TYPE: dict[type, Any] = {}


def typeof(x: Any) -> Any:
    """The concrete Julia type of a value."""
    t = _TYPE_OF_CLASS.get(type(x))
    if t is not None:
        return t
    f = _TYPE_OF_INSTANCE.get(type(x))
    if f is not None:
        return f(x)
    for cls in type(x).__mro__[1:]:
        if cls in _TYPE_OF_CLASS:
            return _TYPE_OF_CLASS[cls]
        if cls in _TYPE_OF_INSTANCE:
            return _TYPE_OF_INSTANCE[cls](x)
    return foreign_type(type(x))


_FOREIGN: dict[type, DataType] = {}


def foreign_type(cls: type) -> DataType:
    """The opaque Julia type that stands for a Python class Julia knows nothing of."""
    t = _FOREIGN.get(cls)
    if t is None:
        t = _FOREIGN[cls] = define(f"PyObject_{cls.__name__}")
    return t


def class_type(cls: type) -> tuple[Any, bool]:
    """The Julia type of the instances of a Python class, and whether it is exact for all."""
    t = _TYPE_OF_CLASS.get(cls)
    if t is not None:
        return t, True
    if cls in GENERAL_TYPE:
        return GENERAL_TYPE[cls], False
    for base in cls.__mro__[1:]:
        if base in _TYPE_OF_CLASS:
            return _TYPE_OF_CLASS[base], True
        if base in GENERAL_TYPE:
            return GENERAL_TYPE[base], False
    return foreign_type(cls), True


def kind_of(t: Any) -> Any:
    """`typeof` of a type: DataType, Union, UnionAll or TypeofBottom."""
    if isinstance(t, DataType):
        return DataType_
    if isinstance(t, UnionAll):
        return UnionAll_
    if isinstance(t, UnionType):
        return Union_Kind if t.types else TypeofBottom
    return TypeVar_


def dispatch_type(x: Any) -> Any:
    """The type of an argument as dispatch sees it: `Type{T}` for a type."""
    return type_of_type(x) if isinstance(x, JuliaType) else typeof(x)


def isa(x: Any, t: Any) -> bool:
    """`x isa t`."""
    if t is Any_:
        return True
    if isinstance(x, JuliaType):
        return subtype(type_of_type(x), t) or subtype(kind_of(x), t)
    return subtype(typeof(x), t)


Type_ = instantiate(TYPE_NAME, ())
TYPE_NAME.wrapper = Type_
CORE_TYPES["Type"] = Type_
DataType_ = _core("DataType", Type_)
UnionAll_ = _core("UnionAll", Type_)
TypeofBottom = define("TypeofBottom", Type_)
TypeVar_ = _core("TypeVar")
Union_Kind = define("Union", Type_)
CORE_TYPES["Union"] = Union_ = Union_Kind
Vararg_ = _core("Vararg")
Tuple_ = instantiate(TUPLE_NAME, (Vararg(Any_),))
TUPLE_NAME.wrapper = Tuple_
CORE_TYPES["Tuple"] = Tuple_
NTuple = UnionAll(_n := TypeVar("N"), UnionAll(_t := TypeVar("T"), tuple_type([Vararg(_t, _n)])))
CORE_TYPES["NTuple"] = NTuple

Function_ = _core("Function", abstract=True)
Number = _core("Number", abstract=True)
Real = _core("Real", Number, abstract=True)
AbstractFloat = _core("AbstractFloat", Real, abstract=True)
Integer = _core("Integer", Real, abstract=True)
Signed = _core("Signed", Integer, abstract=True)
Unsigned = _core("Unsigned", Integer, abstract=True)
AbstractIrrational = _core("AbstractIrrational", Real, abstract=True)
AbstractString = _core("AbstractString", abstract=True)
AbstractChar = _core("AbstractChar", abstract=True)
Exception_ = _core("Exception", abstract=True)
IO_ = _core("IO", abstract=True)
AbstractArray = _core("AbstractArray", None, "T N", abstract=True)
AbstractVector = UnionAll(_v := TypeVar("T"), apply_type(AbstractArray, _v, 1))
AbstractMatrix = UnionAll(_v, apply_type(AbstractArray, _v, 2))
DenseArray = UnionAll(
    _t2 := TypeVar("T"),
    UnionAll(_n2 := TypeVar("N"), _n2),
)
AbstractDict = _core("AbstractDict", None, "K V", abstract=True)
AbstractSet = _core("AbstractSet", None, "T", abstract=True)


def _sub_family(name: str, params: str, parent: Callable[..., Any], **options: Any) -> Any:
    """A parametric type whose supertype mentions its parameters."""
    variables = [TypeVar(p) for p in params.split()]
    t = define(name, parent(*variables), variables, **options)
    CORE_TYPES[name] = t
    return t


DenseArray = _sub_family("DenseArray", "T N", lambda t, n: apply_type(AbstractArray, t, n), abstract=True)
Array_ = _sub_family("Array", "T N", lambda t, n: apply_type(DenseArray, t, n), mutable=True)
Vector = UnionAll(_v, apply_type(Array_, _v, 1))
Matrix = UnionAll(_v, apply_type(Array_, _v, 2))
AbstractRange = _sub_family(
    "AbstractRange", "T", lambda t: apply_type(AbstractArray, t, 1), abstract=True
)
CORE_TYPES.update(
    AbstractVector=AbstractVector, AbstractMatrix=AbstractMatrix, Vector=Vector, Matrix=Matrix
)

Int8 = _core("Int8", Signed, bits=8)
Int16 = _core("Int16", Signed, bits=16)
Int32 = _core("Int32", Signed, bits=32)
Int64 = _core("Int64", Signed, bits=64)
UInt8 = _core("UInt8", Unsigned, bits=8)
UInt16 = _core("UInt16", Unsigned, bits=16)
UInt32 = _core("UInt32", Unsigned, bits=32)
UInt64 = _core("UInt64", Unsigned, bits=64)
Bool = _core("Bool", Integer, bits=8)
Float16 = _core("Float16", AbstractFloat, bits=16)
Float32 = _core("Float32", AbstractFloat, bits=32)
Float64 = _core("Float64", AbstractFloat, bits=64)
String = _core("String", AbstractString)
Char_ = _core("Char", AbstractChar, bits=32)
Symbol_ = _core("Symbol")
Nothing = _core("Nothing")
Module_ = _core("Module")
AbstractVecOrMat = union(AbstractVector, AbstractMatrix)
CORE_TYPES.update(Int=Int64, UInt=UInt64, AbstractVecOrMat=AbstractVecOrMat, VecOrMat=union(Vector, Matrix))

NUMPY_DTYPES: dict[Any, Any] = {}
for _cls, _jt in (
    (int, Int64), (float, Float64), (bool, Bool), (type(None), Nothing), (str, String),
    (Symbol, Symbol_), (np.int8, Int8), (np.int16, Int16), (np.int32, Int32), (np.uint8, UInt8),
    (np.uint16, UInt16), (np.uint32, UInt32), (np.uint64, UInt64), (np.float16, Float16),
    (np.float32, Float32),
):
    register_class(_cls, _jt)
# numpy's own 64-bit scalars may leak out of a library call; they mean the same.
_TYPE_OF_CLASS[np.int64] = Int64
_TYPE_OF_CLASS[np.float64] = Float64
_TYPE_OF_CLASS[np.bool_] = Bool

register_instances(tuple, lambda x: tuple_type(map(typeof, x)), Tuple_)
register_instances(DataType, lambda x: DataType_, Type_)
register_instances(UnionAll, lambda x: UnionAll_, Type_)
register_instances(UnionType, kind_of, Type_)
register_class(TypeVar, TypeVar_)

DTYPE_OF: dict[Any, np.dtype[Any]] = {
    t: np.dtype(c)
    for t, c in (
        (Int8, "i1"), (Int16, "i2"), (Int32, "i4"), (Int64, "i8"), (UInt8, "u1"), (UInt16, "u2"),
        (UInt32, "u4"), (UInt64, "u8"), (Bool, "?"), (Float16, "f2"), (Float32, "f4"),
        (Float64, "f8"),
    )
}
TYPE_OF_DTYPE: dict[np.dtype[Any], Any] = {d: t for t, d in DTYPE_OF.items()}


# ---------------------------------------------------------------- names


ALIASES: dict[int, str] = {id(Vector): "Vector", id(Matrix): "Matrix",
                           id(AbstractVector): "AbstractVector", id(AbstractMatrix): "AbstractMatrix"}


def type_string(t: Any) -> str:
    """A type as Julia writes it."""
    if isinstance(t, DataType):
        return _datatype_string(t)
    if isinstance(t, UnionType):
        return "Union{" + ", ".join(map(type_string, t.types)) + "}"
    if isinstance(t, UnionAll):
        return _unionall_string(t)
    if isinstance(t, TypeVar):
        return t.name
    if isinstance(t, Vararg):
        if t.count is None:
            return f"Vararg{{{type_string(t.type)}}}" if t.type is not Any_ else "Vararg"
        return f"Vararg{{{type_string(t.type)}, {type_string(t.count)}}}"
    if isinstance(t, Symbol):
        return f":{t.name}"
    if isinstance(t, bool):
        return "true" if t else "false"
    if isinstance(t, tuple):
        inner = ", ".join(map(type_string, t))
        return f"({inner},)" if len(t) == 1 else f"({inner})"
    return repr(t)


QUALIFY: Callable[[TypeName], str] = lambda name: name.name  # noqa: E731


def set_qualifier(f: Callable[[TypeName], str]) -> None:
    """Install how a type's name is qualified by its module."""
    global QUALIFY
    QUALIFY = f


def _datatype_string(t: DataType) -> str:
    name, params = t.typename, t.parameters
    if name is TUPLE_NAME:
        if t is Tuple_:
            return "Tuple"
        if len(params) > 3 and all(p is params[0] for p in params) and not isinstance(params[0], Vararg):
            return f"NTuple{{{len(params)}, {type_string(params[0])}}}"
        return "Tuple{" + ", ".join(map(type_string, params)) + "}"
    if name.name == "NamedTuple" and len(params) == 2 and isinstance(params[0], tuple):
        types = params[1]
        if isinstance(types, DataType) and types.typename is TUPLE_NAME:
            inner = ", ".join(
                n.name if x is Any_ else f"{n.name}::{type_string(x)}"
                for n, x in zip(params[0], types.parameters, strict=False)
            )
            return f"@NamedTuple{{{inner}}}"
    if name.name == "Array" and len(params) == 2 and name is unwrap(Array_).typename:
        if params[1] == 1:
            return f"Vector{{{type_string(params[0])}}}"
        if params[1] == 2:
            return f"Matrix{{{type_string(params[0])}}}"
    if name.name in ("AbstractArray", "BitArray", "DenseArray") and params and type(params[-1]) is int:
        short = {1: "Vector", 2: "Matrix"}.get(params[-1])
        if short:
            head = name.name.replace("Array", short)
            return f"{head}{{{type_string(params[0])}}}" if len(params) == 2 else head
    if not params:
        return QUALIFY(name)
    return QUALIFY(name) + "{" + ", ".join(map(type_string, params)) + "}"


def _bound_string(var: TypeVar) -> str:
    low = f"{type_string(var.lower)}<:" if var.lower is not Bottom else ""
    high = f"<:{type_string(var.upper)}" if var.upper is not Any_ else ""
    return f"{low}{var.name}{high}"


def _unionall_string(t: UnionAll) -> str:
    alias = ALIASES.get(id(t))
    if alias:
        return alias
    body = unwrap(t)
    variables = []
    inner: Any = t
    while isinstance(inner, UnionAll):
        variables.append(inner.var)
        inner = inner.body
    if isinstance(body, DataType) and body.typename.wrapper is t:
        return QUALIFY(body.typename)
    if isinstance(body, DataType) and body.parameters:
        shown = _elide(body, variables)
        if shown is not None:
            return shown
    text = type_string(body)
    if len(variables) == 1:
        return f"{text} where {_bound_string(variables[0])}"
    return f"{text} where {{{', '.join(map(_bound_string, variables))}}}"


def _elide(body: DataType, variables: list[TypeVar]) -> str | None:
    """`Vector{<:Real}` for `Vector{T} where T<:Real`, if each variable occurs just once."""
    if body.typename.name == "Array" and len(variables) == 1 and body.parameters[0] is variables[0]:
        if body.parameters[1] in (1, 2):
            var = variables[0]
            head = "Vector" if body.parameters[1] == 1 else "Matrix"
            return head if var.upper is Any_ else f"{head}{{<:{type_string(var.upper)}}}"
    if len(variables) == 1 and body.parameters.count(variables[0]) == 1 and variables[0].upper is not Any_:
        parts = [
            f"<:{type_string(p.upper)}" if p is variables[0] else type_string(p)
            for p in body.parameters
        ]
        if not any(variables[0] in free_vars(p) for p in body.parameters if p is not variables[0]):
            return QUALIFY(body.typename) + "{" + ", ".join(parts) + "}"
    return None
