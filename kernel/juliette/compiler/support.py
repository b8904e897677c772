"""What compiled code calls by names that begin with `%`.

The functions that are Julia's own (`getindex`, `convert`, `vcat`, …) are looked up in Base when the
helpers are installed; the rest is defined here, and what definitions do in `method_support` and
`type_support`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from juliette.compiler import closures
from juliette.compiler.closures import Box, UnsupportedKeyword
from juliette.compiler.lower import LambdaCode
from juliette.runtime import types as T
from juliette.runtime.array import UNDEF, Array, array_class, elements
from juliette.runtime.dispatch import GenericFunction, Method, call_kw
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    MethodError,
    Thrown,
    TypeError_,
    UndefKeywordError,
    UndefVarError,
    julia_value,
)
from juliette.runtime.interrupts import PATIENCE
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import checked, exact_type
from juliette.runtime.values import JuliaDict, NamedTuple, Pair
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Expr, QuoteNode, Symbol

F = TypeVar("F", bound=Callable[..., Any])
HELPERS: dict[str, Any] = {}


def helper(name: str) -> Callable[[F], F]:
    """Register a helper under the name that compiled code uses."""

    def register(f: Any) -> Any:
        HELPERS["%" + name] = f
        return f

    return register


# Helpers that are Base functions under the same name.
FROM_BASE = (
    "getindex",
    "setindex!",
    "getproperty",
    "setproperty!",
    "firstindex",
    "lastindex",
    "hcat",
    "vcat",
    "hvcat",
    "string",
    "adjoint",
)


def install(module: Module) -> None:
    """Make the helpers visible to code compiled in a module."""
    module.visible.update(HELPERS)
    for name in FROM_BASE:
        if name in Base.bindings:
            module.visible["%" + name] = Base.bindings[name]


HELPERS["%Any"] = T.Any_
HELPERS["%closure"] = closures.closure
HELPERS["%Box"] = Box
HELPERS["%Catchable"] = (Exception, KeyboardInterrupt)
HELPERS["%NameError"] = NameError
HELPERS["%UndefVarError"] = UndefVarError
HELPERS["%AttributeError"] = AttributeError
HELPERS["%call_kw"] = call_kw
HELPERS["%call_kw_last"] = lambda f, *args: call_kw(f, args[-1], *args[:-1])
HELPERS["%unionall"] = lambda var, body: T.UnionAll(var, body) if var in T.free_vars(body) else body


@helper("truth")
def truth(x: Any) -> bool:
    """What `if` makes of a condition that is no plain Python bool."""
    kind = T.typeof(x)
    if kind is T.Bool:
        return bool(getattr(x, "value", x))
    raise TypeError_(Symbol("if"), "", T.Bool, x)


@helper("lookup")
def lookup(module: Module, name: str) -> Any:
    return module.get(name)


@helper("global_ref")
def global_ref(module: Any, name: str) -> Any:
    if isinstance(module, Module):
        return module.get(name)
    from juliette.runtime.modules import PACKAGES

    return (Base if str(module) in ("Base", "Core") else PACKAGES[str(module)]).get(name)


@helper("global_defined")
def global_defined(module: Module, name: str) -> bool:
    return module.has(name)


@helper("set_global")
def set_global(module: Module, name: str, value: Any, const: bool) -> None:
    """Assign a global; constants may not change their type."""
    bindings = module.bindings
    if name in module.consts:
        old = bindings.get(name)
        if name in module.imported:
            raise ErrorException(not_assignable(module, name, old))
        if not (
            old is value
            or (const and T.typeof(old) is T.typeof(value) and not isinstance(old, GenericFunction))
        ):
            if T.typeof(old) is not T.typeof(value) or isinstance(
                old, (GenericFunction, T.JuliaType)
            ):
                raise ErrorException(f"invalid redefinition of constant {module.name}.{name}")
            if not (
                type(old) is type(value) and type(old) in (int, float, str, bool) and old == value
            ):
                WARN(
                    f"WARNING: redefinition of constant {module.name}.{name}. "
                    "This may fail, cause incorrect answers, or produce other errors.\n"
                )
    elif name in module.resolved and name not in bindings:
        raise ErrorException(not_assignable(module, name, module.visible.get(name)))
    elif const and name in bindings:
        raise ErrorException(f"cannot declare {name} constant; it already has a value")
    declared = module.declared.get(name)
    if declared is not None and not T.isa(value, declared):
        value = converted(declared, value)
    bindings[name] = value
    if const:
        module.consts.add(name)
    if module.users and name in module.exports:
        PROPAGATE(module, name)


def not_assignable(module: Module, name: str, value: Any) -> str:
    """Why a name that another module owns cannot be assigned."""
    return f"cannot assign a value to imported variable {owner_of(module, name, value)}.{name} from module {module.name}"


def owner_of(module: Module, name: str, value: Any) -> str:
    """The module that a visible name comes from."""
    home = getattr(value, "module", None)
    if isinstance(value, T.JuliaType):
        home = getattr(getattr(T.unwrap(value), "typename", None), "module", None)
    home = home if isinstance(home, Module) else module.implicit.get(name, Base)
    return home.name


def _stay(module: Module, name: str) -> None:
    pass


PROPAGATE = _stay


def set_propagate(f: Any) -> None:
    """Install how a new value of an exported name reaches the modules that use it."""
    global PROPAGATE
    PROPAGATE = f


@helper("declare_global")
def declare_global(module: Module, name: str, t: Any) -> None:
    """`x::T`: what is assigned to the global from now on is converted."""
    if not isinstance(t, T.JuliaType):
        raise TypeError_(Symbol("typeassert"), "", T.Type_, t)
    known = module.declared.get(name)
    if (known is None and name in module.bindings) or (known is not None and known is not t):
        raise ErrorException(
            f"cannot set type for global {name}. It already has a value or is already set to a different type."
        )
    module.declared[name] = t


def _warn(text: str) -> None:
    import sys

    sys.stderr.write(text)


WARN = _warn


@helper("splat")
def splat(x: Any) -> Any:
    if type(x) is tuple:
        return x
    return ITERATE(x)


@helper("iterate")
def iterate(x: Any) -> Any:
    """A Python iterator over a Julia value; `base.iteration` installs the real one."""
    return ITERATE(x)


def _iter(x: Any) -> Any:
    return iter(x)


ITERATE = _iter


def set_iterate(f: Any) -> None:
    global ITERATE
    ITERATE = f
    HELPERS["%iterate"] = f


@helper("destructure")
def destructure(x: Any, n: int, slurp: int) -> tuple[Any, ...]:
    """The `n` values that `a, b = x` assigns."""
    if type(x) is tuple and slurp < 0:
        if len(x) < n:
            raise BoundsError(x, len(x) + 1)
        return x
    if (
        slurp < 0
        and isinstance(x, Array)
        and type(x) is array_class(x.eltype, 1)
        and len(x.data) >= n
    ):
        items = elements(x.data[:n])
        if not any([v is UNDEF for v in items]):
            return tuple(items)
    it = iter(ITERATE(x))
    out: list[Any] = []
    if slurp < 0:
        for i in range(n):
            try:
                out.append(next(it))
            except StopIteration:
                raise BoundsError(x, i + 1) from None
        return tuple(out)
    tail = n - slurp - 1
    if tail == 0 and type(x) is not tuple:
        return destructure_rest(x, slurp)
    if type(x) is not tuple and T.isa(Base.get("IteratorSize")(x), Base.get("IsInfinite")):
        raise ArgumentError("Cannot split an infinite iterator in the middle.")
    items = list(it)
    if len(items) < slurp:
        raise BoundsError(x, len(items) + 1)
    left = len(items) - slurp
    if left < tail:
        if type(x) is tuple:
            raise ArgumentError(f"tuple length should be ≥ 0, got {left - tail}")
        raise ArgumentError(
            f"The iterator only contains {left} elements, but at least {tail} were requested."
        )
    middle: Any = items[slurp : len(items) - tail]
    if isinstance(x, NamedTuple):
        middle = Base.get("getindex")(x, Base.get("keys")(x)[slurp : len(items) - tail])
    elif type(x) is tuple:
        middle = tuple(middle)
    elif isinstance(x, str):
        middle = Base.get("join")(tuple(middle))
    elif T.isa(x, T.AbstractArray):
        middle = Base.get("collect")(Base.get("eltype")(x), tuple(middle))
    else:
        middle = Base.get("collect")(tuple(middle)) if middle else Base.get("getindex")(T.Any_)
    return (*items[:slurp], middle, *items[len(items) - tail :])


def destructure_rest(x: Any, n: int) -> tuple[Any, ...]:
    """The first values of `a, b, c... = x`, and what `Base.rest` makes of the others."""
    iterate, rest = Base.get("iterate"), Base.get("rest")
    if n == 0:
        return (rest(x),)
    out: list[Any] = []
    state: tuple[Any, ...] = ()
    for i in range(n):
        step = iterate(x, *state)
        if step is None:
            raise BoundsError(x, i + 1)
        value, following = step
        out.append(value)
        state = (following,)
    return (*out, rest(x, *state))


@helper("tuple_item")
def tuple_item(t: tuple[Any, ...], i: int) -> Any:
    return t[i]


def named_tuple(**items: Any) -> NamedTuple:
    return NamedTuple(tuple(items), tuple(items.values()))


class _NamedTupleMaker:
    """`(; a = 1)`: called with keywords only."""

    def __call__(self) -> NamedTuple:
        return NamedTuple((), ())

    def call_kw(self, kwargs: dict[str, Any]) -> NamedTuple:
        return NamedTuple(tuple(kwargs), tuple(kwargs.values()))


HELPERS["%named_tuple"] = _NamedTupleMaker()


@helper("keyword_pair")
def keyword_pair(key: Any, value: Any) -> NamedTuple:
    """`key => value` among keywords or the items of a named tuple."""
    if not isinstance(key, Symbol):
        raise TypeError_(Symbol("NamedTuple"), "names", T.Symbol_, key)
    return NamedTuple((key.name,), (value,))


@helper("keyword_dict")
def keyword_dict(x: Any) -> dict[str, Any]:
    """What `f(; x...)` passes."""
    if isinstance(x, NamedTuple):
        return dict(zip(x.names, x.values, strict=True))
    if type(getattr(x, "data", None)) is NamedTuple:
        return dict(zip(x.data.names, x.data.values, strict=True))
    pairs = x.pairs() if isinstance(x, JuliaDict) else map(_pair_of, ITERATE(x))
    return {_name_of(k): v for k, v in pairs}


def _pair_of(item: Any) -> tuple[Any, Any]:
    """The first two elements of what stands for a keyword and its value."""
    pair = tuple(ITERATE(item))
    if len(pair) < 2:
        raise BoundsError(item, (len(pair) + 1,))
    return pair[0], pair[1]


def _name_of(key: Any) -> str:
    """The name that a keyword's symbol says."""
    if type(key) is not Symbol:
        raise TypeError_(Symbol("typeassert"), "", T.Symbol_, key)
    return key.name


