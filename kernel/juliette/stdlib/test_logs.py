"""Tests of what is logged and of what is written to `stderr`."""

from __future__ import annotations

from typing import Any

from juliette.base.essentials import FIELD_HOOKS, field_error
from juliette.base.logs import level_of, level_text, with_logger
from juliette.compiler import support
from juliette.display.expressions import expression_text
from juliette.display.io import STDERR, IOBuffer
from juliette.display.show import one_line, string_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, julia_value
from juliette.runtime.modules import Base, Module
from juliette.runtime.values import NamedTuple
from juliette.stdlib import test_results as R
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def call(f: Any, *args: Any) -> Expr:
    return Expr("call", QuoteNode(f), *args)


class TestLogger:
    """Keeps the messages that are logged."""

    def __init__(self, min_level: Any) -> None:
        self.min_level = level_of(min_level)
        self.logs: list[LogRecord] = []


class LogRecord:
    """One message."""

    def __init__(
        self, level: Any, message: Any, where: tuple[Any, ...], kw: dict[str, Any]
    ) -> None:
        self.level = level_of(level)
        self.message = message
        self.module, self.group, self.id, self.file, self.line = where
        self.kwargs = kw

    def text(self) -> str:
        parts = [
            level_text(self.level),
            one_line(self.message),
            one_line(self.module),
            one_line(self.group),
            one_line(self.id),
            one_line(self.file),
            one_line(self.line),
        ]
        pairs = ", ".join(f"{k}={one_line(v)}" for k, v in self.kwargs.items())
        return f"LogRecord({', '.join(parts)}{', ' + pairs if pairs else ''})"


def collect_logs(f: Any, min_level: Any) -> tuple[list[LogRecord], Any]:
    logger = TestLogger(min_level)
    value = with_logger(f, logger)
    return logger.logs, value


def record_matches(pattern: Any, record: LogRecord) -> bool:
    """Does a record fit a pattern: `(level, message, …)`, or a symbol for the level alone?"""
    items = pattern if type(pattern) is tuple else (pattern,)
    fields = (
        record.level,
        record.message,
        record.module,
        record.group,
        record.id,
        record.file,
        record.line,
    )
    for wanted, found in zip(items, fields, strict=False):
        if wanted is fields[0] or (isinstance(wanted, Symbol) and found is record.level):
            names = {"debug": "Debug", "info": "Info", "warn": "Warn", "error": "Error"}
            if isinstance(wanted, Symbol) and names.get(wanted.name) != level_text(record.level):
                return False
        elif T.isa(wanted, T.Any_) and hasattr(wanted, "pattern"):
            if not Base.bindings["occursin"](wanted, string_of(found)):
                return False
        elif isinstance(wanted, T.JuliaType):
            if not T.isa(found, wanted):
                return False
        elif wanted is not ANY and Base.bindings["=="](wanted, found) is not True:
            return False
    return True


class AnyPattern:
    """`Any` in a pattern of `@test_logs`."""


ANY = AnyPattern()


def judge_logs(
    f: Any, patterns: tuple[Any, ...], options: dict[str, Any], where: tuple[Any, ...]
) -> Any:
    expression, file, line = where
    minimum = options.get("min_level", level_of(0))
    mode = options.get("match_mode", Symbol("all")).name
    try:
        records, value = collect_logs(f, minimum)
    except (Exception, RecursionError) as error:
        R.RECORD(
            R.current_set(), R.Error("test_error", expression, (file, line), julia_value(error))
        )
        return None
    if mode == "all":
        good = len(records) == len(patterns) and all(map(record_matches, patterns, records))
    else:
        good = all(any(record_matches(p, r) for r in records) for p in patterns)
    if good:
        R.RECORD(R.current_set(), R.Pass("test_logs", expression, (file, line)))
    else:
        shown = [one_line(p) for p in patterns]
        R.RECORD(
            R.current_set(),
            R.LogTestFailure(expression, (file, line), shown, [r.text() for r in records]),
        )
    return value


def errors_written(f: Any) -> tuple[str, Any]:
    """What a call writes to `stderr`, and its value."""
    buffer = IOBuffer()
    before = STDERR.stream
    STDERR.stream = buffer.stream
    try:
        value = f()
    finally:
        STDERR.stream = before
    return bytes(buffer.stream.data).decode("utf-8", "surrogateescape"), value


def judge_warn(judge: Any, f: Any, message: Any, where: tuple[Any, ...]) -> Any:
    expression, file, line = where
    text, value = errors_written(f)
    found = matches_text(message, text)
    judge(found, expression, file, line)
    return value


def matches_text(message: Any, text: str) -> bool:
    if hasattr(message, "data") or type(message) is tuple:
        return all(matches_text(m, text) for m in support.iterate(message))
    if isinstance(message, str):
        return message in text
    if T.isa(message, T.Function_):
        return support.truth(message(text))
    return bool(Base.bindings["occursin"](message, text))


