"""Programs made by damaging valid ones: no Python exception may come out of any, and none may hang.

    python tests/hosts/fuzz.py [COUNT] [SEED] [all]

Programs come from the pages of wrong programs and from the walkthrough, with `all` from the spec
pages and from `tests/programs` too. The packages that a page uses stand before each of its
programs and are not damaged. Prints each kind of escape with the shortest program that showed it;
the exit code is 1 if there was one. What counts is the exception that ended a run, before it is
turned into Julia's: only Julia's own, and Python's that stand for one of Julia's, may do so.
"""

from __future__ import annotations

import io
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECONDS = 2
# What a process may ask for, and megabytes that it may hold at most.
MEMORY = 3 * 1024**3
HELD = 1500
# Programs share a session for a while, as cells of a notebook do.
PER_SESSION = 40
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


class Hang(BaseException):
    """An interrupt did not end a program."""


class Watch:
    """Interrupts what runs too long, as a user would; gives up if that does not help.

    The processor's time counts, and on a machine that is busy with others ten times as much of the
    clock's, in case that a program waits.
    """

    def __init__(self) -> None:
        self.rung = 0
        self.since = (0.0, 0.0)
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, number: int, frame: Any) -> None:
        worked, waited = time.process_time() - self.since[0], time.monotonic() - self.since[1]
        self._wind()
        if worked < SECONDS / 2 and waited < 10 * SECONDS:
            self.since = (self.since[0] - worked, self.since[1] - waited)
            return
        self.rung += 1
        if self.rung > 4:
            raise Hang
        signal.raise_signal(signal.SIGINT)

    def _wind(self) -> None:
        self.since = (time.process_time(), time.monotonic())
        signal.setitimer(signal.ITIMER_REAL, SECONDS)

    def __enter__(self) -> Watch:
        self.rung = 0
        self._wind()
        return self

    def __exit__(self, *exception: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Limited(io.StringIO):
    """Output that is not kept beyond a size."""

    def write(self, text: str) -> int:
        """Take text, or drop it."""
        return super().write(text) if self.tell() < 100_000 else len(text)


class Escapes:
    """The kinds of escapes found, each with its shortest program."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, str, str]] = {}

    def note(self, kind: str, program: str, detail: str) -> None:
        """Keep the program if it is shorter than the one known for this kind."""
        count, shortest, known = self.found.get(kind, (0, program, detail))
        if len(program) < len(shortest):
            shortest, known = program, detail
        self.found[kind] = (count + 1, shortest, known)


def is_julias(error: BaseException) -> bool:
    """Whether an exception is Julia's own, or stands for one of Julia's."""
    from juliette.runtime import types
    from juliette.runtime.errors import JuliaException, NoMethod, Thrown, translated

    if isinstance(error, JuliaException | Thrown | NoMethod):
        return True
    if isinstance(error, types.TypeParameterError | types.ElementError):
        return True
    if isinstance(error, NameError):
        # One of compiled code is an UndefVarError, one of a file of ours is a slip.
        return not innermost(error).endswith(".py")
    if isinstance(error, ZeroDivisionError | RecursionError | MemoryError):
        return True
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return True
    # A translator may know it; of what nobody knows, users see a MethodError that may be wrong.
    return translated(error) is not None


def innermost(error: BaseException) -> str:
    """The file whose code threw."""
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].filename if frames else ""


def place(error: BaseException) -> str:
    """The innermost frames of ours, to tell one escape from another."""
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.endswith(".py")
    ]
    return " < ".join(reversed(frames[-2:])) or "compiled code"


def run_all(count: int, seed: int, whole: bool) -> Escapes:
    """Run `count` damaged programs."""
    from juliette.display import errors
    from juliette.interpreter import Interpreter
    from juliette.report import ErrorReport, ShowError

    dice = random.Random(seed)
    programs = seeds(whole)
    escapes = Escapes()
    current = ""

    class Session(Interpreter):
        def report(self, error: BaseException, place_: str = "") -> ErrorReport:
            """Note what is not Julia's, whether a run threw it, a `show` or a `showerror`."""
            if not is_julias(error):
                escapes.note(f"{type(error).__name__} in {place(error)}", current, str(error))
            report = super().report(error, place_)
            try:
                errors.showerror_text(report.value)
            except Exception as second:
                if not is_julias(second):
                    kind = f"showerror: {type(second).__name__} in {place(second)}"
                    escapes.note(kind, current, str(second))
            return report

    def new() -> Session:
        return Session(stdout=Limited(), stderr=Limited(), stdin=io.StringIO())

    session = new()
    watch = Watch()
    for number in range(count):
        changed = EXTENDS.search(current) is not None
        current = mutate(dice, programs)
        if number % PER_SESSION == 0 or changed or EXTENDS.search(current):
            session.close()
            session = new()
        if is_kept_out(current):
            continue
        try:
            with watch:
                outcome = session.run(current, "P")
                if outcome.shown:
                    session.mime_bundle(outcome.value)
        except (ShowError, SystemExit):
            pass
        except Hang:
            escapes.note("hang", current, f"not ended by {4 * SECONDS} s of interrupts")
            session = new()
        except KeyboardInterrupt:
            pass
        except BaseException as error:
            kind = f"OUT OF run: {type(error).__name__} in {place(error)}"
            escapes.note(kind, current, str(error))
            session = new()
    return escapes


def describe(escapes: Escapes) -> Iterator[str]:
    """The findings, the most frequent first."""
    for kind, (count, program, detail) in sorted(
        escapes.found.items(), key=lambda item: -item[1][0]
    ):
        yield f"{count} × {kind}: {detail[:150]}"
        yield "\n".join(f"    {line}" for line in program.split("\n"))


def main(count: int, seed: int, whole: bool) -> int:
    """Run, and print what was found."""
    sys.setrecursionlimit(20_000)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        escapes = run_all(count, seed, whole)
    for line in describe(escapes):
        print(line)
    total = sum(times for times, _, _ in escapes.found.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = time.perf_counter() - start
    print(f"{count} programs in {took:.0f} s, {peak:.0f} MB")
    print(f"{total} escapes of {len(escapes.found)} kinds")
    return 1 if escapes.found or peak > HELD else 0


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "all"]
    numbers = [int(word) for word in words] + [2000, 1][len(words) :]
    raise SystemExit(main(*numbers, whole="all" in sys.argv))
