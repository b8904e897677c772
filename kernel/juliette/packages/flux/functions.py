"""Activations, initialisers and functions of NNlib under their Julia names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.randomness import is_rng
from juliette.compiler import support
from juliette.packages import zygote
from juliette.packages.flux import batched, boundary
from juliette.packages.flux.boundary import (
    from_host,
    host_function,
    same_function,
    to_host,
)
from juliette.packages.flux.inputs import REAL_ONLY, known
from juliette.packages.zygote import shapes
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.dispatch import GenericFunction, KeywordCall
from juliette.runtime.errors import (
    ErrorException,
    MethodError,
    NoMethod,
    TypeError_,
    translated,
)
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import BigFloat_, BigInt_, Complex_, Irrational, Rational
from juliette.syntax.expr import Symbol
from juliette_engine import activations, initialisers, losses, rules
from juliette_engine.tape import primal

# Name and aliases of each activation, as NNlib exports them.
ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "σ": ("sigmoid",), "hardσ": ("hardsigmoid",), "logσ": ("logsigmoid",), "sigmoid_fast": (),
    "hardtanh": (), "tanh_fast": (), "relu": (), "relu6": (), "leakyrelu": (), "rrelu": (),
    "elu": (), "celu": (), "selu": (), "gelu_tanh": ("gelu",), "gelu_sigmoid": (), "gelu_erf": (),
    "swish": (), "hardswish": (), "lisht": (), "mish": (), "softplus": (), "logcosh": (),
    "softsign": (), "tanhshrink": (), "softshrink": (), "trelu": ("thresholdrelu",),
}  # fmt: skip
FORMULAS = {
    "σ": "1 / (1 + exp(-x))", "hardσ": "clamp((x + 3) / 6, 0, 1)", "logσ": "log(σ(x))",
    "sigmoid_fast": "σ(x)", "hardtanh": "clamp(x, -1, 1)", "tanh_fast": "tanh(x)",
    "relu": "max(0, x)", "relu6": "clamp(x, 0, 6)", "leakyrelu": "x > 0 ? x : a * x",
    "rrelu": "x > 0 ? x : a * x with a drawn between l and u", "elu": "x > 0 ? x : α * (exp(x) - 1)",
    "celu": "x > 0 ? x : α * (exp(x / α) - 1)", "selu": "λ * (x > 0 ? x : α * (exp(x) - 1))",
    "gelu_tanh": "x / 2 * (1 + tanh(√(2 / π) * (x + 0.044715x^3)))",
    "gelu_sigmoid": "x * σ(√(8 / π) * (x + 0.044715x^3))", "gelu_erf": "x / 2 * (1 + erf(x / √2))",
    "swish": "x * σ(x)", "hardswish": "x * hardσ(x)", "lisht": "x * tanh(x)",
    "mish": "x * tanh(softplus(x))", "softplus": "log(1 + exp(x))", "logcosh": "log(cosh(x))",
    "softsign": "x / (1 + abs(x))", "tanhshrink": "x - tanh(x)",
    "softshrink": "x made smaller by λ towards zero", "trelu": "x > θ ? x : 0",
}  # fmt: skip
# Those with constants of their own.
WITH_CONSTANTS = {"leakyrelu": 1, "rrelu": 2, "elu": 1, "celu": 1, "softshrink": 1, "trelu": 1}

# Those that only choose and cut, so that integers stay integers.
KEEP_INTEGERS = {"relu", "relu6", "hardtanh", "trelu"}
# Those that only calculate, so that fractions stay fractions.
KEEP_FRACTIONS = {*KEEP_INTEGERS, "softsign", "hardσ", "hardswish"}

# The initialisers that are a function of Base's with a type.
FILLED = ("ones32", "zeros32", "rand32", "randn32")

INITIALISERS = (
    "glorot_uniform", "glorot_normal", "kaiming_uniform", "kaiming_normal", "truncated_normal",
    "lecun_normal", "orthogonal", "sparse_init", "identity_init", "ones32", "zeros32", "rand32",
    "randn32",
)  # fmt: skip


def activation(module: Module, name: str, op: Any, aliases: tuple[str, ...]) -> None:
    """An activation on numbers, on arrays, and in dotted calls, with its derivative."""

    def scalar(x: Any, *constants: Any) -> Any:
        host = to_host(x)
        if isinstance(host, Irrational):
            host = host.value
        if isinstance(host, (int, np.integer, np.bool_)) and name not in KEEP_INTEGERS:
            host = float(host)
        elif isinstance(primal(host), Rational) and name not in KEEP_FRACTIONS:
            host = Base.bindings["float"](host)
        elif not isinstance(host, (float, np.generic)):
            host = zygote.nodes.known(host)
        if constants and name == "leakyrelu" and isinstance(host, (np.float32, np.float16)):
            # its slope is not rounded before the product, unlike the constants of the others
            return from_host(type(host)(op(float(host), *map(to_host, constants))))
        out = op(host, *map(to_host, constants))
        return out.item() if isinstance(out, np.float64) else from_host(out)

    def whole(x: Any, *constants: Any) -> Any:
        return B.materialize(B.broadcasted(f, x, *constants))

    scalar.__doc__ = f"`{name}(x)` is `{FORMULAS[name]}`."
    whole.__doc__ = f"`{name}.(x)`"
    extra = "".join(
        f", a{i}::Union{{Nothing,Real}}=nothing" for i in range(WITH_CONSTANTS.get(name, 0))
    )
    real = name != "tanh_fast"
    module.method(f"{name}(x::{'Real' if real else 'Number'}{extra})", transparent=True)(scalar)
    module.method(
        f"{name}(x::AbstractArray{extra.replace('::Union{Nothing,Real}', '')})", transparent=True
    )(whole)
    f = module.bindings[name]
    if name != "rrelu":
        keep, most = "fi" if name in KEEP_INTEGERS else "f", WITH_CONSTANTS.get(name, 0)

        def kernel(x: Any, *a: Any) -> Any:
            if not isinstance(x, np.ndarray) or len(a) > most or any(map(np.ndim, a)):
                return None  # the constants are arrays, or there are too many
            if x.ndim == 0:  # an operator of numpy would make a number of it
                return kernel(x.reshape(1), *a).reshape(())
            if x.dtype.kind == "c" and real:
                raise MethodError(f, (complex(x.flat[0]) if x.size else 0j, *a), None)
            return op(x if x.dtype.kind in keep or x.dtype.kind == "c" else x.astype(float), *a)

        KERNELS[f] = kernel
    if real:
        REAL_ONLY.add(f)
    zygote.register_broadcast(f, op, of_reals=real)
    same_function(f, op)
    for alias in aliases:
        module.const(alias, f)


def expose(
    module: Module,
    name: str,
    f: Callable[..., Any],
    header: str = "(args...; keywords...)",
    *,
    export: bool = False,
    rename: dict[str, str] | None = None,
    others: Any = None,
) -> Any:
    """An engine function as a Julia function; function arguments become Python ones.

    `others` finds what serves arguments that are not for the engine.
    """
    rename = rename or {}

    @module.method(name + header, export=export, transparent=True)
    def call(*args: Any, **keywords: Any) -> Any:
        if others is not None:
            other = others(args, keywords)
            if other is not None:
                return other()
        try:
            if not keywords:
                return from_host(f(*map(host_argument, args)))
            given = {rename.get(k, k): host_argument(v) for k, v in keywords.items()}
            return from_host(f(*map(host_argument, args), **given))
        except (AttributeError, TypeError, ValueError, IndexError) as e:
            usual = all([a is not None and known(a) for a in args])
            options = all(map(is_option, keywords.values()))
            if not misplaced(f, {rename.get(k, k): v for k, v in keywords.items()}) and (
                translated(e) is not None or (usual and options)
            ):
                raise
        called = module.bindings[name]
        raise MethodError(KeywordCall(called, keywords) if keywords else called, args, None)

    call.__doc__ = f.__doc__
    call.__signature__ = signature_of(f, rename)  # type: ignore[attr-defined]
    same_function(module.bindings[name], f)
    boundary._WHOLE.add(id(module.bindings[name]))
    return module.bindings[name]


def is_option(x: Any) -> bool:
    """Is this a value that keywords of functions of arrays may have?"""
    return not isinstance(x, ArrayLike) and (callable(x) or known(to_host(x)))


def misplaced(f: Callable[..., Any], keywords: dict[str, Any]) -> bool:
    """Is a function given where the engine's function takes a number?"""
    own = inspect.signature(f).parameters
    return any(
        isinstance(own[name].default, int | float) or "float" in str(own[name].annotation)
        for name, value in keywords.items()
        if callable(value) and name in own
    )


