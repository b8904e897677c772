"""Stack traces: the user's own frames of a Python traceback, as Julia writes them."""

from __future__ import annotations

import contextlib
import os
import re
from types import FrameType, TracebackType
from typing import Any

from juliette.compiler.closures import Box, ClosureBase
from juliette.compiler.lower import LambdaCode
from juliette.compiler.python_backend import CODES
from juliette.display.library_frames import ALWAYS, INTO_FUNCTIONS, library_steps
from juliette.display.methods import name_text
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import LoadError, julia_value
from juliette.runtime.modules import Module
from juliette.runtime.world import compiled_here

TOP_LEVEL = "top-level scope"
_CELL = re.compile(r"(?:REPL|In)\[\d+\]$")
# A longer trace is searched for calls that go round in a circle.
_BIG = 50
_LONGEST_CYCLE = 20


class Frame:
    """One frame: what is called, and where it stands."""

    __slots__ = ("file", "function", "head", "inlined", "line", "module")

    def __init__(
        self,
        function: str,
        head: str,
        module: str,
        file: str,
        line: int,
        inlined: bool = False,
    ) -> None:
        self.function = function
        self.head = head
        self.module = module
        self.file = file
        self.line = line
        self.inlined = inlined

    @property
    def place(self) -> str:
        """`Main ./REPL[1]:1`"""
        if self.function == TOP_LEVEL:
            return f"{shortened(self.file)}:{self.line}"
        if self.inlined:
            return f"{self.file}:{self.line} [inlined]"
        folder = "./" if _CELL.match(self.file) else ""
        return f"{self.module} {folder}{shortened(self.file)}:{self.line}"


def shortened(path: str) -> str:
    """A path in the user's own folder, as it is written there: `~/code.jl`."""
    if not path.startswith("/"):
        return path
    home = os.environ.get("HOME", "").rstrip("/")
    return f"~{path[len(home) :]}" if home and path.startswith(f"{home}/") else path


def frames_of(error: BaseException) -> list[Frame]:
    """The frames of an error, innermost first: what Julia's library shows of itself, and the user's code."""
    own = user_frames(error.__traceback__)
    if not own:
        return own
    inside = own[0].function != TOP_LEVEL
    out = []
    value = julia_value(error)
    while isinstance(value, LoadError):
        value = value.error
    for step in library_steps(error.__traceback__, value, compiled_here):
        inlined = step.inlined == ALWAYS or (inside and step.inlined == INTO_FUNCTIONS)
        file, line = step.place.split(":")
        head = step.name if inlined else f"{step.name}({step.arguments})"
        out.append(Frame(step.name, head, step.module, file, int(line), inlined))
    return [*out, *own]


def user_frames(trace: TracebackType | None) -> list[Frame]:
    """The frames of the user's code in a traceback, innermost first."""
    steps: list[tuple[FrameType, int, bool]] = []
    included = False
    while trace is not None:
        code = trace.tb_frame.f_code
        if compiled_here(trace.tb_frame):
            if steps and steps[-1][0] is trace.tb_frame:
                steps.pop()  # Thrown again by the same frame: the first place counts.
            steps.append((trace.tb_frame, trace.tb_lineno, included and bool(steps)))
        included = code.co_name == "include_file" or (
            included and not compiled_here(trace.tb_frame)
        )
        trace = trace.tb_next
    out: list[Frame] = []
    for i, (frame, line, by_include) in enumerate(reversed(steps), 1):
        if out and passes_on(frame, line, out[-1]):
            continue
        out.append(described(frame, line))
        if by_include and out[-1].function == TOP_LEVEL:
            out += include_frames(described(*steps[-i - 1][:2]).module)
    return out


def include_frames(module: str) -> list[Frame]:
    """What stands between a file and the code that includes it."""
    if module == "Main":
        head = "include(fname::String)"
        return [Frame("include", head, "Base.MainInclude", "./client.jl", 489)]
    return [Frame("include", "include(mod::Module, _path::String)", "Base", "./Base.jl", 495)]


def running_frames(frame: FrameType | None) -> list[Frame]:
    """The frames of the user's code that are running, innermost first."""
    out: list[Frame] = []
    included = False
    while frame is not None:
        if compiled_here(frame) and not (out and passes_on(frame, frame.f_lineno, out[-1])):
            found = described(frame, frame.f_lineno)
            out += [*(include_frames(found.module) if included else ()), found]
            included = False
        elif frame.f_code.co_name == "include_file":
            included = True
        frame = frame.f_back
    return out


def passes_on(frame: FrameType, line: int, inner: Frame) -> bool:
    """Did a method only add the optional arguments to a call on the same line?"""
    code = frame.f_code
    source = CODES.get(code)
    here = (code.co_name, code.co_filename, line)
    return (
        source is not None and source.forwards and here == (inner.function, inner.file, inner.line)
    )


