"""Types as Julia writes them: `Vector{Int64}`, `Pair{Int64, <:Real}`, `Union{Nothing, Float64}`.

An alias is used where exactly one exported alias of the type's modules stands for the type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import permutations
from typing import Any

from juliette.runtime.lattice import (
    TUPLE_NAME,
    Any_,
    Bottom,
    DataType,
    JuliaType,
    Tuple_,
    TypeName,
    TypeVar,
    UnionAll,
    UnionType,
    Vararg,
    has_free,
    substitute,
    unwrap,
)
from juliette.runtime.subtyping import equal, mentions, subtype
from juliette.syntax.expr import Symbol

# From this many equal elements on, a tuple type is written with a count.
_MANY = 4


def _plain_name(name: TypeName) -> str:
    return name.name


def _no_aliases(module: Any) -> Iterable[tuple[str, Any]]:
    return ()


QUALIFY: Callable[[TypeName], str] = _plain_name
ALIASES: Callable[[Any], Iterable[tuple[str, Any]]] = _no_aliases


def set_names(
    qualify: Callable[[TypeName], str], aliases: Callable[[Any], Iterable[tuple[str, Any]]]
) -> None:
    """Install how a type's name is qualified, and which aliases a module has."""
    global QUALIFY, ALIASES
    QUALIFY, ALIASES = qualify, aliases


def type_string(t: Any, *, aliases: bool = True) -> str:
    """A type, or a parameter of one, as Julia writes it."""
    if isinstance(t, JuliaType):
        shown = SHOWN(t)
        return own_string(t, aliases=aliases) if shown is None else shown
    if isinstance(t, TypeVar):
        return t.name
    if isinstance(t, Vararg):
        if t.count is None:
            return (
                f"Vararg{{{type_string(t.type, aliases=aliases)}}}"
                if t.type is not Any_
                else "Vararg"
            )
        return f"Vararg{{{type_string(t.type, aliases=aliases)}, {type_string(t.count)}}}"
    return VALUE_TEXT(t)


def own_string(t: Any, *, aliases: bool = True) -> str:
    """A type as it is written when no method of the user's shows it; its parameters may have one."""
    return _type(t, aliases)


def _not_shown(t: Any) -> str | None:
    return None


SHOWN: Callable[[Any], str | None] = _not_shown


def set_shown(f: Callable[[Any], str | None]) -> None:
    """Install what the user's own `show` methods write for a type; None where there is none."""
    global SHOWN
    SHOWN = f


def _value(x: Any) -> str:
    if isinstance(x, bool):
        return "true" if x else "false"
    if isinstance(x, Symbol):
        return f":{x.name}"
    if isinstance(x, tuple):
        inner = ", ".join(map(type_string, x))
        return f"({inner},)" if len(x) == 1 else f"({inner})"
    return repr(x)


VALUE_TEXT: Callable[[Any], str] = _value


def set_value_text(f: Callable[[Any], str]) -> None:
    """Install how a parameter that is no type is shown."""
    global VALUE_TEXT
    VALUE_TEXT = f


def bound_string(var: TypeVar) -> str:
    """`T`, `T<:Real`, `Int64<:T<:Real`"""
    low = f"{type_string(var.lower)}<:" if var.lower is not Bottom else ""
    upper = type_string(var.upper)
    if isinstance(var.upper, UnionAll) and not without_parameters(var.upper):
        upper = f"({upper})"
    high = f"<:{upper}" if var.upper is not Any_ else ""
    if low and not high:
        return f"{var.name}>:{type_string(var.lower)}"
    return f"{low}{var.name}{high}"


def without_parameters(t: Any) -> bool:
    """Does the bare name of the family say it all?"""
    body = unwrap(t)
    return isinstance(body, DataType) and body.typename.wrapper is t


def _type(t: Any, aliases: bool) -> str:
    if without_parameters(t):
        return QUALIFY(unwrap(t).typename)
    if aliases:
        text = alias_string(t)
        if text is not None:
            return text
    if isinstance(t, DataType):
        return _datatype(t, [], aliases)
    if isinstance(t, UnionType):
        return _union(t, aliases)
    wheres: list[TypeVar] = []
    names: set[str] = set()
    while isinstance(t, UnionAll):
        var = t.var
        if var.name in names or var.name == "_":
            n = 1
            while f"{var.name}{n}" in names:
                n += 1
            fresh = TypeVar(f"{var.name}{n}", var.lower, var.upper)
            t = UnionAll(fresh, substitute(t.body, {var: fresh}))
        names.add(t.var.name)
        wheres.append(t.var)
        t = t.body
    head = (
        _datatype(t, wheres, aliases)
        if isinstance(t, DataType)
        else type_string(t, aliases=aliases)
    )
    return head + _wheres(wheres)


