"""Which texts are operators, keywords and identifiers: for printing symbols and expressions."""

from __future__ import annotations

import re
import unicodedata

KEYWORDS = frozenset(
    [
        "baremodule",
        "begin",
        "break",
        "catch",
        "const",
        "continue",
        "do",
        "else",
        "elseif",
        "end",
        "export",
        "false",
        "finally",
        "for",
        "function",
        "global",
        "if",
        "import",
        "let",
        "local",
        "macro",
        "module",
        "quote",
        "return",
        "struct",
        "true",
        "try",
        "using",
        "while",
    ]
)

# Binary operators by precedence, weakest first, as in the reference parser.
_ASSIGN = (
    "= += -= −= *= /= //= \\= ^= ÷= %= <<= >>= >>>= |= &= ⊻= := $= .= .+= .-= .*= ./= .//= .\\= "
    ".^= .÷= .%= .<<= .>>= .>>>= .|= .&= .⊻= ~ .~ ≔ ⩴ ≕"
)
_ARROW = (
    "--> <-- <--> ← → ↔ ↚ ↛ ↞ ↠ ↢ ↣ ↤ ↦ ↮ ⇎ ⇍ ⇏ ⇐ ⇒ ⇔ ⇴ ⇶ ⇷ ⇸ ⇹ ⇺ ⇻ ⇼ ⇽ ⇾ ⇿ ⟵ ⟶ ⟷ ⟹ ⟺ ⟻ ⟼ ⟽ ⟾ ⟿ "
    "⤀ ⤁ ⤂ ⤃ ⤄ ⤅ ⤆ ⤇ ⤌ ⤍ ⤎ ⤏ ⤐ ⤑ ⤔ ⤕ ⤖ ⤗ ⤘ ⤝ ⤞ ⤟ ⤠ ⇜ ⇝ ↜ ↝ ↩ ↪ ↫ ↬ ↼ ↽ ⇀ ⇁ ⇄ ⇆ ⇇ ⇉ ⇋ ⇌ ⇚ ⇛ ⇠ ⇢"
)
_COMPARE = (
    "< > <= >= == === ≡ != ≠ !== ≢ ≤ ≥ ∈ ∉ ∋ ∌ ⊆ ⊈ ⊂ ⊄ ⊊ ∝ ∊ ∍ ∥ ∦ ∷ ∺ ∻ ∽ ∾ ≁ ≃ ≂ ≄ ≅ ≆ ≇ ≈ ≉ "
    "≊ ≋ ≌ ≍ ≎ ≐ ≑ ≒ ≓ ≔ ≕ ≖ ≗ ≘ ≙ ≚ ≛ ≜ ≝ ≞ ≟ ≣ ≦ ≧ ≨ ≩ ≪ ≫ ≬ ≭ ≮ ≯ ≰ ≱ ≲ ≳ ≴ ≵ ≶ ≷ ≸ ≹ ≺ ≻ ≼ "
    "≽ ≾ ≿ ⊀ ⊁ ⊃ ⊅ ⊇ ⊉ ⊋ ⊏ ⊐ ⊑ ⊒ ⊜ ⊩ ⊬ ⊮ ⊰ ⊱ ⊲ ⊳ ⊴ ⊵ ⊶ ⊷ ⋍ ⋐ ⋑ ⋕ ⋖ ⋗ ⋘ ⋙ ⋚ ⋛ ⋜ ⋝ ⋞ ⋟ ⋠ ⋡ ⋢ ⋣ ⋤ "
    "⋥ ⋦ ⋧ ⋨ ⋩ ⋪ ⋫ ⋬ ⋭ <: >: ⊢ ⊣ ⟂ ⫪ ⫫"
)
_PLUS = (
    "+ - − ⊕ ⊖ ⊞ ⊟ ++ ∪ ∨ ⊔ ± ∓ ∔ ∸ ≏ ⊎ ⊻ ⊽ ⋎ ⋓ ⟇ ⧺ ⧻ ⨈ ⨢ ⨣ ⨤ ⨥ ⨦ ⨧ ⨨ ⨩ ⨪ ⨫ ⨬ ⨭ ⨮ ⨹ ⨺ ⩁ ⩂ ⩅ ⩊ ⩌ "
    "⩏ ⩐ ⩒ ⩔ ⩖ ⩗ ⩛ ⩝ ⩡ ⩢ ⩣ | ¦"
)
_TIMES = (
    "* / ÷ % & ⋅ · ∘ × \\ ∩ ∧ ⊗ ⊘ ⊙ ⊚ ⊛ ⊠ ⊡ ⊓ ∗ ∙ ∤ ⅋ ≀ ⊼ ⋄ ⋆ ⋇ ⋉ ⋊ ⋋ ⋌ ⋏ ⋒ ⟑ ⦸ ⦼ ⦾ ⦿ ⧶ ⧷ ⨇ ⨰ ⨱ "
    "⨲ ⨳ ⨴ ⨵ ⨶ ⨷ ⨸ ⨻ ⨼ ⨽ ⩀ ⩃ ⩄ ⩋ ⩍ ⩎ ⩑ ⩓ ⩕ ⩘ ⩚ ⩜ ⩞ ⩟ ⩠ ⫛ ⊍ ▷ ⨝ ⟕ ⟖ ⟗ ⨟ ⌿"
)
_POWER = "^ ↑ ↓ ⇵ ⟰ ⟱ ⤈ ⤉ ⤊ ⤋ ⤒ ⤓ ⥉ ⥌ ⥍ ⥏ ⥑ ⥔ ⥕ ⥘ ⥙ ⥜ ⥝ ⥠ ⥡ ⥣ ⥥ ⥮ ⥯ ￪ ￬"

