"""Compare a cell's output with the output stored under it.

A tag on the cell chooses how strictly:

exact     to the letter (this is the default)
rtol=1e-3 numbers by relative tolerance, everything around them to the letter
shape     as after running unseeded random code: types, sizes, rows and layout to the letter,
          digits and signs free
ignore    not at all
raises    the cell throws the error whose name is stored
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

ModeName = Literal["exact", "rtol", "shape", "ignore", "raises"]
OutputKind = Literal["stdout", "stderr", "stream", "result", "display", "error"]


@dataclass(frozen=True, slots=True)
class Mode:
    """How a cell's output is compared."""

    name: ModeName = "exact"
    rtol: float = 0.0

    def __str__(self) -> str:
        return f"rtol={self.rtol:g}" if self.name == "rtol" else self.name


EXACT = Mode()

# What other notebook tools call the same thing.
_ALIASES = {
    "nbval-ignore-output": "ignore",
    "nbval-raises-exception": "raises",
    "raises-exception": "raises",
}


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a cell: a stream's text, a value's plain text, or the name of an error."""

    kind: OutputKind
    text: str


def parse_mode(tag: str) -> Mode | None:
    """The mode that a tag names, or None if the tag is about something else."""
    if tag.startswith("rtol="):
        try:
            rtol = float(tag.removeprefix("rtol="))
        except ValueError:
            rtol = -1.0
        if not 0 <= rtol < math.inf:
            raise ValueError(f"the tag `{tag}` needs a positive number, such as rtol=1e-3")
        return Mode("rtol", rtol)
    match tag:
        case "exact" | "shape" | "ignore" | "raises":
            return Mode(tag)
        case _:
            return None


def mode_of(tags: Iterable[str], default: Mode = EXACT) -> Mode:
    """The mode that a cell's tags ask for; our own names go before other tools' names."""
    tags = list(tags)
    for tag in [*tags, *(_ALIASES[tag] for tag in tags if tag in _ALIASES)]:
        mode = parse_mode(tag)
        if mode is not None:
            return mode
    return default


def compare(stored: Sequence[Output], now: Sequence[Output], mode: Mode) -> list[str]:
    """What is different, as readable paragraphs; empty where the outputs agree."""
    if mode.name == "ignore":
        return []
    if mode.name == "raises":
        return _compare_raised(stored, now)
    before, after = _merge_streams(stored), _merge_streams(now)
    kinds_before = [output.kind for output in before]
    kinds_after = [output.kind for output in after]
    if kinds_before != kinds_after:
        return [_different_kinds(before, after)]
    problems: list[str] = []
    for old, new in zip(before, after, strict=True):
        problem = _compare_text(old.text, new.text, mode)
        if problem:
            title = f"{_TITLES[old.kind]} differs ({mode}): {problem}"
            problems.append(f"{title}\n{text_diff(old.text, new.text)}")
    return problems


_TITLES: dict[OutputKind, str] = {
    "stdout": "standard output",
    "stderr": "standard error",
    "stream": "printed text",
    "result": "result",
    "display": "displayed value",
    "error": "error",
}


def _compare_raised(stored: Sequence[Output], now: Sequence[Output]) -> list[str]:
    """The tag `raises`: an error must come, and it must be the stored one if one is stored."""
    expected = [output.text for output in stored if output.kind == "error"]
    raised = [output.text for output in now if output.kind == "error"]
    if not raised:
        return [f"no error was thrown{', but ' + expected[0] + ' is stored' if expected else ''}"]
    if expected and expected != raised:
        return [f"error differs (raises): stored {expected[0]}, now {raised[0]}"]
    return []


def _merge_streams(outputs: Sequence[Output]) -> list[Output]:
    """Streams joined by name and put first, since how they interleave is a matter of timing."""
    texts: dict[OutputKind, str] = {}
    rest: list[Output] = []
    for output in outputs:
        text = clean(output.text)
        if output.kind in ("stdout", "stderr", "stream"):
            texts[output.kind] = texts.get(output.kind, "") + text
        else:
            rest.append(Output(output.kind, text))
    return [Output(kind, text) for kind, text in sorted(texts.items()) if text] + rest


def _different_kinds(before: list[Output], after: list[Output]) -> str:
    """Says which outputs are missing and which are new, with their text."""
    lines = []
    for sign, mine, others in (("-", before, after), ("+", after, before)):
        left = [output.kind for output in others]
        for output in mine:
            if output.kind in left:
                left.remove(output.kind)
                continue
            state = "is stored, but is missing now" if sign == "-" else "is new, not stored"
            name = f" {output.text}" if output.kind == "error" else ""
            lines.append(f"{_TITLES[output.kind]}{name} {state}")
            if output.kind != "error":
                lines += [f"  {sign} {line}" for line in output.text.splitlines()]
    return "\n".join(lines) or "outputs came in another order"


_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def clean(text: str) -> str:
    """Text without colours and with plain line ends."""
    return _ANSI.sub("", text).replace("\r\n", "\n")


def text_diff(before: str, after: str) -> str:
    """The two texts line by line: `-` is stored, `+` is what came now."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    body = [f"  {line}".rstrip() for line in lines]
    if before.splitlines() == after.splitlines():
        body.append("  (the difference is a line break at the end)")
    return "\n".join(body)


