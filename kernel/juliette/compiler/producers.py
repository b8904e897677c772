"""Functions that do nothing but put values into a channel, as Python generators.

`Channel() do c … put!(c, x) … end` needs no thread of its own where the function waits nowhere else:
each `put!` of the channel it is given becomes a `yield`, and whoever takes a value goes on with it.
"""

from __future__ import annotations

import ast
from types import FunctionType
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import python_backend as backend
from juliette.compiler.closures import ClosureBase
from juliette.compiler.inference import parts_of
from juliette.compiler.instances import instance_of
from juliette.compiler.intrinsics import Plan, exact
from juliette.compiler.lattice import ANY, Known
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE

# Functions of Base that may run much, but wait for nobody where their arguments are Base's own.
BUSY = frozenset(
    ["push!", "pop!", "popfirst!", "pushfirst!", "append!", "setindex!", "println", "print"]
)


def steps_of(f: Any, channel: Any) -> Any:
    """A generator of the values that `f(channel)` puts; None if it may wait elsewhere."""
    closure = isinstance(f, ClosureBase)
    generic = f.generic if isinstance(f, ClosureBase) else f
    if not isinstance(generic, GenericFunction) or TRACE.depth:
        return None
    types = (T.typeof(channel),)
    method = generic.selected(types)
    if method is None or method.code is None or method.rule is not None:
        return None
    instance = instance_of(method, types, False)
    if instance.producer is None:
        instance.producer = _compiled(instance, closure) or False
    steps = instance.producer
    if not steps:
        return None
    return steps(f, channel) if closure else steps(channel)


def _compiled(instance: Any, closure: bool) -> FunctionType | None:
    """The function in the form of a generator, if it is one that waits only where it puts."""
    instance.compile()
    source, inference = instance.method.source, instance.inference
    code = source.code
    if (
        inference is None
        or instance.types is None
        or not backend.INFER
        or len(code.params) != 1
        or code.vararg
        or code.keywords
        or code.keyword_rest is not None
        or code.params[0].boxed
        or code.return_type is not None
        or bool(code.captures) != (closure and bool(code.captures))
    ):
        return None
    puts: list[C.Call] = []
    if not _waits_only(code.body, code.params[0], inference, puts) or not puts:
        return None
    kept = {id(n): inference.plans.get(id(n)) for n in puts}
    for n in puts:
        inference.plans[id(n)] = Plan(ANY, _yielded)
    try:
        return backend.compile_method(
            code,
            source.module,
            instance.statics(),
            inference=inference,
            keywords=False,
            closure=closure,
        )
    finally:
        for key, plan in kept.items():
            inference.plans.pop(key)
            if plan is not None:
                inference.plans[key] = plan


def _yielded(em: Any, n: C.Call) -> ast.expr:
    return em.at(ast.Yield(em.expr(n.args[1])))  # type: ignore[no-any-return]


def _waits_only(node: Any, channel: C.Var, inference: Any, puts: list[C.Call]) -> bool:
    """Does a node wait nowhere but in `put!(channel, x)`?  These are noted."""
    kind = type(node)
    if kind in (C.Closure, C.Splat, C.Try) or (kind is C.Assign and node.var is channel):
        return False
    if kind is C.Call and not node.kwargs and _put(node, channel, inference):
        puts.append(node)
        return _waits_only(node.args[1], channel, inference, puts)
    if kind is C.Call:
        plan = inference.plans.get(id(node))
        if (plan is None or plan.opaque) and not _busy(node, inference):
            return False
    elif kind is C.GetField and id(node) not in inference.plans:
        return False
    elif kind is C.For:
        plan = inference.plans.get(id(node))
        if (plan is not None and plan.opaque) or inference.types.get(id(node.iterable)) is ANY:
            return False
    return all([_waits_only(n, channel, inference, puts) for n in parts_of(node)])


def _named(node: C.Call, inference: Any) -> str:
    """The name of the function of Base, or of the helper, that is called."""
    function = node.function
    if type(function) is C.Runtime:
        return function.name
    known = inference.types.get(id(function))
    f = known.value if type(known) is Known else None
    return f.name if isinstance(f, GenericFunction) and f.module is Base else ""


def _put(node: C.Call, channel: C.Var, inference: Any) -> bool:
    return (
        len(node.args) == 2
        and type(node.args[0]) is C.Local
        and node.args[0].var is channel
        and _named(node, inference) == "put!"
        and not any(m.accepts_count(2) for m in Base.bindings["put!"].user_methods)
    )


def _busy(node: C.Call, inference: Any) -> bool:
    """A call that takes its time, but waits for nobody: its arguments are data of Base's own types."""
    if node.kwargs or _named(node, inference) not in BUSY:
        return False
    types = exact([inference.types.get(id(a), ANY) for a in node.args])
    return types is not None and all(map(_plain, types))


def _plain(t: Any) -> bool:
    """Numbers, strings, characters, and arrays and tuples of them."""
    if t.typename is T.TUPLE_NAME or t.typename is T.unwrap(T.Array_).typename:
        return all(not isinstance(p, T.JuliaType) or _plain(p) for p in t.parameters)
    return isinstance(t, T.DataType) and (t in (T.String, T.Char_, T.Symbol_) or t in T.DTYPE_OF)