@helper("check_keywords")
def check_keywords(given: dict[str, Any], names: tuple[str, ...]) -> None:
    for k in given:
        if k not in names:
            raise UnsupportedKeyword(k)


@helper("keyword_rest")
def keyword_rest(given: dict[str, Any], names: tuple[str, ...]) -> Any:
    """What `kw...` in a signature takes: `pairs` of a named tuple."""
    rest = {k: v for k, v in given.items() if k not in names}
    return Base.bindings["pairs"](NamedTuple(tuple(rest), tuple(rest.values())))


@helper("keyword_type")
def keyword_type(name: str, typ: Any, value: Any) -> Any:
    if not isinstance(typ, (T.JuliaType, T.TypeVar)):
        raise TypeError_(Symbol("typeassert"), "", T.Type_, typ)
    if not T.isa(value, typ):
        raise TypeError_(Symbol("keyword argument"), name, typ, value)
    return value


@helper("keyword_defaults")
def keyword_defaults(
    module: Module,
    code: LambdaCode,
    types: tuple[Any, ...],
    values: tuple[Any, ...],
    args: tuple[Any, ...],
) -> None:
    """Keywords with their defaults must be of the declared types, as the arguments of Julia's inner method are."""
    if all(map(T.isa, values, types)):
        return
    f = None if code.callable else module.bindings.get(code.name)
    own = () if f is None else (f,)
    inner = GenericFunction(f"#{code.name}#1", module)
    signature = T.tuple_type([*types, *map(T.typeof, own), *[T.Any_] * len(args)])
    inner.add(
        Method(inner, signature, lambda *_: None, module=module, file=code.file, line=code.line)  # type: ignore[arg-type]
    )
    raise MethodError(inner, (*values, *own, *args), None)