(
    ASSIGNMENT,
    PAIR,
    CONDITIONAL,
    ARROW,
    LAZY_OR,
    LAZY_AND,
    COMPARISON,
    PIPE_LEFT,
    PIPE_RIGHT,
    COLON,
    PLUS,
    TIMES,
    RATIONAL,
    BITSHIFT,
    POWER,
) = range(15)

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

UNARY = frozenset(
    [
        "+",
        "-",
        "!",
        "~",
        "¬",
        "√",
        "∛",
        "∜",
        "⋆",
        "±",
        "∓",
        "<:",
        ">:",
        ".+",
        ".-",
        ".!",
        ".~",
        ".¬",
        ".√",
        ".∛",
        ".∜",
        "−",
        ".−",
    ]
)
SYNTACTIC = frozenset(["...", "->", "::", ".", "'", ".'", "?", "@", "$", "&"])
_SUFFIX = "₀-₉₊-₎⁰¹²³⁴-⁹⁺-⁾′″‴‵‶‷⁗ᵢᵣᵤᵥᵦᵧᵨᵩᵪⱼₐ-ₜᴬ-ᵛᵃ-ᵖʰ-ʸ" + "\u0300-\u036f"
_SUFFIXED = re.compile(f"[{_SUFFIX}]+")

_START = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "So"}
_CONTINUE = _START | {"Mn", "Mc", "Me", "Nd", "No", "Pc", "Sk"}


def is_name_start(c: str) -> bool:
    if c.isascii():
        return c.isalpha() or c == "_"
    if c in PRECEDENCE or c in UNARY:
        return False
    return (
        unicodedata.category(c) in _START
        or c in "∂∇∀∃∄∅∆∇∎∏∐∑∞∟∫∬∭∮∯∰∱∲∳∠∡∢⊤⊥⊾⊿"
        or 0x1D6C1 <= ord(c) <= 0x1D7C3
    )


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


def base_operator(op: str) -> str:
    """An operator without its suffix of sub- and superscripts."""
    if op in PRECEDENCE or op in UNARY:
        return op
    end = len(op)
    while end > 1 and _SUFFIXED.match(op[end - 1]):
        end -= 1
    return op[:end]