def signature_of(f: Callable[..., Any], rename: dict[str, str]) -> inspect.Signature:
    """Any arguments, and the keywords of an engine function, also under other names."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = {
        n: p.replace(kind=keyword)
        for n, p in inspect.signature(f).parameters.items()
        if p.kind is keyword
    }
    others = [
        own[to].replace(name=name) for name, to in rename.items() if to in own and name not in own
    ]
    return inspect.Signature(
        [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL), *own.values(), *others]
    )


def host_argument(x: Any) -> Any:
    """Like `to_host`, also for functions."""
    if isinstance(x, Array):
        return to_host(x)
    if callable(x) and not isinstance(x, T.JuliaType) and not hasattr(x, "data"):
        return host_function(x)
    return to_host(x)


def load_activations(module: Module) -> None:
    """Define all activations, softmax and its kin."""
    same_function(Base.bindings["identity"], activations.identity)
    same_function(Base.bindings["tanh"], activations.tanh)
    KERNELS[Base.bindings["identity"]] = lambda x: x
    for name, aliases in ACTIVATIONS.items():
        activation(module, name, getattr(activations, name), aliases)
    module.const(
        "ACTIVATIONS", vector([Symbol(name) for name in ACTIVATIONS], T.Symbol_), export=False
    )
    for name, f, slope in (
        ("softmax", rules.softmax, softmax_slope), ("logsoftmax", rules.logsoftmax, logsoftmax_slope)
    ):  # fmt: skip
        along_dimension(module, name, f)
        in_place(module, name, slope)

    @module.method("logsumexp(x::AbstractArray; dims=:)", transparent=True)
    def logsumexp(x: Any, *, dims: Any = None) -> Any:
        """`log.(sum(exp.(x); dims))`, computed in a stable way."""
        host = float_host(x)
        whole = dims is None or isinstance(dims, V.ColonType)
        if host is None:
            return big_logsumexp(x, V.COLON if whole else dims)
        return from_host(
            rules.logsumexp(host, None if whole else axes_of(dims, len(rules.shape(host))))
        )

    @module.method("logsumexp(x::Number; dims=:)", transparent=True)
    def logsumexp_of_number(x: Any, *, dims: Any = None) -> Any:
        raise called_with_number("logsumexp")

    fast = {Base.bindings["tanh"]: "tanh_fast", module.bindings["σ"]: "sigmoid_fast"}

    @module.method("fast_act(f, x=nothing)", export=False)
    def fast_act(f: Any, x: Any = None) -> Any:
        """The fast version of an activation, if there is one."""
        name = fast.get(f) if isinstance(f, GenericFunction) else None
        return f if name is None else module.bindings[name]


def float_host(x: Any) -> Any:
    """A Julia array for the engine, integers as floats; None for one of big numbers, which the engine has not."""
    t = getattr(x, "eltype", None)
    if t is BigFloat_ or t is BigInt_:
        return None
    if t is not T.Any_ and t is not None and T.subtype(V.Missing_, t):
        missing = [v for v in elements(np.asarray(x.data)) if v is V.MISSING]
        if missing:  # the largest element is asked whether it is finite
            raise TypeError_(Symbol("if"), "", T.Bool, missing[0])
    if (
        np.asarray(x.data).dtype.kind == "c"
        or getattr(t, "typename", None) is T.unwrap(Complex_).typename
    ):
        z = Base.bindings["zero"](t)
        Base.bindings["isless"](z, z)  # there is no order of complex numbers
    elif not T.subtype(t, T.Number):
        Base.bindings["float"](t)
    host = to_host(x)
    plain = zygote.primal(host)
    return host if np.asarray(plain).dtype.kind == "f" else rules.floating(host)


def _dotted(name: str, *args: Any) -> Any:
    return Base.bindings["broadcast"](Base.bindings[name], *args)


def big_softmax(x: Any, dims: Any, logarithm: bool) -> Any:
    """`softmax` or `logsoftmax` of big numbers, by Base's own functions."""
    x = Base.bindings["float"](x)
    peak, total = Base.bindings["maximum"], Base.bindings["sum"]
    y = _dotted("-", x, peak.call_kw({"dims": dims}, x))
    e = _dotted("exp", y)
    whole = total.call_kw({"dims": dims}, e)
    return _dotted("-", y, _dotted("log", whole)) if logarithm else _dotted("/", e, whole)


