"""Log messages: `@info` and its relatives, levels, and the loggers that show or drop them.

The loggers for users are in the standard library's Logging; what the macros need is here, as in Julia.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from juliette.compiler import support
from juliette.display.expressions import expression_text
from juliette.display.frames import frames_of
from juliette.display.io import IO, STDERR, Text, screen
from juliette.display.show import SHOW, one_line, string_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import JuliaException, julia_value
from juliette.runtime.hashing import string_hash
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.scheduler import SCHEDULER
from juliette.syntax.expr import Expr, QuoteNode, Symbol

CoreLogging = Module("CoreLogging", Base)
CoreLogging.visible = CoreLogging.bindings["__builtins__"] = Base.bindings
Base.const("CoreLogging", CoreLogging, export=False)
AbstractLogger = T.define("Base.CoreLogging.AbstractLogger", abstract=True)
CoreLogging.const("AbstractLogger", AbstractLogger)

# ---------------------------------------------------------------- levels


class LogLevel:
    """`LogLevel(n)`: how important a message is."""

    __slots__ = ("level",)
    fields = ("level",)
    value_fields = ("level",)

    def __init__(self, level: int) -> None:
        self.level = level


LogLevel_ = T.define("Base.CoreLogging.LogLevel")
T.register_class(LogLevel, LogLevel_)
CoreLogging.const("LogLevel", LogLevel_)
NAMES = {
    -1000: "Debug",
    0: "Info",
    1000: "Warn",
    2000: "Error",
    -1000001: "BelowMinLevel",
    1000001: "AboveMaxLevel",
}
LEVELS = {name: LogLevel(n) for n, name in NAMES.items()}
for _name, _level in LEVELS.items():
    CoreLogging.const(_name, _level)


def level_of(x: Any) -> LogLevel:
    """The level that a number, a symbol or a value of one's own type stands for."""
    if isinstance(x, LogLevel):
        return x
    if isinstance(x, int):
        return LEVELS[NAMES[x]] if x in NAMES else LogLevel(x)
    return Base.bindings["convert"](LogLevel_, x)


support._builtin(
    constructors(LogLevel_), T.tuple_type([T.Type_, T.Any_]), lambda _, n: level_of(n), ("n",)
)


@Base.method("convert(t::Type{Base.CoreLogging.LogLevel}, n::Integer)")
def convert_level(_: Any, n: int) -> LogLevel:
    return level_of(n)


@Base.method("Int64(x::Base.CoreLogging.LogLevel)")
def level_number(_: Any, x: LogLevel) -> int:
    return x.level


for _name, _f in (
    ("isless", lambda a, b: a < b),
    ("<", lambda a, b: a < b),
    ("==", lambda a, b: a == b),
):

    @Base.method(f"{_name}(a::Base.CoreLogging.LogLevel, b::Base.CoreLogging.LogLevel)")
    def compare(a: LogLevel, b: LogLevel, f: Any = _f) -> bool:
        return f(a.level, b.level)


for _name, _f in (("isless", lambda a, b: a < b), ("<", lambda a, b: a < b)):

    @Base.method(f"{_name}(a::Base.CoreLogging.LogLevel, n::Integer)")
    def below(a: LogLevel, n: int, f: Any = _f) -> bool:
        return f(a.level, n)

    @Base.method(f"{_name}(n::Integer, a::Base.CoreLogging.LogLevel)")
    def above(n: int, a: LogLevel, f: Any = _f) -> bool:
        return f(n, a.level)


for _name, _sign in (("+", 1), ("-", -1)):

    @Base.method(f"{_name}(a::Base.CoreLogging.LogLevel, n::Integer)")
    def shifted(a: LogLevel, n: int, sign: int = _sign) -> LogLevel:
        return level_of(a.level + sign * n)


@Base.method("show(io::IO, x::Base.CoreLogging.LogLevel)")
def show_level(io: IO, x: LogLevel) -> None:
    io.write(level_text(x))


def level_text(x: LogLevel) -> str:
    return NAMES.get(x.level) or f"LogLevel({x.level})"


# ---------------------------------------------------------------- loggers


def logging_function(name: str) -> GenericFunction:
    f = GenericFunction(name, CoreLogging)
    CoreLogging.const(name, f)
    return f


