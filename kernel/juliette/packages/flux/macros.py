"""`@functor`, `@layer` and their kin: which structs are layers, and how they print."""

from __future__ import annotations

from typing import Any

from juliette.base.macros import dotted
from juliette.display.show import SHOW_HOOKS, one_line
from juliette.packages.flux import nodes
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def names_of(e: Any) -> tuple[str, ...]:
    """The names in `(a, b)`."""
    items = e.args if isinstance(e, Expr) and e.head == "tuple" else [e]
    return tuple([x.name if isinstance(x, Symbol) else _symbol(x) or str(x) for x in items])


def call(f: Any, *args: Any) -> Expr:
    return Expr("block", Expr("call", QuoteNode(f), *args), None)


def load_functor(module: Module) -> None:
    """`@functor T [(fields…,)]` and `@leaf T`."""

    @module.macro("functor", export=False)
    def functor(context: Any, t: Any, *fields: Any) -> Any:
        """`@functor T`: structs of this type open into their fields."""
        chosen = names_of(fields[0]) if fields else None
        return call(nodes.add_functor, t, QuoteNode(chosen))

    @module.macro("leaf", export=False)
    def leaf(context: Any, t: Any) -> Any:
        """`@leaf T`: structs of this type do not open."""
        return call(_close, t)


def _close(t: Any) -> None:
    nodes.LEAVES.add(T.unwrap(t).typename)


def load_dotted(module: Module) -> None:
    """`@.. x = y + z` and `@lazy y + z`, with which rules of one's own for Optimisers are written."""

    @module.macro("..", export=False)
    def into(context: Any, e: Any) -> Any:
        """`@.. x = rhs`: `x .= rhs` with dots, in place where that can be; otherwise `x` is the new array."""
        if not (isinstance(e, Expr) and e.head == "="):
            raise E.ErrorException("the macro @.. only accepts assignment, like @.. x = y + z")
        x, right = e.args[0], dotted(e.args[1])
        written = Expr("call", QuoteNode(module.bindings["maywrite"]), x)
        return Expr("=", x, Expr("if", written, Expr(".=", x, right), right))

    @module.macro("lazy", export=False)
    def lazy(context: Any, e: Any) -> Any:
        """`@lazy rhs`: the dotted expression, computed when it is used in another one."""
        return Expr("call", QuoteNode(Base.bindings["instantiate"]), _waiting(e))


def _waiting(e: Any) -> Any:
    """The dotted expression as one that is not computed yet."""
    if not isinstance(e, Expr) or e.head not in ("call", "."):
        return e
    if e.head == "." and not (isinstance(e.args[1], Expr) and e.args[1].head == "tuple"):
        return e  # a field
    f = e.args[0]
    rest = e.args[1].args if e.head == "." else e.args[1:]
    if isinstance(f, Symbol) and f.name.startswith(".") and len(f.name) > 1:
        f = Symbol(f.name[1:])
    return Expr("call", QuoteNode(Base.bindings["broadcasted"]), f, *map(_waiting, rest))


def load_layer(module: Module) -> None:
    """`@layer [:expand] T [trainable=(a, b)]`"""

    @module.macro("layer", export=False)
    def layer(context: Any, *args: Any) -> Any:
        """Make a struct a layer: it opens into its fields and prints like one."""
        style, rest = None, list(args)
        if rest and isinstance(rest[0], (QuoteNode, Expr)) and _symbol(rest[0]) is not None:
            style = _symbol(rest.pop(0))
            if style not in ("expand", "noexpand", "ignore"):
                raise E.ErrorException(
                    "`@layer` accepts only the options `:ignore`, `:noexpand` and `:expand` before "
                    f"the layer type, not {style}."
                )
        t, options = rest[0], {}
        for e in rest[1:]:
            if not (isinstance(e, Expr) and e.head in ("=", "kw")):
                raise E.ErrorException(
                    f"The macro `@layer` expects here `keyword = (fields...,)`, got {one_line(e)}"
                )
            name = e.args[0].name
            if name not in ("trainable", "children", "functor"):
                raise E.ErrorException(
                    f"`@layer` cannot define a method for `{name}` at the moment, sorry."
                )
            options[name] = names_of(e.args[1])
        return call(add_layer, t, style or "", QuoteNode(options))


def _symbol(e: Any) -> str | None:
    if isinstance(e, QuoteNode) and isinstance(e.value, Symbol):
        return e.value.name
    if isinstance(e, Expr) and e.head == "quote" and isinstance(e.args[0], Symbol):
        return e.args[0].name
    return None


def add_layer(t: Any, style: str, options: dict[str, tuple[str, ...]]) -> None:
    """What `@layer` does when it is run."""
    nodes.add_functor(t, options.get("children", options.get("functor")))
    family = T.unwrap(t).typename
    if "trainable" in options:
        nodes.TRAINABLE[family] = options["trainable"]
    if style == "ignore":
        return
    STYLES[family] = style == "expand" or (PROFILE.modern and style != "noexpand")
    print_as_layer(family)


def print_as_layer(family: Any) -> None:
    """Let all classes of a family, made or to come, print as layers."""
    from juliette.packages.flux.show import show_struct

    for t in family.cache.values():
        if t._pyclass is not None:
            SHOW_HOOKS[t._pyclass] = show_struct
    make = family.make_class

    def make_class(t: Any) -> type:
        cls: type = make(t)
        SHOW_HOOKS[cls] = show_struct
        return cls

    family.make_class = make_class


# Families printed as layers, and whether their parts get lines of their own.
STYLES: dict[Any, bool] = {}