def big_logsumexp(x: Any, dims: Any) -> Any:
    """`logsumexp` of big numbers, by Base's own functions."""
    x = Base.bindings["float"](x)
    options = {} if dims is V.COLON else {"dims": dims}
    peak = Base.bindings["maximum"].call_kw(options, x)
    return _dotted(
        "+",
        peak,
        _dotted(
            "log", Base.bindings["sum"].call_kw(options, _dotted("exp", _dotted("-", x, peak)))
        ),
    )


def along_dimension(module: Module, name: str, f: Any) -> None:
    """`softmax(x; dims=1)` and `logsoftmax`."""

    @module.method(f"{name}(x::AbstractArray; dims=1)", transparent=True)
    def call(x: Any, *, dims: Any = 1) -> Any:
        host = float_host(x)
        if host is None:
            return big_softmax(x, dims, name == "logsoftmax")
        if not rules.shape(host):  # one number alone
            one = f(rules.reshape(host, (1,)), (0,))
            return from_host(rules.reshape(one, ()))
        return from_host(f(host, axes_of(dims, len(rules.shape(host)))))

    call.__doc__ = f.__doc__

    @module.method(f"{name}(x::Number; dims=1)", transparent=True)
    def number(x: Any, *, dims: Any = 1) -> Any:
        raise called_with_number(name)

    same_function_whole(module.bindings[name], f)


