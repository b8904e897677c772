"""What method definitions do when they run: the functions that they extend, and their new methods."""

from __future__ import annotations

from typing import Any

from juliette.compiler.closures import UnsupportedKeyword, check_parameters, specialise
from juliette.compiler.instances import Source, instance_of
from juliette.compiler.lower import LambdaCode
from juliette.compiler.support import helper, owner_of, set_global
from juliette.runtime import types as T
from juliette.runtime.dispatch import CALLABLES, OPEN_CALLS, GenericFunction, KeywordCall, Method
from juliette.runtime.errors import ErrorException, MethodError
from juliette.runtime.modules import Module, constructors
from juliette.runtime.world import TRACE


@helper("declare_function")
def declare_function(module: Module, name: str) -> Any:
    return function_for(module, name)


def function_for(module: Module, name: str) -> Any:
    """The function that a definition of `name` in a module extends (or a new one)."""
    existing = module.bindings.get(name)
    if existing is None:
        if name in module.visible and name in module.resolved:
            seen = module.visible[name]
            if isinstance(seen, T.JuliaType):
                return seen  # a type that was used before gets a constructor
            raise ErrorException(not_extendable(module, name, seen))
        # A name of Base that was not imported and not used: a function of the module's own.
        existing = GenericFunction(name, module)
        set_global(module, name, existing, True)
        return existing
    if isinstance(existing, T.JuliaType):
        return existing
    if name in module.listed:
        raise ErrorException(not_extendable(module, name, existing))
    if isinstance(existing, GenericFunction):
        return existing
    if name not in module.consts:
        raise ErrorException(f"cannot define function {name}; it already has a value")
    raise ErrorException(f"cannot define function {name}; it already has a value")


def not_extendable(module: Module, name: str, value: Any) -> str:
    """Why a function of another module gets no method here."""
    return (
        f"error in method definition: function {owner_of(module, name, value)}.{name} must be explicitly "
        "imported to be extended"
    )


def python_method(generic: GenericFunction, f: Any, n: int) -> None:
    """A method of `n` arguments of any type that is a Python function."""
    generic.add(
        Method(
            generic,
            T.tuple_type([T.Any_] * n),
            lambda *_: f,
            arg_names=("x", "y", "z")[:n],
            module=generic.module,
            file=str(generic.module),
            line=0,
        )
    )


def constructed(t: Any) -> Any:
    """The type whose family a `Type{…}` names; None if it names no one family."""
    body = T.unwrap(t)
    if not isinstance(body, T.DataType) or body.typename is not T.TYPE_NAME:
        return None
    named = body.parameters[0] if body.parameters else None
    if isinstance(named, T.TypeVar):
        named = named.upper
    inner = T.unwrap(named)
    return named if isinstance(inner, T.DataType) and inner is not T.Any_ else None


def of_types(t: Any) -> bool:
    """Is it a type of types?"""
    body = T.unwrap(t)
    return isinstance(body, T.DataType) and body.typename is T.TYPE_NAME


@helper("add_method")
def add_method(
    module: Module,
    kind: str,
    target: Any,
    types: tuple[Any, ...],
    statics: tuple[T.TypeVar, ...],
    code: LambdaCode,
    captured: tuple[Any, ...],
) -> Any:
    """Run a method definition; returns the function."""
    check_parameters(code, types)
    function: Any
    first = types[0] if types else None
    family = constructed(first) if kind == "callable" else None
    if family is not None:
        # `(::Type{S{T}})(x)` adds to what calling `S` does.
        kind, table, function = "constructor", constructors(family), family
        if T.unwrap(family).typename.abstract and table not in OPEN_CALLS:
            OPEN_CALLS.append(table)
    elif kind == "callable":
        table = CALLABLES
        function = first
        if of_types(first) and table not in OPEN_CALLS:
            OPEN_CALLS.append(table)
        singleton = getattr(getattr(first, "typename", None), "singleton", None)
        if isinstance(singleton, GenericFunction):
            table, types, function = singleton, types[1:], singleton
    elif kind == "constructor":
        inner = types[0].parameters[0]
        table = constructors(inner)
        function = inner
    else:
        function = function_for(module, target) if kind == "named" else target
        if isinstance(function, T.JuliaType):
            table = constructors(function)
            types = (T.type_of_type(function), *types)
        elif isinstance(function, GenericFunction):
            table = function
        else:
            raise ErrorException(f"cannot define function {code.name}; it already has a value")
    offset = 1 if isinstance(function, T.JuliaType) and kind in ("named", "qualified") else 0
    signature: Any = T.tuple_type(types)
    used = T.free_vars(signature)
    for var in reversed(statics):
        if var in used or any(var in T.free_vars(v.upper) for v in statics):
            signature = T.UnionAll(var, signature)
    method = Method(
        table,
        signature,
        specialise,
        module=module,
        arg_names=(*("#ctor#",)[:offset], *(p.name for p in code.params)),
        file=code.file,
        line=code.line,
    )
    method.code = code
    method.source = Source(code, module, statics, drop_first=bool(offset), captured=captured)
    if code.keywords or code.keyword_rest is not None:
        method.kwcall = keyword_call(method)
    table.add(method)
    # Only a definition by plain name has a value that the prompt shows.
    return function if kind == "named" else None


def keyword_call(method: Method) -> Any:
    """The keyword entry of a Julia method."""
    source: Source = method.source

    def kwcall(kwargs: dict[str, Any], *args: Any) -> Any:
        f = instance_of(method, tuple(map(T.dispatch_type, args)), TRACE.depth > 0, True).compile()
        try:
            if source.drop_first:
                return f(args[0], kwargs, *args[1:])
            return f(kwargs, *args)
        except UnsupportedKeyword:
            raise MethodError(KeywordCall(method.function, kwargs), args, None) from None

    return kwcall
