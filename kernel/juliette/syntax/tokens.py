"""Text to tokens: names, numbers, operators and the pieces of strings.

A token knows whether blanks or a line break stand before it; Julia's grammar depends on both.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from juliette.syntax.errors import ParseError

KEYWORDS = frozenset(
    "baremodule begin break catch const continue do else elseif end export false finally for function "
    "global if import let local macro module quote return struct true try using while".split()
)

# Binary operators by precedence, weakest first, as in the reference parser.
_ASSIGN = "= += -= −= *= /= //= \\= ^= ÷= %= <<= >>= >>>= |= &= ⊻= := $= .= .+= .-= .*= ./= .//= .\\= .^= .÷= .%= .<<= .>>= .>>>= .|= .&= .⊻= ~ .~ ≔ ⩴ ≕"
_ARROW = "--> <-- <--> ← → ↔ ↚ ↛ ↞ ↠ ↢ ↣ ↤ ↦ ↮ ⇎ ⇍ ⇏ ⇐ ⇒ ⇔ ⇴ ⇶ ⇷ ⇸ ⇹ ⇺ ⇻ ⇼ ⇽ ⇾ ⇿ ⟵ ⟶ ⟷ ⟹ ⟺ ⟻ ⟼ ⟽ ⟾ ⟿ ⤀ ⤁ ⤂ ⤃ ⤄ ⤅ ⤆ ⤇ ⤌ ⤍ ⤎ ⤏ ⤐ ⤑ ⤔ ⤕ ⤖ ⤗ ⤘ ⤝ ⤞ ⤟ ⤠ ⇜ ⇝ ↜ ↝ ↩ ↪ ↫ ↬ ↼ ↽ ⇀ ⇁ ⇄ ⇆ ⇇ ⇉ ⇋ ⇌ ⇚ ⇛ ⇠ ⇢"
_COMPARE = "< > <= >= == === ≡ != ≠ !== ≢ ≤ ≥ ∈ ∉ ∋ ∌ ⊆ ⊈ ⊂ ⊄ ⊊ ∝ ∊ ∍ ∥ ∦ ∷ ∺ ∻ ∽ ∾ ≁ ≃ ≂ ≄ ≅ ≆ ≇ ≈ ≉ ≊ ≋ ≌ ≍ ≎ ≐ ≑ ≒ ≓ ≔ ≕ ≖ ≗ ≘ ≙ ≚ ≛ ≜ ≝ ≞ ≟ ≣ ≦ ≧ ≨ ≩ ≪ ≫ ≬ ≭ ≮ ≯ ≰ ≱ ≲ ≳ ≴ ≵ ≶ ≷ ≸ ≹ ≺ ≻ ≼ ≽ ≾ ≿ ⊀ ⊁ ⊃ ⊅ ⊇ ⊉ ⊋ ⊏ ⊐ ⊑ ⊒ ⊜ ⊩ ⊬ ⊮ ⊰ ⊱ ⊲ ⊳ ⊴ ⊵ ⊶ ⊷ ⋍ ⋐ ⋑ ⋕ ⋖ ⋗ ⋘ ⋙ ⋚ ⋛ ⋜ ⋝ ⋞ ⋟ ⋠ ⋡ ⋢ ⋣ ⋤ ⋥ ⋦ ⋧ ⋨ ⋩ ⋪ ⋫ ⋬ ⋭ <: >: ⊢ ⊣ ⟂ ⫪ ⫫"
_PLUS = "+ - − ⊕ ⊖ ⊞ ⊟ ++ ∪ ∨ ⊔ ± ∓ ∔ ∸ ≏ ⊎ ⊻ ⊽ ⋎ ⋓ ⟇ ⧺ ⧻ ⨈ ⨢ ⨣ ⨤ ⨥ ⨦ ⨧ ⨨ ⨩ ⨪ ⨫ ⨬ ⨭ ⨮ ⨹ ⨺ ⩁ ⩂ ⩅ ⩊ ⩌ ⩏ ⩐ ⩒ ⩔ ⩖ ⩗ ⩛ ⩝ ⩡ ⩢ ⩣ | ¦"
_TIMES = "* / ÷ % & ⋅ · ∘ × \\ ∩ ∧ ⊗ ⊘ ⊙ ⊚ ⊛ ⊠ ⊡ ⊓ ∗ ∙ ∤ ⅋ ≀ ⊼ ⋄ ⋆ ⋇ ⋉ ⋊ ⋋ ⋌ ⋏ ⋒ ⟑ ⦸ ⦼ ⦾ ⦿ ⧶ ⧷ ⨇ ⨰ ⨱ ⨲ ⨳ ⨴ ⨵ ⨶ ⨷ ⨸ ⨻ ⨼ ⨽ ⩀ ⩃ ⩄ ⩋ ⩍ ⩎ ⩑ ⩓ ⩕ ⩘ ⩚ ⩜ ⩞ ⩟ ⩠ ⫛ ⊍ ▷ ⨝ ⟕ ⟖ ⟗ ⨟ ⌿"
_POWER = "^ ↑ ↓ ⇵ ⟰ ⟱ ⤈ ⤉ ⤊ ⤋ ⤒ ⤓ ⥉ ⥌ ⥍ ⥏ ⥑ ⥔ ⥕ ⥘ ⥙ ⥜ ⥝ ⥠ ⥡ ⥣ ⥥ ⥮ ⥯ ￪ ￬"

ASSIGNMENT, PAIR, CONDITIONAL, ARROW, LAZY_OR, LAZY_AND, COMPARISON, PIPE_LEFT, PIPE_RIGHT, COLON, PLUS, TIMES, RATIONAL, BITSHIFT, POWER = range(15)

PRECEDENCE: dict[str, int] = {}


def _enter(ops: str, level: int) -> None:
    for op in ops.split():
        PRECEDENCE[op] = level
        if not op.startswith("."):
            PRECEDENCE["." + op] = level


_enter(_ASSIGN, ASSIGNMENT)
_enter("=>", PAIR)
_enter("?", CONDITIONAL)
_enter(_ARROW, ARROW)
_enter("||", LAZY_OR)
_enter("&&", LAZY_AND)
_enter(_COMPARE, COMPARISON)
_enter("<|", PIPE_LEFT)
_enter("|>", PIPE_RIGHT)
_enter(": .. … ⁝ ⋮ ⋱ ⋰ ⋯", COLON)
_enter(_PLUS, PLUS)
_enter(_TIMES, TIMES)
_enter("//", RATIONAL)
_enter("<< >> >>>", BITSHIFT)
_enter(_POWER, POWER)
for _op in ("?", ":", "..", "=", "~", ":="):
    PRECEDENCE.pop("." + _op, None)
PRECEDENCE[".~"] = ASSIGNMENT
PRECEDENCE[".="] = ASSIGNMENT

UNARY = frozenset("+ - ! ~ ¬ √ ∛ ∜ ⋆ ± ∓ <: >: .+ .- .! .~ .¬ .√ .∛ .∜ − .−".split())
SYNTACTIC = frozenset("... -> :: . ' .' ? @ $ &".split())
_ALL = sorted({*PRECEDENCE, *UNARY, "...", "->", "::", "!", ".", "'", "$", "@", "¬", "√"}, key=len, reverse=True)
_SUFFIX = "₀-₉₊-₎⁰¹²³⁴-⁹⁺-⁾′″‴‵‶‷⁗ᵢᵣᵤᵥᵦᵧᵨᵩᵪⱼₐ-ₜᴬ-ᵛᵃ-ᵖʰ-ʸ" + "\u0300-\u036f"
_OPERATOR = re.compile("|".join(map(re.escape, _ALL)))
_SUFFIXED = re.compile(f"[{_SUFFIX}]+")
_NUMBER = re.compile(
    r"0x[0-9a-fA-F](?:_?[0-9a-fA-F])*(?:\.[0-9a-fA-F_]*)?p[+-]?\d+"
    r"|0x[0-9a-fA-F](?:_?[0-9a-fA-F])*|0b[01](?:_?[01])*|0o[0-7](?:_?[0-7])*"
    r"|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eEf][+-]?\d+)?"
    r"|\d(?:_?\d)*\.(?![.*/+\-^÷%<>=&|\\a-zA-Z_'!~@:(∘×⋅√])(?:[eEf][+-]?\d+)?"
    r"|\d(?:_?\d)*(?:[eEf][+-]?\d+)?"
)
_BLANK = re.compile(r"[ \t\r\f\v\u00a0\ufeff]+")
_ASCII_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_!]*")
_BRACKETS = "()[]{},;"


class Token:
    """`kind` is name, keyword, number, op, string, char, command, newline, end or the bracket itself."""

    __slots__ = ("kind", "newline", "space", "start", "stop", "text", "value")

    def __init__(self, kind: str, text: str, start: int, stop: int, space: bool, newline: bool, value: Any = None) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.stop = stop
        self.space = space
        self.newline = newline
        self.value = value

    def __repr__(self) -> str:
        return f"{self.kind}:{self.text!r}"


_START = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "So"}
_CONTINUE = _START | {"Mn", "Mc", "Me", "Nd", "No", "Pc", "Sk"}


def is_name_start(c: str) -> bool:
    if c.isascii():
        return c.isalpha() or c == "_"
    if c in PRECEDENCE or c in UNARY:
        return False
    return unicodedata.category(c) in _START or c in "∂∇∀∃∄∅∆∇∎∏∐∑∞∟∫∬∭∮∯∰∱∲∳∠∡∢⊤⊥⊾⊿" or 0x1D6C1 <= ord(c) <= 0x1D7C3


def is_name_part(c: str) -> bool:
    if c.isascii():
        return c.isalnum() or c in "_!"
    if c in PRECEDENCE:
        return False
    return is_name_start(c) or unicodedata.category(c) in _CONTINUE or c in "′″‴‵‶‷⁗"


def normalise(name: str) -> str:
    """Identifiers in NFC, with Julia's few extra equivalences."""
    if name.isascii():
        return name
    name = unicodedata.normalize("NFC", name)
    return name.replace("ɛ", "ε").replace("µ", "μ")