def called_with_number(name: str) -> ErrorException:
    """The error of a function of arrays that a layer broadcasts."""
    return ErrorException(
        f"`{name}(x)` called with a number, but it expects an array. Usually this is because a "
        "layer like `Dense(3,4,softmax)` is broadcasting it like an activation function; "
        "`softmax` needs to be outside the layer."
    )


def axes_of(dims: Any, n: int) -> tuple[int, ...]:
    """Dimensions as Julia counts them, or the colon for all, as axes."""
    axes = shapes.axes_of(dims, n)
    return tuple(range(n)) if axes is None else axes


def softmax_slope(g: Any, y: Any, axes: tuple[int, ...]) -> Any:
    """What a cotangent `g` of `y = softmax(x)` is for `x`."""
    both = rules.mul(g, y)
    return rules.sub(both, rules.mul(y, rules.sum_along(both, axes)))


def logsoftmax_slope(g: Any, y: Any, axes: tuple[int, ...]) -> Any:
    """What a cotangent `g` of `y = logsoftmax(x)` is for `x`."""
    return rules.sub(g, rules.mul(rules.sum_along(g, axes), rules.exp(y)))


def in_place(module: Module, name: str, slope: Any) -> None:
    """`softmax!`, `∇softmax`, `∇softmax!` and those of `logsoftmax`."""
    plain = module.bindings[name]

    @module.method(f"{name}!(out::AbstractArray, x::AbstractArray; dims=1)")
    def into(out: Any, x: Any, *, dims: Any = 1) -> Any:
        return Base.bindings["copyto!"](out, plain.call_kw({"dims": dims}, x))

    @module.method(f"{name}!(x::AbstractArray; dims=1)")
    def itself(x: Any, *, dims: Any = 1) -> Any:
        return into(x, x, dims=dims)

    @module.method(f"∇{name}(dy::AbstractArray, y::AbstractArray; dims=1)", transparent=True)
    def back(dy: Any, y: Any, *, dims: Any = 1) -> Any:
        return from_host(slope(to_host(dy), to_host(y), axes_of(dims, y.data.ndim)))

    @module.method(f"∇{name}!(out::AbstractArray, dy::AbstractArray, y::AbstractArray; dims=1)")
    def back_into(out: Any, dy: Any, y: Any, *, dims: Any = 1) -> Any:
        return Base.bindings["copyto!"](out, back(dy, y, dims=dims))

    into.__doc__ = itself.__doc__ = f"`{name}`, written over `out`."
    back.__doc__ = back_into.__doc__ = f"The cotangent of `x` for one of `y = {name}(x)`."


