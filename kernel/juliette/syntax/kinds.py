"""Kinds of tokens: keywords, operators and how tightly each operator binds."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Precedence(IntEnum):
    """Levels of the binary operators, loosest first."""

    ASSIGNMENT = 1
    PAIR = 2
    CONDITIONAL = 3
    ARROW = 4
    LAZY_OR = 5
    LAZY_AND = 6
    COMPARISON = 7
    PIPE_LEFT = 8
    PIPE_RIGHT = 9
    COLON = 10
    PLUS = 11
    TIMES = 12
    RATIONAL = 13
    SHIFT = 14
    POWER = 15


# Flags of a token.
SPACE: Final = 1  # blank, comment or newline before it
NEWLINE: Final = 2  # a newline before it
DOTTED: Final = 4  # a broadcasting operator such as `.+`
SUFFIXED: Final = 8  # an operator with a suffix such as `+₁`
BLANK_LINE: Final = 16  # at least two newlines before it


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYWORDS: Final = _words(
    "baremodule begin break catch const continue do else elseif end export finally for"
    " function global if import let local macro module quote return struct try using while"
)
WORD_OPERATORS: Final = frozenset(("in", "isa", "where"))
NUMBERS: Final = frozenset(("Integer", "BinInt", "OctInt", "HexInt", "Float", "Float32"))

ASSIGNMENTS: Final = _words("= += -= *= /= //= |= ^= ÷= %= <<= >>= >>>= &= ⊻= := $= \\= ≔ ⩴ ≕")

_ARROWS = (
    "← → ↔ ↚ ↛ ↞ ↠ ↢ ↣ ↦ ↤ ↮ ⇎ ⇍ ⇏ ⇐ ⇒ ⇔ ⇴ ⇶ ⇷ ⇸ ⇹ ⇺ ⇻ ⇼ ⇽ ⇾ ⇿ ⟵ ⟶ ⟷ ⟹ ⟺ ⟻ ⟼ ⟽ ⟾ ⟿ ⤀ ⤁ ⤂ ⤃ ⤄ ⤅ ⤆ ⤇"
    " ⤌ ⤍ ⤎ ⤏ ⤐ ⤑ ⤔ ⤕ ⤖ ⤗ ⤘ ⤝ ⤞ ⤟ ⤠ ⥄ ⥅ ⥆ ⥇ ⥈ ⥊ ⥋ ⥎ ⥐ ⥒ ⥓ ⥖ ⥗ ⥚ ⥛ ⥞ ⥟ ⥢ ⥤ ⥦ ⥧ ⥨ ⥩ ⥪ ⥫ ⥬ ⥭ ⥰"
    " ⧴ ⬱ ⬰ ⬲ ⬳ ⬴ ⬵ ⬶ ⬷ ⬸ ⬹ ⬺ ⬻ ⬼ ⬽ ⬾ ⬿ ⭀ ⭁ ⭂ ⭃ ⥷ ⭄ ⥺ ⭇ ⭈ ⭉ ⭊ ⭋ ⭌ ￩ ￫ ⇜ ⇝ ↜ ↝ ↩ ↪ ↫ ↬ ↼ ↽ ⇀ ⇁"
    " ⇄ ⇆ ⇇ ⇉ ⇋ ⇌ ⇚ ⇛ ⇠ ⇢ ↷ ↶ ↺ ↻ --> <-- <-->"
)
_COMPARISONS = (
    "> < >= ≥ <= ≤ == === ≡ != ≠ !== ≢ ∈ ∉ ∋ ∌ ⊆ ⊈ ⊂ ⊄ ⊊ ∝ ∊ ∍ ∥ ∦ ∷ ∺ ∻ ∽ ∾ ≁ ≃ ≂ ≄ ≅ ≆ ≇"
    " ≈ ≉ ≊ ≋ ≌ ≍ ≎ ≐ ≑ ≒ ≓ ≖ ≗ ≘ ≙ ≚ ≛ ≜ ≝ ≞ ≟ ≣ ≦ ≧ ≨ ≩ ≪ ≫ ≬ ≭ ≮ ≯ ≰ ≱ ≲ ≳ ≴ ≵ ≶ ≷ ≸ ≹ ≺"
    " ≻ ≼ ≽ ≾ ≿ ⊀ ⊁ ⊃ ⊅ ⊇ ⊉ ⊋ ⊏ ⊐ ⊑ ⊒ ⊜ ⊩ ⊬ ⊮ ⊰ ⊱ ⊲ ⊳ ⊴ ⊵ ⊶ ⊷ ⋍ ⋐ ⋑ ⋕ ⋖ ⋗ ⋘ ⋙ ⋚ ⋛ ⋜ ⋝ ⋞ ⋟ ⋠"
    " ⋡ ⋢ ⋣ ⋤ ⋥ ⋦ ⋧ ⋨ ⋩ ⋪ ⋫ ⋬ ⋭ ⋲ ⋳ ⋴ ⋵ ⋶ ⋷ ⋸ ⋹ ⋺ ⋻ ⋼ ⋽ ⋾ \u22ff ⟈ ⟉ ⟒ ⦷ ⧀ ⧁ ⧡ ⧣ ⧤ ⧥ ⩦ ⩧ ⩪ ⩫ ⩬ ⩭"
    " ⩮ ⩯ ⩰ ⩱ ⩲ ⩳ ⩵ ⩶ ⩷ ⩸ ⩹ ⩺ ⩻ ⩼ ⩽ ⩾ ⩿ ⪀ ⪁ ⪂ ⪃ ⪄ ⪅ ⪆ ⪇ ⪈ ⪉ ⪊ ⪋ ⪌ ⪍ ⪎ ⪏ ⪐ ⪑ ⪒ ⪓ ⪔ ⪕ ⪖ ⪗ ⪘ ⪙"
    " ⪚ ⪛ ⪜ ⪝ ⪞ ⪟ ⪠ ⪡ ⪢ ⪣ ⪤ ⪥ ⪦ ⪧ ⪨ ⪩ ⪪ ⪫ ⪬ ⪭ ⪮ ⪯ ⪰ ⪱ ⪲ ⪳ ⪴ ⪵ ⪶ ⪷ ⪸ ⪹ ⪺ ⪻ ⪼ ⪽ ⪾ ⪿ ⫀ ⫁ ⫂ ⫃ ⫄"
    " ⫅ ⫆ ⫇ ⫈ ⫉ ⫊ ⫋ ⫌ ⫍ ⫎ ⫏ ⫐ ⫑ ⫒ ⫓ ⫔ ⫕ ⫖ ⫗ ⫘ ⫙ ⫷ ⫸ ⫹ ⫺ ⊢ ⊣ ⟂ ⫪ ⫫ <: >: in isa"
)
_PLUSES = (
    "+ - ¦ | ⊕ ⊖ ⊞ ⊟ ++ ∪ ∨ ⊔ ± ∓ ∔ ∸ ≏ ⊎ ⊻ ⊽ ⋎ ⋓ ⟇ ⧺ ⧻ ⨈ ⨢ ⨣ ⨤ ⨥ ⨦ ⨧ ⨨ ⨩ ⨪ ⨫ ⨬ ⨭ ⨮ ⨹ ⨺ ⩁ ⩂ ⩅ ⩊"
    " ⩌ ⩏ ⩐ ⩒ ⩔ ⩖ ⩗ ⩛ ⩝ ⩡ ⩢ ⩣ $"
)
_TIMES = (
    "* / ⌿ ÷ % & ⋅ ∘ × \\ ∩ ∧ ⊗ ⊘ ⊙ ⊚ ⊛ ⊠ ⊡ ⊓ ∗ ∙ ∤ ⅋ ≀ ⊼ ⋄ ⋆ ⋇ ⋉ ⋊ ⋋ ⋌ ⋏ ⋒ ⟑ ⦸ ⦼ ⦾ ⦿ ⧶ ⧷ ⨇ ⨰ ⨱ ⨲"
    " ⨳ ⨴ ⨵ ⨶ ⨷ ⨸ ⨻ ⨼ ⨽ ⩀ ⩃ ⩄ ⩋ ⩍ ⩎ ⩑ ⩓ ⩕ ⩘ ⩚ ⩜ ⩞ ⩟ ⩠ ⫛ ⊍ ▷ ⨝ ⟕ ⟖ ⟗ ⨟"
)
_POWERS = "^ ↑ ↓ ⇵ ⟰ ⟱ ⤈ ⤉ ⤊ ⤋ ⤒ ⤓ ⥉ ⥌ ⥍ ⥏ ⥑ ⥔ ⥕ ⥘ ⥙ ⥜ ⥝ ⥠ ⥡ ⥣ ⥥ ⥮ ⥯ ￪ ￬"

_LEVELS: Final = (
    (Precedence.PAIR, "=>"),
    (Precedence.CONDITIONAL, "?"),
    (Precedence.ARROW, _ARROWS),
    (Precedence.LAZY_OR, "||"),
    (Precedence.LAZY_AND, "&&"),
    (Precedence.COMPARISON, _COMPARISONS),
    (Precedence.PIPE_LEFT, "<|"),
    (Precedence.PIPE_RIGHT, "|>"),
    (Precedence.COLON, ": .. … ⁝ ⋮ ⋱ ⋰ ⋯ ..."),
    (Precedence.PLUS, _PLUSES),
    (Precedence.TIMES, _TIMES),
    (Precedence.RATIONAL, "//"),
    (Precedence.SHIFT, "<< >> >>>"),
)

# Plain integers: comparing them is what the operator loop does most.
BINARY: Final[dict[str, int]] = {
    operator: int(level)
    for level, operators in _LEVELS
    for operator in operators.split()
    if operator not in ASSIGNMENTS
}
POWERS: Final = frozenset(_POWERS.split())
RADICALS: Final = frozenset("√∛∜")
PREFIXES: Final = frozenset("+-!~¬√∛∜⋆±∓")
BOTH_PREFIX_AND_INFIX: Final = frozenset("+-⋆±∓&~$")
SYNTACTIC_PREFIXES: Final = frozenset(("&", "::", "$"))

# Operators that stand between operands only.
NEVER_PREFIX: Final = (
    (frozenset(BINARY) | POWERS)
    - PREFIXES
    - SYNTACTIC_PREFIXES
    - WORD_OPERATORS
    - frozenset((":", "<:", ">:", "&&", "||", "?", "->", "..", "..."))
)

# Spellings that mean another operator.
SAME_OPERATOR: Final = {"−": "-", "\u00b7": "⋅", "\u0387": "⋅", "−=": "-="}

OPERATORS: Final = frozenset(
    {*BINARY, *ASSIGNMENTS, *POWERS, *PREFIXES, "::", "->", "..."} - WORD_OPERATORS
)
# What a leading dot does not combine with.
UNDOTTABLE: Final = frozenset((":", "::", "->", "...", "..", "?", "$", ":="))
# Operators that are syntax, so that no suffix may follow.
UNSUFFIXABLE: Final = frozenset(
    ASSIGNMENTS
    | {"&&", "||", "->", "?", ":", "::", "<:", ">:", "$", "!", "...", "..", "=>", "¬"}
    | RADICALS
)
# May not stand for themselves as a name outside of quotes.
SYNTAX_OPERATORS: Final = frozenset(ASSIGNMENTS | {"&&", "||", "->", "?", "::", "...", "$", "."})
SUFFIX_CHARACTERS: Final = frozenset(
    "²³¹ʰʲʳʷʸˡˢˣᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁᵂᵃᵇᵈᵉᵍᵏᵐᵒᵖᵗᵘᵛᵝᵞᵟᵠᵡᵢᵣᵤᵥᵦᵧᵨᵩᵪᶜᶠᶥᶦᶫᶰᶸᶻᶿ′″‴‵‶‷⁗⁰ⁱ⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ"
    "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜⱼⱽꜛꜜꜝ"
)

CLOSERS: Final = frozenset((")", "]", "}", "EOF", "end", "else", "elseif", "catch", "finally"))
CLOSING: Final = frozenset((*CLOSERS, ",", ";"))
