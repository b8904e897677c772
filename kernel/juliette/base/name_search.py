"""Names like the one that is asked for: what `?name` searches, and what it may have meant.

Source: REPL/docview.jl of Julia 1.10: a name scores by how many letters of the word it has in this
order, most where they begin its parts, less where they are far apart or come late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from juliette.runtime.modules import Base, Module

MOST_EDITS = 3


def accessible(module: Module, keywords: Iterable[str]) -> list[str]:
    """The names that can be written in a module as they stand: its own, what it uses, keywords."""
    own = sorted(module.own_names())
    used = [name for m in dict.fromkeys((*module.used, Base)) for name in sorted(m.exports)]
    return list(dict.fromkeys((*own, *used, *keywords)))


def matched(word: str, name: str, parts_only: bool) -> list[int]:
    """The places, from 1, of the letters of a word in a name: only where parts begin, or anywhere."""
    letters = [c for c in word.lower() if not c.isspace()]
    places: list[int] = []
    before = ""
    for place, c in enumerate(name.lower(), start=1):
        if len(places) == len(letters):
            break
        if c == letters[len(places)] and not (parts_only and before.isalpha()):
            places.append(place)
        before = c
    return places


def score(word: str, name: str) -> float:
    """How well a name fits what was typed; less than 0 is too little to be shown."""
    parts, anywhere = matched(word, name, True), matched(word, name, False)
    short = len(parts) >= len(anywhere)
    places = parts if short else anywhere
    total = (2 if short else 1) * len(places) - 2.0 * (len(word) - len(places))
    if places:
        if not short:
            total -= (places[-1] - places[0] - len(places) + 1) / len(places) / 10
        total -= sum(places) / len(places) / 100
    return total


def edits(a: str, b: str) -> int:
    """How many letters to put in, take out or change make one of the other (Levenshtein, 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def alike(word: str, names: list[str], width: int) -> Iterator[str]:
    """The names that fit best, best first, as many as a line of some width holds."""
    ranked = [(s, -edits(word, n), n) for n in names if (s := score(word, n)) >= 0]
    # of equal ones the last comes first, as in Julia
    ranked.sort(key=lambda x: x[:2])
    ranked.reverse()
    used = 0
    for _, _, name in ranked:
        text = f"'{name}'" if " " in name else name
        used += len(text) + 1
        if used > width:
            return
        yield text
        if name.startswith("@") and name.endswith("_str"):
            used += len(name) - 2
            yield name[1:-4] + '""'


def meant(word: str, names: list[str], width: int) -> list[str]:
    """The names that a slip of the fingers makes of one another, the nearest first."""
    near = [
        (edits(word, n), -score(word, n), n) for n in names if abs(len(n) - len(word)) <= MOST_EDITS
    ]
    found: list[str] = []
    used = 0
    for distance, _, name in sorted(near, key=lambda x: x[:2]):
        used += len(name)
        together = used + len(", ") * max(len(found) - 1, 0) + (len(" or ") if found else 0)
        if distance > MOST_EDITS or together > width:
            break
        found.append(name)
    return found
