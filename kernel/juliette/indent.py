"""How far the next line of unfinished code is to be set in."""

from __future__ import annotations

from juliette.syntax.kinds import KEYWORDS
from juliette.syntax.lexer import Lexer

WIDTH = 4
OPENERS = frozenset(
    "function macro if for while begin let quote try do struct module baremodule".split()  # noqa: SIM905
)
# Words that stand where their block began.
DEDENTED = frozenset(("end", "else", "elseif", "catch", "finally"))
_CLOSING = {")": "(", "]": "[", "}": "{"}
# After these a statement is at its end, or a block has just begun.
_NO_OPERATOR = frozenset(("Identifier", "EOF", "StringEnd", ")", "]", "}", ",", ";", "Char"))


def indentation(code: str) -> int:
    """Blanks before the line that follows `code`."""
    lexer = Lexer(code)
    kinds, values, starts = lexer.kinds, lexer.values, lexer.starts
    # What is open, with the line it began on: blocks of one line count once.
    held: list[tuple[str, int]] = []
    before = ""
    for kind, start in zip(kinds, starts, strict=True):
        line = code.count("\n", 0, start)
        inside = held[-1][0] if held else ""
        if kind in ("(", "[", "{"):
            held.append((kind, line))
        elif kind in _CLOSING:
            while held and held[-1][0] != _CLOSING[kind]:
                held.pop()
            if held:
                held.pop()
        elif before in (":", "."):
            pass  # a symbol, or a field
        elif kind in OPENERS:
            generator = inside in ("(", "[", "{") and kind in ("for", "if")
            if not generator and not (inside == "[" and kind == "begin"):
                held.append((kind, line))
        elif kind == "end" and inside not in ("[", "(", "{", ""):
            held.pop()
        if kind != "EOF":
            before = kind
    if kinds[-1:] == ["Error"] or "Error" in kinds:
        return 0
    depth = len({line for _, line in held})
    if not held and before and before not in _NO_OPERATOR and before not in KEYWORDS:
        operator = not values[len(kinds) - 2][:1].isalnum()
        depth += operator
    return depth * WIDTH


def dedent(line: str, above: str) -> str:
    """A line that closes a block (or opens its next part), moved to where the block began."""
    word = line.strip().split(maxsplit=1)[0] if line.strip() else ""
    if word.rstrip(",;)") not in DEDENTED:
        return line
    return " " * max(indentation(above) - WIDTH, 0) + line.lstrip()