def same_function_whole(julia: GenericFunction, engine: Any) -> None:
    """Engine functions of whole arrays; as an activation the Julia function is broadcast."""
    boundary._JULIA.setdefault(id(engine), julia)
    boundary._KEPT.extend((julia, engine))


# The functions of NNlib on images and batches, with what each takes.
_WINDOW = "k::NTuple{N,Integer}; keywords...) where N"
NNLIB: dict[str, tuple[str, ...]] = {
    "conv": ("(x::AbstractArray, w::AbstractArray; keywords...)",),
    "maxpool": (f"(x::AbstractArray, {_WINDOW}",),
    "meanpool": (f"(x::AbstractArray, {_WINDOW}",),
    "lpnormpool": (f"(x::AbstractArray, p::Real, {_WINDOW}",),
    "pixel_shuffle": ("(x::AbstractArray, r::Integer)",),
    "upsample_nearest": (
        "(x::AbstractArray, scale::NTuple{N,Integer}) where N",
        "(x::AbstractArray; size)",
    ),
    "batched_mul": ("(A::AbstractArray, B::AbstractArray)",),
    "batched_vec": ("(A::AbstractArray, B::AbstractArray)",),
    "dot_product_attention": (
        "(q::AbstractArray{<:Any,N}, k::AbstractArray{<:Any,N}, v::AbstractArray{<:Any,N}, "
        "bias=nothing; keywords...) where N",
    ),
}
UNFOLDING = {
    "unfold": "(x::AbstractArray, kernel_size::NTuple{K,Any}; keywords...) where K",
    "fold": "(x::AbstractArray, output_size::NTuple{K,Any}, kernel_size::NTuple{L,Any}; "
    "keywords...) where {K,L}",
}
PADDINGS = (
    "pad_constant", "pad_zeros", "pad_repeat", "pad_reflect", "pad_symmetric", "pad_circular",
)  # fmt: skip


def load_nnlib(module: Module) -> None:
    """Convolution, pooling, sampling and attention as functions."""
    from juliette.packages.flux import dropping
    from juliette_engine import functions as engine

    for name, headers in NNLIB.items():
        for header in headers:
            expose(module, name, getattr(engine, name), header, export=True)
    module.const("⊠", module.bindings["batched_mul"])
    batched.load(module)
    for name, header in UNFOLDING.items():
        expose(module, name, getattr(engine, name), header)
    expose(module, "ctc_loss", losses.ctc_loss, "(ŷ::AbstractArray, y; keywords...)", export=True)
    for name in PADDINGS:
        padding(module, name, getattr(engine, name))
    dropping.load(module)


