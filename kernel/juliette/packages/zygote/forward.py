"""Forward mode: how a function's value changes along a change of its arguments.

A pullback is linear in its sensitivity, and the change is its transpose: the pullback is itself
differentiated, with the sensitivity for an argument, and asked for the sensitivities of its results,
which are the changes.  So whatever can be differentiated backwards can be differentiated forwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.zygote.custom import Pullback
from juliette.packages.zygote.tracing import pulled_back
from juliette.packages.zygote.nodes import plain
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module
from juliette_engine.gradients import GradientError, check_output
from juliette_engine.tape import primal


def pushed_forward(f: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """The value, and the function from changes of the arguments to the change of the value."""
    y, back = pulled_back(f, args)

    def forward(*changes: Any) -> Any:
        start = seed_like(y)
        if start is None:
            return None
        _, turn = pulled_back(back, (start,))
        found = turn(changes)
        return start if found is None or found[0] is None else found[0]

    return y, forward


def seed_like(y: Any) -> Any:
    """Some sensitivity of a value; None if it can have none."""
    if type(y) is tuple:
        parts = tuple(map(seed_like, y))
        return None if all(p is None for p in parts) else parts
    if isinstance(y, V.NamedTuple):
        parts = tuple(map(seed_like, y.values))
        return None if all(p is None for p in parts) else V.NamedTuple(y.names, parts)
    p = primal(y)
    if isinstance(p, np.ndarray) or isinstance(y, (Array, V.Wrapper, V.Range)):
        data = np.asarray(p if isinstance(p, np.ndarray) else plain(y).data)
        if data.dtype.kind not in "fciu":
            return None
        return wrap(np.zeros(data.shape, data.dtype if data.dtype.kind in "fc" else float, order="F"))
    if isinstance(p, bool) or not isinstance(p, (int, float, complex, np.number)):
        return None
    return 0.0 if isinstance(p, int) else type(p)(0)


def load_forward(module: Module) -> None:
    """Enter it into Zygote."""

    @module.method("pushforward(f, args...)", transparent=True)
    def pushforward(f: Any, *args: Any) -> Any:
        """The function from changes of the arguments to the change of `f(args...)`: forward mode.

        ```jldoctest
        julia> using Zygote

        julia> pushforward((x, y) -> x^2 * y, 3.0, 2.0)(1.0, 10.0)
        102.0
        ```
        """
        return Pullback(pushed_forward(f, args)[1])

    @module.method("accum(x, y)", export=False)
    def accum(x: Any, y: Any) -> Any:
        """The sum of two gradients, of which `nothing` is the zero.

        ```jldoctest
        julia> using Zygote

        julia> Zygote.accum((a = 1.0, b = nothing), (a = 2.0, b = 3.0))
        (a = 3.0, b = 3.0)
        ```
        """
        if x is None or y is None:
            return y if x is None else x
        if type(x) is tuple:
            return tuple([accum(a, b) for a, b in zip(x, y, strict=True)])
        if isinstance(x, V.NamedTuple):
            return V.NamedTuple(x.names, tuple([accum(v, y.get(n) if n in y.names else None) for n, v in zip(x.names, x.values, strict=True)]))
        return Base.bindings["broadcast"](accum, x, y) if isinstance(x, Array) else Base.bindings["+"](x, y)

    @module.method("accum(x, y, zs...)", export=False)
    def accum_all(x: Any, y: Any, *zs: Any) -> Any:
        for z in (y, *zs):
            x = accum(x, z)
        return x

    @module.method("sensitivity(y)", export=False)
    def sensitivity(y: Any) -> Any:
        """The sensitivity that a gradient starts with: one, of the type of the output."""
        try:
            check_output(y)
        except GradientError as e:
            raise ErrorException(str(e)) from None
        return Base.bindings["one"](y)

    @module.method("forwarddiff(f, x; chunk_threshold)", transparent=True, export=False)
    def forwarddiff(f: Any, x: Any, *, chunk_threshold: int = 12) -> Any:
        """`f(x)`; here its gradient is computed backwards like any other."""
        return f(x)