def described(frame: FrameType, line: int) -> Frame:
    """A running function with the types of its arguments."""
    code = frame.f_code
    module = frame.f_globals.get("%module")
    owner = ".".join(module.path) if isinstance(module, Module) else "Main"
    if code.co_name == TOP_LEVEL:
        return Frame(TOP_LEVEL, TOP_LEVEL, owner, code.co_filename, line)
    source = CODES.get(code)
    values = frame.f_locals
    head = f"{name_text(code.co_name)}()"
    if source is not None:
        # The type of an argument may be too deep to be told.
        with contextlib.suppress(RecursionError):
            head = call_text(source, values)
    return Frame(code.co_name, head, owner, code.co_filename, line)


def call_text(source: LambdaCode, values: dict[str, Any]) -> str:
    """`f(x::Int64; k::Float64)`"""
    parts: list[str] = []
    name = name_text(source.name)
    own = values.get("#self#")
    if isinstance(own, ClosureBase):
        name = f"(::{T.type_string(T.typeof(own))})"
    params = list(source.params)
    if params and params[0].name == "#ctor#":
        called = values.get(params[0].pyname)
        name = T.type_string(called) if called is not None else name
        params = params[1:]
    elif source.name == "call" and params and source.callable:
        callee = params.pop(0)
        shown = "" if callee.name.startswith("#") else callee.name
        name = f"({shown}::{type_text(values.get(callee.pyname))})"
    for i, var in enumerate(params):
        if var.pyname not in values:
            continue
        value = unboxed(values[var.pyname])
        if source.vararg and i == len(params) - 1:
            parts += vararg_parts(var.name, value)
            continue
        shown = "" if var.name.startswith("#") else var.name
        parts.append(f"{shown}::{type_text(value)}")
    if any(p.startswith("::Vararg") for p in parts):
        # Julia has no names for the arguments of a call with several of these.
        parts = [f"::{p.split('::', 1)[1]}" for p in parts]
    keywords = [
        f"{k}::{type_text(unboxed(values[var.pyname]))}"
        for k, var, *_ in source.keywords
        if var.pyname in values
    ]
    rest = source.keyword_rest
    if rest is not None and rest.pyname in values:
        kinds = T.typeof(unboxed(values[rest.pyname])).parameters[-1]
        told = T.type_string(kinds).removeprefix("@NamedTuple")
        # Of none there is no short form.
        keywords.append(f"{rest.name}::@Kwargs{told if told.startswith('{') else '{}'}")
    return f"{name}({', '.join(parts)}{'; ' + ', '.join(keywords) if keywords else ''})"


def vararg_parts(name: str, value: Any) -> list[str]:
    """What `xs...` got: one argument by its name, several by their number and type."""
    if not isinstance(value, tuple):
        return []
    kinds = [type_text(v) for v in value]
    if len(kinds) < 2:
        return [f"{name}::{k}" for k in kinds]
    rest = set(kinds[1:])
    return [f"::{kinds[0]}", f"::Vararg{{{rest.pop() if len(rest) == 1 else 'Any'}}}"]


def unboxed(value: Any) -> Any:
    """The value of a captured variable."""
    return getattr(value, "value", None) if type(value) is Box else value


def type_text(value: Any) -> str:
    """The type of an argument, as dispatch sees it."""
    if isinstance(value, GenericFunction):
        return T.type_string(T.typeof(value))
    return T.type_string(T.dispatch_type(value))


def trace_lines(frames: list[Frame]) -> list[str]:
    """The lines below `Stacktrace:`; frames that follow each other and are alike are shown once."""
    entries: list[tuple[str, str, int]] = []
    for frame in frames:
        if entries and entries[-1][:2] == (frame.head, frame.place):
            entries[-1] = (frame.head, frame.place, entries[-1][2] + 1)
        else:
            entries.append((frame.head, frame.place, 1))
    width = len(str(len(entries))) + 2
    out: list[str] = []
    at = 0
    while at < len(entries):
        length, times = cycle(entries, at) if len(entries) > _BIG else (1, 1)
        for i, (head, where, count) in enumerate(entries[at : at + length], at + 1):
            again = f" (repeats {count} times)" if count > 1 else ""
            out.append(f" {f'[{i}]'.rjust(width)} {head}{again}\n {' ' * (width - 1)}@ {where}")
        if times > 1:
            more = f"{times - 1} more time{'s' * (times > 2)}"
            out.append(f"--- the last {length} lines are repeated {more} ---")
        at += length * times
    return out


def cycle(entries: list[tuple[str, str, int]], at: int) -> tuple[int, int]:
    """How many entries from a place on come again, and how often they are there."""
    for length in range(2, _LONGEST_CYCLE + 1):
        piece = entries[at : at + length]
        times = 1
        while entries[at + times * length : at + (times + 1) * length] == piece:
            times += 1
        if times > 2:
            return length, times
    return 1, 1