def padding(module: Module, name: str, f: Any) -> None:
    """A padding function; dimensions count from one here, from zero there."""

    value = ", value=0" if name == "pad_constant" else ""
    taken = "Int,Tuple" if name.startswith("pad_constant") else "Int,Tuple{Vararg{Int}}"

    @module.method(
        f"{name}(x::AbstractArray, pad::Union{{{taken}}}{value}; dims=:)", transparent=True
    )
    def call(x: Any, pad: Any, *args: Any, dims: Any = None) -> Any:
        where = None
        if isinstance(dims, int):
            where = (dims - 1,)
        elif dims is not None and not isinstance(dims, V.ColonType):
            where = tuple(d - 1 for d in support.iterate(dims))
        if not known(x) and not args and name not in ("pad_constant", "pad_zeros"):
            # elements of any kind: which of them stand where
            size = np.shape(x.data)
            places = np.arange(1, x.data.size + 1).reshape(size, order="F")
            return Base.bindings["getindex"](x, from_host(f(places, to_host(pad), dims=where)))
        return from_host(f(to_host(x), to_host(pad), *map(to_host, args), dims=where))

    call.__doc__ = f.__doc__


def load_initialisers(module: Module) -> None:
    """Initialisers: with sizes they give an array, without a function of sizes."""
    for name in INITIALISERS:
        initialiser(module, name, getattr(initialisers, name))

    @module.method("nfan(dims...)", export=False)
    def nfan(*dims: Any) -> Any:
        """Inputs and outputs that meet in an array of weights: `(in, out)`."""
        shape = dims[0] if len(dims) == 1 and type(dims[0]) is tuple else dims
        if len(shape) == 1 and isinstance(shape[0], ArrayLike):
            shape = np.shape(shape[0].data)
        if not all([T.isa(n, T.Integer) for n in shape]):
            raise NoMethod("sizes are whole numbers")
        return initialisers.fans(shape)


def initialiser(module: Module, name: str, f: Any) -> None:
    """One initialiser."""

    known = set(inspect.signature(f).parameters)

    @module.method(f"{name}(args...; keywords...)", export=name.endswith("32"), transparent=True)
    def call(*args: Any, **keywords: Any) -> Any:
        given = dict(keywords)
        if not known >= given.keys():
            raise MethodError(KeywordCall(module.bindings[name], given), args, None)
        if args and is_rng(args[0]) and name not in ("ones32", "zeros32"):
            given["rng"], args = args[0], args[1:]
        if not args and not name.endswith("32"):
            return lambda *dims, **more: call(*dims, **{**given, **more})
        dims = args[0] if len(args) == 1 and type(args[0]) is tuple else args
        if not all([T.isa(d, T.Integer) for d in dims]):
            if name in FILLED:
                f32 = Base.bindings[name.removesuffix("32")]
                raise MethodError(f32, (T.Float32, *args), None)
            raise NoMethod("sizes are whole numbers")
        return from_host(f(*map(int, dims), **given))

    call.__doc__ = f.__doc__
    boundary._JULIA[id(f)] = module.bindings[name]
    boundary._KEPT.append(f)


def follow_julia() -> None:
    """Random numbers of the engine are Julia's from now on."""
    initialisers.set_random_source(JuliaSource())


class JuliaSource:
    """Julia's own generators as the engine's source of random numbers."""

    def _rng(self, rng: Any) -> Any:
        from juliette.base.randomness import default_rng

        return default_rng() if rng is None else rng

    def uniform(self, size: int, dtype: Any, rng: Any) -> Any:
        """Numbers in [0, 1)."""
        rng = self._rng(rng)
        return rng.fill_float32(size) if dtype == np.float32 else rng.fill_float64(size)

    def normal(self, size: int, dtype: Any, rng: Any) -> Any:
        """Standard normal numbers."""
        return self._rng(rng).fill_randn(size, dtype)

    def permutation(self, size: int, rng: Any) -> Any:
        """A random order, as `shuffle` draws it."""
        return np.asarray(self._rng(rng).shuffle_indices(size), dtype=np.int64) - 1
