"""The programs that `fuzz` runs: valid ones with damage, and calls with odd arguments.

What may touch files, processes or time is kept out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
# Nothing that touches files, processes or time, or loads what is not there.
KEPT_OUT = re.compile(
    r"\b(?:rm|mv|cp|run|open|write|touch|mkdir|mktemp\w*|cd|chmod|sleep|readline|exit|quit|include"
    r"|pipeline|download|symlink|readdir|walkdir|ENV|atexit|Timer|wait|read\w*"
    r"|(?:using|import)(?! (?:\.|Base\b))|eachline|redirect\w*|tempname|kill|ccall|stdin"
    r"|pushdisplay)\b|`"
)
_PACKAGE = (
    r"(?:Flux|Zygote|NNlib|MLUtils|Optimisers|Functors|OneHotArrays|ChainRulesCore|LinearAlgebra"
    r"|SparseArrays|Statistics|Random|Printf|Dates|Test|Markdown|Logging|Unicode|UUIDs|TOML|SHA)"
)
_NAMES = r"@?\w+!?(?:, @?\w+!?)*"
_USING = re.compile(rf"^using {_PACKAGE}(?:(?:, {_PACKAGE})*|: {_NAMES});?\n", re.MULTILINE)
# What changes Base is for a session of its own.
EXTENDS = re.compile(r"\bBase\b")
_BLOCK = re.compile(r"```(?:jldoctest[^\n]*|julia)\n(.*?)\n```", re.DOTALL)
_SECTION = re.compile(r"^#+ ", re.MULTILINE)
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|[^\W\d]\w*!?|\d[\d.]*|\s+|[-+*/^<>=!&|.:]+|.', re.DOTALL)
SPICE = [
    *("+", "-", "*", "^", "==", "=>", "->", "...", ":", ".", ".+", "'", "[", "]", "(", ")", "{"),
    *("}", ",", ";", "\n", "end", "for", "in", "where", "::", "<:", "=", "nothing", "missing"),
    *("0", "-1", "1.5", "1f0", "NaN", '"a"', "'c'", ":sym", "[]", "()", "[1, 2]", "[1 2; 3 4]"),
    *("true", "Int", "String", "Any", "sum", "map", "x", "f", "typemax(Int)", "Dict()", "1:3"),
    *("begin", "do", "@show ", "$", "?", "&&", "π", "im", "//", "Vector{Int}", "Float32", "!"),
]


def seeds(whole: bool) -> list[str]:
    """Programs to damage: the walkthrough, the wrong programs, with `whole` the spec pages too."""
    found: list[str] = []
    for page in sorted((HERE.parent / "spec").rglob("*.md")) if whole else ():
        text = page.read_text("utf-8")
        blocks = [[_code(b) + "\n" for b in _BLOCK.findall(s)] for s in _SECTION.split(text)]
        packages = "".join(dict.fromkeys(_USING.findall("".join(map("".join, blocks)))))
        for section in blocks:
            # What a section shows belongs together; long ones are damaged block by block too.
            pieces = section if len(section) == 1 else ["".join(section), *section]
            found += [packages + _USING.sub("", piece) for piece in pieces]
    for program in sorted((HERE.parent / "programs").glob("*.jl")) if whole else ():
        text = program.read_text("utf-8")
        found.append("".join(_USING.findall(text)) + _USING.sub("", text))
    for page in sorted((HERE / "wrong").glob("*.md")):
        found += re.findall(r"```julia\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)
    cells = (HERE / "walkthrough.jl").read_text("utf-8")
    found += re.split(r"^# %% \d+\n", cells, flags=re.MULTILINE)[4:]
    return [text for text in found if divided(text)[1].strip() and not is_kept_out(text)]


def _code(block: str) -> str:
    """The code of a block, without prompts and outputs."""
    if "julia> " not in block:
        return block
    lines = block.split("\n")
    kept = [x[7:] for x in lines if x.startswith(("julia> ", " " * 7)) and x[7:].strip()]
    return "\n".join(kept)


def divided(program: str) -> tuple[str, str]:
    """The packages that a program uses, and the rest, which may be damaged."""
    match = re.match(rf"(?:{_USING.pattern})*", program, re.MULTILINE)
    at = match.end() if match else 0
    return program[:at], program[at:]


def is_kept_out(program: str) -> bool:
    """Whether a program would touch what lies outside of it."""
    return KEPT_OUT.search(divided(program)[1]) is not None


def mutate(dice: random.Random, programs: list[str]) -> str:
    """A program with a few of its tokens changed."""
    packages, program = divided(dice.choice(programs))
    tokens = _TOKEN.findall(program)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        at = dice.randrange(len(tokens) + 1)
        other = _TOKEN.findall(divided(dice.choice(programs))[1])
        match dice.randrange(7):
            case 0:
                del tokens[at : at + 1]
            case 1:
                tokens[at:at] = tokens[max(at - 1, 0) : at]
            case 2:
                tokens[at : at + 1] = [dice.choice(SPICE)]
            case 3:
                tokens[at:at] = [dice.choice(SPICE)]
            case 4:
                start = dice.randrange(len(other))
                tokens[at:at] = other[start : start + dice.randrange(1, 6)]
            case 5:
                names = [token for token in other if token[0].isalnum()]
                tokens[at : at + 1] = [dice.choice(names)] if names else []
            case _:
                stop = min(at + dice.randrange(1, 4), len(tokens))
                tokens[at:stop] = reversed(tokens[at:stop])
    return packages + "".join(tokens)


# ---------------------------------------------------------------- harder damage

# Separated by two spaces.
_ODD = r"""
'\U10ffff'  "\xff\xfe"  "é\u0301"  typemin(Int)  typemax(UInt128)  1e400  -0.0  NaN32  big(2)^70
1//0  Inf + NaN*im  1.0e-320  0b1  10^19  Inf16  -Inf  0im  [nothing]  Any[]  [missing, 1]
Union{}[]  zeros(0, 3)  fill(1)  (;)  (a=1,)  Union{}  Vector  Type  NTuple{2}  typeof(sin)  Ref(1)
1:0  'a':'c'  0:0.1:1  Set()  Dict(1=>2)  Symbol("")  r"("  x -> x  sin  Base  Main  Val(1)
view([1, 2], 1:1)  [1, 2]'  trues(2)  [[1], [2]]  [1 => 2]  (1, (2, 3))  quote end  ∘  √
"""
ODD = [*re.split(r"\s{2,}|\n", _ODD.strip()), "0x" + "f" * 33, "9" * 400]
# Characters that look like nothing, or like others.
ODD += [chr(n) for n in (0, 0x200B, 0xFEFF, 0x202E, 0x20D7, 0x1D499, 0x1F600, 0xD7)]
_ARGUMENT = re.compile(r"(?<=[(,])\s*(?:[\w.]+!?|\"[^\"\n]*\")\s*(?=[,)])")


def mutate_hard(dice: random.Random, programs: list[str]) -> str:
    """A program changed by lines, by whole arguments, by depth, or by another program."""
    packages, program = divided(dice.choice(programs))
    for _ in range(dice.choice((1, 1, 2))):
        lines = program.split("\n")
        at = dice.randrange(len(lines))
        match dice.randrange(8):
            case 0:
                del lines[at]
            case 1:
                other = divided(dice.choice(programs))[1].split("\n")
                lines[at:] = other[dice.randrange(len(other)) :]
            case 2:
                to = dice.randrange(len(lines))
                lines[at], lines[to] = lines[to], lines[at]
            case 3:
                depth = dice.choice((3, 30, 300, 3000, 30_000))
                opening, closing = dice.choice(
                    (("(", ")"), ("[", "]"), ("identity(", ")"), ("begin ", " end"), ("-", ""))
                )
                lines[at] = opening * depth + lines[at] + closing * depth
            case 4:
                other = divided(dice.choice(programs))[1].split("\n")
                lines[at : at + 1] = [lines[at], dice.choice(other)]
            case _:
                lines = _with_odd_argument(dice, program).split("\n")
        program = "\n".join(lines)
    return packages + program


def _with_odd_argument(dice: random.Random, program: str) -> str:
    """The program with an argument of a call, or a token if it has no call, as another value."""
    places = list(_ARGUMENT.finditer(program)) or list(re.finditer(r"\b\w+\b", program))
    if not places:
        return dice.choice(ODD)
    place = dice.choice(places)
    return program[: place.start()] + dice.choice(ODD + SPICE) + program[place.end() :]


# ---------------------------------------------------------------- odd calls

_VALUES = """
nothing  missing  ""  'x'  :s  1.5  -1  typemax(Int)  []  [1, 2]  Dict()  Int  sin  NaN  big(1)
1//2  3+4im  (1, 2)  (a=1,)  "abc"  0  2  true  [1.0 2; 3 4]  1:3  x -> x  String  1f0
[Inf NaN; 1 2]  ["a", "b"]  Float64[]  Set([1])  1 => 2  0x01  zeros(2, 0)  rand(3, 3, 1, 1)
Any[1, nothing]  ()  π  Dict(:a => 1)  IOBuffer()  r"a"  big(1.5)  [1//2, 3]  trues(3)
view([1, 2, 3], 1:2)  Vector{Int}  Ref(1)  -1.5  2^62  :(a + b)  Main  [missing 1]  [1, 2]'
[3+4im 1]  zeros(0, 0)  zeros(2, 2)  [2 1; 1 3.0]  1:0  Bool  (x, y) -> x + y  fill(2)
"""
VALUES = re.split(r"\s{2,}|\n", _VALUES.strip())
# Modules that are all about what lies outside, or threads that wait for others.
_OUTSIDE = {
    *("Pkg", "Downloads", "LibGit2", "REPL", "Sockets", "FileWatching", "Tar", "Distributed"),
    *("Profile", "IJulia", "InteractiveUtils"),
}
_NO_CALL = re.compile(r"exit|quit|edit|wait|take!|fetch|clipboard|unsafe_|pointer|abort|mmap|lock")


def odd_calls(dice: random.Random) -> Iterator[str]:
    """Calls of what Base and the packages export, with values that have nothing to do with it."""
    from juliette.runtime.errors import JuliaException
    from juliette.runtime.modules import PACKAGES, Base

    Base.load()
    names = [("", name) for name in sorted(Base.exports)]
    for package in sorted(set(PACKAGES) - _OUTSIDE):
        module = PACKAGES[package]
        try:
            module.load()
        except JuliaException:
            continue  # one that says why it is not here
        names += [(package, name) for name in sorted(module.exports)]
    names = [
        (package, name)
        for package, name in names
        if not name.startswith("@")
        and name[0].isalpha()
        and not KEPT_OUT.search(name)
        and not _NO_CALL.search(name)
    ]
    while True:
        package, name = dice.choice(names)
        args = ", ".join(dice.choice(VALUES) for _ in range(dice.choice((0, 1, 1, 2, 2, 2, 3, 3))))
        dot = dice.choice(("", "", "", "", "."))
        called = f"{package}.{name}" if package else name
        yield (f"using {package}\n" if package else "") + f"{called}{dot}({args})"


def programs_of(dice: random.Random, kinds: set[str]) -> Iterator[str]:
    """What a run of these kinds consists of."""
    if "calls" in kinds:
        yield from odd_calls(dice)
    programs = seeds("all" in kinds)
    change = mutate_hard if "hard" in kinds else mutate
    while True:
        yield change(dice, programs)
