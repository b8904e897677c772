"""`hash` of long arrays: Julia's value, without looking at every element."""

from __future__ import annotations

import time

from juliette.interpreter import Interpreter


def test_long_vectors_and_ranges_hash_alike() -> None:
    told = Interpreter()
    assert told.run("hash(1:9000) == hash(collect(1:9000)) == hash(Float64.(1:9000))").value is True
    assert told.run("hash(collect(1:9000)) == 0xd78d8b8ee2e0012d").value is True


def test_a_large_matrix_is_hashed_in_a_moment() -> None:
    told = Interpreter()
    start = time.perf_counter()
    assert told.run("a = reshape(1:90000, 300, 300); hash(a) == hash(collect(a))").value is True
    assert told.run("hash(zeros(1000, 1000)) == hash(zeros(Int, 1000, 1000))").value is True
    assert time.perf_counter() - start < 20
