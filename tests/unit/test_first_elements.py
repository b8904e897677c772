"""Who wants one element of a long collection does not wait for all of them."""

from __future__ import annotations

from contextlib import closing

import pytest

from juliette.base.cartesian import CartesianIndices
from juliette.interpreter import Interpreter
from juliette.runtime.slots import SlotTable


@pytest.mark.parametrize(
    "code",
    [
        "first(d)",
        "first(keys(d)), first(values(d))",
        "pop!(s), first(s), iterate(s)",
        "while length(s) > 990; pop!(s); end",
        "first(CartesianIndices(m)), first(pairs(m))",
        "rand(v), rand(m)",
    ],
)
def test_one_element(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Interpreter()) as julia:
        julia.run("d = Dict(i => i for i in 1:1000); s = Set(1:1000); m = zeros(30, 40)")
        julia.run("v = collect(1:1000)")

        def all_of_it(*_: object) -> None:
            raise AssertionError("all elements were asked for")

        monkeypatch.setattr(SlotTable, "order", all_of_it)
        monkeypatch.setattr(CartesianIndices, "data", property(all_of_it))
        monkeypatch.setattr("juliette.base.randomness.iterate_value", all_of_it)
        outcome = julia.run(code)
        assert outcome.error is None


def test_floor_of_slots() -> None:
    table = SlotTable()
    assert table.insert_all(["a", "b", "c"], ["a", "b", "c"])
    whole = list(table.order())
    assert table.first() == whole[0]
    table.remove(whole[0])
    assert table.first() == table.order()[0] == whole[1]
    assert table.insert_all(whole[:1], whole[:1])
    assert table.order() == whole
    assert table.first() == whole[0]


def test_elements_are_sought_piece_by_piece() -> None:
    with closing(Interpreter()) as julia:
        julia.run('v = Vector{String}(undef, 5000); v[1:4500] .= "a"; f(x, v) = x in v')
        julia.run('g(v) = (for x in v; return x; end); h(v) = any(==("a"), v)')
        assert julia.run('f("a", v), g(v), h(v)').error is None
        count = "n = 0; for x in v; global n += 1; end"
        error = julia.run(count).error
        assert error is not None
        assert error.name == "UndefRefError"
        assert julia.run("n").value == 4500
        error = julia.run('f("b", v)').error
        assert error is not None
        assert error.name == "UndefRefError"
