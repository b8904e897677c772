"""Results of tests and sets of tests, and how they are reported."""

from __future__ import annotations

import time
from typing import Any

from juliette.base.iteration import iterate_value
from juliette.compiler.support import EXCEPTION_STACK
from juliette.display.errors import showerror_text
from juliette.display.frames import frames_of, trace_lines
from juliette.display.io import IO, STDOUT
from juliette.display.show import one_line
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import JuliaException, _exception
from juliette.runtime.modules import Base, Module
from juliette.runtime.scheduler import SCHEDULER, Task
from juliette.syntax.expr import LineNumberNode, Symbol

Result_ = T.define("Test.Result", abstract=True)
AbstractTestSet_ = T.define("Test.AbstractTestSet", abstract=True)
TestSetException = _exception("Test.TestSetException", "pass fail error broken errors_and_fails")
FallbackTestSetException = _exception("Test.FallbackTestSetException", "msg")


class Result:
    """What one test came to."""

    kind = ""
    fields: tuple[str, ...] = ()

    def __init__(self, test_type: str, expression: Any, place: tuple[str, int]) -> None:
        self.mode = test_type
        self.expression = expression
        self.file, self.line = place

    # The fields of Julia's results.

    @property
    def test_type(self) -> Symbol:
        return Symbol(self.mode)

    @property
    def orig_expr(self) -> Any:
        return self.expression

    @property
    def source(self) -> LineNumberNode:
        return LineNumberNode(self.line, Symbol(self.file))

    @property
    def message_only(self) -> bool:
        return bool(getattr(self, "message", False))

    @property
    def backtrace(self) -> str:
        return f" [1] top-level scope\n   @ {self.file}:{self.line}"


class Pass(Result):
    """The test held."""

    fields = ("test_type", "orig_expr", "data", "value", "source", "message_only")
    data: Any = None

    def __init__(
        self,
        test_type: str,
        expression: str,
        place: tuple[str, int],
        value: Any = True,
        message: bool = False,
    ) -> None:
        super().__init__(test_type, expression, place)
        self.value = value
        self.message = message

    @property
    def orig_expr(self) -> Any:
        return parsed(self.expression)

    def text(self) -> str:
        out = "Test Passed"
        if self.mode == "test_throws":
            shown = one_line(self.value) if self.message else type_text(self.value)
            out += f"\n     Message: {shown}" if self.message else f"\n      Thrown: {shown}"
        return out


class Fail(Result):
    """The test did not hold."""

    fields = ("test_type", "orig_expr", "data", "value", "context", "source", "message_only")

    def __init__(
        self,
        test_type: str,
        expression: str,
        place: tuple[str, int],
        *,
        data: str | None = None,
        value: str = "",
        message: bool = False,
        context: str | None = None,
    ) -> None:
        super().__init__(test_type, expression, place)
        self.data = data
        self.value = value
        self.message = message
        self.context = context

    def text(self) -> str:
        out = f"Test Failed at {self.file}:{self.line}\n  Expression: {self.expression}"
        if self.mode == "test_throws_wrong":
            last = "\n     Message: " if self.message else "\n      Thrown: "
            out += f"\n    Expected: {self.data}{last}{self.value}"
        elif self.mode == "test_throws_nothing":
            out += f"\n    Expected: {self.data}\n  No exception thrown"
        else:
            if self.data is not None:
                out += f"\n   Evaluated: {self.data}"
            if self.context is not None:
                out += f"\n     Context: {self.context}"
        return out + "\n"


