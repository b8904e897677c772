"""Saving and loading: values come back equal, code never, damaged files are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from juliette.interpreter import Interpreter


@pytest.fixture
def session() -> Interpreter:
    return Interpreter()


def value(session: Interpreter, code: str) -> Any:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error.render()
    return outcome.value


def error(session: Interpreter, code: str) -> str:
    outcome = session.run(code)
    assert outcome.error is not None
    return outcome.error.message


def test_a_model_comes_back(session: Interpreter, tmp_path: Path) -> None:
    value(
        session,
        f'''
        using Flux, BSON
        file = "{tmp_path}/model.bson"
        model = Chain(Dense(2 => 3, relu), BatchNorm(3), softmax)
        before = model
        BSON.@save file model
        model = nothing
        told = BSON.@load file model
    ''',
    )
    assert value(session, "told === nothing")
    assert value(session, "string(model) == string(before)")
    assert value(session, "model[1].weight == before[1].weight")
    assert not value(session, "model[1].weight === before[1].weight")
    assert value(session, "model(ones(Float32, 2, 4)) == before(ones(Float32, 2, 4))")


def test_states_and_small_values(session: Interpreter, tmp_path: Path) -> None:
    value(
        session,
        f'''
        using Flux, JLD2
        file = "{tmp_path}/state.jld2"
        model = Dense(2 => 3)
        jldsave(file; state = Flux.state(model), epoch = 3, name = "run", rate = 1f-3)
    ''',
    )
    assert value(session, 'JLD2.load(file, "epoch")') == 3
    assert value(session, 'JLD2.load(file, "epoch", "name")') == (3, "run")
    assert value(session, 'JLD2.load(file)["rate"] === 1f-3')
    value(session, 'Flux.loadmodel!(model, JLD2.load(file, "state"))')
    assert "KeyError" in error(session, 'JLD2.load(file, "other")')


def test_shared_arrays_stay_shared(session: Interpreter, tmp_path: Path) -> None:
    value(
        session,
        f'''
        using BSON
        file = "{tmp_path}/shared.bson"
        w = [1.0, 2.0]
        BSON.bson(file, Dict(:a => w, :b => (w, :x, [1 2; 3 4], nothing, "t" => 1)))
        found = BSON.load(file)
    ''',
    )
    assert value(session, "found[:a] === found[:b][1]")
    assert value(session, 'found[:b][2:end] == (:x, [1 2; 3 4], nothing, "t" => 1)')


def test_code_is_not_saved(session: Interpreter, tmp_path: Path) -> None:
    assert "they hold code" in error(
        session, f'using BSON; BSON.bson("{tmp_path}/f.bson", Dict(:f => x -> x))'
    )


@pytest.mark.parametrize(
    "made",
    [
        "'a'", "['a', 'é']", "1:3", "Base.OneTo(2)", "7:-2:1", "0.0:0.1:1.0", "'a':'c'",
        "LinRange(0, 1, 3)", "missing", "[1.5 missing]", "Set(['a'])", "3//4", "big(2)//3",
        "1 + 2im", "trues(2, 2)", "falses(0)", 'big"1.5"', "big(2)^70", "typemax(Int128)",
        "Some(nothing)", "π", "CartesianIndex(1, 2)", "[1 2]'", "transpose([1 2])",
        "view([1 2; 3 4], :, 1)", 'v"1.2-rc1"', "Date(2020, 1, 1)", "DateTime(2020, 1, 1, 3)",
        "Time(1, 2)", "Month(2)", "Date(2020):Day(1):Date(2021)", "Dict('a' => (x = 1:2,))",
    ],
)  # fmt: skip
def test_values_of_base_and_dates_keep_their_type(
    session: Interpreter, tmp_path: Path, made: str
) -> None:
    value(session, f'using BSON, Dates; x = {made}; BSON.@save "{tmp_path}/x.bson" x')
    value(session, f'y = BSON.load("{tmp_path}/x.bson")[:x]')
    assert value(session, "isequal(x, y) && typeof(x) == typeof(y)")


def test_a_value_is_made_of_its_own_type_only() -> None:
    from juliette.packages import bson_values

    with pytest.raises(KeyError):
        bson_values.make("Rational", ["Main", "Rational"], None, [])
    with pytest.raises(KeyError):
        bson_values.make("Period", ["Base", "IOBuffer"], None, [])


@pytest.mark.parametrize("damage", ["", "text", "cut", "length"])
def test_damaged_files_are_refused(session: Interpreter, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "x.bson"
    value(session, f'using BSON; BSON.bson("{file}", Dict(:a => [1.0, 2.0]))')
    data = file.read_bytes()
    file.write_bytes(
        {
            "": b"",
            "text": b"no such thing",
            "cut": data[:-9],
            "length": b"\xff\xff\xff\x7f" + data[4:],
        }[damage]
    )
    assert "damaged" in error(session, f'BSON.load("{file}")')
    assert "opening file" in error(session, f'BSON.load("{tmp_path}/none")')


def test_files_of_other_programs_are_named(session: Interpreter, tmp_path: Path) -> None:
    file = tmp_path / "x.jld2"
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))
    assert "HDF5" in error(session, f'using JLD2; JLD2.load("{file}")')
