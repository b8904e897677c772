"""Working with whole models: parameters, states, vectors, copies, precision, modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.compiler import support
from juliette.display.io import STDERR
from juliette.display.show import SHOW_HOOKS, one_line, string_of
from juliette.packages.flux.boundary import from_host
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import Complex
from juliette.syntax.expr import Symbol
from juliette_engine import trees, vectors
from juliette_engine.layers.layer import Layer
from juliette_engine.layers.recurrent import Recur
from juliette_engine.parameters import Params
from juliette_engine.vectors import Restructure


class KeyPath:
    """The way to a part of a model: `KeyPath(:layers, 1, :weight)`."""

    __slots__ = ("keys",)
    fields = ("keys",)

    def __init__(self, keys: tuple[Any, ...]) -> None:
        self.keys = keys

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyPath) and self.keys == other.keys

    def __hash__(self) -> int:
        return hash(self.keys)


def key_path(keys: tuple[Any, ...]) -> KeyPath:
    """Names as symbols, positions counted from one."""
    return KeyPath(tuple(Symbol(k) if isinstance(k, str) else k + 1 for k in keys))


def is_leaf(x: Any) -> bool:
    """`Functors.isleaf`"""
    return trees.is_leaf(x)


def collected(x: Any, exclude: Any = None) -> list[Any]:
    """Nodes and leaves of a model from the root down, each once, without what is excluded."""
    found: dict[int, Any] = {}
    _collect(x, exclude, found)
    return list(found.values())


def _collect(x: Any, exclude: Any, found: dict[int, Any]) -> None:
    # no function inside the other: one that refers to itself from inside is a cycle, and keeps the model
    if id(x) in found or (exclude is not None and exclude(x) is True):
        return
    found[id(x)] = x
    parts = None if trees.is_array(x) else trees.children(x)
    for value in parts[1] if parts else ():
        _collect(value, exclude, found)


def _like_leaf(x: Any) -> bool:
    """Leaves, and tuples of nothing but numbers or arrays of them, are no modules."""
    if type(x) is tuple:
        return all(isinstance(v, (int, float, np.generic)) for v in x) or all(
            map(trees.is_array, x)
        )
    return is_leaf(x)


def _step(x: Any, key: Any) -> Any:
    indexed = type(key) is int or not isinstance(key, Symbol) or T.isa(x, T.AbstractDict)
    return Base.bindings["getindex" if indexed else "getproperty"](x, key)


def _has_step(x: Any, key: Any) -> bool:
    if isinstance(key, Symbol) and not T.isa(x, T.AbstractDict):
        return bool(Base.bindings["hasproperty"](x, key))
    return bool(Base.bindings["haskey"](x, key))


def destructure(model: Any) -> tuple[Any, Restructure]:
    """All trained numbers in one vector, and the way back."""
    flat, rebuild = vectors.destructure(model)
    return from_host(flat), rebuild


T.register_class(KeyPath, T.define("KeyPath"))
T.register_class(Restructure, T.define("Restructure", T.Function_))
SHOW_HOOKS[KeyPath] = lambda io, x, long: io.write(path_text(io, x))


def path_text(io: Any, x: KeyPath) -> str:
    """`KeyPath(:a, 1)`, or `a.1` where it is to be short."""
    if io.get("compact"):
        return ".".join(map(string_of, x.keys))
    return f"KeyPath{one_line(x.keys)}"


def _show_restructure(io: Any, x: Any, long: bool) -> None:
    name = T.unwrap(T.typeof(x.model)).typename.name
    io.write(f"Restructure({name}, ..., {x.length})")


SHOW_HOOKS[Restructure] = _show_restructure


# ---------------------------------------------------------------- state and loading


def state(x: Any) -> Any:
    """The arrays and small values of a model as nested named tuples, `()` for the rest."""
    if isinstance(x, (Array, int, float, complex, np.generic, Complex, str, Symbol)) or x is None:
        parts = trees.children(x) if isinstance(x, Array) else None
        if parts is None:
            return x
    parts = trees.children(x)
    if parts is None:
        return ()
    return trees.mirror(x, parts[0], tuple(map(state, parts[1])))


def load(dst: Any, src: Any, wanted: Any, seen: dict[int, Any]) -> None:
    """`loadmodel!(dst, src)`: copy all arrays of the parts for which `wanted` is true."""
    mine, theirs = kept_parts(dst, wanted), kept_parts(src, wanted)
    if mine[0] != theirs[0]:
        _do_not_match(mine, theirs)
    for a, b in zip(mine[1], theirs[1], strict=True):
        if isinstance(a, Array) and trees.is_array(a):
            if id(a) in seen:
                check_tied(a, b)
            else:
                load_array(a, b)
        elif isinstance(b, Array) and trees.is_array(b):
            if a is True:
                raise E.ErrorException(
                    "Cannot copy non-zero parameter to boolean parameter == true."
                )
            if a is not False:
                raise E.ErrorException(
                    f"Tried to copy an array to {one_line(a)}; this is not allowed."
                )
        elif id(a) not in seen and not trees.is_leaf(a):
            load(a, b, wanted, seen)
        seen[id(a)] = a


def kept_parts(x: Any, wanted: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Keys and values of the parts for which `wanted` is true; parts of sequences are counted anew."""
    keys, values = trees.children(x) or ((), ())
    kept = [
        (k, v) for k, v in zip(keys, values, strict=True) if wanted is None or wanted(v) is True
    ]
    named = all(isinstance(k, str) for k in keys)
    return tuple([k if named else i for i, (k, _) in enumerate(kept)]), tuple([v for _, v in kept])