@helper("missing_keyword")
def missing_keyword(name: str) -> None:
    raise UndefKeywordError(Symbol(name))


@helper("caught")
def caught(error: BaseException) -> Any:
    """The value that `catch e` binds; it is what `rethrow()` throws again."""
    if isinstance(error, UnsupportedKeyword):
        error = ErrorException(f'got unsupported keyword argument "{error}"')
    if isinstance(error, KeyboardInterrupt) and PATIENCE.ends(error):
        raise error
    EXCEPTION_STACK.append(error)
    if TRACE.depth and CAUGHT is not None:
        CAUGHT()
    return julia_value(error)


# Set by the gradient packages: an exception is caught while gradients are traced.
CAUGHT: Any = None
EXCEPTION_STACK: list[BaseException] = []


@helper("uncaught")
def uncaught() -> None:
    EXCEPTION_STACK.pop()


def throw(value: Any) -> Any:
    """`throw(value)`"""
    if isinstance(value, BaseException):
        raise value
    raise Thrown(value)


# ---------------------------------------------------------------- types


@helper("apply_type")
def apply_type(t: Any, *params: Any) -> Any:
    if not isinstance(t, T.JuliaType):
        raise TypeError_(Symbol("Type{...} expression"), "", T.UnionAll_, t)
    if (
        len(params) > 0
        and isinstance(t, (T.DataType, T.UnionType))
        and t not in (T.Tuple_, T.Union_Kind, T.Vararg_)
    ):
        raise TypeError_(Symbol("Type{...} expression"), "", T.UnionAll_, t)
    try:
        return T.apply_type(t, *params)
    except T.ParameterCountError as e:
        body = T.unwrap(e.family)
        name = "Union" if isinstance(body, T.UnionType) else body.name
        raise ErrorException(f"too many parameters for type {name}") from None


