"""Orders of elimination that keep the factors of a sparse matrix sparse, and `L*D*L'` in them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.stdlib.sparse_arrays.storage import Columns

Graph = list[set[int]]


def leave(graph: Graph, v: int) -> set[int]:
    """Eliminate a vertex: its neighbours are joined. That is how a matrix fills."""
    near = graph[v]
    for u in near:
        joined = graph[u]
        joined |= near
        joined.discard(u)
        joined.discard(v)
    graph[v] = set()
    return near


def eliminated(graph: Graph, order: Any) -> list[set[int]]:
    """The neighbours that each vertex still has when it goes in some order."""
    return [leave(graph, v) for v in order.tolist()]


def minimum_degree(graph: Graph) -> tuple[Any, list[set[int]]]:
    """An order in which each time one with the fewest neighbours goes, and those neighbours."""
    heap = [(len(near), v) for v, near in enumerate(graph)]
    heapify(heap)
    gone = [False] * len(graph)
    order, left = [], []
    while heap:
        degree, v = heappop(heap)
        if gone[v] or degree != len(graph[v]):
            continue
        gone[v] = True
        near = leave(graph, v)
        order.append(v)
        left.append(near)
        for u in near:
            heappush(heap, (len(graph[u]), u))
    return np.array(order, dtype=np.int64), left


def symmetric_graph(a: Columns) -> Graph:
    """Rows and columns are the vertices; what is stored joins them."""
    graph: Graph = [set() for _ in range(a.shape[1])]
    for i, j in zip(a.indices.tolist(), a.columns.tolist(), strict=True):
        if i != j:
            graph[i].add(j)
            graph[j].add(i)
    return graph


def column_graph(a: Columns) -> Graph:
    """The columns are the vertices; those that meet in a row are joined."""
    rows: Graph = [set() for _ in range(a.shape[0])]
    graph: Graph = [set() for _ in range(a.shape[1])]
    for i, j in zip(a.indices.tolist(), a.columns.tolist(), strict=True):
        rows[i].add(j)
    for row in rows:
        for j in row:
            graph[j] |= row
    for j, near in enumerate(graph):
        near.discard(j)
    return graph


def same_places_turned(a: Columns) -> bool:
    """Is a square matrix stored at the same places as its transpose?"""
    turned = a.transposed()
    return np.array_equal(a.indptr, turned.indptr) and np.array_equal(a.indices, turned.indices)


def orders_of(a: Columns) -> tuple[Any, Any]:
    """The rows and the columns in the order in which LU takes them, before it looks for pivots."""
    if a.shape[0] == a.shape[1] and same_places_turned(a):
        order, _ = minimum_degree(symmetric_graph(a))
        return order, order
    return np.arange(a.shape[0]), minimum_degree(column_graph(a))[0]


def is_odd(order: Any) -> bool:
    """Is a permutation made of an odd number of exchanges?"""
    seen = np.zeros(len(order), bool)
    odd = False
    for start in range(len(order)):
        length, at = 0, start
        while not seen[at]:
            seen[at] = True
            at = int(order[at])
            length += 1
        odd ^= length > 0 and length % 2 == 0
    return odd


def unit_factor(
    a: Columns, order: Any, left: list[set[int]], positive: bool
) -> tuple[Columns, Any, int]:
    """`L` and `d` of `A[order, order] == L * Diagonal(d) * L'`, and where it fails, or 0.

    `left` are the neighbours that the vertices have when they go: the places of the factor.
    """
    n = len(order)
    kind: Any = complex if a.data.dtype.kind == "c" else float
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    rows = [np.sort(place[list(near)]) if near else place[:0] for near in left]
    values = [np.zeros(len(r), kind) for r in rows]
    d = np.zeros(n, kind)
    data = a.data.astype(kind)
    for j, v in enumerate(order.tolist()):
        span = slice(int(a.indptr[v]), int(a.indptr[v + 1]))
        at, given = place[a.indices[span]], data[span]
        values[j][np.searchsorted(rows[j], at[at > j])] = given[at > j]
        d[j] = given[at == j].sum()
    info = 0
    # What a column adds to those after it waits with the next column that it touches.
    waiting: list[list[tuple[Any, Any]]] = [[] for _ in range(n)]
    for j in range(n):
        here = np.concatenate(([j], rows[j]))
        front = np.zeros((len(here), len(here)), kind)
        front[0, 0], front[1:, 0] = d[j], values[j]
        for where, update in waiting[j]:
            at = np.searchsorted(here, where)
            front[at[:, None], at] += update
        waiting[j] = []
        pivot = d[j] = front[0, 0].real
        if not (pivot > 0 if positive else pivot != 0):
            info = j + 1
            break
        whole = front[1:, 0]
        values[j] = column = whole / pivot
        if len(column):
            rest = front[1:, 1:] - np.multiply.outer(column, whole.conj())
            waiting[rows[j][0]].append((rows[j], rest))
    one = np.ones(1, kind)
    indptr = np.concatenate(([0], np.cumsum([len(r) + 1 for r in rows]))).astype(np.int64)
    indices = [part for j, r in enumerate(rows) for part in (np.array([j]), r)]
    parts = [part for v in values for part in (one, v)]
    joined = np.concatenate(parts) if parts else np.zeros(0, kind)
    where = np.concatenate(indices) if indices else place
    out = Columns((n, n), indptr, where, joined, T.TYPE_OF_DTYPE[joined.dtype])
    return out, d.real.copy(), info


def solved(low: Columns, d: Any, x: Any) -> Any:
    """The solution of `L * Diagonal(d) * L' * x = b`, by columns."""
    x = np.array(x, np.result_type(x.dtype, low.data.dtype))
    spans = [slice(a + 1, b) for a, b in pairwise(low.indptr.tolist())]
    for j, span in enumerate(spans):
        below = low.indices[span]
        x[below] -= np.multiply.outer(low.data[span], x[j])
    x = x / (d if x.ndim == 1 else d[:, None])
    for j in range(len(spans) - 1, -1, -1):
        x[j] -= low.data[spans[j]].conj() @ x[low.indices[spans[j]]]
    return x
