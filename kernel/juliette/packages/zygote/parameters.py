"""`Params` and `Grads`: implicit parameters, found by identity, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base import iteration
from juliette.base.fields import PROPERTIES
from juliette.base.tuples import Composed
from juliette.display.show import SHOW_HOOKS
from juliette.packages.zygote.errors import OPEN
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    KeyError_,
)
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE
from juliette_engine import gradients
from juliette_engine.parameters import Grads, Params, key_of

PARAMS = T.define("Zygote.Params")
GRADS = T.define("Zygote.Grads")
T.register_class(Params, PARAMS)
T.register_class(Grads, GRADS)
iteration.ITERATORS[Params] = iter
iteration.ITERATORS[Grads] = lambda g: (g.grads.get(key_of(p)) for p in g.params)
SHOW_HOOKS[Grads] = lambda io, g, long: io.write("Grads(...)")


def _show_params(io: Any, p: Any, long: bool) -> None:
    from juliette.display.show import one_line

    limit = bool(io.get("limit"))
    io.write(f"Params([{', '.join(one_line(x, limit=limit) for x in p)}])")


SHOW_HOOKS[Params] = _show_params


def _property(g: Grads, name: str) -> Any:
    if name == "params":
        return g.params
    if name == "grads":
        out = V.JuliaIdDict(T.Any_, T.Any_)
        for p in g.params:
            out.put(p, g.grads.get(key_of(p)))
        return out
    raise ErrorException(f"type Grads has no field {name}")


PROPERTIES[Grads] = _property


def _params_property(p: Params, name: str) -> Any:
    if name in ("order", "params"):
        return vector(list(p), T.Any_)
    raise ErrorException(f"type Params has no field {name}")


PROPERTIES[Params] = _params_property

# Types whose fields hold parameters (`@functor`).
FUNCTORS: set[Any] = set()


def collect_params(x: Any, out: Params) -> None:
    """Gather the arrays of numbers in a model, in field order."""
    if isinstance(x, Params):
        out.push(*x)
    elif isinstance(x, Array):
        if x.data.dtype == object:
            for v in elements(x.data):
                collect_params(v, out)
        elif x.data.dtype.kind in "fiuc":
            out.push(x)
    elif isinstance(x, V.Transposed):
        collect_params(x.parent, out)
    elif isinstance(x, V.Wrapper):
        if not hasattr(x, "csc") and np.asarray(x.data).dtype.kind in "fiuc":
            out.push(x)
    elif type(x) is tuple:
        for v in x:
            collect_params(v, out)
    elif isinstance(x, V.NamedTuple):
        for v in x.values:
            collect_params(v, out)
    elif isinstance(x, Composed):
        collect_params(x.outer, out)
        collect_params(x.inner, out)
    elif isinstance(x, Struct) and T.typeof(x).typename in FUNCTORS:
        for f in x.fields:
            collect_params(getattr(x, f), out)


def params_of(xs: Any) -> Params:
    """`Params` of the items of an iterable."""
    out = Params()
    for x in iteration.iterate_value(xs):
        out.push(x)
    return out


def reference(x: Any) -> Any:
    """A parameter, which must have an identity."""
    if isinstance(x, (int, float, complex, np.generic, str, tuple, type(None), V.NamedTuple)):
        raise ErrorException("Only reference types can be differentiated with `Params`.")
    return x


def same_params(*gs: Grads) -> bool:
    """Are all of them gradients of the same parameters?"""
    first = set(gs[0].params.items)
    return all(set(g.params.items) == first for g in gs[1:])


def mapped(f: Any, gs: tuple[Grads, ...], into: Grads | None = None) -> Grads:
    """`map(f, gs...)`: parameter by parameter; missing gradients count as zero."""
    if not same_params(*gs, *([into] if into is not None else [])):
        raise ArgumentError("map! expects Grads objects with the same Params.")
    out = into if into is not None else Grads(gs[0].params, {})
    for p in gs[0].params:
        out.grads[key_of(p)] = f(*[_or_zero(g.grads.get(key_of(p)), p) for g in gs])
    return out


def _or_zero(g: Any, p: Any) -> Any:
    return Base.bindings["zero"](p) if g is None else g


# ---------------------------------------------------------------- dotted calls


def _dotted(tree: Any) -> Any:
    """A dotted call with `Grads` (and dictionaries by parameter, and numbers) among its leaves."""
    first = next(x for x in _leaves(tree) if isinstance(x, Grads))
    if not same_params(first, *[x for x in _leaves(tree) if isinstance(x, Grads)]):
        raise ArgumentError("Expected Grads objects with the same Params.")
    out = Grads(first.params, {})
    for p in first.params:
        out.grads[key_of(p)] = B.materialize(_at(tree, p))
    return out


def _leaves(tree: Any) -> Any:
    for a in tree.args:
        if isinstance(a, B.Broadcasted):
            yield from _leaves(a)
        else:
            yield a


def _at(tree: Any, p: Any) -> Any:
    if isinstance(tree, B.Broadcasted):
        return B.broadcasted(tree.function, *[_at(a, p) for a in tree.args])
    if isinstance(tree, Grads):
        return _or_zero(tree.grads.get(key_of(p)), p)
    if isinstance(tree, V.JuliaDict):
        return _or_zero(next((v for k, v in tree.pairs() if k is p), None), p)
    return tree


def _assigned(dest: Grads, value: Any) -> Grads:
    if not isinstance(value, Grads) or not same_params(dest, value):
        raise ArgumentError("Expected Grads objects with the same Params.")
    dest.grads.update(value.grads)
    return dest


def _params_dotted(tree: Any) -> Any:
    """`f.(ps)`, as of the vector of parameters; inside a gradient an error, as in Zygote."""
    if TRACE.depth and not OPEN.ignoring:
        raise ArgumentError(
            "Zygote.Params does not support broadcasting within gradients, try iteration `for p in ps`"
        )
    return B.materialize(_collected(tree))


def _collected(tree: Any) -> Any:
    if isinstance(tree, B.Broadcasted):
        return B.broadcasted(tree.function, *map(_collected, tree.args))
    return vector(list(tree), T.Any_) if isinstance(tree, Params) else tree


B.STYLES[Grads] = (_dotted, _assigned)
B.STYLES[Params] = (_params_dotted, None)


def define(module: Any) -> None:
    """The methods on them."""
    module.const("Params", PARAMS)
    module.const("Grads", GRADS)

    @module.method("params(xs...)", export=True)
    def params(*xs: Any) -> Any:
        """The parameters of models, each once.

        ```jldoctest
        julia> using Flux

        julia> W, b = [1.0 2.0], [3.0];

        julia> length(Flux.params(W, b, W))
        2
        ```
        """
        out = Params()
        for x in xs:
            collect_params(x, out)
        return out

    def method(header: str) -> Any:
        return module.method(header, transparent=True, export=False)

    @method("Params(xs)")
    def make_params(_: Any, xs: Any) -> Any:
        return params_of(xs)

    @method("Params()")
    def no_params(_: Any) -> Any:
        return Params()

    @method("getindex(p::Params, i::Integer)")
    def params_get(p: Params, i: int) -> Any:
        items = list(p)
        if not 1 <= i <= len(items):
            raise BoundsError(vector(items, T.Any_), (i,))
        return items[i - 1]

    @method("getindex(p::Params, at::AbstractVector)")
    def params_some(p: Params, at: Any) -> Any:
        get = Base.bindings["getindex"]
        return vector([get(p, i) for i in iteration.iterate_value(at)], T.Any_)

    @method("length(p::Params)")
    def params_length(p: Params) -> int:
        return len(p)

    @method("isempty(p::Params)")
    def params_empty(p: Params) -> bool:
        return not len(p)

    @method("in(x, p::Params)")
    def params_in(x: Any, p: Params) -> bool:
        return x in p

    @method("push!(p::Params, xs...)")
    def params_push(p: Params, *xs: Any) -> Any:
        return p.push(*xs)

    @method("delete!(p::Params, x)")
    def params_delete(p: Params, x: Any) -> Any:
        return p.delete(x)

    @method("union!(p::Params, others...)")
    def params_union_into(p: Params, *others: Any) -> Any:
        for o in others:
            p.push(*iteration.iterate_value(o))
        return p

    @method("union(p::Params, others...)")
    def params_union(p: Params, *others: Any) -> Any:
        return params_union_into(Params(p), *others)

    @method("intersect!(p::Params, others...)")
    def params_intersect_into(p: Params, *others: Any) -> Any:
        kept = [params_of(o) for o in others]
        for x in p:
            if not all(x in o for o in kept):
                p.delete(x)
        return p

    @method("intersect(p::Params, others...)")
    def params_intersect(p: Params, *others: Any) -> Any:
        return params_intersect_into(Params(p), *others)

    @method("issetequal(p::Params, q::Params)")
    def params_same(p: Params, q: Params) -> bool:
        return set(p.items) == set(q.items)

    @method("==(p::Params, q::Params)")
    def params_equal(p: Params, q: Params) -> bool:
        return list(p.items) == list(q.items)

    @method("copy(p::Params)")
    def params_copy(p: Params) -> Any:
        return Params(p)

    @method("copy!(p::Params, v::AbstractVector)")
    def params_from_flat(p: Params, v: Any) -> Any:
        flat, at = np.asarray(v.data), 0
        if flat.size != sum(x.data.size for x in p):
            raise ArgumentError("the vector does not hold as many numbers as the parameters")
        for x in p:
            n = x.data.size
            x.data[...] = flat[at : at + n].reshape(x.data.shape, order="F")
            at += n
        return p

    @method("copy!(v::AbstractVector, p::Params)")
    def params_to_flat(v: Any, p: Params) -> Any:
        vec = Base.bindings["vec"]
        v.data[...] = np.concatenate([vec(x).data for x in p]) if len(p) else []
        return v

    @method("getindex(g::Grads, x)")
    def grads_get(g: Grads, x: Any) -> Any:
        """The gradient of a parameter, found by identity; `nothing` where it was not used."""
        reference(x)
        if key_of(x) not in g.params.items and key_of(x) not in g.grads:
            raise KeyError_(x)
        return g.grads.get(key_of(x))

    @method("setindex!(g::Grads, v, x)")
    def grads_set(g: Grads, v: Any, x: Any) -> Any:
        g.params.push(reference(x))
        g.grads[key_of(x)] = v
        return g

    @method("haskey(g::Grads, x)")
    def grads_has(g: Grads, x: Any) -> bool:
        return key_of(x) in g.params.items

    @method("get(g::Grads, x, default)")
    def grads_get_or(g: Grads, x: Any, default: Any) -> Any:
        return g.grads.get(key_of(x)) if key_of(x) in g.params.items else default

    @method("keys(g::Grads)")
    def grads_keys(g: Grads) -> Any:
        return g.params

    @method("values(g::Grads)")
    def grads_values(g: Grads) -> Any:
        return tuple(g.grads.get(key_of(p)) for p in g.params)

    @method("pairs(g::Grads)")
    def grads_pairs(g: Grads) -> Any:
        return tuple(V.Pair(p, g.grads.get(key_of(p))) for p in g.params)

    @method("length(g::Grads)")
    def grads_length(g: Grads) -> int:
        return len(g.params)

    @method("map(f, g::Grads, gs::Grads...)")
    def grads_map(f: Any, *gs: Any) -> Any:
        return mapped(f, gs)

    @method("map!(f, into::Grads, g::Grads, gs::Grads...)")
    def grads_map_into(f: Any, into: Any, *gs: Any) -> Any:
        return mapped(f, gs, into)

    @method("merge!(g::Grads, others::Grads...)")
    def grads_merge(g: Any, *others: Any) -> Any:
        for o in others:
            for p in o.params:
                g.params.push(p)
                g.grads[key_of(p)] = o.grads.get(key_of(p))
        return g

    @method("copy(g::Grads)")
    def grads_copy(g: Grads) -> Any:
        return Grads(Params(g.params), dict(g.grads))

    @method("copy!(g::Grads, v::AbstractVector)")
    def grads_from_flat(g: Grads, v: Any) -> Any:
        flat, at = np.asarray(v.data), 0
        for p in g.params:
            n = p.data.size
            target = g.grads.get(key_of(p))
            if target is None:
                target = g.grads[key_of(p)] = Base.bindings["zero"](p)
            target.data[...] = flat[at : at + n].reshape(p.data.shape, order="F")
            at += n
        return g

    @method("copy!(v::AbstractVector, g::Grads)")
    def grads_to_flat(v: Any, g: Grads) -> Any:
        parts = [_or_zero(g.grads.get(key_of(p)), p).data.ravel(order="F") for p in g.params]
        v.data[...] = np.concatenate(parts) if parts else []
        return v


_ = gradients
