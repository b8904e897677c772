"""Methods written in Python: their Julia headers, read when they are first called.

`Module.method` announces one; here its header becomes the signatures of its `Method`s.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from juliette.runtime import types as T
from juliette.runtime.dispatch import CALLABLES, GenericFunction, Implementation, Method
from juliette.runtime.errors import ErrorException, TypeError_
from juliette.syntax import parse_one, to_expr
from juliette.syntax.expr import Expr, QuoteNode, Symbol

if TYPE_CHECKING:
    from juliette.runtime.modules import Module

_HEADER_NAME = re.compile(r"\s*(?:Base\.)?([^\s(]+?)(?:\{.*?\})?\(")


def function_name(header: str) -> str | None:
    """The function that a header adds a method to; None for `(f::T)(x)`."""
    if header.startswith("(:)("):
        return ":"
    if header.lstrip().startswith("("):
        return None
    found = _HEADER_NAME.match(header)
    if found is None:
        raise ValueError(f"no function name in {header!r}")
    return found.group(1)


class Builtin:
    """A method announced from Python; turned into `Method`s when its function is first used."""

    __slots__ = ("function", "header", "module", "rule", "specialised", "static", "transparent")

    def __init__(
        self,
        module: Module,
        header: str,
        function: Implementation,
        transparent: bool,
        rule: Any,
        static: bool,
    ) -> None:
        self.module = module
        self.header = header
        self.function = function
        self.transparent = transparent
        self.rule = rule
        self.static = static
        self.specialised = False

    def define(self, target: GenericFunction, of_type: Any = None) -> None:
        """Read the header and add one method for each number of optional arguments."""
        expr = parse_header(self.header)
        env: dict[str, Any] = {}
        variables: list[T.TypeVar] = []
        if (
            isinstance(expr, Expr)
            and expr.head == "::"
            and len(expr.args) == 2
            and _is_call(expr.args[0])
        ):
            expr = expr.args[0]
        while isinstance(expr, Expr) and expr.head == "where":
            for v in expr.args[1:]:
                var = type_var(v, self.module, env)
                env[var.name] = var
                variables.append(var)
            expr = expr.args[0]
        if (
            isinstance(expr, Expr)
            and expr.head == "::"
            and len(expr.args) == 2
            and _is_call(expr.args[0])
        ):
            expr = expr.args[0]
        assert isinstance(expr, Expr), self.header
        if expr.head in ("<:", ">:"):
            # These two parse to forms of their own.
            expr = Expr("call", Symbol(expr.head), *expr.args)
        positional: list[tuple[str, Any]] = []
        optional = 0
        vararg = False
        callee = expr.args[0]
        if target is CALLABLES:
            t = eval_type(callee.args[-1], self.module, env)
            positional.append(("self", t))
        elif of_type is not None:
            t = eval_type(callee, self.module, env)
            positional.append(("T", T.type_of_type(t)))
        keywords: dict[str, Any] | None = None
        for arg in expr.args[1:]:
            if isinstance(arg, Expr) and arg.head == "parameters":
                keywords = self._keyword_types(arg, env)
                continue
            if isinstance(arg, Expr) and arg.head in ("kw", "="):
                arg = arg.args[0]
                optional += 1
            if isinstance(arg, Expr) and arg.head == "...":
                vararg = True
                arg = arg.args[0]
            name, t = "_", T.Any_
            if isinstance(arg, Expr) and arg.head == "::":
                if len(arg.args) == 2:
                    name = arg.args[0].name
                t = eval_type(arg.args[-1], self.module, env)
            elif isinstance(arg, Symbol):
                name = arg.name
            positional.append((name, t))
        for k in range(optional + 1):
            n = len(positional) - k
            params = [t for _, t in positional[:n]]
            if vararg and k == 0:
                params[-1] = T.Vararg(params[-1])
            signature: Any = T.tuple_type(params)
            free = T.free_vars(signature)
            for var in reversed(variables):
                if var in free or any(var in T.free_vars(v.upper) for v in variables):
                    signature = T.UnionAll(var, signature)
            method = Method(
                target,
                signature,
                specialise_builtin,
                arg_names=tuple(name for name, _ in positional[:n]),
                module=self.module,
                file=self.module.name,
                doc=inspect.cleandoc(self.function.__doc__ or ""),
            )
            method.builtin = self.function
            method.tracing = "transparent" if self.transparent else None
            method.rule = self.rule
            method.source = self
            if keywords is not None:
                self._accept_keywords(method, keywords)
            target.add(method)

    def _keyword_types(self, parameters: Expr, env: dict[str, Any]) -> dict[str, Any]:
        """The keywords whose types are declared."""
        named = [
            a.args[0] if a.head in ("kw", "=") else a
            for a in parameters.args
            if isinstance(a, Expr)
        ]
        return {
            a.args[0].name: eval_type(a.args[1], self.module, env)
            for a in named
            if isinstance(a, Expr) and a.head == "::"
        }

    def _accept_keywords(self, method: Method, types: dict[str, Any]) -> None:
        f = self.function
        parameters = inspect.signature(f).parameters.items()
        accepted = {n: p for n, p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
        required = [n for n, p in accepted.items() if p.default is inspect.Parameter.empty]
        anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for _, p in parameters)
        code = getattr(f, "__code__", None)
        if anything and code is not None:
            # a keyword may be called what an argument is called here
            f.__code__ = code.replace(co_posonlyargcount=code.co_argcount)

        def complete(kwargs: dict[str, Any]) -> None:
            for name in required:
                if name not in kwargs:
                    from juliette.runtime.errors import UndefKeywordError

                    raise UndefKeywordError(Symbol(name))

        def kwcall(kwargs: dict[str, Any], *args: Any) -> Any:
            if not anything and not accepted.keys() >= kwargs.keys():
                from juliette.runtime.dispatch import KeywordCall
                from juliette.runtime.errors import MethodError

                raise MethodError(KeywordCall(method.function, kwargs), args, None)
            complete(kwargs)
            for name, t in types.items():
                if name in kwargs and not T.isa(kwargs[name], t):
                    raise TypeError_(Symbol("keyword argument"), name, t, kwargs[name])
            if TRACED_KEYWORD_BUILTIN is not None:
                hooked = TRACED_KEYWORD_BUILTIN(method, kwargs, args)
                if hooked is not NotImplemented:
                    return hooked
            return f(*args, **kwargs)

        method.kwcall = kwcall
        if required:
            method.builtin = lambda *args: complete({})


def _is_call(e: Any) -> bool:
    return isinstance(e, Expr) and e.head in ("call", "where")


# Set by the gradient packages: how a builtin runs on traced arguments.
TRACED_BUILTIN: Callable[[Method, tuple[Any, ...], tuple[type, ...]], Implementation] | None = None
TRACED_KEYWORD_BUILTIN: Callable[[Method, dict[str, Any], tuple[Any, ...]], Any] | None = None


def set_traced_builtin(f: Any, keyword: Any) -> None:
    """Install how builtins run while gradients are traced."""
    global TRACED_BUILTIN, TRACED_KEYWORD_BUILTIN
    TRACED_BUILTIN, TRACED_KEYWORD_BUILTIN = f, keyword


def _with_statics(f: Implementation, statics: tuple[Any, ...]) -> Implementation:
    """The function with the values of the header's `where` variables before its arguments."""

    def run(*args: Any) -> Any:
        return f(*statics, *args)

    return run


