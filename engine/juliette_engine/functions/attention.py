"""Scaled dot-product attention (Vaswani and others, 2017)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import rules
from juliette_engine.activations import where
from juliette_engine.functions.gathering import batched_mul, batched_transpose
from juliette_engine.primitives import permute, shape
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
        logits = rules.add(logits, bias)
    if mask is not None:
        chosen = np.asarray(primal(mask), dtype=bool)
        chosen = chosen.reshape(chosen.shape + (1,) * (4 - chosen.ndim), order="F")
        lowest = float(np.finfo(primal(logits).dtype).min)
        logits = where(np.broadcast_to(chosen, shape(logits)), logits, lowest)
    α = rules.softmax(logits)
    return α if fdrop is None else fdrop(α)


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
    """The values weighted by how well keys fit queries, and the weights.

    Inputs are `features × length × batch`, or without a batch.
    """
    alone = len(shape(q)) == 2
    if alone:
        q, k, v = (rules.reshape(x, (*shape(x), 1)) for x in (q, k, v))
    α = attention_scores(q, k, bias, mask=mask, nheads=nheads, fdrop=fdrop)
    kv, length, _, batch = shape(α)
    y = batched_mul(heads(v, nheads), rules.reshape(α, (kv, length, nheads * batch)))
    y = permute(rules.reshape(y, (shape(y)[0], length, nheads, batch)), axes=(0, 2, 1, 3))
    y = rules.reshape(y, (shape(v)[0], length, batch))
    if alone:
        return rules.reshape(y, shape(y)[:2]), rules.reshape(α, shape(α)[:3])
    return y, α


def make_causal_mask(x: Any, *, dims: int = 2) -> Any:
    """`mask[i, j]` is true for `i ≤ j`: nothing looks ahead."""
    n = shape(x)[dims - 1]
    return np.triu(np.ones((n, n), dtype=bool))
