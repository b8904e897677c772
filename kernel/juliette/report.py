"""A Julia exception that ended a run, as text: plain, in colour, or as Jupyter wants it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

RED, BOLD, DIM, UNDERLINED = "\x1b[91m", "\x1b[1m", "\x1b[90m", "\x1b[4m"
PLAIN, NOT_BOLD, NOT_UNDERLINED = "\x1b[39m", "\x1b[22m", "\x1b[24m"
MODULE = "\x1b[35m"
# What a failed task died of, below the trace of the task that waited for it.
NESTED = "    nested task error: "
BASE = ("Base", "Core")
CANDIDATES = "\n\nClosest candidates are:"

_CALL = re.compile(
    r"(?P<number> *\[\d+\] )(?P<name>[^\s(]+|\(::.*?\))(?P<arguments>\(.*\))?(?P<rest>.*)"
)
_PLACE = re.compile(
    r"(?P<at> *@ )(?:(?P<module>\S+) )?(?P<folder>\S*/)?(?P<file>\S+:\d+)"
    r"(?P<inlined> \[inlined\])?"
)
_ARGUMENT = re.compile(r"(?P<name>[^\W\d][\w!]*)(?=::)")


@dataclass(slots=True)
class ErrorReport:
    """A Julia exception: its type's name, its sentence, the user's frames, the value itself."""

    name: str
    message: str
    frames: list[str] = field(default_factory=list)
    value: Any = None
    # `in expression starting at …`, for code that came from a file.
    loading: str = ""
    # What was being handled when it was thrown.
    cause: ErrorReport | None = None

    def while_loading(self, path: str, line: int) -> ErrorReport:
        """The same error, thrown while a file was being run."""
        note = f"in expression starting at {path}:{line}"
        notes = f"{self.loading}\n{note}" if self.loading else note
        return ErrorReport(
            "LoadError", f"LoadError: {self.message}", self.frames, self.value, notes
        )

    def render(self, color: bool = False, head: str = "ERROR: ") -> str:
        """`ERROR: …` with the stack trace, as the prompt shows it."""
        if color:
            lines = [f"{RED}{BOLD}{head}{NOT_BOLD}{PLAIN}" + "\n".join(self._sentence())]
        else:
            lines = [head + self.message.rstrip("\n") + ("\n" if self.message[-1:] == "\n" else "")]
        text = "\n".join(self._with_trace(lines, color))
        if self.cause is not None:
            text += "\n\n" + self.cause.render(color, "caused by: ")
        return text

    def traceback(self) -> list[str]:
        """The lines that a notebook shows, in colour."""
        trace = list(self._trace(color=True))
        sentence = self._sentence()
        lines = [*sentence, *([""] if trace and sentence[-1] else []), *trace]
        if self.cause is not None:
            lines += ["", *self.cause.render(True, "caused by: ").split("\n")]
        return lines

    def _with_trace(self, lines: list[str], color: bool) -> list[str]:
        """The sentence and the stack trace; after them what a task that was waited for died of."""
        trace = list(self._trace(color=color))
        first, nested, rest = "\n".join(lines).partition(f"\n\n{RED if color else ''}{NESTED}")
        if self.name != "TaskFailedException" or not nested or not trace:
            return [*lines, *trace]
        return [first, *trace, nested.removeprefix("\n") + rest]

    def _sentence(self) -> list[str]:
        """The message in red, line by line; of the closest methods only what does not fit."""
        said, title, methods = self.message.rstrip("\n").partition(CANDIDATES)
        lines = [f"{RED}{line}{PLAIN}" if line else "" for line in said.split("\n")]
        lines += [_misfits_in_red(line) for line in (title + methods).split("\n")[1:]]
        return [*lines, ""] if self.message[-1:] == "\n" else lines

    def _trace(self, *, color: bool) -> Iterator[str]:
        """The stack trace, line by line."""
        if self.frames:
            yield "Stacktrace:"
        for frame in self.frames:
            for line in frame.split("\n"):
                yield _colored(line) if color else line
        if self.loading:
            yield self.loading


def split_notes(message: str, notes: int) -> tuple[str, str]:
    """A sentence, and the lines at its end that say what was being loaded."""
    lines = message.split("\n")
    at = len(lines) - notes
    return "\n".join(lines[:at]), "\n".join(lines[at:])


def exit_code(leaving: SystemExit) -> int:
    """The number of `exit(n)`."""
    return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))


class ShowError(Exception):
    """A value could not be shown: the user's own `show` threw."""

    def __init__(self, kind: str, report: ErrorReport) -> None:
        super().__init__(report.message)
        self.kind = kind
        self.report = report

    def render(self, color: bool = False) -> str:
        """What the prompt says in the value's place."""
        head = f"Error showing value of type {self.kind}:"
        return f"{head}\n{self.report.render(color)}"


def _misfits_in_red(line: str) -> str:
    """A line of the closest methods, where `!Matched` stands before what does not fit."""
    first, *rest = line.split("!Matched")
    out = [first]
    for part in rest:
        end = depth = 0
        while end < len(part) and (depth or part[end] not in ",;)"):
            depth += (part[end] in "{(") - (part[end] in "})")
            end += 1
        out.append(f"{RED}{part[:end]}{PLAIN}{part[end:]}")
    return "".join(out)


def _colored(line: str) -> str:
    """A line of a stack trace in Julia's colours."""
    if line.startswith("--- "):
        return f"{DIM}{line}{PLAIN}"
    if found := _PLACE.fullmatch(line):
        owner = found["module"]
        shade = DIM if owner and owner.split(".")[0] in BASE else MODULE
        module = f"{shade}{owner}{PLAIN} " if owner else ""
        folder = f"{DIM}{found['folder']}{PLAIN}" if found["folder"] else ""
        place = f"{DIM}{UNDERLINED}{found['file']}{NOT_UNDERLINED}{PLAIN}"
        inlined = f"{DIM} [inlined]{PLAIN}" if found["inlined"] else ""
        return f"{DIM}{found['at']}{PLAIN}{module}{folder}{place}{inlined}"
    if found := _CALL.fullmatch(line):
        name, rest = found["name"], found["rest"]
        if found["arguments"] is None:
            if line.endswith("top-level scope"):
                return line
            return f"{found['number']}{BOLD}{name}{NOT_BOLD}{rest}"
        inner = _ARGUMENT.sub(rf"{DIM}\g<name>{PLAIN}", found["arguments"][1:-1])
        opening, closing = f"{BOLD}({NOT_BOLD}", f"{BOLD}){NOT_BOLD}"
        return f"{found['number']}{BOLD}{name}{NOT_BOLD}{opening}{inner}{closing}{rest}"
    return line
