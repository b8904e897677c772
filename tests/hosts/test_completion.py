"""What Tab offers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from juliette.completion import complete, latex_table
from juliette.completion.context import context_of
from juliette.interpreter import Interpreter


class Names:
    """A session's names."""

    def names(self) -> list[str]:
        return ["alpha", "alpine", "@show"]

    def kind(self, name: str) -> str:
        return "instance"

    def fields(self, path: str) -> list[str]:
        return {"m.layer": ["weight", "bias"], "m.layers[1]": ["weight"], "Flux": ["Dense"]}.get(
            path, []
        )

    def keys(self, path: str) -> list[str]:
        return {"d": ['"one"', '"other"', ":two"]}.get(path, [])

    def keywords(self, path: str) -> list[str]:
        return {"sort": ["rev", "by"], "Flux.setup": ["rate"]}.get(path, [])

    def packages(self) -> list[str]:
        return ["Flux", "Statistics"]


@pytest.mark.parametrize(
    ("code", "start", "texts"),
    [
        ("x = al", 4, ["alpha", "alpine"]),
        ("m.layer.w", 8, ["weight"]),
        ("2m.layers[1].", 13, ["weight"]),
        ("using St", 6, ["Statistics"]),
        ("import Flux, Sta", 13, ["Statistics"]),
        ("using Flux: De", 12, ["Dense"]),
        ("@sh", 0, ["@show"]),
        ("whi", 0, ["while"]),
        ("\\alpha", 0, ["α"]),
        ("σ\\sigma", 1, ["σ"]),
        ("x\\_12", 1, ["₁₂"]),
        ("x\\^2", 1, ["²"]),
        ("a \\xor", 2, ["⊻"]),
        ("\\bbR", 0, ["\u211d"]),
        ("\\:rocket:", 0, ["🚀"]),
        ('d["o', 2, ['"one"', '"other"']),
        ("d[:t", 2, [":two]"]),
        ("d[", 2, ['"one"', '"other"', ":two"]),
        ("sort(xs, rev", 9, ["rev="]),
        ("sort(xs, ", 9, ["by=", "rev="]),
        ('"from $al', 7, ["alpha", "alpine"]),
        ("sort(xs; ", 9, ["by=", "rev="]),
        ("f(sort(xs; b", 11, ["by=", "baremodule", "begin", "break"]),
        ("sort(al", 5, ["alpha", "alpine"]),
        ("# whi", 5, []),
        ("#= al", 5, []),
        ('"$(al', 3, ["alpha", "alpine"]),
        ("1 + ", 4, []),
    ],
)
def test_completion(code: str, start: int, texts: list[str]) -> None:
    found = complete(code, len(code), Names())
    assert [item.text for item in found.items] == texts
    assert (found.start, found.end) == (start, len(code))


def test_paths_within_strings(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("")
    (tmp_path / "deep").mkdir()
    code = f'read("{tmp_path}/d'
    found = complete(code, len(code), Names())
    assert [item.text for item in found.items] == [f"{tmp_path}/data.csv", f"{tmp_path}/deep/"]
    assert found.start == len('read("')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x", "code"),
        ('"abc', "string"),
        ('"abc" * ', "code"),
        ('"""a "quoted" b', "string"),
        ('"a $(f("b', "string"),
        ('"a $(f(1)) b', "string"),
        ("x' * y'", "code"),
        ("'\"'", "code"),
        ("'a' * ", "code"),
        ("`ls ", "command"),
        ("# a\nb", "code"),
        ("#= a #= b =# c", "comment"),
        ("#= a =# c", "code"),
        ('raw"\\', "string"),
    ],
)
def test_where_the_cursor_is(text: str, kind: str) -> None:
    assert context_of(text).kind == kind


def offered(session: Interpreter, code: str) -> list[str]:
    """What a session offers at the end of some code."""
    return [item.text for item in session.complete(code, len(code)).items]


def test_a_session_offers_what_it_holds() -> None:
    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    code = 'struct P\nwide\nheight\nend\np = P(1, P(2, 3))\nd = Dict("ab" => 1, :c => 2)\n'
    code += "f(x; scale = 1, shift = 2) = x"
    assert session.run(code).error is None
    assert offered(session, "p.w") == ["wide"]
    assert offered(session, "p.height.") == ["height", "wide"]
    assert offered(session, 'd["a') == ['"ab"]']
    assert [item.text for item in session.complete('d["a]', 4).items] == ['"ab"']
    assert offered(session, "f(1; s")[:2] == ["scale=", "shift="]
    assert session.run('e = Dict("a.b" => Dict(:inner => p))').error is None
    assert offered(session, 'e["a.b"][:') == [":inner]"]
    assert offered(session, 'e["a.b"][:inner].height.w') == ["wide"]
    assert session.inspect("f.(2", 4) == session.inspect("f", 1) is not None
    assert session.inspect("+", 1) is not None
    assert offered(session, "nothing_here.") == []
    found = session.complete("printl", 6).items
    assert [(item.text, item.kind) for item in found] == [("println", "function")]
    assert [item.kind for item in session.complete("Float6", 6).items] == ["type"]


def test_symbols_of_julia_are_there() -> None:
    table = latex_table()
    assert len(table) > 500
    wanted = {"in": "∈", "circ": "∘", "nabla": "∇", "div": "÷", "approx": "≈", "sqrt": "√"}
    assert {name: table["\\" + name] for name in wanted} == wanted
    assert table["\\bar"] == "\u0304"


def test_methods_where_an_argument_begins() -> None:
    session = Interpreter()
    session.run("area(x::Int, y) = x * y; area(r::Float64) = r; z = 1.5", "REPL[1]")
    both = ["area(r::Float64) @ Main REPL[1]:1", "area(x::Int64, y) @ Main REPL[1]:1"]
    assert session.methods_at("2area(") == both
    assert session.methods_at("area(1, ") == both[1:]
    assert session.methods_at("[area(z, ") == both[:1]
    assert session.methods_at("area(1") == session.methods_at("nothing_so_called(") == []
    assert session.methods_at("show(") == ["show( too many methods, use SHIFT-TAB to show )"]


def test_names_are_those_that_are_exported() -> None:
    session = Interpreter()
    names = {item.text for item in session.complete("reduce", 6).items}
    assert names == {"reduce"}
    assert "reduce_empty" in {item.text for item in session.complete("Base.reduce", 11).items}
