"""The type of a call's result from the types of its arguments, where no value is there to ask.

Elements of an empty comprehension, `Base.promote_op`, `Base.return_types` and `@inferred` ask here.
`Any` is the answer wherever inference does not know.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from juliette.compiler import core as C
from juliette.compiler.inference import Inference
from juliette.compiler.instances import element_of_type
from juliette.compiler.lattice import ANY, BOTTOM, join, joined, widen
from juliette.runtime import broadcast
from juliette.runtime import types as T
from juliette.runtime.array import undef
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import JuliaException
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE
from juliette.runtime.wrappers import eltype_of

# Arguments that are unions are followed member by member, up to so many combinations.
MOST_COMBINATIONS = 8


def result_type(f: Any, types: tuple[Any, ...]) -> Any:
    """The least type known to hold every `f(args...)` for arguments of these types."""
    choices = [t.types if isinstance(t, T.UnionType) else (t,) for t in types]
    if any(t is T.Bottom for t in types):
        return T.Bottom
    if int(np.prod([len(c) for c in choices])) > MOST_COMBINATIONS:
        return T.Any_
    out: Any = BOTTOM
    for combination in product(*choices):
        out = join(out, _of_call(f, combination))
        if out is ANY:
            return T.Any_
    out = widen(out)
    return T.Bottom if out is BOTTOM else out


def _of_call(f: Any, types: tuple[Any, ...]) -> Any:
    """The element of one call whose arguments have these types."""
    inference = Inference(Base)
    params = [C.Var(f"x{i}", f"x{i}", None) for i in range(len(types))]
    for var, t in zip(params, types, strict=True):
        inference.vars[var] = element_of_type(t)
    function: C.Node = C.Const(f)
    known = T.typeof(f)
    if not isinstance(f, (GenericFunction, T.JuliaType)):
        # a closure: its class tells what it captured
        function = C.Local(C.Var("f", "f", None))
        inference.vars[function.var] = known
    inference.run(C.Call(function, [C.Local(var) for var in params], []))
    found = inference.returns
    return of_kernel(f, types) if found is ANY else found


def of_kernel(f: Any, types: tuple[Any, ...]) -> Any:
    """What the array kernel of a function of Base makes of empty arrays of numbers."""
    if (
        not isinstance(f, GenericFunction)
        or f not in KERNELS
        or not all(t in T.DTYPE_OF for t in types)
    ):
        return ANY
    if f.user_methods and f.user_matches(types):
        return ANY
    try:
        out = broadcast.finish(
            broadcast.evaluate(broadcast.Broadcasted(f, tuple(undef(t, (0,)) for t in types))), None
        )
    except (JuliaException, TypeError):
        return ANY
    return eltype_of(out)


def element_type(f: Any, types: tuple[Any, ...]) -> Any:
    """The element type of an empty array of results: Julia's `promote_typejoin` of what they could be."""
    depth, TRACE.depth = TRACE.depth, 0
    try:
        found = result_type(f, types)
    finally:
        TRACE.depth = depth
    if depth and found not in T.DTYPE_OF:
        return T.Any_
    return joined(found)


broadcast.set_element_type(element_type)