def _wheres(wheres: list[TypeVar]) -> str:
    if not wheres:
        return ""
    if len(wheres) == 1:
        return f" where {bound_string(wheres[0])}"
    return f" where {{{', '.join(map(bound_string, wheres))}}}"


def _union(t: UnionType, aliases: bool) -> str:
    if not t.types:
        return "Union{}"
    if aliases:
        split = _union_aliases(t)
        if split is not None:
            return split
    return "Union{" + ", ".join(type_string(x, aliases=aliases) for x in t.types) + "}"


def _union_aliases(t: UnionType) -> str | None:
    """Members of a union that an alias covers: `Union{Missing, VecOrMat{Int64}}` is written so."""
    return None


def _datatype(t: DataType, wheres: list[TypeVar], aliases: bool) -> str:
    name, params = t.typename, t.parameters
    if name is TUPLE_NAME:
        return _tuple(t, aliases)
    if name.name == "NamedTuple" and len(params) == 2 and isinstance(params[0], tuple):
        types = params[1]
        if isinstance(types, DataType) and types.typename is TUPLE_NAME:
            inner = ", ".join(
                n.name if x is Any_ else f"{n.name}::{type_string(x, aliases=aliases)}"
                for n, x in zip(params[0], types.parameters, strict=False)
            )
            return f"@NamedTuple{{{inner}}}"
    original = unwrap(name.wrapper).parameters if name.wrapper is not None else params
    return QUALIFY(name) + _parameters(params, original, wheres, aliases)


def _tuple(t: DataType, aliases: bool) -> str:
    params = t.parameters
    if t is Tuple_:
        return "Tuple"
    n = len(params)
    same = 1
    while same < n and params[-same - 1] is params[-1]:
        same += 1
    if n == same >= _MANY and not isinstance(params[0], Vararg):
        return f"NTuple{{{n}, {type_string(params[0], aliases=aliases)}}}"
    shown = [type_string(p, aliases=aliases) for p in params]
    if same >= _MANY:
        shown[n - same :] = [f"Vararg{{{shown[-1]}, {same}}}"]
    return "Tuple{" + ", ".join(shown) + "}"


def _parameters(
    env: tuple[Any, ...], original: tuple[Any, ...], wheres: list[TypeVar], aliases: bool
) -> str:
    """`{A, <:B}`; variables that are seen only here, last ones first, need no `where`."""
    n, elide = len(env), len(wheres)
    for i in range(n - 1, -1, -1):
        p = env[i]
        if not isinstance(p, TypeVar) or not _can_elide(p, wheres, elide, env, i):
            continue
        plain = (
            i == n - 1
            and i < len(original)
            and isinstance(original[i], TypeVar)
            and _same_bounds(p, original[i])
        )
        if plain:
            n -= 1
            elide -= 1
        elif (p.lower is Bottom or p.upper is Any_) and p.name.startswith("#"):
            elide -= 1
    if n == 0:
        del wheres[elide:]
        return ""
    left_out = wheres[elide:]
    parts = []
    for p in env[:n]:
        if isinstance(p, TypeVar) and any(p is w for w in left_out):
            if p.lower is Bottom:
                parts.append(f"<:{type_string(p.upper, aliases=aliases)}")
            else:
                parts.append(f">:{type_string(p.lower, aliases=aliases)}")
        else:
            parts.append(type_string(p, aliases=aliases))
    del wheres[elide:]
    return "{" + ", ".join(parts) + "}"


def _can_elide(p: TypeVar, wheres: list[TypeVar], elide: int, env: tuple[Any, ...], i: int) -> bool:
    if elide == 0 or wheres[elide - 1] is not p:
        return False
    if any(mentions(w.lower, p) or mentions(w.upper, p) for w in wheres[: elide - 1]):
        return False
    return not any(mentions(x, p) for j, x in enumerate(env) if j != i and not isinstance(x, int))


def _same_bounds(a: TypeVar, b: TypeVar) -> bool:
    return (a.upper is b.upper or _same(a.upper, b.upper)) and (
        a.lower is b.lower or _same(a.lower, b.lower)
    )


def _same(a: Any, b: Any) -> bool:
    return not has_free(a) and not has_free(b) and equal(a, b)


# ---------------------------------------------------------------- aliases


def alias_string(t: Any) -> str | None:
    """The alias that stands for a type, with its parameters; None without exactly one."""
    body = unwrap(t)
    if t is Any_ or (isinstance(body, DataType) and body.typename is TUPLE_NAME):
        return None
    found = {  # by name: Base has Core's aliases, too
        name: env
        for module in _modules(t)
        for name, alias in ALIASES(module)
        if (env := _through(alias, t)) is not None
    }
    if len(found) != 1:
        return None
    ((name, env),) = found.items()
    if not env:
        return name
    wheres: list[TypeVar] = []
    while isinstance(t, UnionAll):
        wheres.append(t.var)
        t = t.body
    values = tuple(env.values())
    text = name + _parameters(values, tuple(env), wheres, True)
    return text + _wheres(wheres)