@helper("typevar")
def typevar(name: str, low: Any, high: Any) -> T.TypeVar:
    for which, bound in (("lower bound", low), ("upper bound", high)):
        if bound is not None and not isinstance(bound, (T.JuliaType, T.TypeVar)):
            raise TypeError_(Symbol("TypeVar"), which, T.Type_, bound)
    return T.TypeVar(name, low, high)


@helper("static_of")
def static_of(t: T.UnionAll, x: Any) -> Any:
    """What the outermost variable of a type is for a value of that type."""
    return (T.match(T.typeof(x), t) or {}).get(t.var, t.var.upper)


@helper("vararg_type")
def vararg_type(t: Any) -> T.Vararg:
    if t is T.Vararg_:
        return T.Vararg(T.Any_)
    return t if isinstance(t, T.Vararg) else T.Vararg(t)


@helper("convert")
def converted(t: Any, x: Any) -> Any:
    """What a declared variable or result holds: `convert(t, x)::t`."""
    if exact_type(type(x)) is t:
        return x
    return checked(Base.bindings["convert"](t, x), t, "typeassert")


@helper("typeassert")
def typeassert(x: Any, t: Any) -> Any:
    if not isinstance(t, (T.JuliaType, T.TypeVar)):
        raise TypeError_(Symbol("typeassert"), "", T.Type_, t)
    if T.isa(x, t):
        return x
    raise TypeError_(Symbol("typeassert"), "", t, x)


# ---------------------------------------------------------------- functions


# ---------------------------------------------------------------- expressions


@helper("make_expr")
def make_expr(head: str, *args: Any) -> Expr:
    return Expr(head, *args)


@helper("copy_ast")
def copy_ast(e: Any) -> Any:
    """Quoted code anew, so that nobody changes that of the program."""
    return Expr(e.head, *map(copy_ast, e.args)) if isinstance(e, Expr) else e


@helper("make_quote")
def make_quote(value: Any) -> QuoteNode:
    return QuoteNode(value)


# Set by the gradient packages: how constructors of Base's types run on traced arguments, f(name, code, classes).
TRACED_CONSTRUCTOR: Any = None


def _builtin(
    table: GenericFunction,
    signature: Any,
    f: Any,
    names: tuple[str, ...],
    rule: str = "",
    place: tuple[str, int] = ("struct", 0),
) -> None:
    """Add a constructor that is a Python function of (type, arguments...)."""

    def specialise(method: Method, types: Any, classes: tuple[type, ...], traced: bool) -> Any:
        if not takes(f, len(classes)):
            return not_constructed
        if traced and TRACED_CONSTRUCTOR is not None and not rule:
            return TRACED_CONSTRUCTOR(table.name, f, classes)
        return f

    method = Method(
        table,
        signature,
        specialise,
        arg_names=("T", *names),
        module=table.module,
        file=place[0],
        line=place[1],
    )
    method.rule = rule or None
    table.add(method)


def takes(f: Any, count: int) -> bool:
    """Whether a Python function can be called with so many arguments."""
    try:
        inspect.signature(f).bind(*[None] * count)
    except TypeError:
        return False
    return True


def not_constructed(t: Any, *args: Any) -> Any:
    raise MethodError(t, args, None)


HELPERS["%Pair"] = Pair