HANDLE = logging_function("handle_message")
SHOULDLOG = logging_function("shouldlog")
MIN_LEVEL = logging_function("min_enabled_level")
CATCH = logging_function("catch_exceptions")
CoreLogging.method("shouldlog(logger, level, _module, group, id)")(lambda *_: True)
CoreLogging.method("min_enabled_level(logger)")(lambda _: LEVELS["Info"])
CoreLogging.method("catch_exceptions(logger)")(lambda _: True)


class NullLogger:
    """`NullLogger()`: drops everything."""

    __slots__ = ()
    fields = ()


class StreamLogger:
    """Base of the loggers that write to a stream."""

    __slots__ = ("counts", "min_level", "options", "stream")
    fields = ("stream", "min_level", "message_limits")

    def __init__(self, stream: Any, min_level: LogLevel, **options: Any) -> None:
        self.stream = stream
        self.min_level = min_level
        self.counts: dict[Any, int] = {}
        self.options = options

    @property
    def target(self) -> IO:
        return STDERR if self.stream is None else self.stream


class SimpleLogger(StreamLogger):
    """`SimpleLogger(io, level)`"""

    __slots__ = ()


class ConsoleLogger(StreamLogger):
    """`ConsoleLogger(io, level)`: for reading in a terminal."""

    __slots__ = ()


def logger_type(cls: type, name: str) -> Any:
    t = T.define(name, AbstractLogger, module=None if "." in name else CoreLogging)
    T.register_class(cls, t)
    return t


NullLogger_ = logger_type(NullLogger, "NullLogger")
SimpleLogger_ = logger_type(SimpleLogger, "SimpleLogger")
ConsoleLogger_ = logger_type(ConsoleLogger, "Logging.ConsoleLogger")
CoreLogging.const("NullLogger", NullLogger_)
CoreLogging.const("SimpleLogger", SimpleLogger_)
CoreLogging.const("ConsoleLogger", ConsoleLogger_, export=False)
CoreLogging.method("catch_exceptions(logger::SimpleLogger)")(lambda _: False)
CoreLogging.method("min_enabled_level(logger::NullLogger)")(lambda _: LEVELS["AboveMaxLevel"])
CoreLogging.method("shouldlog(logger::NullLogger, args...)")(lambda *_: False)
CoreLogging.method("handle_message(logger::NullLogger, args...; kw...)")(lambda *_, **__: None)


class State:
    """The logger of all tasks that have none of their own, and the level below which nothing is logged."""

    logger: Any = ConsoleLogger(None, LEVELS["Info"])
    disabled = LEVELS["BelowMinLevel"]


def current_logger() -> Any:
    """The logger that messages go to now."""
    own = SCHEDULER.current.logger
    return own if own is not None else State.logger


CoreLogging.method("current_logger()")(current_logger)


@CoreLogging.method("with_logger(f, logger)")
def with_logger(f: Any, logger: Any) -> Any:
    """Call `f` while messages go to another logger."""
    task = SCHEDULER.current
    before, task.logger = task.logger, logger
    try:
        return f()
    finally:
        task.logger = before


@CoreLogging.method("global_logger()")
def global_logger() -> Any:
    """The logger of all tasks that have none of their own."""
    return State.logger


@CoreLogging.method("global_logger(logger)")
def set_global_logger(logger: Any) -> Any:
    before, State.logger = State.logger, logger
    return before


@CoreLogging.method("disable_logging(level)")
def disable_logging(level: Any) -> LogLevel:
    """Drop messages up to a level, whatever the logger; gives the least level that is left.

    ```jldoctest
    julia> using Logging

    julia> disable_logging(Logging.BelowMinLevel)
    LogLevel(-1000000)
    ```
    """
    State.disabled = level_of(level)
    return level_of(State.disabled.level + 1)


for _name in ("SimpleLogger", "ConsoleLogger"):

    @CoreLogging.method(f"min_enabled_level(logger::{_name})")
    def min_level(logger: StreamLogger) -> LogLevel:
        return logger.min_level

    @CoreLogging.method(f"shouldlog(logger::{_name}, level, _module, group, id)")
    def should_log(logger: StreamLogger, level: Any, module: Any, group: Any, id_: Any) -> bool:
        return logger.counts.get(id_, 1) > 0


