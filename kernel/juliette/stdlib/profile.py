"""The module Profile: where a program spends its time, by looking at its stack again and again."""

from __future__ import annotations

import math
import sys
import time
from types import CodeType, FrameType
from typing import Any

import numpy as np

from juliette.compiler.python_backend import CODES
from juliette.display.frames import TOP_LEVEL, call_text, shortened
from juliette.display.io import IO, STDERR, STDOUT
from juliette.display.methods import name_text
from juliette.runtime.array import wrap
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base, Module
from juliette.runtime.scheduler import SCHEDULER
from juliette.runtime.world import compiled_here
from juliette.syntax.expr import Expr, QuoteNode

Place = tuple[CodeType, int]
# (file, function, line): what is one line of a report.
Line = tuple[str, str, int]

EMPTY = (
    "┌ Warning: There were no samples collected.\n"
    "│ Run your program longer (perhaps by running it multiple times),\n"
    "│ or adjust the delay between samples with `Profile.init()`.\n"
    "└ @ Profile Profile.jl\n"
)


class Sampler:
    """Looks at the running task's stack, and keeps what it sees of the user's code."""

    def __init__(self) -> None:
        self.delay = 0.001
        self.limit = 10_000_000
        # each innermost first
        self.samples: list[tuple[Place, ...]] = []
        self.size = 0
        # the arguments with which a function was first seen; told when the program rests
        self.values: dict[CodeType, dict[str, Any]] = {}
        self.heads: dict[CodeType, str] = {}
        self.thread: Any = None
        self.running = False

    def start(self) -> None:
        import threading

        self.main = threading.main_thread().ident or 0
        self.running = True
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.running = False
        self.thread.join()
        for code, values in self.values.items():
            source = CODES.get(code)
            plain = f"{name_text(code.co_name)}()"
            self.heads[code] = plain if source is None else call_text(source, values)
        self.values = {}

    def _watch(self) -> None:
        while self.running and self.size < self.limit:
            time.sleep(self.delay)
            frames = sys._current_frames()
            frame = frames.get(SCHEDULER.current.thread or self.main)
            if frame is not None and self.running:
                self._look(frame)

    def _look(self, top: FrameType) -> None:
        places = []
        frame: FrameType | None = top
        while frame is not None:
            code = frame.f_code
            if compiled_here(frame):
                places.append((code, frame.f_lineno or code.co_firstlineno))
                if code not in self.heads and code not in self.values:
                    self.values[code] = {} if code.co_name == TOP_LEVEL else dict(frame.f_locals)
            frame = frame.f_back
        if places:
            self.samples.append(tuple(places))
            self.size += len(places) + 1

    def clear(self) -> None:
        self.samples, self.size = [], 0

    def line(self, place: Place) -> Line:
        code, number = place
        name = TOP_LEVEL if code.co_name == TOP_LEVEL else self.heads.get(code, code.co_name)
        return shortened(code.co_filename), name, number


SAMPLER = Sampler()


# ---------------------------------------------------------------- reports


class Node:
    """A line of the tree: how often it was seen below its caller, and how often innermost."""

    def __init__(self) -> None:
        self.count = self.overhead = 0
        self.down: dict[Line, Node] = {}


def tree_of(samples: list[tuple[Place, ...]]) -> Node:
    root = Node()
    for sample in samples:
        node = root
        node.count += 1
        for place in reversed(sample):
            node = node.down.setdefault(SAMPLER.line(place), Node())
            node.count += 1
        node.overhead += 1
    return root


def nodes(root: Node) -> list[Node]:
    return [root, *(n for child in root.down.values() for n in nodes(child))]


def cut(text: str, width: int, *, at_start: bool = False) -> str:
    """A text that fits; what is left out is marked."""
    if len(text) <= width:
        return text
    return f"…{text[len(text) - width + 1 :]}" if at_start else f"{text[: width - 1]}…"