def specialise_builtin(
    method: Method, types: tuple[Any, ...], classes: tuple[type, ...], traced: bool
) -> Implementation:
    """Code of a builtin for argument types: the Python function, or its rule while tracing."""
    f: Any = method.builtin
    assert f is not None
    if method.source.specialised:
        f = f(*types)
    if method.source.static:
        statics = method.static_parameters(types)
        f = _with_statics(f, statics)
    if traced and TRACED_BUILTIN is not None:
        return TRACED_BUILTIN(method, f, classes)
    return f  # type: ignore[no-any-return]


# ---------------------------------------------------------------- headers


def parse_header(text: str) -> Any:
    """A Julia header as an expression."""
    e = to_expr(parse_one(text)[0], lambda kind, value: value)
    if (
        isinstance(e, Expr)
        and e.head == "&"
        and isinstance(e.args[0], Expr)
        and e.args[0].head == "tuple"
    ):
        return Expr("call", Symbol("&"), *e.args[0].args)
    return e


def type_var(e: Any, module: Module, env: dict[str, Any]) -> T.TypeVar:
    """`T`, `T<:Real`, `Int<:T<:Real` or `T>:Int` after `where`."""
    if isinstance(e, Symbol):
        return T.TypeVar(e.name)
    if e.head == "comparison":
        low, _, name, _, high = e.args
        return T.TypeVar(name.name, eval_type(low, module, env), eval_type(high, module, env))
    if e.head == "<:":
        return T.TypeVar(e.args[0].name, None, eval_type(e.args[1], module, env))
    return T.TypeVar(e.args[0].name, eval_type(e.args[1], module, env), None)


def eval_type(e: Any, module: Module, env: dict[str, Any]) -> Any:
    """The type that a header's expression names."""
    if isinstance(e, Symbol):
        return env[e.name] if e.name in env else module.get(e.name)
    if isinstance(e, QuoteNode):
        return e.value
    if not isinstance(e, Expr):
        return e
    if e.head == "curly":
        base = eval_type(e.args[0], module, env)
        params: list[Any] = []
        anonymous: list[T.TypeVar] = []
        for p in e.args[1:]:
            if isinstance(p, Expr) and p.head in ("<:", ">:") and len(p.args) == 1:
                bound = eval_type(p.args[0], module, env)
                lower, upper = (None, bound) if p.head == "<:" else (bound, None)
                var = T.TypeVar(f"#s{len(anonymous)}", lower, upper)
                anonymous.append(var)
                params.append(var)
            else:
                params.append(eval_type(p, module, env))
        t = T.apply_type(base, *params)
        for var in reversed(anonymous):
            t = T.UnionAll(var, t)
        return t
    if e.head == "where":
        inner = dict(env)
        variables = []
        for v in e.args[1:]:
            var = type_var(v, module, inner)
            inner[var.name] = var
            variables.append(var)
        t = eval_type(e.args[0], module, inner)
        for var in reversed(variables):
            t = T.UnionAll(var, t)
        return t
    if e.head == "call" and e.args[0] == Symbol("typeof"):
        return T.typeof(eval_type(e.args[1], module, env))
    if e.head == "call" and e.args[0] == Symbol("Symbol"):
        return Symbol(e.args[1])
    if e.head == ".":
        owner = e.args[0]
        bundled = module.bundled(owner.name) if isinstance(owner, Symbol) else None
        if bundled is not None:
            return bundled.bindings[e.args[1].value.name]
        return eval_type(owner, module, env).get(e.args[1].value.name)
    if e.head == "macrocall":  # MIME"text/html"
        return module.get(e.args[0].name).expand(None, *e.args[2:]).value
    raise ErrorException(f"not a type: {e}")
