"""`@generated`: functions whose code is made from the types of their arguments."""

from __future__ import annotations

from typing import Any

from juliette.base.code_macros import call, invokelatest, variable
from juliette.runtime import types as T
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module
from juliette.runtime.world import WORLD
from juliette.syntax.expr import Expr, QuoteNode, Symbol


@Base.macro("generated")
def generated(context: Any, *args: Any) -> Any:
    """`@generated function f(x) … end`: the body makes the code for the types of the arguments."""
    if not args:
        # `if @generated … else … end`: the ordinary branch does the same.
        return False
    e = args[0]
    if not isinstance(e, Expr) or e.head not in ("function", "=") or len(e.args) != 2:
        raise ErrorException("invalid syntax; @generated must be used with a function definition")
    signature, body = e.args
    wheres: list[Any] = []
    inner = signature
    while isinstance(inner, Expr) and inner.head in ("where", "::"):
        if inner.head == "where":
            wheres += inner.args[1:]
        inner = inner.args[0]
    if not isinstance(inner, Expr) or inner.head not in ("call", "tuple"):
        raise ErrorException("invalid syntax; @generated must be used with a function definition")
    names = [
        _argument(a) for a in inner.args[1:] if not (isinstance(a, Expr) and a.head == "parameters")
    ]
    statics = [variable(v) for v in wheres]
    named = [Expr("...", n) if rest else n for n, rest in names]
    generator = Expr("->", Expr("tuple", *statics, *named), body)
    table = Generated(context.compiler, context.module, [s.name for s in statics], names)
    renamed = _with_names(signature, [n for n, _ in names])
    if context.lowerer is None or context.lowerer.scope is None:
        made = table.define(context.compiler.run(generator, context.module, "none"))
        code = call(table, QuoteNode(made), Expr("tuple", *statics), *named)
        return Expr("function", renamed, Expr("block", code))
    holder = context.gensym("generator")
    code = call(table, Expr("block", holder), Expr("tuple", *statics), *named)
    return Expr(
        "block",
        Expr("=", holder, call(table.define, generator)),
        Expr("function", renamed, Expr("block", code)),
    )


def _argument(a: Any) -> tuple[Any, bool]:
    """(name, is it `x...`) of a parameter."""
    if isinstance(a, Expr) and a.head in ("kw", "="):
        return _argument(a.args[0])
    if isinstance(a, Expr) and a.head == "...":
        return _argument(a.args[0])[0], True
    if isinstance(a, Expr) and a.head == "::":
        return (a.args[0], False) if len(a.args) == 2 else (Symbol(f"#unnamed{id(a)}"), False)
    return a, False


def _with_names(signature: Expr, names: list[Any]) -> Expr:
    """The signature, with names for parameters that have none."""
    if signature.head in ("where", "::"):
        return Expr(signature.head, _with_names(signature.args[0], names), *signature.args[1:])
    given = iter(names)

    def named(a: Any) -> Any:
        if isinstance(a, Expr) and a.head == "parameters":
            return a
        name = next(given)
        return (
            Expr("::", name, a.args[0])
            if isinstance(a, Expr) and a.head == "::" and len(a.args) == 1
            else a
        )

    return Expr("call", signature.args[0], *map(named, signature.args[1:]))


def _in_world(age: int, f: Any, *args: Any) -> Any:
    world, WORLD.current = WORLD.current, age
    WORLD.pinned += 1
    try:
        return f(*args)
    finally:
        WORLD.pinned -= 1
        WORLD.current = world


class Generated:
    """The code that a generated function made, by the types of its arguments."""

    def __init__(
        self, compiler: Any, module: Module, statics: list[str], names: list[tuple[Any, bool]]
    ) -> None:
        self.compiler = compiler
        self.module = module
        self.statics = statics
        self.names = names
        self.made: dict[Any, Any] = {}
        self.world = 1

    def define(self, generator: Any) -> Any:
        """The definition is run: the generator sees the methods that there are now, or when its package is loaded."""
        self.world = WORLD.latest
        if WORLD.loading:
            WORLD.loading[-1].append(self)
        return generator

    def __call__(self, generator: Any, statics: tuple[Any, ...], *args: Any) -> Any:
        types = tuple(
            T.typeof(a) if not isinstance(a, T.JuliaType) else T.type_of_type(a) for a in args
        )
        f = self.made.get((types, statics))
        if f is None:
            shown = types
            if self.names and self.names[-1][1]:
                fixed = len(self.names) - 1
                shown = (*types[:fixed], *types[fixed:])
            code = _in_world(self.world, generator, *statics, *shown)
            parameters = [Expr("...", n) if rest else n for n, rest in self.names]
            body = Expr("block", code)
            if self.statics:
                bound = [
                    Expr("=", Symbol(n), QuoteNode(v))
                    for n, v in zip(self.statics, statics, strict=True)
                ]
                body = Expr("block", Expr("let", Expr("block", *bound), body))
            lam = Expr("->", Expr("tuple", *parameters), body)
            f = self.made[types, statics] = self.compiler.run(lam, self.module, "none")
        # The code is as new as what it was made from, whatever the caller knows.
        return invokelatest(f, *args)
