"""`\\alpha` and its kin: names in Julia's way of typing symbols, and the characters they stand for.

unicodeit knows most of LaTeX; the letters of mathematical alphabets are generated from their names
in Unicode; the rest are Julia's own names.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_OWN = {
    "\\xor": "⊻",
    "\\nand": "⊼",
    "\\nor": "⊽",
    "\\euler": "ℯ",
    "\\div": "÷",
    "\\circ": "∘",
    "\\in": "∈",
    "\\notin": "∉",
    "\\ni": "∋",
    "\\approx": "≈",
    "\\napprox": "≉",
    "\\ne": "≠",
    "\\le": "≤",
    "\\ge": "≥",
    "\\leq": "≤",
    "\\geq": "≥",
    "\\sqrt": "√",
    "\\cbrt": "∛",
    "\\nabla": "∇",
    "\\partial": "∂",
    "\\cdot": "⋅",
    "\\times": "×",
    "\\otimes": "⊗",
    "\\oplus": "⊕",
    "\\cup": "∪",
    "\\cap": "∩",
    "\\subseteq": "⊆",
    "\\subset": "⊂",
    "\\to": "→",
    "\\rightarrow": "→",
    "\\leftarrow": "←",
    "\\Rightarrow": "⇒",
    "\\mapsto": "↦",
    "\\bar": "\u0304",
    "\\hat": "\u0302",
    "\\tilde": "\u0303",
    "\\dot": "\u0307",
    "\\ddot": "\u0308",
    "\\vec": "\u20d7",
    "\\overbar": "\u0305",
    "\\prime": "′",
    "\\pprime": "″",
    "\\epsilon": "ϵ",
    "\\varepsilon": "ε",
    "\\phi": "ϕ",
    "\\varphi": "φ",
    "\\hbar": "ħ",
    "\\infty": "∞",
    "\\pm": "±",
    "\\equiv": "≡",
    "\\ll": "≪",
    "\\gg": "≫",
    "\\perp": "⟂",
    "\\triangle": "△",
    "\\square": "□",
    "\\bullet": "•",
    "\\ldots": "…",
    "\\dots": "…",
    "\\degree": "°",
    "\\celsius": "℃",
    "\\angstrom": "Å",
    "\\ell": "\u2113",
    "\\Re": "\u211c",
    "\\Im": "\u2111",
    "\\and": "∧",
    "\\or": "∨",
    "\\wedge": "∧",
    "\\vee": "∨",
    "\\neg": "¬",
    "\\pi": "π",
    "\\forall": "∀",
    "\\exists": "∃",
    "\\emptyset": "∅",
    "\\ast": "∗",
    "\\star": "⋆",
}
_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "Υ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
_EMOJI = {
    "\\:smile:": "😄",
    "\\:heart:": "❤",
    "\\:rocket:": "🚀",
    "\\:tada:": "🎉",
    "\\:pizza:": "🍕",
    "\\:snail:": "🐌",
    "\\:cat:": "🐱",
    "\\:dog:": "🐶",
    "\\:+1:": "👍",
    "\\:-1:": "👎",
    "\\:fire:": "🔥",
    "\\:star:": "⭐",
    "\\:rose:": "🌹",
    "\\:sunny:": "☀",
    "\\:apple:": "🍎",
}
_RAISED = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
        strict=True,
    )
)
_LOWERED = dict(
    zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
_RAISED_NAMES = {"alpha": "ᵅ", "beta": "ᵝ", "gamma": "ᵞ", "delta": "ᵟ", "epsilon": "ᵋ"} | {
    "theta": "ᶿ",
    "iota": "ᶥ",
    "phi": "ᵠ",
    "chi": "ᵡ",
    "prime": "′",
}
_LOWERED_NAMES = {"beta": "ᵦ", "gamma": "ᵧ", "rho": "ᵨ", "phi": "ᵩ", "chi": "ᵪ"}
# Julia's prefix for an alphabet, and what Unicode calls it.
_ALPHABETS = {
    "bf": "BOLD",
    "it": "ITALIC",
    "bi": "BOLD ITALIC",
    "scr": "SCRIPT",
    "bscr": "BOLD SCRIPT",
    "frak": "FRAKTUR",
    "bfrak": "BOLD FRAKTUR",
    "bb": "DOUBLE-STRUCK",
    "sans": "SANS-SERIF",
    "bsans": "SANS-SERIF BOLD",
    "isans": "SANS-SERIF ITALIC",
    "bisans": "SANS-SERIF BOLD ITALIC",
    "tt": "MONOSPACE",
}
# Letters that Unicode had before it had the alphabets; they are called, say, SCRIPT CAPITAL L.
_ELDERS = {"ITALIC": "PLANCK CONSTANT", "FRAKTUR": "BLACK-LETTER"}
_DIGITS = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]


def _alphabet_letter(style: str, what: str) -> str | None:
    """The letter of an alphabet, or None where there is none."""
    elder = _ELDERS.get(style, style)
    for name in (f"MATHEMATICAL {style} {what}", f"{elder} {what}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return "\u210e" if (style, what) == ("ITALIC", "SMALL H") else None


def _alphabets() -> dict[str, str]:
    """`\\bfA`, `\\bbR`, `\\scrL` and so on."""
    found: dict[str, str] = {}
    for prefix, style in _ALPHABETS.items():
        letters = [(chr(65 + n), f"CAPITAL {chr(65 + n)}") for n in range(26)]
        letters += [(chr(97 + n), f"SMALL {chr(65 + n)}") for n in range(26)]
        letters += [(str(n), f"DIGIT {_DIGITS[n]}") for n in range(10)]
        letters += [
            (name, f"{'CAPITAL' if name[0].isupper() else 'SMALL'} {name.upper()}")
            for name in _GREEK
        ]
        for name, what in letters:
            letter = _alphabet_letter(style, what.replace("LAMBDA", "LAMDA"))
            if letter is not None:
                found[f"\\{prefix}{name}"] = letter
    return found


@functools.cache
def latex_table() -> dict[str, str]:
    """`\\name` to character: unicodeit's names where they mean one character, and Julia's own."""
    table: dict[str, str] = {}
    try:
        from unicodeit.data import REPLACEMENTS
    except ImportError:
        REPLACEMENTS = []
    for name, character in REPLACEMENTS:
        if re.fullmatch(r"\\[A-Za-z]+", name) and len(character) == 1:
            table[name] = character
    table.update(_alphabets())
    table.update({f"\\{name}": letter for name, letter in _GREEK.items()})
    for mark, plain, named in (("^", _RAISED, _RAISED_NAMES), ("_", _LOWERED, _LOWERED_NAMES)):
        table.update({f"\\{mark}{name}": letter for name, letter in {**plain, **named}.items()})
    table.update(_OWN)
    table.update(_EMOJI)
    return table


def latex(name: str) -> list[tuple[str, str]]:
    """What may stand in place of `name`, each with what it is: a character, else longer names."""
    table = latex_table()
    if name in table:
        return [(table[name], name)]
    if name[:2] in ("\\^", "\\_"):
        marks = _RAISED if name[1] == "^" else _LOWERED
        if len(name) > 2 and all(letter in marks for letter in name[2:]):
            return [("".join(marks[letter] for letter in name[2:]), name)]
    found = [full for full in sorted(table) if full.startswith(name)]
    if len(found) == 1:
        return [(table[found[0]], found[0])]
    return [(full, table[full]) for full in found]