class Error(Result):
    """The test could not be carried out."""

    fields = ("test_type", "orig_expr", "value", "backtrace", "source")

    def __init__(
        self,
        test_type: str,
        expression: str,
        place: tuple[str, int],
        value: Any = None,
        trace: list[str] | None = None,
    ) -> None:
        super().__init__(test_type, expression, place)
        self.thrown = value
        self.trace = trace

    @property
    def value(self) -> str:
        """What came of the test, as it is shown."""
        return one_line(self.thrown, limit=True)

    def text(self) -> str:
        out = f"Error During Test at {self.file}:{self.line}\n"
        if self.mode == "test_nonbool":
            return (
                f"{out}  Expression evaluated to non-Boolean\n  Expression: {self.expression}"
                f"\n       Value: {one_line(self.thrown)}"
            )
        if self.mode == "test_unbroken":
            return (
                f"{out} Unexpected Pass\n Expression: {self.expression}"
                "\n Got correct result, please change to @test if no longer broken.\n"
            )
        if self.mode == "test_error":
            out += f"  Test threw exception\n  Expression: {self.expression}\n"
        else:
            out += "  Got exception outside of a @test\n"
        lines = showerror_text(self.thrown).split("\n")
        lines += [
            "Stacktrace:",
            *(self.trace or [f" [1] top-level scope\n   @ {self.file}:{self.line}"]),
        ]
        lines = "\n".join(lines).split("\n")
        return out + "\n".join("  " + line for line in lines)


class Broken(Result):
    """A test that is known not to hold, or that is skipped."""

    fields = ("test_type", "orig_expr")

    @property
    def orig_expr(self) -> Any:
        return parsed(self.expression)

    def text(self) -> str:
        label = "Skipped" if self.mode == "skipped" else "Expression"
        return f"Test Broken\n  {label}: {self.expression}"


class LogTestFailure(Result):
    """The log messages were not those that were wanted."""

    def __init__(
        self, expression: str, place: tuple[str, int], patterns: list[str], logs: list[str]
    ) -> None:
        super().__init__("test_logs", expression, place)
        self.patterns = patterns
        self.logs = logs

    def text(self) -> str:
        out = f"Log Test Failed at {self.file}:{self.line}\n  Expression: {self.expression}\n"
        out += "  Log Pattern: " + " ".join(self.patterns) + "\n  Captured Logs: "
        return out + "".join(f"\n    {log}" for log in self.logs) + "\n"


def handled_trace() -> list[str]:
    """The stack trace of the exception that is being handled, line by line."""
    if not EXCEPTION_STACK:
        return []
    return trace_lines(frames_of(EXCEPTION_STACK[-1]))


def parsed(expression: str) -> Any:
    """The code of a test; results keep its text."""
    return Base.bindings["Meta"].get("parse")(expression)


def type_text(value: Any) -> str:
    return T.type_string(T.typeof(value))


# ---------------------------------------------------------------- sets


class DefaultTestSet:
    """`@testset`: counts what passes, keeps the rest."""

    __slots__ = (
        "anynonpass",
        "description",
        "failfast",
        "file",
        "n_passed",
        "results",
        "showtiming",
        "time_end",
        "time_start",
        "verbose",
    )
    fields = (
        "description",
        "results",
        "n_passed",
        "anynonpass",
        "verbose",
        "showtiming",
        "time_start",
        "time_end",
        "failfast",
        "file",
    )

    def __init__(
        self,
        description: str,
        *,
        verbose: bool = False,
        showtiming: bool = True,
        failfast: bool = False,
        file: str = "",
    ) -> None:
        self.description = description
        self.results = vector([], T.Any_)
        self.n_passed = 0
        self.anynonpass = False
        self.verbose = verbose
        self.showtiming = showtiming
        self.time_start = time.time()
        self.time_end: float | None = None
        self.failfast = failfast
        self.file = file


class FallbackTestSet:
    """Where no set of tests is open: a failure is thrown at once."""


class FailFast(JuliaException):
    """Leaves a set of tests at its first failure."""

    __slots__ = ()


STACKS: dict[int, list[Any]] = {}
FALLBACK = FallbackTestSet()


def open_sets() -> list[Any]:
    """The sets of tests that are open in this task, the innermost last."""
    task: Task = SCHEDULER.current
    return STACKS.setdefault(id(task), [])