class Lexer:
    """Tokens on demand; the parser may look ahead and enter strings recursively."""

    def __init__(self, text: str, filename: str, first_line: int) -> None:
        self.text = text
        self.filename = filename
        self.first_line = first_line

    def error(self, message: str, start: int, stop: int | None = None, incomplete: bool = False) -> ParseError:
        return ParseError(
            message, self.text, start, stop if stop is not None else start + 1, self.filename, self.first_line,
            incomplete,
        )

    def token(self, pos: int) -> Token:
        """The token at or after `pos`."""
        text = self.text
        n = len(text)
        start = pos
        newline = False
        while pos < n:
            c = text[pos]
            if c == "\n":
                if not newline:
                    newline = True
                pos += 1
                continue
            m = _BLANK.match(text, pos)
            if m:
                pos = m.end()
                continue
            if c == "#":
                pos = self.skip_comment(pos)
                continue
            break
        space = pos > start
        if pos >= n:
            return Token("end", "", n, n, space, newline)
        c = text[pos]
        m = _ASCII_NAME.match(text, pos)
        if m is not None or is_name_start(c):
            stop = m.end() if m is not None else pos + 1
            while stop < n and is_name_part(text[stop]):
                stop += 1
            # `!` belongs to a name, but not the one of `!=`.
            while text[stop - 1] == "!" and text[stop : stop + 1] == "=" and text[stop : stop + 2] != "==" and stop - 1 > pos:
                stop -= 1
            name = text[pos:stop]
            kind = "keyword" if name in KEYWORDS else "name"
            return Token(kind, normalise(name) if kind == "name" else name, pos, stop, space, newline)
        if c.isdigit() and c.isascii() or (c == "." and pos + 1 < n and text[pos + 1] in "0123456789"):
            m = _NUMBER.match(text, pos)
            assert m is not None
            return Token("number", m.group(), pos, m.end(), space, newline)
        if c in _BRACKETS:
            return Token(c, c, pos, pos + 1, space, newline)
        if c == '"':
            return Token("string", '"', pos, pos + 1, space, newline)
        if c == "`":
            return Token("command", "`", pos, pos + 1, space, newline)
        m = _OPERATOR.match(text, pos)
        if m:
            stop = m.end()
            op = m.group()
            if op not in ("'", ".", "::", "...", "->", "@", "$", "?", ":", "&&", "||", "=", "<:", ">:") and not op.endswith("="):
                s = _SUFFIXED.match(text, stop)
                if s:
                    stop = s.end()
                    op = text[pos:stop]
            op = {"−": "-", "·": "⋅", ".−": ".-"}.get(op, op)
            return Token("op", op, pos, stop, space, newline)
        if c == "&":
            return Token("op", "&", pos, pos + 1, space, newline)
        raise self.error(f"unknown unicode character '{c}'" if not c.isascii() else f"invalid character '{c}'", pos)

    def skip_comment(self, pos: int) -> int:
        text = self.text
        if not text.startswith("#=", pos):
            end = text.find("\n", pos)
            return len(text) if end < 0 else end
        depth, i = 1, pos + 2
        pattern = re.compile(r"#=|=#")
        while depth:
            m = pattern.search(text, i)
            if m is None:
                raise self.error("unterminated multi-line comment #= ... =#", pos, len(text), incomplete=True)
            depth += 1 if m.group() == "#=" else -1
            i = m.end()
        return i


def base_operator(op: str) -> str:
    """An operator without its suffix of sub- and superscripts."""
    if op in PRECEDENCE or op in UNARY:
        return op
    end = len(op)
    while end > 1 and _SUFFIXED.match(op[end - 1]):
        end -= 1
    return op[:end]
