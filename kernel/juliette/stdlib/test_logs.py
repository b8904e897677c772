"""Tests of what is logged and of what is written to `stderr`."""

from __future__ import annotations

from typing import Any

from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.logs import level_of, level_text, with_logger
from juliette.compiler import support
from juliette.display.expressions import expression_text
from juliette.display.frames import frames_of, trace_lines
from juliette.display.io import STDERR, IOBuffer
from juliette.display.show import one_line, string_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, julia_value
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.runtime.values import NamedTuple
from juliette.stdlib import test_results as R
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def call(f: Any, *args: Any) -> Expr:
    return Expr("call", QuoteNode(f), *args)


class TestLogger:
    """Keeps the messages that are logged."""

    def __init__(
        self, min_level: Any, *, catch_exceptions: bool = False, respect_maxlog: bool = True
    ) -> None:
        self.min_level = level_of(min_level)
        self.catch_exceptions = catch_exceptions
        self.respect_maxlog = respect_maxlog
        self.logs: list[LogRecord] = []
        # How often a message with `maxlog` may still come, and the last question of `shouldlog`.
        self.counts: dict[Any, int] = {}
        self.shouldlog_args: Any = None


class LogRecord:
    """One message."""

    def __init__(
        self, level: Any, message: Any, where: tuple[Any, ...], kw: dict[str, Any]
    ) -> None:
        self.level = level
        self.message = message
        self.module, self.group, self.id, self.file, self.line = where
        self.kwargs = kw

    @property
    def pairs(self) -> Any:
        """The values beside the message, as Julia keeps them."""
        given = NamedTuple(tuple(self.kwargs), tuple(self.kwargs.values()))
        return Base.bindings["pairs"](given)

    def text(self) -> str:
        where = (self.module, self.group, self.id, self.file, self.line)
        parts = map(one_line, (self.level, self.message, *where, self.pairs))
        return f"LogRecord({', '.join(parts)})"


def collect_logs(f: Any, min_level: Any, **options: bool) -> tuple[list[LogRecord], Any]:
    made = PACKAGES["Test"].bindings["TestLogger"]
    logger = T.CONSTRUCT(made, (), {"min_level": min_level, **options})
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
            if isinstance(wanted, Symbol) and names.get(wanted.name) != level_text(
                level_of(record.level)
            ):
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
    expression, file, line, shown = where
    mode = options.pop("match_mode", Symbol("all")).name
    try:
        records, value = collect_logs(f, **{"min_level": level_of(0), **options})
    except (Exception, RecursionError) as error:
        R.RECORD(
            R.current_set(),
            R.Error(
                "test_error",
                expression,
                (file, line),
                julia_value(error),
                trace_lines(frames_of(error)),
            ),
        )
        return None
    if mode == "all":
        good = len(records) == len(patterns) and all(map(record_matches, patterns, records))
    else:
        good = all(any(record_matches(p, r) for r in records) for p in patterns)
    if good:
        R.RECORD(R.current_set(), R.Pass("test", expression, (file, line), value))
    else:
        R.RECORD(
            R.current_set(),
            R.LogTestFailure(expression, (file, line), list(shown), [r.text() for r in records]),
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

    @module.method(
        "TestLogger(; min_level=0, catch_exceptions=false, respect_maxlog=true)", export=False
    )
    def make_logger(
        _: Any,
        *,
        min_level: Any = 0,
        catch_exceptions: bool = False,
        respect_maxlog: bool = True,
    ) -> TestLogger:
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
        return TestLogger(
            min_level, catch_exceptions=catch_exceptions, respect_maxlog=respect_maxlog
        )

    def logger_field(log: TestLogger, name: str) -> Any:
        if name == "logs":
            return vector(log.logs, record)
        if name in ("min_level", "catch_exceptions", "respect_maxlog", "shouldlog_args"):
            return getattr(log, name)
        raise field_error(log, name)

    def record_field(entry: LogRecord, name: str) -> Any:
        if name == "kwargs":
            return entry.pairs
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
        limit = kw.get("maxlog")
        if log.respect_maxlog and isinstance(limit, int):
            left = log.counts.get(id_, limit)
            log.counts[id_] = left - 1
            if left <= 0:
                return
        log.logs.append(LogRecord(level, message, (mod, group, id_, file, line), kw))

    def wanted(log: TestLogger, level: Any, mod: Any, group: Any, id_: Any) -> bool:
        if log.counts.get(id_, 1) <= 0:
            return False
        log.shouldlog_args = (level, mod, group, id_)
        return True

    core.bindings["%TestLogger"] = logger
    core.bindings["TestLogger"] = logger
    core.method(
        "handle_message(l::TestLogger, level, message, _module, group, id, file, line; kw...)"
    )(keep)
    core.method("min_enabled_level(l::TestLogger)")(lambda log: log.min_level)
    core.method("shouldlog(l::TestLogger, level, _module, group, id)")(wanted)
    core.method("catch_exceptions(l::TestLogger)")(lambda log: log.catch_exceptions)
    module.method("show(io::IO, r::LogRecord)", export=False)(lambda io, r: io.write(r.text()))

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
            Expr("tuple", *place(context, e).args, Expr("tuple", *map(expression_text, given))),
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

    @module.method(
        "collect_test_logs(f; min_level=0, catch_exceptions=false, respect_maxlog=true)",
        export=False,
    )
    def collect_test_logs(f: Any, *, min_level: Any = 0, **options: bool) -> Any:
        """The messages that `f()` logs, and its value."""
        records, value = collect_logs(f, min_level, **options)
        return vector(records, record), value