def current_set() -> Any:
    stack = open_sets()
    return stack[-1] if stack else FALLBACK


def record_default(ts: DefaultTestSet, result: Any) -> Any:
    """Note a result; one that is bad is printed at once."""
    if isinstance(result, Pass):
        ts.n_passed += 1
        return result
    ts.results.push(result)
    if isinstance(result, (Fail, Error, LogTestFailure)):
        text = f"{ts.description}: {result.text()}"
        if not isinstance(result, Error):
            text += f"\nStacktrace:\n [1] top-level scope\n   @ {result.file}:{result.line}\n"
        STDOUT.write(text + ("\n" if isinstance(result, Error) else ""))
        if ts.failfast:
            raise FailFast()
    return result


def record_fallback(_: FallbackTestSet, result: Any) -> Any:
    if isinstance(result, (Fail, Error, LogTestFailure)):
        STDOUT.write(result.text() + "\n")
        raise FallbackTestSetException("There was an error during testing")
    return result


def results_of(ts: Any) -> list[Any]:
    """What a set of tests holds: one of the user's own type too, if it has the field."""
    results = getattr(ts, "results", None)
    return [] if results is None else list(iterate_value(results))


def is_set(x: Any) -> bool:
    return T.isa(x, AbstractTestSet_)


class Counts:
    """How many tests of a set passed, failed, had an error or are broken, those below included."""

    def __init__(self, ts: Any, *, nested: bool = True) -> None:
        self.passed = getattr(ts, "n_passed", 0)
        self.failed = self.errors = self.broken = 0
        below = []
        for r in results_of(ts):
            if isinstance(r, Pass):
                self.passed += 1
            elif isinstance(r, (Fail, LogTestFailure)):
                self.failed += 1
            elif isinstance(r, Error):
                self.errors += 1
            elif isinstance(r, Broken):
                self.broken += 1
            elif nested and is_set(r):
                below.append(Counts(r))
        for c in below:
            self.passed += c.passed
            self.failed += c.failed
            self.errors += c.errors
            self.broken += c.broken
        self.anynonpass = self.failed + self.errors > 0

    @property
    def total(self) -> int:
        return int(self.passed + self.failed + self.errors + self.broken)

    def each(self) -> tuple[int, int, int, int]:
        return self.passed, self.failed, self.errors, self.broken


def duration(ts: Any) -> str:
    if getattr(ts, "time_end", None) is None:
        return "?s"
    seconds = ts.time_end - ts.time_start
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:04.1f}s"


def alignment(ts: Any, depth: int) -> int:
    """The column at which the counts begin."""
    own = 2 * depth + len(ts.description)
    if not (Counts(ts).anynonpass or getattr(ts, "verbose", False)):
        return int(own)
    return max([own, *(alignment(t, depth + 1) for t in results_of(ts) if is_set(t))])


_COLORS = {"Pass": 32, "Fail": 91, "Error": 91, "Broken": 33, "Total": 36}


def print_summary(ts: Any, counts: Counts) -> None:
    """`Test Summary: | Pass  Total  Time`, and a line for each set that has something to tell."""
    color = bool(STDOUT.get("color"))

    def bold(text: str, name: str = "") -> str:
        if not color:
            return text
        paint = f"\x1b[{_COLORS[name]}m" if name in _COLORS else "\x1b[0m"
        return f"{paint}\x1b[1m{text}\x1b[22m" + ("\x1b[39m" if name in _COLORS else "")

    names = ("Pass", "Fail", "Error", "Broken")
    widths = [
        max(len(n), len(str(c))) if c else 0 for n, c in zip(names, counts.each(), strict=True)
    ]
    total_width = max(len("Total"), len(str(counts.total)))
    time_width = max(len("Time"), len(duration(ts)))
    align = max(alignment(ts, 0), len("Test Summary:"))
    header = bold("Test Summary:".ljust(align) + " |") + " "
    for n, w in zip(names, widths, strict=True):
        if w:
            header += bold(n.rjust(w), n) + "  "
    header += bold("Total".rjust(total_width), "Total")
    timing = getattr(ts, "showtiming", False)
    if timing:
        header += "  " + bold("Time".rjust(time_width))
    STDOUT.write(header + "\n")
    print_counts(ts, 0, align, widths, total_width, time_width if timing else 0, color)


