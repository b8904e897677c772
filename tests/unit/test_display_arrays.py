"""Arrays that do not fit on the display: which rows and columns are shown, and at what cost."""

from __future__ import annotations

import time

import pytest

from juliette.interpreter import Interpreter


@pytest.fixture(scope="module")
def session() -> Interpreter:
    return Interpreter(display_size=(30, 80))


def shown(session: Interpreter, code: str, size: tuple[int, int] = (30, 80)) -> str:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error
    return session.display_text(outcome.value, size=size)


def test_long_vector(session: Interpreter) -> None:
    lines = shown(session, "collect(1:30)").split("\n")
    assert lines[0] == "30-element Vector{Int64}:"
    assert lines[1] == "  1"
    assert lines[13:16] == [" 13", "  ⋮", " 19"]
    assert len(lines) == 27


def test_wide_matrix(session: Interpreter) -> None:
    code = "permutedims(reshape(collect(0:59) / 7, 20, 3))"
    assert shown(session, code) == (
        "3×20 Matrix{Float64}:\n"
        " 0.0      0.142857  0.285714  0.428571  …  2.28571  2.42857  2.57143  2.71429\n"
        " 2.85714  3.0       3.14286   3.28571      5.14286  5.28571  5.42857  5.57143\n"
        " 5.71429  5.85714   6.0       6.14286      8.0      8.14286  8.28571  8.42857"
    )


def test_matrix_cut_both_ways(session: Interpreter) -> None:
    text = shown(session, "[i * 40 + j for i in 0:11, j in 0:39]", (12, 80))
    assert text == (
        "12×40 Matrix{Int64}:\n"
        "   0    1    2    3    4    5    6    7  …   33   34   35   36   37   38   39\n"
        "  40   41   42   43   44   45   46   47      73   74   75   76   77   78   79\n"
        "  80   81   82   83   84   85   86   87     113  114  115  116  117  118  119\n"
        " 120  121  122  123  124  125  126  127     153  154  155  156  157  158  159\n"
        "   ⋮                        ⋮            ⋱              ⋮                 \n"
        " 360  361  362  363  364  365  366  367     393  394  395  396  397  398  399\n"
        " 400  401  402  403  404  405  406  407  …  433  434  435  436  437  438  439\n"
        " 440  441  442  443  444  445  446  447     473  474  475  476  477  478  479"
    )


def test_many_slices(session: Interpreter) -> None:
    text = shown(session, "zeros(1, 2, 12)")
    heads = [line for line in text.split("\n") if line.startswith(("[", ";"))]
    assert heads == [
        "[:, :, 1] =",
        "[:, :, 2] =",
        "[:, :, 3] =",
        ";;; … ",
        "[:, :, 10] =",
        "[:, :, 11] =",
        "[:, :, 12] =",
    ]


def test_a_large_matrix_formats_only_what_is_seen(session: Interpreter) -> None:
    outcome = session.run("zeros(1000, 1000)")
    start = time.process_time()
    text = session.display_text(outcome.value)
    assert time.process_time() - start < 0.5
    assert text.startswith("1000×1000 Matrix{Float64}:\n 0.0  0.0")


def test_long_dictionary_values_are_cut(session: Interpreter) -> None:
    lines = shown(session, 'Dict("k" => collect(1:100))').split("\n")
    assert len(lines[1]) <= 80
    text = shown(session, 'Dict("k" => "x"^200)')
    assert text.endswith("…")
    assert len(text.split("\n")[1]) <= 80


def test_candidates_mark_what_does_not_match(session: Interpreter) -> None:
    session.run("candidate(x::Int, y::String) = x")
    error = session.run("candidate(1, 2)").error
    assert error is not None
    assert error.name == "MethodError"
    assert error.message == (
        "MethodError: no method matching candidate(::Int64, ::Int64)\n\nClosest candidates are:\n"
        "  candidate(::Int64, !Matched::String)\n   @ Main REPL[1]:1\n"
    )


@pytest.mark.parametrize(("left", "sign"), [("[1, 2]", "+"), ("[1.0 2]", "-")])
def test_hint_for_elementwise_arithmetic(session: Interpreter, left: str, sign: str) -> None:
    error = session.run(f"{left} {sign} 1").error
    assert error is not None
    assert f"use broadcasting with dot syntax: array .{sign} scalar" in error.message


def test_long_string_is_elided_in_the_middle(session: Interpreter) -> None:
    text = shown(session, '"x" ^ 1000')
    assert len(text) <= 7 * 80
    assert " bytes ⋯ " in text
    assert text.startswith('"xxx')
    assert text.endswith('xxx"')
    assert shown(session, '"x" ^ 100') == '"' + "x" * 100 + '"'