def judge_nowarn(judge: Any, f: Any, where: tuple[Any, ...]) -> Any:
    expression, file, line = where
    text, value = errors_written(f)
    if text:
        STDERR.write(text)
    judge(not text, expression, file, line)
    return value


def load(module: Module, judge: Any, options_of: Any) -> None:
    """Types and macros about log messages and warnings."""
    logger = T.define("Test.TestLogger", Base.bindings["CoreLogging"].get("AbstractLogger"))
    T.register_class(TestLogger, logger)
    T.register_class(LogRecord, T.define("Test.LogRecord"))
    module.const("TestLogger", logger)
    record = T.typeof(LogRecord(0, "", (None,) * 5, {}))

    @module.method("TestLogger(; min_level=-1000)", export=False)
    def make_logger(_: Any, *, min_level: Any = -1000) -> TestLogger:
        """A logger that keeps the messages in its field `logs`.

        ```jldoctest
        julia> using Test, Logging

        julia> logger = TestLogger();

        julia> with_logger(logger) do
                   @info "half way" done = 1//2
               end

        julia> logger.logs[1].message, logger.logs[1].kwargs[:done]
        ("half way", 1//2)
        ```
        """
        return TestLogger(min_level)

    def logger_field(log: TestLogger, name: str) -> Any:
        if name == "logs":
            return vector(log.logs, record)
        if name == "min_level":
            return log.min_level
        raise field_error(log, name)

    def record_field(entry: LogRecord, name: str) -> Any:
        if name == "kwargs":
            given = NamedTuple(tuple(entry.kwargs), tuple(entry.kwargs.values()))
            return Base.bindings["pairs"](given)
        attribute = "module" if name == "_module" else name
        if attribute not in vars(entry):
            raise field_error(entry, name)
        return vars(entry)[attribute]

    FIELD_HOOKS[TestLogger] = logger_field
    FIELD_HOOKS[LogRecord] = record_field
    module.const("LogRecord", T.typeof(LogRecord(0, "", (None,) * 5, {})))
    module.bindings["AbstractLogger"] = Base.bindings["CoreLogging"].get("AbstractLogger")
    core: Module = Base.bindings["CoreLogging"]

    def keep(
        log: TestLogger,
        level: Any,
        message: Any,
        mod: Any,
        group: Any,
        id_: Any,
        file: Any,
        line: Any,
        /,
        **kw: Any,
    ) -> None:
        log.logs.append(LogRecord(level, message, (mod, group, id_, file, line), kw))

    core.bindings["%TestLogger"] = logger
    core.bindings["TestLogger"] = logger
    core.method(
        "handle_message(l::TestLogger, level, message, _module, group, id, file, line; kw...)"
    )(keep)
    core.method("min_enabled_level(l::TestLogger)")(lambda log: log.min_level)

    def place(context: Any, e: Any) -> Expr:
        return Expr("tuple", expression_text(e), context.file, context.line)

    def delayed(e: Any) -> Expr:
        return Expr("->", Expr("tuple"), Expr("block", e))

    @module.macro("test_logs")
    def test_logs(context: Any, *arguments: Any) -> Any:
        """`@test_logs patterns… [options…] expr`: are these the messages that are logged?"""
        *given, e = arguments
        patterns = []
        options = []
        for a in given:
            if isinstance(a, Expr) and a.head in ("=", "kw"):
                options.append(a)
            else:
                patterns.append(a)
        return call(
            judge_logs,
            delayed(e),
            Expr("tuple", *patterns),
            options_of(options),
            place(context, e),
        )

    @module.macro("test_warn")
    def test_warn(context: Any, message: Any, e: Any) -> Any:
        """`@test_warn message expr`: is this written to `stderr`?"""
        return call(judge_warn, judge, delayed(e), message, place(context, e))

    @module.macro("test_nowarn")
    def test_nowarn(context: Any, e: Any) -> Any:
        """`@test_nowarn expr`: is nothing written to `stderr`?"""
        return call(judge_nowarn, judge, delayed(e), place(context, e))

    @module.macro("test_deprecated")
    def test_deprecated(context: Any, *arguments: Any) -> Any:
        """`@test_deprecated [pattern] expr`: only run, as nothing warns of old names by default."""
        if not 1 <= len(arguments) <= 2:
            raise ArgumentError("`@test_deprecated` expects one or two arguments")
        return arguments[-1]

    @module.method("collect_test_logs(f; min_level=0)", export=False)
    def collect_test_logs(f: Any, *, min_level: Any = 0) -> Any:
        """The messages that `f()` logs, and its value."""
        records, value = collect_logs(f, min_level)
        return vector(records, T.Any_), value