def print_counts(
    ts: Any, depth: int, align: int, widths: list[int], total: int, timing: int, color: bool
) -> None:
    counts = Counts(ts)
    line = ("  " * depth + ts.description).ljust(align) + " | "
    for name, n, width in zip(
        ("Pass", "Fail", "Error", "Broken"), counts.each(), widths, strict=True
    ):
        if width:
            text = (str(n) if n else "").rjust(width)
            line += (f"\x1b[{_COLORS[name]}m{text}\x1b[39m" if color and n else text) + "  "
    text = (str(counts.total) if counts.total else "None").rjust(total)
    line += f"\x1b[36m{text}\x1b[39m" if color else text
    if timing:
        line += "  " + duration(ts).rjust(timing)
    STDOUT.write(line + "\n")
    if counts.passed + counts.broken != counts.total or getattr(ts, "verbose", False):
        for t in results_of(ts):
            if is_set(t):
                print_counts(t, depth + 1, align, widths, total, timing, color)


def bad_results(ts: Any) -> list[Any]:
    out: list[Any] = []
    for r in results_of(ts):
        if is_set(r):
            out += bad_results(r)
        elif isinstance(r, (Fail, Error)):
            out.append(r)
    return out


def finish_default(ts: DefaultTestSet) -> Any:
    """Hand the set to the one around it, or report it and throw if something was bad."""
    ts.time_end = time.time()
    if open_sets():
        RECORD(current_set(), ts)
        return ts
    counts = Counts(ts)
    ts.anynonpass = counts.anynonpass
    print_summary(ts, counts)
    if counts.total != counts.passed + counts.broken:
        raise TestSetException(
            counts.passed,
            counts.failed,
            counts.errors,
            counts.broken,
            vector(bad_results(ts), T.Any_),
        )
    return ts


RECORD: Any = None
FINISH: Any = None