def load_array(dst: Any, src: Any) -> None:
    """Copy an array, or zeros for a missing bias."""
    if src is False:
        dst.data[...] = 0
        return
    if src is True:
        raise E.ErrorException("Cannot copy boolean parameter == true to non-zero parameter.")
    if not trees.is_array(src):
        raise E.ErrorException(
            f"Tried to copy {one_line(src)} into an array destination; this is not allowed."
        )
    if dst.data.shape != trees.data(src).shape:
        raise E.DimensionMismatch(
            f"Tried to load size {one_line(trees.data(src).shape)} array into size {one_line(dst.data.shape)}"
        )
    dst.data[...] = trees.data(src)


def check_tied(dst: Any, src: Any) -> None:
    """An array that has been loaded before must get the same numbers again."""
    same = (
        not dst.data.any()
        if src is False
        else trees.is_array(src) and np.array_equal(dst.data, trees.data(src))
    )
    if not same:
        raise E.ErrorException(
            "Encountered tied destination parameters with untied and mismatched sources."
        )


def _do_not_match(mine: trees.Parts, theirs: trees.Parts) -> None:
    def names(parts: trees.Parts) -> str:
        if parts[0] and not isinstance(parts[0][0], str):
            return f"Base.OneTo({len(parts[0])})"
        return one_line(tuple(map(Symbol, parts[0])))

    raise E.ArgumentError(
        f"Tried to load {names(theirs)} into {names(mine)} but the structures do not match."
    )


# ---------------------------------------------------------------- precision and modes


def converted(t: Any, x: Any) -> Any:
    """A model with its floating-point arrays, complex ones too, in another precision."""
    convert, family, real = (
        Base.bindings["convert"],
        Base.bindings["Complex"],
        T.TypeVar("T", None, T.AbstractFloat),
    )
    complex_t, floats = T.apply_type(family, t), T.UnionAll(real, T.apply_type(family, real))

    def leaf(v: Any) -> Any:
        if not isinstance(v, ArrayLike):
            return v
        kind = v.eltype
        if kind is t or kind is complex_t:
            return v
        if T.subtype(kind, T.AbstractFloat):
            return convert(T.apply_type(T.AbstractArray, t), v)
        if T.subtype(kind, floats):
            return convert(T.apply_type(T.AbstractArray, complex_t), v)
        return v

    return trees.fmap(leaf, x, exclude=_numbers_or_leaf)


def _numbers_or_leaf(x: Any) -> bool:
    """Leaves, and arrays of numbers that are no plain ones."""
    return is_leaf(x) or (isinstance(x, ArrayLike) and T.subtype(x.eltype, T.Number))


def set_mode(module: Module, model: Any, active: Any) -> Any:
    """Switch layers that behave differently in training; a user's own by their methods of `testmode!`."""
    testmode = module.bindings["testmode!"]
    for node in collected(model, trees.is_array):
        if isinstance(node, Layer):
            if "active" in node.fields:
                object.__setattr__(node, "active", active)
        elif node is not model and testmode.user_matches((T.typeof(node), T.Bool)):
            testmode(node, active is False)
    return model


