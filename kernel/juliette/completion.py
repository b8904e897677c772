"""What Tab offers, at the prompt and in Jupyter: names, fields, keywords, packages, paths, `\\sigma`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

KEYWORDS = (
    "abstract type,baremodule,begin,break,catch,ccall,const,continue,do,else,elseif,end,export,"
    "false,finally,for,function,global,if,import,in,isa,let,local,macro,module,mutable struct,"
    "new,outer,primitive type,quote,return,struct,true,try,using,where,while"
).split(",")

_LATEX = re.compile(r"\\[\w^:+\-!_()=]*$")
_USING = re.compile(r"^\s*(?:using|import)\s+(?:[\w.]+\s*,\s*)*(?P<name>\w*)$", re.MULTILINE)
_DOTTED = re.compile(r"(?P<path>[^\W\d][\w!]*(?:\.[^\W\d][\w!]*)*)\.(?P<name>[\w!]*)$")
_NAME = re.compile(r"@?[^\W\d][\w!]*$")
_STRING = re.compile(r'(?<![\w"])"(?P<path>[^"\n]*)$')

# Julia's own names that unicodeit does not have, or has for another character.
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
    "\\ell": "ℓ",
    "\\Re": "ℜ",
    "\\Im": "ℑ",
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
_RAISED = dict(zip("0123456789+-=()aijnTk", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃⁱʲⁿᵀᵏ", strict=True))
_LOWERED = dict(
    zip("0123456789+-=()aeijkmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)


@dataclass(slots=True)
class Completion:
    """One completion."""

    text: str
    kind: str = ""
    signature: str = ""


@dataclass(slots=True)
class Completions:
    """Completions that replace `code[start:end]`."""

    start: int
    end: int
    items: list[Completion]


class Scope(Protocol):
    """What a session says about its names."""

    def names(self) -> list[str]:
        """Names that can be written in Main."""

    def fields(self, path: str) -> list[str]:
        """Names that may follow `path.`"""

    def packages(self) -> list[str]:
        """Packages that `using` finds."""


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
    table.update({f"\\{name}": letter for name, letter in _GREEK.items()})
    table.update({f"\\^{name}": letter for name, letter in _RAISED.items()})
    table.update({f"\\_{name}": letter for name, letter in _LOWERED.items()})
    table.update(_OWN)
    table.update(_EMOJI)
    return table


def latex(name: str) -> list[Completion]:
    """The character of a full name, else the names that begin so."""
    table = latex_table()
    if name in table:
        return [Completion(table[name], "latex", name)]
    if name[:2] in ("\\^", "\\_"):
        marks = _RAISED if name[1] == "^" else _LOWERED
        if len(name) > 2 and all(letter in marks for letter in name[2:]):
            return [Completion("".join(marks[letter] for letter in name[2:]), "latex", name)]
    found = [full for full in sorted(table) if full.startswith(name)]
    if len(found) == 1:
        return [Completion(table[found[0]], "latex", found[0])]
    return [Completion(full, "latex", table[full]) for full in found]


def _starting(names: list[str], prefix: str, kind: str) -> list[Completion]:
    return [Completion(name, kind) for name in sorted(set(names)) if name.startswith(prefix)]


def _paths(prefix: str) -> list[Completion]:
    """Files that begin so."""
    folder, _, start = prefix.rpartition("/")
    base = Path(folder + "/" if prefix.startswith("/") and not folder else folder or ".")
    try:
        entries = sorted(base.expanduser().iterdir())
    except OSError:
        return []
    head = f"{folder}/" if "/" in prefix else ""
    return [
        Completion(head + entry.name + ("/" if entry.is_dir() else ""), "path")
        for entry in entries
        if entry.name.startswith(start) and (start or not entry.name.startswith("."))
    ]


def complete(code: str, cursor: int, scope: Scope) -> Completions:
    """Completions at a cursor, in code points."""
    before = code[:cursor]
    line = before.rpartition("\n")[2]
    if found := _LATEX.search(line):
        items = latex(found.group())
        if items:
            return Completions(cursor - len(found.group()), cursor, items)
    if (found := _STRING.search(line)) and line.count('"') % 2:
        return Completions(cursor - len(found["path"]), cursor, _paths(found["path"]))
    if found := _USING.search(line):
        start = cursor - len(found["name"])
        return Completions(start, cursor, _starting(scope.packages(), found["name"], "module"))
    if found := _DOTTED.search(line):
        start = cursor - len(found["name"])
        names = scope.fields(found["path"])
        return Completions(start, cursor, _starting(names, found["name"], "property"))
    found = _NAME.search(line)
    if not found:
        return Completions(cursor, cursor, [])
    prefix = found.group()
    items = _starting(scope.names(), prefix, "instance")
    known = {item.text for item in items}
    items += [
        Completion(word, "keyword")
        for word in KEYWORDS
        if word.startswith(prefix) and word not in known
    ]
    return Completions(cursor - len(prefix), cursor, items)