def load(module: Module) -> None:
    """Types, their printing, `record` and `finish`."""
    global RECORD, FINISH
    module.const("AbstractTestSet", AbstractTestSet_, export=False)
    module.const("Result", Result_, export=False)
    for cls in (Pass, Fail, Error, Broken, LogTestFailure):
        t = T.define(f"Test.{cls.__name__}", Result_)
        T.register_class(cls, t)
        t.typename.fields = cls.fields
        t.typename.field_types = (T.Any_,) * len(cls.fields)
        module.const(cls.__name__, t, export=False)
    default = T.define("Test.DefaultTestSet", AbstractTestSet_)
    default.typename.fields = DefaultTestSet.fields
    default.typename.field_types = (T.Any_,) * len(DefaultTestSet.fields)
    T.register_class(DefaultTestSet, default)
    fallback = T.define("Test.FallbackTestSet", AbstractTestSet_)
    T.register_class(FallbackTestSet, fallback)
    module.const("DefaultTestSet", default, export=False)
    module.const("FallbackTestSet", fallback, export=False)
    for name in ("TestSetException", "FallbackTestSetException"):
        module.const(name, T.CORE_TYPES[f"Test.{name}"])

    @module.method("record(ts::DefaultTestSet, result)", export=False)
    def record(ts: DefaultTestSet, result: Any) -> Any:
        """Note a result in a set of tests."""
        return record_default(ts, result)

    @module.method("record(ts::FallbackTestSet, result)", export=False)
    def record_nowhere(ts: FallbackTestSet, result: Any) -> Any:
        return record_fallback(ts, result)

    @module.method("finish(ts::DefaultTestSet)", export=False)
    def finish(ts: DefaultTestSet) -> Any:
        """Called when a set of tests ends."""
        return finish_default(ts)

    @module.method("print_test_results(ts::AbstractTestSet, depth_pad=0)", export=False)
    def print_test_results(ts: Any, depth_pad: int = 0) -> None:
        """Print the summary of a set of tests."""
        print_summary(ts, Counts(ts))

    @module.method("get_test_counts(ts::DefaultTestSet)", export=False)
    def get_test_counts(ts: DefaultTestSet) -> Any:
        """Results of a set by kind: its own, those of the sets in it, and how long it took."""
        own = Counts(ts, nested=False)
        below = [n - o for n, o in zip(Counts(ts).each(), own.each(), strict=True)]
        ts.anynonpass = Counts(ts).anynonpass
        return (*own.each(), *below, "" if ts.time_end is None else duration(ts))

    @module.method("filter_errors(ts::AbstractTestSet)", export=False)
    def filter_errors(ts: Any) -> Any:
        """The failures and errors of a set and of the sets in it."""
        return vector(bad_results(ts), T.Any_)

    @module.method("print_test_errors(ts::AbstractTestSet)", export=False)
    def print_test_errors(ts: Any) -> None:
        """Print the failures and errors of a set and of the sets in it."""
        for r in results_of(ts):
            if is_set(r):
                print_test_errors(r)
            elif isinstance(r, (Fail, Error)):
                STDOUT.write(f"Error in testset {ts.description}:\n{r.text()}\n")

    @module.method("push_testset(ts::AbstractTestSet)", export=False)
    def push_testset(ts: Any) -> None:
        """Make a set of tests the innermost one."""
        open_sets().append(ts)

    @module.method("pop_testset()", export=False)
    def pop_testset() -> Any:
        """Leave the innermost set of tests."""
        stack = open_sets()
        return stack.pop() if stack else FALLBACK

    @module.method("get_testset()", export=False)
    def get_testset() -> Any:
        """The innermost set of tests."""
        return current_set()

    @module.method("get_testset_depth()", export=False)
    def get_testset_depth() -> int:
        """How many sets of tests are open."""
        return len(open_sets())

    module.method("DefaultTestSet(description::AbstractString)", export=False)(
        lambda _, text: DefaultTestSet(text)
    )
    module.method("FallbackTestSet()", export=False)(lambda _: FallbackTestSet())
    module.method("finish(ts::FallbackTestSet)", export=False)(lambda ts: ts)
    RECORD, FINISH = module.bindings["record"], module.bindings["finish"]

    def show_result(io: IO, r: Any) -> None:
        io.write(r.text())

    module.method("show(io::IO, r::Result)", export=False)(show_result)

    def show_exception(io: IO, e: Any) -> None:
        passed = getattr(e, "pass")
        io.write(
            f"Some tests did not pass: {passed} passed, {e.fail} failed, {e.error} errored, "
            f"{e.broken} broken."
        )

    module.method("show(io::IO, e::TestSetException)", export=False)(show_exception)
    module.method("showerror(io::IO, e::TestSetException)", export=False)(show_exception)
    module.method("showerror(io::IO, e::FallbackTestSetException)", export=False)(
        lambda io, e: io.write(e.msg)
    )
    # Both tell what they have to tell without a stack trace.
    module.method("showerror(io::IO, e::TestSetException, trace; backtrace=true)", export=False)(
        lambda io, e, trace, *, backtrace=True: show_exception(io, e)
    )
    module.method(
        "showerror(io::IO, e::FallbackTestSetException, trace; backtrace=true)", export=False
    )(lambda io, e, trace, *, backtrace=True: io.write(e.msg))

    @module.method("TestSetException(pass, fail, error, broken, errors_and_fails)", export=False)
    def make_exception(_: Any, *values: Any) -> Any:
        return TestSetException(*values)