def show_logger(io: IO, logger: StreamLogger) -> None:
    """As a struct's fields are shown, the stream first."""
    limits = (
        "Dict{Any, Int64}("
        + ", ".join(f"{one_line(k)} => {n}" for k, n in logger.counts.items())
        + ")"
    )
    options: tuple[str, ...] = ()
    if isinstance(logger, ConsoleLogger):
        given = logger.options
        formatter = given.get("meta_formatter")
        options = (
            "Logging.default_metafmt" if formatter is None else one_line(formatter),
            one_line(given.get("show_limited", True)),
            one_line(given.get("right_justify", 0)),
        )
    parts = (one_line(logger.target), level_text(logger.min_level), *options, limits)
    io.write(f"{type(logger).__name__}({', '.join(parts)})")


for _name in ("SimpleLogger", "ConsoleLogger"):
    CoreLogging.method(f"show(io::IO, logger::{_name})", export=False)(show_logger)


# ---------------------------------------------------------------- writing messages


def limited(logger: StreamLogger, id_: Any, kw: dict[str, Any]) -> bool:
    """Has this message come as often as `maxlog` allows?"""
    limit = kw.get("maxlog")
    if not isinstance(limit, int):
        return False
    left = logger.counts.get(id_, limit)
    logger.counts[id_] = left - 1
    return left <= 0


def value_lines(value: Any, context: dict[str, Any]) -> list[str]:
    """A value as it stands beside its key; exceptions say what `showerror` says."""
    text = Text()
    io = IO(text, context)
    if type(value) is tuple and len(value) == 2 and isinstance(value[0], JuliaException):
        value, trace = value
        Base.bindings["showerror"](io, value, *(() if trace is None else (trace,)))
    elif isinstance(value, JuliaException):
        Base.bindings["showerror"](io, value)
    else:
        SHOW(io, V.MIME("text/plain"), value)
    return text.value().split("\n")


def title_of(level: Any) -> str:
    """What a level is called at the head of a message: one of the user's own type, as it prints."""
    name = level_text(level) if isinstance(level, LogLevel) else string_of(level)
    return "Warning" if name == "Warn" else name


def color_name(level: LogLevel) -> str:
    """The name of the colour in which the console shows messages of a level."""
    number = level.level
    if number < 0:
        return "blue"
    return "cyan" if number < 1000 else "yellow" if number < 2000 else "light_red"