def mode(name: str, value: Any, *, negate: bool) -> Any:
    """The value of `active` that `testmode!(m, value)` or `trainmode!` means."""
    if isinstance(value, Symbol):
        if value.name != "auto":
            raise E.ArgumentError(f"{name} accepts only the symbol :auto, got :{value.name}")
        return None
    from juliette.packages.flux.layers import tidy_active

    active = tidy_active(value)
    return not active if negate and active is not None else active


def collect(xs: tuple[Any, ...]) -> Params:
    """`params(xs...)`"""
    out = Params()
    for x in xs:
        if isinstance(x, Params):
            out.push(*x)
            continue
        try:
            for p in trees.parameters(x):
                out.push(p)
        except E.ErrorException as error:
            if not str(error.msg).startswith("LazyLayer"):
                raise
            raise E.ErrorException(
                "LazyLayer should never be used within params(m). Call striplazy(m) first."
            ) from None
    return out


# What has been said once.
_gpu_told: list[bool] = []
_params_told: list[bool] = []


def load_module(module: Module) -> None:
    """Fill Flux's part."""

    @module.method("params(xs...)", export=not PROFILE.modern)
    def params(*xs: Any) -> Any:
        """The parameters of models, by identity.

        ```jldoctest
        julia> using Flux

        julia> length(Flux.params(Dense(2 => 3), [1.0]))
        3
        ```
        """
        if PROFILE.modern and not _params_told:
            _params_told.append(True)
            STDERR.write(
                "┌ Warning: `Flux.params(m...)` is deprecated. Use `Flux.trainable(model)` for "
                "parameter collection,\n"
                "│ and the explicit `gradient(m -> loss(m, x, y), model)` for gradient "
                "computation.\n└ @ Flux ~/.julia/packages/Flux/src/deprecations.jl:93\n"
            )
        return collect(xs)

    @module.method("loadparams!(m, ps)", export=False)
    def loadparams(m: Any, ps: Any) -> None:
        """Copy parameters into a model."""
        for dst, src in zip(collect((m,)), support.iterate(ps), strict=False):
            if dst.data.shape != src.data.shape:
                raise E.ErrorException(
                    f"Expected param size {one_line(dst.data.shape)}, got {one_line(src.data.shape)}"
                )
            dst.data[...] = src.data

    @module.method("loadmodel!(dst, src; filter=nothing)", export=False)
    def loadmodel(dst: Any, src: Any, *, filter: Any = None) -> Any:
        """Copy all arrays of a model, or of its `state`, into another one."""
        load(dst, src, filter, {})
        return dst

    @module.method("state(model)", export=False)
    def state_of(model: Any) -> Any:
        """The arrays and small values of a model as nested named tuples."""
        return state(model)

    @module.method("destructure(model)", transparent=True)
    def destructure_(model: Any) -> Any:
        """All parameters in one vector, and a function that builds the model from such a vector."""
        return destructure(model)

    for name, t in (("f16", T.Float16), ("f32", T.Float32), ("f64", T.Float64)):

        @module.method(f"{name}(model)")
        def to_precision(model: Any, t: Any = t) -> Any:
            """The model in another precision."""
            return converted(t, model)

    @module.method("cpu(x)")
    def cpu(x: Any) -> Any:
        """The model or the data itself: everything is on the CPU."""
        return x

    @module.method("gpu(x)")
    def gpu(x: Any) -> Any:
        """The model or the data itself, as there is no GPU here."""
        if PROFILE.modern:
            from juliette.packages.flux.devices import tell_once

            tell_once()
        elif not _gpu_told:
            _gpu_told.append(True)
            STDERR.write(
                "┌ Info: The GPU function is being called but the GPU is not accessible. \n"
                "└ Defaulting back to the CPU. (No action is required if you want to run on the CPU).\n"
            )
        return x

    @module.method("hasaffine(layer)", export=False)
    def hasaffine(layer: Any) -> bool:
        """Does a normalisation have a scale and a shift that train?"""
        if not hasattr(layer, "affine"):
            raise E.NoMethod("no layer that normalises")
        return bool(layer.affine)

    @module.method("testmode!(m, mode=true)")
    def testmode(m: Any, active: Any = True) -> Any:
        """Let layers behave as in use (`true`), in training (`false`), or by themselves (`:auto`)."""
        return set_mode(module, m, mode("testmode!", active, negate=True))

    @module.method("trainmode!(m, mode=true)")
    def trainmode(m: Any, active: Any = True) -> Any:
        """Let layers behave as in training."""
        return set_mode(module, m, mode("trainmode!", active, negate=False))

    @module.method("reset!(m)", export=False)
    def reset(m: Any) -> None:
        """Put recurrent layers back to their initial states."""
        from juliette.base.fields import getproperty

        for node in trees.nodes(m):
            if isinstance(node, Recur):
                object.__setattr__(node, "state", getproperty(node.cell, Symbol("state0")))

    @module.method("remove_weight_norms(m)", export=False)
    def remove_weight_norms(m: Any) -> Any:
        """The model with plain weights in place of `WeightNorm`s."""
        from juliette_engine.layers.weightnorm import remove_weight_norms

        return remove_weight_norms(m)

    @module.method("initialstates(m)", export=False)
    def initialstates(m: Any) -> Any:
        """The state with which a recurrent layer or cell starts."""
        from juliette.packages.flux.layers import host_view

        if not hasattr(getattr(m, "host", None), "initial_state"):
            raise E.NoMethod("the layer has no state")
        return from_host(host_view(m).initial_state())

    @module.method("activations(chain::Chain, x)", export=False, transparent=True)
    def activations(chain: Any, x: Any) -> Any:
        """The output of every layer of a chain."""
        out = []
        for layer in chain.parts():
            x = layer(x)
            out.append(x)
        return tuple(out)

    @module.method("modules(m)", export=False)
    def modules(m: Any) -> Any:
        """Everything in a model that opens, from the root down."""
        return vector([n for n in collected(m) if not _like_leaf(n)], T.Any_)

    @module.method("istraining()", export=False)
    def istraining() -> bool:
        """Is a gradient being computed?"""
        from juliette_engine.tape import LEVELS

        return bool(LEVELS.depth > 0)


