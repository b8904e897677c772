"""Dotted calls on tuples and scalars: code written for one place, without trees and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.kernels import Dot, Literal, Template, Unfit
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol

# Set by Base: the forms of its operators that go to dispatch only where they must.
DIRECT: dict[Any, Callable[..., Any]] = {}

_SCALARS = (int, float, np.generic, str, V.Char, Symbol, T.JuliaType)


def tuple_kernel(
    template: Template, values: tuple[Any, ...], slow: Any, broadcasted: GenericFunction
) -> Any:
    """The code for leaves like these, if they are tuples and scalars; `slow(*values)` takes tuples
    of different lengths, and all that comes while a gradient is taken or `broadcasted` has methods
    of the user's."""
    try:
        return _Writer(template, values, slow, broadcasted).kernel()
    except Unfit:
        return None


class _Writer:
    def __init__(
        self, template: Template, values: tuple[Any, ...], slow: Any, broadcasted: GenericFunction
    ) -> None:
        self.template = template
        self.values = values
        self.space: dict[str, Any] = {"TRACE": TRACE, "broadcasted": broadcasted, "slow": slow}
        self.tuples: list[int] = []

    def kernel(self) -> Any:
        element = self.emit(self.template.tree)
        if not self.tuples:
            raise Unfit
        names = ", ".join(f"v{i}" for i in range(self.template.count))
        places = list(dict.fromkeys(self.tuples))
        first, *others = [f"v{i}" for i in places]
        guard = ["TRACE.depth", "broadcasted.user_methods"]
        guard += [f"len({name}) != len({first})" for name in others]
        rows = f"zip({', '.join([first, *others])})" if others else first
        exec(
            compile(
                f"def kernel({names}):\n"
                f"    if {' or '.join(guard)}:\n"
                f"        return slow({names})\n"
                f"    return tuple([{element} for {', '.join(f'x{i}' for i in places)} in {rows}])\n",
                "<dotted call on tuples>",
                "exec",
            ),
            self.space,
        )
        return self.space["kernel"]

    def emit(self, t: Any) -> str:
        """Code for one element of a part of the tree: calls inside one another are fused."""
        if isinstance(t, Literal):
            return self.keep(t.value)
        if not isinstance(t, Dot):
            return self.leaf(t)
        f = self.values[t.function]
        direct = DIRECT.get(f) if type(f) is GenericFunction and len(t.args) == 2 else None
        call = f"v{t.function}" if direct is None else self.keep(direct)
        return f"{call}({', '.join([self.emit(a) for a in t.args])})"

    def leaf(self, i: int) -> str:
        x = self.values[i]
        if type(x) is tuple:
            self.tuples.append(i)
            return f"x{i}"
        if type(x) is V.Ref:
            return f"v{i}.x"
        if isinstance(x, _SCALARS):
            return f"v{i}"
        raise Unfit

    def keep(self, value: Any) -> str:
        name = f"k{len(self.space)}"
        self.space[name] = value
        return name