def console_text(
    message: Any,
    kw: dict[str, Any],
    form: tuple[Any, str, str],
    options: dict[str, Any],
    target: IO,
) -> str:
    """A message as the console shows it; the values share the height of the screen."""
    context = target.context
    lines = [(0, text) for text in string_of(message).removesuffix("\n").split("\n")]
    height, breadth = screen(target)
    rows = max(1, height // (len(kw) + ("maxlog" not in kw)))
    shown = {
        **context,
        "limit": options.get("show_limited", True),
        "displaysize": (rows, breadth - 5),
    }
    for key, value in kw.items():
        if key == "maxlog":
            continue
        parts = value_lines(value, shown)
        if len(parts) == 1:
            lines.append((2, f"{key} = {parts[0]}"))
        else:
            lines.append((2, f"{key} ="))
            lines += [(3, p) for p in parts]
    color, title, suffix = form
    # The place stands at the right of the last line, as far right as is asked for, or below.
    width = (
        2
        + (len(title) + 1 if title and len(lines) == 1 else 0)
        + lines[-1][0]
        + len(_ESCAPE.sub("", lines[-1][1]))
    )
    right = min(options.get("right_justify", 0), breadth)
    gap = 2
    if suffix and width + len(suffix) + gap > right:
        lines.append((0, ""))
        gap, width = 0, 2
    gap += max(0, right - width - len(suffix) - gap)
    text = Text()
    io = IO(text, context)
    styled: Any = Base.bindings["printstyled"]
    bold = {"bold": True, "color": color}
    for i, (indent, line) in enumerate(lines):
        box = "[ " if len(lines) == 1 else "┌ " if not i else "│ " if i < len(lines) - 1 else "└ "
        styled.call_kw(bold, io, box)
        if not i and title:
            styled.call_kw(bold, io, title + " ")
        io.write(" " * indent + line)
        if suffix and i == len(lines) - 1:
            io.write(" " * gap)
            styled.call_kw({"color": Symbol("light_black")}, io, suffix)
        io.write("\n")
    return text.value()


_ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def standard_form(level: Any, module: Any, file: Any, line: Any) -> tuple[Symbol, str, str]:
    """The colour, the title and the place of a message where nobody says otherwise."""
    standard = level_of(level)
    at = "" if 0 <= standard.level < 1000 else place(module, file, line)
    return Symbol(color_name(standard)), title_of(level) + ":", at


def place(module: Any, file: Any, line: Any) -> str:
    """Where a message comes from: `@ Main file.jl:3`, and as much of it as is known."""
    parts = []
    if module is not None:
        parts.append(string_of(module))
    if file is not None:
        where = string_of(Base.bindings["contractuser"](file))
        if isinstance(line, V.UnitRange):
            where += f":{line.start}-{line.stop}"
        elif line is not None:
            where += f":{string_of(line)}"
        parts.append(where)
    return f"@ {' '.join(parts)}" if parts else ""


@CoreLogging.method(
    "handle_message(logger::ConsoleLogger, level, message, _module, group, id, file, line; kw...)"
)
def handle_console(
    logger: ConsoleLogger,
    level: Any,
    message: Any,
    module: Any,
    group: Any,
    id_: Any,
    file: Any,
    line: Any,
    /,
    **kw: Any,
) -> None:
    if limited(logger, id_, kw):
        return
    formatter = logger.options.get("meta_formatter")
    form = (
        standard_form(level, module, file, line)
        if formatter is None
        else formatter(level, module, group, id_, file, line)
    )
    logger.target.write(console_text(message, kw, form, logger.options, logger.target))


@CoreLogging.method(
    "handle_message(logger::SimpleLogger, level, message, _module, group, id, file, line; kw...)"
)
def handle_simple(
    logger: SimpleLogger,
    level: Any,
    message: Any,
    module: Any,
    group: Any,
    id_: Any,
    file: Any,
    line: Any,
    /,
    **kw: Any,
) -> None:
    if limited(logger, id_, kw):
        return
    first, *rest = string_of(message).removesuffix("\n").split("\n")
    out = [f"┌ {title_of(level)}: {first}", *(f"│ {text}" for text in rest)]
    out += [f"│   {k} = {string_of(v)}" for k, v in kw.items() if k != "maxlog"]
    out.append(f"└ @ {string_of(module)} {string_of(file)}:{string_of(line)}")
    logger.target.write("\n".join(out) + "\n")


# ---------------------------------------------------------------- the macros

_META = {"_module": "module", "_group": "group", "_id": "id", "_file": "file", "_line": "line"}


def enabled(level: Any, module: Any, group: Any, id_: Any) -> Any:
    """The logger that wants a message, or None."""
    wanted = level_of(level)
    if (
        wanted.level <= State.disabled.level
        and State.disabled.level > LEVELS["BelowMinLevel"].level
    ):
        return None
    logger = current_logger()
    debugged = wanted.level < 0 and debugs(module)
    if not debugged and wanted.level < level_of(MIN_LEVEL(logger)).level:
        return None
    return (
        logger if debugged or support.truth(SHOULDLOG(logger, wanted, module, group, id_)) else None
    )


def debugs(module: Any) -> bool:
    """Does the environment ask for the debug messages of a module?"""
    import os

    names = os.environ.get("JULIA_DEBUG", "").split(",")
    return "all" in names or getattr(module, "name", None) in names


def emit(
    logger: Any, level: Any, module: Any, group: Any, id_: Any, file: Any, line: Any, record: Any
) -> None:
    """Compute a message and its values, and hand them to the logger."""
    try:
        message, names, values = record()
        HANDLE.call_kw(
            dict(zip(names, values, strict=True)),
            logger,
            level,
            message,
            module,
            group,
            id_,
            file,
            line,
        )
    except Exception as error:
        if not support.truth(CATCH(logger)):
            raise
        from juliette.base.backtraces import wrapped

        where = ".".join(module.path) if isinstance(module, Module) else string_of(module)
        said = f"Exception while generating log record in module {where} at {file}:{line}"
        failure = (julia_value(error), wrapped(frames_of(error)))
        kind = Symbol("logevent_error")
        HANDLE.call_kw(
            {"exception": failure}, logger, LEVELS["Error"], said, module, kind, id_, file, line
        )


def call(f: Any, *args: Any) -> Expr:
    return Expr("call", QuoteNode(f), *args)


def log_expression(context: Any, level: Any, message: Any, items: tuple[Any, ...]) -> Expr:
    """The code of a log message: nothing is computed unless a logger wants it."""
    names: list[str] = []
    values: list[Any] = []
    splats: list[Any] = []
    meta: dict[str, Any] = {
        "module": QuoteNode(context.module),
        "file": context.file,
        "line": context.line,
        "group": QuoteNode(Symbol(str(context.file).rsplit("/", 1)[-1].removesuffix(".jl"))),
    }
    for item in items:
        if isinstance(item, Expr) and item.head in ("=", "kw"):
            key = item.args[0]
            key = key.name if isinstance(key, Symbol) else expression_text(key)
            if key in _META:
                meta[_META[key]] = item.args[1]
            else:
                names.append(key)
                values.append(item.args[1])
        elif isinstance(item, Expr) and item.head == "...":
            splats.append(item.args[0])
        else:
            names.append(expression_text(item))
            values.append(item)
    if "id" not in meta:
        meta["id"] = QuoteNode(record_id(context.module, level, message, items))
    logger, wanted = context.gensym("logger"), context.gensym("level")
    parts = [message, Expr("tuple", *names), Expr("tuple", *values)]
    record: Any = Expr("tuple", *parts)
    if splats:
        record = call(with_splats, *parts, *splats)
    body = Expr("->", Expr("tuple"), Expr("block", record))
    where = [meta["module"], meta["group"], meta["id"]]
    return Expr(
        "let",
        Expr("block", Expr("=", wanted, level), Expr("=", logger, call(enabled, wanted, *where))),
        Expr(
            "block",
            Expr(
                "if",
                call(lambda x: x is not None, logger),
                call(emit, logger, wanted, *where, meta["file"], meta["line"], body),
            ),
            None,
        ),
    )


IDS: set[str] = set()


def record_id(module: Module, level: Any, message: Any, items: tuple[Any, ...]) -> Symbol:
    """The name of a log message: its module's, and what it says in eight hexadecimal digits.

    A message that is written a second time gets the number after it, as in Julia.
    """
    prefix = "_".join(module.path)
    named = level_text(level.value) if isinstance(level, QuoteNode) else string_of(level)
    said = prefix + named + string_of(message) + string_of(items)
    number = string_hash(said.encode("utf-8", "surrogatepass"), 0) & 0xFFFFFFFF
    while (name := f"{prefix}_{number:08x}") in IDS:
        number += 1
    IDS.add(name)
    return Symbol(name)


def with_splats(message: Any, names: tuple[str, ...], values: tuple[Any, ...], *splats: Any) -> Any:
    for s in splats:
        more = support.keyword_dict(s)
        names, values = (*names, *more), (*values, *more.values())
    return message, names, values


def log_macro(name: str, level: str) -> None:
    @Base.macro(name)
    def log(context: Any, message: Any, *items: Any) -> Any:
        return log_expression(context, QuoteNode(LEVELS[level]), message, items)

    log.__doc__ = f"`@{name} message [key=value…]` logs a message."
    CoreLogging.set("@" + name, Base.bindings["@" + name], const=True)
    CoreLogging.exports.add("@" + name)


for _name, _level_name in (
    ("debug", "Debug"),
    ("info", "Info"),
    ("warn", "Warn"),
    ("error", "Error"),
):
    log_macro(_name, _level_name)


@Base.macro("logmsg", export=False)
def logmsg(context: Any, level: Any, message: Any, *items: Any) -> Any:
    """`@logmsg level message [key=value…]` logs a message at a level."""
    return log_expression(context, level, message, items)


CoreLogging.set("@logmsg", Base.bindings["@logmsg"], const=True)
CoreLogging.exports.add("@logmsg")


class Origin(NamedTuple):
    """Where the code of a log macro of one's own is written, as `log_expression` asks for it."""

    module: Any
    file: Any
    line: Any

    def gensym(self, name: str) -> Any:
        return Base.bindings["gensym"](name)


@CoreLogging.macro("_sourceinfo", export=False)
def source_info(_: Any) -> Expr:
    """Inside a macro: the module, the file and the line that it is called from."""
    source = Symbol("__source__")
    file = call(string_of, Expr(".", source, QuoteNode(Symbol("file"))))
    line = Expr(".", source, QuoteNode(Symbol("line")))
    return Expr("escape", Expr("tuple", Symbol("__module__"), file, line))


@CoreLogging.method("logmsg_code(_module, file, line, level, message, exs...)", export=False)
def logmsg_code(module: Any, file: Any, line: Any, level: Any, message: Any, *items: Any) -> Expr:
    """The code of a log message, for macros of one's own."""
    if isinstance(level, Symbol):
        level = QuoteNode(LEVELS[level.name])
    elif isinstance(level, Expr) and level.head == "escape":
        level = level.args[0]
    return Expr("escape", log_expression(Origin(module, file, line), level, message, items))
