"""Scaled dot-product attention (Vaswani and others, 2017)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import rules
from juliette_engine.activations import where
from juliette_engine.errors import ArgumentError, Inapplicable, unequal
from juliette_engine.functions.gathering import batched_mul, batched_transpose
from juliette_engine.primitive import shape
from juliette_engine.primitives import permute
from juliette_engine.tape import primal


def heads(x: Any, n: int) -> Any:
    """`features ÷ n × length × (n · batch)` from `features × length × batch`."""
    d, length, batch = shape(x)
    split = rules.reshape(x, (d // n, n, length, batch))
    return rules.reshape(permute(split, axes=(0, 2, 1, 3)), (d // n, length, n * batch))


def attention_scores(q: Any, k: Any, bias: Any, *, mask: Any, nheads: int, fdrop: Any) -> Any:
    """Weights of the values for each query: `kv_length × q_length × heads × batch`."""
    d, length, batch = shape(q)
    scale = primal(q).dtype.type(1 / math.sqrt(d // nheads))
    queries, keys = rules.mul(heads(q, nheads), scale), heads(k, nheads)
    logits = batched_mul(batched_transpose(keys), queries)
    logits = rules.reshape(logits, (shape(k)[1], length, nheads, batch))
    if bias is not None:
        logits = rules.add(logits, fitting(bias, shape(logits)))
    if mask is not None:
        if isinstance(mask, str):
            if mask != "causal":
                raise ArgumentError(f"the mask is an array, or causal, and not {mask}")
            mask = np.triu(np.ones(shape(logits)[:2], dtype=bool))
        chosen = fitting(np.asarray(primal(mask), dtype=bool), shape(logits))
        logits = where(np.broadcast_to(chosen, shape(logits)), logits, -math.inf)
    α = rules.softmax(logits)
    return α if fdrop is None else fdrop(α)


def fitting(x: Any, logits: tuple[int, ...]) -> Any:
    """A mask or a bias with as many dimensions as the scores that it fits."""
    given = shape(x)
    if len(given) > 4 or any(n not in (1, m) for n, m in zip(given, logits, strict=False)):
        raise unequal([logits, given])
    return rules.reshape(x, given + (1,) * (4 - len(given)))


def checked(q: Any, k: Any, v: Any, nheads: int) -> None:
    """The sizes of queries, keys and values fit together."""
    sizes = {"q": shape(q), "k": shape(k), "v": shape(v)}

    def must(fits: bool, text: str, names: str = "qkv", *rest: str) -> None:
        if not fits:
            lines = (*(f"- size({n}): {sizes[n]}" for n in names), *rest)
            raise ArgumentError("\n".join((text, *lines, "")))

    (n, _, batch), (m, length, _), (last, values, _) = sizes.values()
    heads = f"- nheads: {nheads}"
    text = "First dimension in query, key and value must be divisible by `nheads`.\nInstead:"
    must(n % nheads == m % nheads == last % nheads == 0, text, "qkv", heads)
    must(
        all(size[2] == batch for size in sizes.values()),
        "Batch dimensions have to be the same. Instead:",
    )
    must(n == m, "First dimension in query and key has to be the same. Instead:", "qk")
    must(length == values, "Second dimension in key and value has to be the same. Instead:", "kv")


def dot_product_attention(
    q: Any,
    k: Any,
    v: Any,
    bias: Any = None,
    *,
    mask: Any = None,
    nheads: int = 1,
    fdrop: Callable[[Any], Any] | None = None,
) -> tuple[Any, Any]:
    """The values weighted by how well keys fit queries, and the weights, which `fdrop` goes over.

    Inputs are `features × length × batch`, with any number of batch dimensions or none.

    Shapes: queries `q` are features × length × batch; keys `k` and values `v` are of one length;
    `bias` and `mask` fit the weights, keys × queries × `nheads` × batch.
    Raises: DimensionMismatch if they do not fit, or `nheads` does not divide the features.
    Source: Vaswani and others (2017); NNlib, `dot_product_attention`.
    """
    if not len(shape(q)) == len(shape(k)) == len(shape(v)) >= 2:
        raise Inapplicable("dot_product_attention", (q, k, v), whole=True)
    batches = [shape(x)[2:] for x in (q, k, v)]
    if len(batches[0]) != 1:
        if batches[0] != batches[1] or batches[0] != batches[2]:
            raise ArgumentError("Batch dimensions have to be the same.")
        q, k, v = (rules.reshape(x, (*shape(x)[:2], math.prod(shape(x)[2:]))) for x in (q, k, v))
    checked(q, k, v, nheads)
    α = attention_scores(q, k, bias, mask=mask, nheads=nheads, fdrop=fdrop)
    kv, length, _, batch = shape(α)
    y = batched_mul(heads(v, nheads), rules.reshape(α, (kv, length, nheads * batch)))
    y = permute(rules.reshape(y, (shape(y)[0], length, nheads, batch)), axes=(0, 2, 1, 3))
    return rules.reshape(y, (shape(v)[0], length, *batches[0])), rules.reshape(
        α, (*shape(α)[:3], *batches[0])
    )


def make_causal_mask(x: Any, *, dims: int = 2) -> Any:
    """`mask[i, j]` is true for `i ≤ j`: nothing looks ahead.

    Shapes: `n × n` for the size `n` of `x` in the dimension `dims`.
    Source: NNlib, `make_causal_mask`.
    """
    n = (*shape(x), *(1,) * dims)[dims - 1]
    return np.triu(np.ones((n, n), dtype=bool))
