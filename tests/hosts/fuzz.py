"""Programs made by damaging valid ones: no Python exception may come out of any, and none may hang.

    python tests/hosts/fuzz.py [COUNT] [SEED] [all] [hard | calls]

Programs come from the pages of wrong programs and from the walkthrough, with `all` from the spec
pages and from `tests/programs` too. The packages that a page uses stand before each of its
programs and are not damaged. With `hard` the damage is greater; with `calls` programs are calls
of what Base and the packages export, with odd arguments. Prints each kind of escape with the
shortest program that showed it; the exit code is 1 if there was one.

What counts is the exception that ended a run, before it is turned into Julia's, or that a `catch`
got: only Julia's own, and Python's that stand for one of Julia's, may do so. One that code of ours
met on the way and told as another is an escape, too, if nobody knows what it stands for: it is
marked as masked.
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

from odd_programs import EXTENDS, is_kept_out, programs_of

SECONDS = 2
# What a process may ask for, and megabytes that it may hold at most.
MEMORY = 3 * 1024**3
HELD = 1500
# Programs share a session for a while, as cells of a notebook do.
PER_SESSION = 40


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
        if kind not in self.found:  # a long run may be looked at before its end
            print(f"{kind}: {detail[:150]}", program, sep="\n", file=sys.stderr, flush=True)
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


def masked(error: BaseException) -> BaseException | None:
    """What a Julia exception was told for: one of Python's, of no known meaning, from below."""
    from juliette.runtime.errors import ErrorException, MethodError

    before = error.__context__
    if not isinstance(error, ErrorException | MethodError) or isinstance(before, re.error):
        return None  # what has a meaning of its own
    if before is None or before.__traceback__ is None or before.__traceback__.tb_next is None:
        return None  # what a handler's own line threw is what it is for
    of_ours = type(before).__module__.startswith("juliette")
    return None if of_ours or is_julias(before) else before


def overflow_of_ours(error: BaseException) -> bool:
    """Whether a number did not fit where no number of Julia's was converted."""
    return isinstance(error, OverflowError) and "infinity" not in str(error)


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


def run_all(count: int, seed: int, kinds: set[str]) -> Escapes:
    """Run `count` damaged programs."""
    from juliette.runtime import errors as thrown

    known = thrown.julia_value
    current = ""

    def watched(error: BaseException) -> Any:
        """Note what is not Julia's, whether a run threw it or a `show`, or a `catch` got it."""
        if not is_julias(error):
            escapes.note(f"{type(error).__name__} in {place(error)}", current, str(error))
        elif (before := masked(error)) is not None:
            kind = f"masked: {type(before).__name__} in {place(before)}"
            escapes.note(kind, current, f"{before} told as {type(error).__name__}")
        elif overflow_of_ours(error):
            escapes.note(f"masked: OverflowError in {place(error)}", current, str(error))
        return known(error)

    thrown.julia_value = watched  # before others import it

    from juliette.display import errors
    from juliette.interpreter import Interpreter
    from juliette.report import ErrorReport, ShowError

    dice = random.Random(seed)
    programs = programs_of(dice, kinds)
    escapes = Escapes()

    class Session(Interpreter):
        def report(self, error: BaseException, place_: str = "") -> ErrorReport:
            """Note also what an exception's own text threw."""
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
        current = next(programs)
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


def main(count: int, seed: int, kinds: set[str]) -> int:
    """Run, and print what was found."""
    sys.setrecursionlimit(20_000)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        escapes = run_all(count, seed, kinds)
    for line in describe(escapes):
        print(line)
    total = sum(times for times, _, _ in escapes.found.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = time.perf_counter() - start
    print(f"{count} programs in {took:.0f} s, {peak:.0f} MB")
    print(f"{total} escapes of {len(escapes.found)} kinds")
    return 1 if escapes.found or peak > HELD else 0


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word.isdigit()]
    numbers = [int(word) for word in words] + [2000, 1][len(words) :]
    raise SystemExit(main(*numbers, kinds=set(sys.argv[1:]) - set(words)))