def indent(level: int) -> str:
    return ("    ╎" * (level // 5 + 1))[: level - 1] + " " if level else ""


def print_tree(io: IO, root: Node, options: dict[str, Any]) -> None:
    every = nodes(root)
    width_over = len(str(max(n.overhead for n in every)))
    width_count = len(str(root.count))
    columns = int(Base.bindings["displaysize"](io)[1])
    io.write("Overhead ╎ [+additional indent] Count File:Line; Function\n")
    io.write("=========================================================\n")

    def write(node: Node, level: int, floor: float) -> None:
        if level > options["maxdepth"] or not node.down:
            return
        keys = {
            "count": lambda item: item[1].count,
            "overhead": lambda item: item[1].overhead,
        }
        below = sorted(node.down.items(), key=keys.get(options["sortedby"], lambda item: item[0]))
        shown = min(columns // 2, level)
        digits = len(str(max(line[2] for line, _ in below))) + 6
        room = max(30, columns - width_over - shown - width_count - digits - 6)
        extra = f"+{level - shown} " if level > shown else ""
        left = indent(shown - len(extra) if extra else shown) + extra
        for (file, name, number), child in below:
            if child.count < max(options["mincount"], floor):
                continue
            over = str(child.overhead or "").rjust(width_over)
            place = f"{cut(file, 2 * room // 5, at_start=True)}:{number}"
            told = cut(name, 3 * room // 5)
            io.write(f"{over}╎{left}{child.count:<{width_count}} {place}; {told}\n")
            write(child, level + 1, math.floor(options["noisefloor"] * math.sqrt(child.count)))

    write(root, 0, 0)
    io.write(
        f"Total snapshots: {root.count}. Utilization: 100% across all threads and tasks. "
        "Use the `groupby` kwarg to break down by thread and/or task.\n"
    )


def print_flat(io: IO, samples: list[tuple[Place, ...]], options: dict[str, Any]) -> None:
    counts: dict[Line, int] = {}
    over: dict[Line, int] = {}
    for sample in samples:
        lines = [SAMPLER.line(place) for place in sample]
        for line in dict.fromkeys(lines):
            counts[line] = counts.get(line, 0) + 1
        over[lines[0]] = over.get(lines[0], 0) + 1
    orders: dict[str, Any] = {"count": counts.get, "overhead": lambda line: over.get(line, 0)}
    found = sorted(counts, key=orders.get(options["sortedby"], lambda line: line))
    wide = max(6, len(str(max(counts.values()))))
    wide_over = max(9, len(str(max(over.values()))))
    wide_line = max(5, *(len(str(line[2])) for line in found))
    room = max(20, int(Base.bindings["displaysize"](io)[1]) - wide - wide_over - wide_line - 3)
    longest = max(6, *(len(line[0]) for line in found))
    if longest + max(10, *(len(line[1]) for line in found)) + 25 <= room:
        wide_file = longest
        wide_name = room - longest
    else:
        wide_file, wide_name = 2 * room // 5, 3 * room // 5
    for head in (
        ("Count", "Overhead", "File", "Line", "Function"),
        ("=====", "========", "====", "====", "========"),
    ):
        io.write(
            f"{head[0]:>{wide}} {head[1]:>{wide_over}} {head[2]:<{wide_file}} "
            f"{head[3]:>{wide_line}} {head[4]}\n"
        )
    for line in found:
        if counts[line] >= options["mincount"]:
            file, name, number = line
            io.write(
                f"{counts[line]:>{wide}} {over.get(line, 0):>{wide_over}} "
                f"{cut(file, wide_file, at_start=True):<{wide_file}} {number:>{wide_line}} "
                f"{cut(name, wide_name)}\n"
            )
    io.write(f"Total snapshots: {len(samples)}\n")


# ---------------------------------------------------------------- the module


def load(module: Module) -> None:
    """Fill the module."""

    @module.macro("profile")
    def profile(context: Any, e: Any) -> Any:
        """`@profile f(x)`: the value, while the stack is looked at once in a millisecond.

        What is seen is added to what was seen before; `Profile.print()` shows it and
        `Profile.clear()` forgets it.
        """
        begin, end = (Expr("call", QuoteNode(f)) for f in (SAMPLER.start, SAMPLER.stop))
        return Expr("try", Expr("block", begin, e), False, False, Expr("block", end))

    @module.method(
        "print(io::IO=stdout; format=:tree, C=false, combine=true, maxdepth=typemax(Int), "
        "mincount=0, noisefloor=0, sortedby=:filefuncline, groupby=:none, recur=:off)",
        export=False,
    )
    def print_(io: Any = STDOUT, **given: Any) -> None:
        """Show what `@profile` saw, as a tree of calls or line by line (`format = :flat`).

        A line of the tree has how often it was the innermost, and how often it was on the stack.

        ```jldoctest
        julia> using Profile

        julia> work(n) = (s = 0.0; for i in 1:n; s += sin(i); end; s);

        julia> @profile work(1_000_000);

        julia> occursin("work(n::Int64)", sprint(Profile.print))
        true
        ```
        """
        options = {"maxdepth": 2**63 - 1, "mincount": 0, "noisefloor": 0, **given}
        options["sortedby"] = getattr(given.get("sortedby"), "name", "filefuncline")
        form = getattr(given.get("format"), "name", "tree")
        if form not in ("tree", "flat"):
            raise ArgumentError(f"output format :{form} not recognized")
        if not SAMPLER.samples:
            STDERR.write(EMPTY)
        elif form == "tree":
            print_tree(io, tree_of(SAMPLER.samples), options)
        else:
            print_flat(io, SAMPLER.samples, options)

    @module.method("clear()", export=False)
    def clear() -> None:
        """Forget what `@profile` saw."""
        SAMPLER.clear()

    @module.method("init(; n=nothing, delay=nothing)", export=False)
    def init(*, n: Any = None, delay: Any = None) -> Any:
        """How much is kept at most, and the seconds between two looks; what is given is set.

        ```jldoctest
        julia> using Profile

        julia> Profile.init(delay = 0.005); Profile.init()
        (10000000, 0.005)
        ```
        """
        if n is None and delay is None:
            return SAMPLER.limit, SAMPLER.delay
        SAMPLER.limit = SAMPLER.limit if n is None else int(n)
        SAMPLER.delay = SAMPLER.delay if delay is None else float(delay)
        return None

    @module.method("len_data()", export=False)
    def len_data() -> int:
        """How much is kept."""
        return SAMPLER.size

    @module.method("fetch(; include_meta=false)", export=False)
    def fetch(*, include_meta: Any = False) -> Any:
        """The samples as numbers: a number for each place on the stack, and 0 after each sample."""
        numbers: dict[Place, int] = {}
        data = [
            number
            for sample in SAMPLER.samples
            for number in (*(numbers.setdefault(p, len(numbers) + 1) for p in sample), 0)
        ]
        return wrap(np.array(data, np.uint64))

    @module.method("is_running()", export=False)
    def is_running() -> bool:
        """Is the stack being looked at?"""
        return SAMPLER.running