def _compare_text(before: str, after: str, mode: Mode) -> str:
    """Why the texts differ, or an empty string."""
    if before == after:
        return ""
    if mode.name == "exact":
        return "text"
    return _compare_layout(_Layout.of(before), _Layout.of(after), mode)


_NUMBER = re.compile(
    r"""(?<![\w.×])                         # not inside a name, a size or another number
        (?:(?<=[\s(\[,=:;])[-+]|^[-+]|)     # a sign belongs to the number only where one may stand
        (?P<body>0x[0-9a-fA-F]+
          |(?:\d+\.\d*|\.\d+|\d+)(?:[ef][-+]?\d+)?)
        (?P<imaginary>im\b)?
        (?![\w×]|\.\d)""",
    re.VERBOSE,
)
_SLICE_HEADER = re.compile(r"^\[[:,\s\d]*\] =$")
# Digits that Julia prints of a number within a matrix; a number alone has all it needs.
_COMPACT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class _Number:
    """A number found in a line, and where its decimal point (or its end) stands."""

    text: str
    start: int
    end: int

    @property
    def kind(self) -> str:
        """Which sort of number this is: its digits are free, this is not."""
        body = self.text.lstrip("+-")
        suffix = "im" if body.endswith("im") else ""
        body = body.removesuffix("im")
        if body.startswith("0x"):
            return f"0x{len(body) - 2}{suffix}"
        if "f" in body:
            return f"Float32{suffix}"
        return ("Float" if "." in body or "e" in body else "Int") + suffix

    @property
    def anchor(self) -> int:
        """The column that Julia aligns: the decimal point, or the end of a whole number."""
        dot = self.text.find(".")
        return self.end if dot < 0 else self.start + dot

    @property
    def digits(self) -> int:
        """How many significant digits are written."""
        mantissa = re.split("[ef]", self.text.lstrip("+-").removesuffix("im"))[0]
        return len(mantissa.replace(".", "").strip("0"))

    @property
    def value(self) -> complex:
        """The number's value."""
        body = self.text.removesuffix("im")
        value = float(int(body, 16)) if "0x" in body else float(body.replace("f", "e"))
        return complex(0, value) if self.text.endswith("im") else value