def counterpart(y: Any, key: Any) -> Any:
    """What a tree has where another has the part `key`; it is an error if it has nothing."""
    parts = trees.children(y)
    if parts is not None and key in parts[0]:
        return parts[1][parts[0].index(key)]
    if isinstance(key, str | V.Symbol):
        return Base.bindings["getproperty"](y, V.Symbol(str(key)) if isinstance(key, str) else key)
    return Base.bindings["getindex"](y, key + 1)


def load_functors(module: Module) -> None:
    """The functions of Functors."""

    def pruned(keywords: dict[str, Any]) -> Any:
        """What stands for mutable nodes that were met before, by `prune` and `cache`."""
        if "cache" in keywords and keywords["cache"] is None:
            return None
        if "prune" not in keywords:
            return lambda x: ()
        return lambda x: (keywords["prune"],) if Base.bindings["ismutable"](x) else ()

    @module.method("fmap(f, x, ys...; keywords...)", transparent=True)
    def fmap(f: Any, x: Any, *ys: Any, **keywords: Any) -> Any:
        """`f` on every leaf of a model, which is built up again."""
        exclude = keywords.get("exclude", is_leaf)
        if "walk" in keywords:
            from juliette.packages.flux import walks

            return walks.fmap(keywords["walk"], f, x, ys, exclude, keywords)
        return trees.fmap(
            f, x, *ys, exclude=exclude, pruned=pruned(keywords), counterpart=counterpart
        )

    @module.method("fmapstructure(f, x; keywords...)", transparent=True)
    def fmapstructure(f: Any, x: Any, **keywords: Any) -> Any:
        """`f` on every leaf, in plain named tuples and tuples."""
        exclude = keywords.get("exclude", is_leaf)
        return trees.fmap(f, x, exclude=exclude, structure=True, pruned=pruned(keywords))

    @module.method("fmap_with_path(f, x; keywords...)", transparent=True)
    def fmap_with_path(f: Any, x: Any, **keywords: Any) -> Any:
        """`f` on the path and the value of every leaf."""
        exclude = keywords.get("exclude", is_leaf)
        return trees.fmap(lambda p, v: f(key_path(p), v), x, exclude=exclude, path=True)

    @module.method("fleaves(x)")
    def fleaves(x: Any) -> Any:
        """The leaves of a model."""
        out: list[Any] = []

        def keep(v: Any) -> Any:
            out.append(v)
            return v

        trees.fmap(keep, x, exclude=is_leaf)
        return vector(out, T.Any_)

    @module.method("fcollect(x; exclude=nothing)")
    def fcollect(x: Any, *, exclude: Any = None) -> Any:
        """Everything in a model, leaves too, from the root down; not what `exclude` is true for."""
        return vector(collected(x, exclude), T.Any_)

    @module.method("functor(x)")
    def functor(x: Any) -> Any:
        """The parts of a node, and the function that builds it from such parts."""
        parts = None if trees.is_array(x) else trees.children(x)
        if parts is None:
            return V.NamedTuple((), ()), lambda _: x
        children = trees.mirror(x, *parts)

        def re(new: Any) -> Any:
            return trees.rebuild(x, tuple(trees.children(new)[1]))  # type: ignore[index]

        return children, Base.bindings["identity"] if type(x) is tuple or isinstance(
            x, V.NamedTuple
        ) else re

    @module.method("functor(t::Type, x)")
    def functor_like(t: Any, x: Any) -> Any:
        """The parts of `x` that a `t` has, and the function that builds a `t` from such parts."""
        fields = T.unwrap(t).typename.fields
        children = V.NamedTuple(
            fields, tuple([Base.bindings["getproperty"](x, V.Symbol(f)) for f in fields])
        )
        return children, lambda new: T.CONSTRUCT(
            T.unwrap(t).typename.wrapper, tuple(new.values), {}
        )

    @module.method("isleaf(x)", export=False)
    def isleaf(x: Any) -> bool:
        """Does this value not open?  Arrays of something else than numbers do, even empty ones."""
        return is_leaf(x) and not (isinstance(x, Array) and not T.subtype(x.eltype, T.Number))

    @module.method("children(x)", export=False)
    def children(x: Any) -> Any:
        """The parts of a node."""
        return functor(x)[0]

    module.const("KeyPath", T._TYPE_OF_CLASS[KeyPath])

    @module.method("KeyPath(keys...)")
    def path_of(_: Any, *keys: Any) -> KeyPath:
        """A way to a part of a model, from keys and other ways."""
        return KeyPath(
            tuple(k for key in keys for k in (key.keys if isinstance(key, KeyPath) else (key,)))
        )

    from juliette.packages.flux.optimise import method_for

    method_for(
        {"KeyPath": T._TYPE_OF_CLASS[KeyPath]},
        "==(a::KeyPath, b::KeyPath)",
        lambda a, b: a.keys == b.keys,
    )

    @module.method("getkeypath(x, path::KeyPath)")
    def getkeypath(x: Any, path: KeyPath) -> Any:
        """The part to which a way leads."""
        for key in path.keys:
            x = _step(x, key)
        return x

    @module.method("haskeypath(x, path::KeyPath)")
    def haskeypath(x: Any, path: KeyPath) -> bool:
        """Does a way lead to a part?"""
        for key in path.keys:
            if not _has_step(x, key):
                return False
            x = _step(x, key)
        return True

    @module.method("setkeypath!(x, path::KeyPath, value)")
    def setkeypath(x: Any, path: KeyPath, value: Any) -> Any:
        """Put a value where a way leads."""
        if not path.keys:
            raise E.ErrorException("Empty keypath not allowed.")
        x, key = getkeypath(x, KeyPath(path.keys[:-1])), path.keys[-1]
        if isinstance(key, Symbol) and not T.isa(x, T.AbstractDict):
            return Base.bindings["setproperty!"](x, key, value)
        Base.bindings["setindex!"](x, value, key)
        return value

    @module.method("fmapstructure_with_path(f, x; keywords...)", transparent=True)
    def fmapstructure_with_path(f: Any, x: Any, **keywords: Any) -> Any:
        """`f` on the path and the value of every leaf, in plain named tuples and tuples."""
        exclude = keywords.get("exclude", is_leaf)
        return trees.fmap(
            lambda p, v: f(key_path(p), v), x, exclude=exclude, path=True, structure=True
        )