def _modules(t: Any) -> list[Any]:
    """The modules that a type's parts come from."""
    out: list[Any] = []

    def visit(x: Any) -> None:
        if isinstance(x, UnionAll):
            visit(x.body)
        elif isinstance(x, UnionType):
            for y in x.types:
                visit(y)
        elif isinstance(x, DataType):
            if not any(x.typename.module is m for m in out):
                out.append(x.typename.module)
            for p in x.parameters:
                visit(p)

    visit(t)
    return out


def _through(alias: Any, t: Any) -> dict[TypeVar, Any] | None:
    """The values of an alias's variables that give `t`, if it stands for it."""
    if not isinstance(alias, UnionAll):
        return (
            {}
            if alias is t
            or (isinstance(alias, UnionType) and isinstance(t, UnionType) and alias == t)
            else None
        )
    inner, outer = unwrap(alias), unwrap(t)
    if isinstance(inner, DataType):
        if not isinstance(outer, DataType) or inner.typename is not outer.typename:
            return None
    elif type(inner) is not type(outer):
        return None
    if isinstance(t, UnionAll) and equal(alias, t) and alias is not t:
        variables, own = _variables(alias), _variables(t)
        if len(variables) == len(own):
            return dict(zip(variables, own, strict=True))
    env: dict[TypeVar, Any] = {}
    if not _unify(inner, outer, env, set(_variables(alias))):
        return None
    variables = _variables(alias)
    if any(v not in env for v in variables):
        return None
    ordered = {v: env[v] for v in variables}
    for v, value in ordered.items():
        bound = substitute(v.upper, ordered)
        if (
            isinstance(value, JuliaType)
            and bound is not Any_
            and not has_free(value)
            and not (has_free(bound) or subtype(value, bound))
        ):
            return None
    return ordered


def _variables(t: Any) -> list[TypeVar]:
    out = []
    while isinstance(t, UnionAll):
        out.append(t.var)
        t = t.body
    return out


def _unify(pattern: Any, t: Any, env: dict[TypeVar, Any], variables: set[TypeVar]) -> bool:
    """Find values for variables by which the pattern becomes exactly `t`.

    A variable never takes a type that itself contains a variable: Julia finds no alias there either.
    """
    if isinstance(pattern, TypeVar) and pattern in variables:
        if pattern in env:
            return env[pattern] is t or (_plain_equal(env[pattern], t))
        if not isinstance(t, TypeVar) and has_free(t):
            return False
        env[pattern] = t
        return True
    if pattern is t and not (isinstance(pattern, JuliaType) and has_free(pattern)):
        return True
    if isinstance(pattern, DataType) and isinstance(t, DataType):
        return (
            pattern.typename is t.typename
            and len(pattern.parameters) == len(t.parameters)
            and all(
                _unify(p, x, env, variables)
                for p, x in zip(pattern.parameters, t.parameters, strict=True)
            )
        )
    if isinstance(pattern, UnionType) and isinstance(t, UnionType):
        return len(pattern.types) == len(t.types) and any(
            _unify_members(pattern.types, order, env, variables) for order in _orders(t.types)
        )
    return _plain_equal(pattern, t)


def _orders(types: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    """The orders in which to compare a union's members: all of a few, of many the one that they have."""
    return permutations(types) if len(types) <= 3 else (types,)


def _unify_members(
    patterns: tuple[Any, ...],
    types: tuple[Any, ...],
    env: dict[TypeVar, Any],
    variables: set[TypeVar],
) -> bool:
    """The members of two unions, in one order of them; what failed leaves no values behind."""
    trial = dict(env)
    if not all(_unify(p, x, trial, variables) for p, x in zip(patterns, types, strict=True)):
        return False
    env.update(trial)
    return True


def _plain_equal(a: Any, b: Any) -> bool:
    if isinstance(a, JuliaType) and isinstance(b, JuliaType):
        return not has_free(a) and not has_free(b) and equal(a, b)
    return type(a) is type(b) and bool(a == b)


def alias_note(t: Any) -> str:
    """What the prompt adds to a type shown by an alias: ` (alias for Array{Int64, 1})`."""
    if not isinstance(t, (DataType, UnionAll, UnionType)) or without_parameters(t):
        return ""
    if alias_string(t) is None:
        return ""
    return f" (alias for {type_string(t, aliases=False)})"
