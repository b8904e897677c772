"""What the constructors of layers take: their Julia headers, and the kinds of their keywords.

Whatever else is given has no method, as in Flux, before the engine sees it.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from juliette.base.array_protocol import ArrayLike
from juliette.packages.flux.boundary import from_host, to_host
from juliette.packages.flux.inputs import known
from juliette.runtime import types as T
from juliette.runtime.builtin_methods import eval_type, parse_header
from juliette.runtime.dispatch import KeywordCall
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Symbol
from juliette_engine.layers.conv import Convolution
from juliette_engine.layers.layer import Layer
from juliette_engine.layers.recurrent import Recur

_PAIR = "Pair{<:Integer,<:Integer}"
_BIAS = "bias::Union{Bool,AbstractArray}=true"
_CONVOLUTION = (
    f"(kernel::Tuple{{Vararg{{Integer}}}}, channels::{_PAIR}, σ=identity)",
    f"(weight::AbstractArray, {_BIAS}, σ=identity)",
)
_CELL = (f"(sizes::{_PAIR})", "(in::Integer, out::Integer)")
_CELL_OF_CHOICE = (f"(sizes::{_PAIR}, σ=tanh)", "(in::Integer, out::Integer, σ=tanh)")
_SIZE_AND_ACTIVATION = (
    "(size::Integer...)",
    *(f"({', '.join(f's{i}::Integer' for i in range(n))}, σ)" for n in range(1, 6)),
)
_POOL = ("(k::Tuple{Vararg{Integer}})",)
_LAYERS = ("(layers...)",)
_JOINED = ("(connection, layers...)",)

# The positional arguments of each constructor; a class that is not here takes any.
HEADERS: dict[str, tuple[str, ...]] = {
    "Dense": (
        f"(sizes::{_PAIR}, σ=identity)",
        "(in::Integer, out::Integer, σ=identity)",
        f"(weight::AbstractMatrix, {_BIAS}, σ=identity)",
    ),
    "Scale": (*_SIZE_AND_ACTIVATION, f"(scale::AbstractArray, {_BIAS}, σ=identity)"),
    "Bilinear": (
        f"(sizes::Union{{{_PAIR},Pair{{<:Tuple{{Integer,Integer}},<:Integer}}}}, σ=identity)",
        "(in1::Integer, in2::Integer, out::Integer, σ=identity)",
        f"(weight::AbstractArray, {_BIAS}, σ=identity)",
    ),
    "Embedding": (f"(sizes::{_PAIR})", "(in::Integer, out::Integer)", "(weight::AbstractMatrix)"),
    "EmbeddingBag": (
        f"(sizes::{_PAIR}, reduction=mean)",
        "(weight::AbstractMatrix, reduction=mean)",
    ),
    "Chain": _LAYERS,
    "Maxout": _LAYERS,
    "Parallel": _JOINED,
    "PairwiseFusion": _JOINED,
    "SkipConnection": ("(layers, connection)",),
    "Dropout": ("(p::Real)",),
    "AlphaDropout": ("(p::Real)",),
    "BatchNorm": ("(chs::Int, λ=identity)",),
    "InstanceNorm": ("(chs::Int, λ=identity)",),
    "GroupNorm": ("(chs::Int, G::Int, λ=identity)",),
    "LayerNorm": (*_SIZE_AND_ACTIVATION, "(size::Tuple{Vararg{Integer}}, λ=identity)"),
    "Conv": _CONVOLUTION,
    "ConvTranspose": _CONVOLUTION,
    "CrossCor": _CONVOLUTION,
    "MaxPool": _POOL,
    "MeanPool": _POOL,
    "AdaptiveMaxPool": _POOL,
    "AdaptiveMeanPool": _POOL,
    "GlobalMaxPool": ("()",),
    "GlobalMeanPool": ("()",),
    "Upsample": (
        "(mode::Symbol=:nearest)",
        "(scale::Union{Real,Tuple{Vararg{Real}}}, mode::Symbol=:nearest)",
    ),
    "PixelShuffle": ("(r::Integer)",),
    "WeightNorm": ("(layer, which::Symbol=:weight)",),
    "MultiHeadAttention": (
        f"(dims::Union{{Integer,Pair{{<:Integer,<:Union{{Integer,{_PAIR},Pair{{<:{_PAIR},<:Integer}}}}}},"
        f"Pair{{<:Tuple{{Integer,Integer,Integer}},<:Union{{{_PAIR},Pair{{<:{_PAIR},<:Integer}}}}}}}})",
    ),
    "RNNCell": _CELL_OF_CHOICE,
    "LSTMCell": _CELL,
    "GRUCell": _CELL,
    "GRUv3Cell": _CELL,
    "RNN": (*_CELL_OF_CHOICE, "(cell::RNNCell)"),
    "LSTM": (*_CELL, "(cell::LSTMCell)"),
    "GRU": (*_CELL, "(cell::GRUCell)"),
    "GRUv3": (*_CELL, "(cell::GRUv3Cell)"),
    "Recurrence": ("(cell)",),
    "Recur": ("(cell)", "(cell, state)"),
}

_SIZES = "Union{Integer,Tuple{Vararg{Integer}}}"
_SWITCH = "Union{Bool,Nothing}"
# The kinds of keywords that mean the same wherever they are.
KINDS = {
    "bias": "Union{Bool,AbstractArray,Nothing}",
    "stride": _SIZES,
    "dilation": _SIZES,
    "pad": f"Union{{{_SIZES},SamePad}}",
    "outpad": _SIZES,
    "groups": "Integer",
    "dims": "Union{Colon,Integer,Tuple{Vararg{Integer}}}",
    "active": "Union{Bool,Nothing,Symbol}",
    "affine": _SWITCH,
    "track_stats": _SWITCH,
    "return_state": _SWITCH,
    "nheads": "Integer",
    "scale": "Union{Nothing,Real,Tuple{Vararg{Real}}}",
    "size": f"Union{{Nothing,{_SIZES}}}",
    **dict.fromkeys(("eps", "ϵ", "ε", "momentum", "dropout_prob"), "Real"),
}


def headers_of(name: str) -> list[str]:
    """The headers of a constructor, but for its name."""
    return [f"{header[:-1]}; keywords...)" for header in HEADERS.get(name, ("(args...)",))]


def signature_of(cls: type[Layer]) -> inspect.Signature:
    """Any arguments, and the keywords of a constructor."""
    names = keywords_of(cls)
    P = inspect.Parameter
    keywords = (
        [P("keywords", P.VAR_KEYWORD)]
        if names is None
        else [P(n, P.KEYWORD_ONLY, default=None) for n in sorted(names)]
    )
    return inspect.Signature([P("T", P.POSITIONAL_ONLY), P("args", P.VAR_POSITIONAL), *keywords])


@functools.cache
def _kind(module: Module, name: str) -> Any:
    return eval_type(parse_header(KINDS[name]), module, {})


_KEYWORDS: dict[type[Layer], frozenset[str] | None] = {}


def keywords_of(cls: type[Layer]) -> frozenset[str] | None:
    """The keywords that the constructor of a class takes; None if it takes any."""
    if cls not in _KEYWORDS:
        _KEYWORDS[cls] = _keywords_of(cls)
    return _KEYWORDS[cls]


def _keywords_of(cls: type[Layer]) -> frozenset[str] | None:
    found: set[str] = set()
    cell = getattr(cls, "cell_class", None)
    if cell is not None:  # what is not the layer's own goes to its cell
        found |= keywords_of(cell) or frozenset()
    for owner in cls.__mro__:
        own = owner.__dict__.get("__init__")
        if own is None:
            continue
        parameters = inspect.signature(own).parameters.values()
        found |= {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        if cell is not None or all([p.kind is not p.VAR_KEYWORD for p in parameters]):
            return frozenset(found)
    return None


def check(
    module: Module, t: Any, cls: type[Layer], args: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    """Raise the MethodError of a constructor for arrays of no numbers, and for keywords of other kinds."""
    if keywords_of(cls) is None:  # what it is given are its parts
        return
    if issubclass(cls, Convolution) and isinstance(args[0], ArrayLike) and args[0].data.ndim < 2:
        raise ArgumentError(f"tuple length should be ≥ 0, got {args[0].data.ndim - 2}")
    if cls is Recur and len(args) == 1:  # it begins with what the cell says
        Base.bindings["getproperty"](args[0], Symbol("state0"))
    if any([isinstance(x, ArrayLike) and not known(x) for x in (*args, *keywords.values())]) or any(
        [name in KINDS and not T.isa(x, _kind(module, name)) for name, x in keywords.items()]
    ):
        raise MethodError(KeywordCall(t, keywords) if keywords else t, args, None)


def maker(t: Any, args: tuple[Any, ...], f: Any) -> Any:
    """A user's function for the parameters of a layer; there is no layer of anything but arrays."""

    def make(*size: Any) -> Any:
        made = f(*map(from_host, size))
        if not (isinstance(made, ArrayLike) and known(made)):
            raise MethodError(t, (made, *args), None)
        return to_host(made)

    return make
