"""The modes of the notebook checker, on text alone."""

from __future__ import annotations

import pytest

from juliette.testing.compare import Mode, Output, compare, mode_of, parse_mode

COLUMN = "2-element Vector{Float64}:\n -1.232166461802826\n  1.0905079003829419"
MATRIX = "2×3 Matrix{Float64}:\n 0.505886  0.355421  0.25551\n 0.41672   0.116288  0.0878837"
TUPLE = "([0.7296468340269642, 0.46668665850674407], [0.45303268852343126])"

AGREE = [
    ("exact", "6", "6"),
    ("exact", "\x1b[32m6\x1b[39m", "6"),
    ("ignore", "6", "anything"),
    ("rtol=1e-3", "1.0\n", "1.0001\n"),
    ("rtol=1e-3", "loss = 0.25", "loss = 0.2500001"),
    ("rtol=1e-3", " 1.5  2.25", " 1.5  2.2501"),
    ("rtol=1e-3", "NaN", "NaN"),
    ("shape", COLUMN, "2-element Vector{Float64}:\n 1.2321664618028261\n 0.10905079003829419"),
    ("shape", COLUMN, "2-element Vector{Float64}:\n  1.232166461802826\n -0.10905079003829419"),
    ("shape", MATRIX, "2×3 Matrix{Float64}:\n 0.1       0.2  0.30\n 0.234567  0.4  0.25"),
    ("shape", TUPLE, "([0.1296468340269642, 0.16668665850674407], [0.1530326885234312])"),
    ("shape", "6.712027970590133", "0.712027970590133"),
    ("shape", "-6.712027970590133", "6.71202797059013e-5"),
    ("shape", "0.6312976f0", "0.91f0"),
    ("shape", "(3, 12)", "(1, 7)"),
    ("shape", "2-element Vector{Int64}:\n 3\n 7", "2-element Vector{Int64}:\n 10\n  7"),
    ("shape", "0.5123456789 + 0.2im", "0.2987654321 - 0.1im".replace("- ", "+ ")),
]

DIFFER = [
    ("exact", "6", "7", "text"),
    ("exact", "6", "6\n", "line break"),
    ("rtol=1e-3", "1.0", "1.01", "stored 1.0, now 1.01"),
    ("rtol=1e-3", "1.0", "1", "<Float>"),
    ("rtol=1e-3", "2-element Vector{Float64}:", "3-element Vector{Float64}:", "3-element"),
    ("rtol=1e-3", "loss = 0.25", "Loss = 0.25", "Loss"),
    ("rtol=1e-3", "0.5", "NaN", "NaN"),
    ("shape", COLUMN, COLUMN.replace("2-element", "3-element"), "3-element"),
    ("shape", COLUMN, COLUMN.replace("Float64", "Float32"), "Float32"),
    ("shape", COLUMN, COLUMN + "\n  1.0", "3 lines are stored, now there are 4"),
    ("shape", COLUMN, COLUMN.replace("\n  ", "\n "), "not aligned"),
    ("shape", COLUMN, COLUMN.replace("\n ", "\n"), "stored"),
    ("shape", COLUMN, "2-element Vector{Float64}:\n -1.23217\n  1.09051", "17 digits"),
    ("shape", COLUMN, COLUMN.replace("1.0905079003829419", "NaN"), "NaN"),
    ("shape", MATRIX, MATRIX.replace("2×3", "3×2"), "3×2"),
    ("shape", MATRIX, MATRIX.replace("  0.25551", "").replace("  0.0878837", ""), "<Float>"),
    ("shape", MATRIX, MATRIX.replace("  0.25551", "   0.25551"), "not aligned"),
    ("shape", MATRIX, MATRIX.replace("0.25551", "0.2555123456"), "up to 6 digits"),
    ("shape", TUPLE, TUPLE.replace(", ", ","), "stored"),
    ("shape", TUPLE, TUPLE.replace("[0.45303268852343126]", "0.45303268852343126"), "stored"),
    ("shape", "6.712027970590133", "6.7", "only 2"),
    ("shape", "0.6312976f0", "0.6312976", "<Float32>"),
    ("shape", "#5 (generic function with 1 method)", "#7 (generic function with 1 method)", "#7"),
    ("shape", "Dense(10 => 5, σ)", "Dense(10 => 6, σ)", "=> 6"),
]


@pytest.mark.parametrize(("tag", "stored", "now"), AGREE)
def test_agrees(tag: str, stored: str, now: str) -> None:
    assert compare([Output("result", stored)], [Output("result", now)], mode_of([tag])) == []


@pytest.mark.parametrize(("tag", "stored", "now", "reason"), DIFFER)
def test_differs(tag: str, stored: str, now: str, reason: str) -> None:
    problems = compare([Output("result", stored)], [Output("result", now)], mode_of([tag]))
    assert len(problems) == 1
    assert reason in problems[0]
    assert problems[0].startswith(f"result differs ({mode_of([tag])})")


def test_the_diff_shows_both_lines() -> None:
    problem = compare([Output("stdout", "a\nb\n")], [Output("stdout", "a\nc\n")], Mode())[0]
    assert problem.splitlines() == [
        "standard output differs (exact): text",
        "    a",
        "  - b",
        "  + c",
    ]


def test_missing_and_new_outputs_are_named() -> None:
    value = Output("result", "6")
    assert compare([value], [], Mode()) == ["result is stored, but is missing now\n  - 6"]
    assert compare([], [value], Mode()) == ["result is new, not stored\n  + 6"]
    error = Output("error", "UndefVarError")
    assert compare([value], [error], Mode()) == [
        "result is stored, but is missing now\n  - 6\nerror UndefVarError is new, not stored"
    ]
    assert compare([value], [Output("display", "6")], Mode())


def test_the_order_of_two_streams_is_free() -> None:
    out, err = Output("stdout", "1\n"), Output("stderr", "2\n")
    assert compare([out, err], [err, out], Mode()) == []
    assert compare([out, out], [Output("stdout", "1\n1\n")], Mode()) == []


def test_raises() -> None:
    raises = Mode("raises")
    error = Output("error", "DomainError")
    assert compare([error], [Output("stdout", "first\n"), error], raises) == []
    assert compare([], [error], raises) == []
    assert compare([error], [Output("result", "1")], raises) == [
        "no error was thrown, but DomainError is stored"
    ]
    assert compare([error], [Output("error", "BoundsError")], raises) == [
        "error differs (raises): stored DomainError, now BoundsError"
    ]


def test_tags() -> None:
    assert mode_of([]) == Mode()
    assert mode_of(["slide", "rtol=1e-3"]) == Mode("rtol", 1e-3)
    assert mode_of(["nbval-ignore-output", "shape"]) == Mode("shape")
    assert mode_of(["nbval-ignore-output"]) == Mode("ignore")
    assert mode_of(["raises-exception"]) == Mode("raises")
    assert mode_of([], Mode("shape")) == Mode("shape")
    assert str(Mode("rtol", 1e-3)) == "rtol=0.001"
    for wrong in ("rtol=", "rtol=x", "rtol=-1", "rtol=inf"):
        with pytest.raises(ValueError, match="needs a positive number"):
            parse_mode(wrong)