@dataclass(frozen=True, slots=True)
class _Layout:
    """A text taken apart into what is fixed and its numbers."""

    fixed: list[str]
    numbers: list[_Number]
    aligned: bool
    mentions_float32: bool

    @classmethod
    def of(cls, text: str) -> _Layout:
        """Take `text` apart, line by line."""
        fixed: list[str] = []
        numbers: list[_Number] = []
        blocks: list[list[list[_Number]]] = [[]]
        for line in text.split("\n"):
            found = _numbers_in(line)
            numbers += found
            pieces = _around(line, found)
            if found and not "".join(pieces).strip(" …⋮⋱") and line.startswith(" "):
                # A row of an array: the padding depends on the digits, so it is checked apart.
                blocks[-1].append(found)
                pieces = [f" {piece.strip()} ".replace("  ", " ") for piece in pieces]
            else:
                blocks.append([])
            kinds = [number.kind for number in found]
            fixed.append("".join(a + f"<{b}>" for a, b in zip(pieces, kinds, strict=False)))
            fixed[-1] += pieces[-1]
        aligned = all(_is_aligned(block) for block in blocks)
        return cls(fixed, numbers, aligned, "Float32" in text or "f0" in text)


def _around(line: str, numbers: Sequence[_Number]) -> list[str]:
    """The pieces of `line` before, between and after the numbers."""
    cuts = [0, *(place for number in numbers for place in (number.start, number.end)), len(line)]
    return [line[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=True)]


def _numbers_in(line: str) -> list[_Number]:
    """The numbers whose digits are free: no sizes, type parameters, or counts among words."""
    if _SLICE_HEADER.match(line):
        return []
    depth = 0
    in_braces = [depth := depth + (c == "{") - (c == "}") for c in line]
    found = [
        _Number(match.group(), match.start(), match.end())
        for match in _NUMBER.finditer(line)
        if not in_braces[match.start()]
    ]
    if re.search(r"[^\W\d_]", re.sub("NaN|Inf|true|false", "", "".join(_around(line, found)))):
        found = [number for number in found if not number.kind.startswith("Int")]
    return found


def _is_aligned(rows: list[list[_Number]]) -> bool:
    """Whether rows stand as Julia sets them: points in one column, two blanks between columns."""
    if len({len(row) for row in rows}) > 1:
        return False
    previous_end = -1
    for column in zip(*rows, strict=True):
        if len({number.anchor for number in column}) > 1:
            return False
        if min(number.start for number in column) != previous_end + 2:
            return False
        previous_end = max(number.end for number in column)
    return True


def _compare_layout(before: _Layout, after: _Layout, mode: Mode) -> str:
    """Why two texts differ in form, or in their numbers by more than the tolerance."""
    if len(before.fixed) != len(after.fixed):
        return f"{len(before.fixed)} lines are stored, now there are {len(after.fixed)}"
    for old, new in zip(before.fixed, after.fixed, strict=True):
        if old != new:
            return f"stored `{old}`, now `{new}`"
    if before.aligned and not after.aligned:
        return "the columns are not aligned"
    if mode.name == "shape":
        return _compare_digits(before, after)
    for number, other in zip(before.numbers, after.numbers, strict=True):
        if not _is_close(number.value, other.value, mode.rtol):
            return f"stored {number.text}, now {other.text}"
    return ""


def _is_close(a: complex, b: complex, rtol: float) -> bool:
    """Whether two numbers agree within the relative tolerance."""
    return a == b or abs(a - b) <= rtol * max(abs(a), abs(b))


def _compare_digits(before: _Layout, after: _Layout) -> str:
    """Whether both are written short, as within a matrix, or in full."""
    old, new = (
        max((number.digits for number in layout.numbers if number.kind != "Int"), default=0)
        for layout in (before, after)
    )
    if old <= _COMPACT_DIGITS < new:
        return f"numbers of up to {old} digits are stored, now there are {new}"
    # A Float32 may need no more digits than a shortened Float64.
    if new <= _COMPACT_DIGITS < old and not before.mentions_float32:
        return f"numbers of {old} digits are stored, now there are only {new}"
    return ""
