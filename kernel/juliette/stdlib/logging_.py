"""The module Logging: loggers for users, under the names of Base's own logging."""

from __future__ import annotations

from typing import Any

from juliette.base import logs
from juliette.base.logs import (
    ConsoleLogger,
    CoreLogging,
    NullLogger,
    SimpleLogger,
    level_of,
    standard_form,
)
from juliette.display.io import IO, STDERR
from juliette.runtime.modules import Module


def load(module: Module) -> None:
    """Fill the module."""
    for name in CoreLogging.exports:
        module.const(name, CoreLogging.bindings[name], export=not name.endswith("Level"))
    module.const("LogLevel", CoreLogging.bindings["LogLevel"])
    module.const("ConsoleLogger", logs.ConsoleLogger_)

    def stream_logger(name: str, cls: type, keywords: str, options: tuple[str, ...]) -> None:
        def make(_: Any, /, *args: Any, **kw: Any) -> Any:
            stream, rest = (args[0], args[1:]) if args and isinstance(args[0], IO) else (None, args)
            level = level_of(rest[0]) if rest else logs.LEVELS["Info"]
            chosen = {k: v for k, v in kw.items() if k in options}
            return cls(None if stream is STDERR else stream, level, **chosen)

        make.__doc__ = cls.__doc__
        module.method(f"{name}(args...; {keywords})")(make)

    stream_logger("SimpleLogger", SimpleLogger, "nothing_=0", ())
    stream_logger(
        "ConsoleLogger",
        ConsoleLogger,
        "meta_formatter=nothing, show_limited=true, right_justify=0",
        ("meta_formatter", "show_limited", "right_justify"),
    )

    @module.method("default_metafmt(level::LogLevel, _module, group, id, file, line)", export=False)
    def default_metafmt(level: Any, source: Any, group: Any, id_: Any, file: Any, line: Any) -> Any:
        """How a `ConsoleLogger` begins and ends a message: the colour, the title, the place.

        ```jldoctest
        julia> using Logging

        julia> Logging.default_metafmt(Logging.Warn, Main, :group, :id, "a.jl", 3)
        (:yellow, "Warning:", "@ Main a.jl:3")
        ```
        """
        return standard_form(level, source, file, line)

    @module.method("NullLogger()")
    def null_logger(_: Any) -> NullLogger:
        """A logger that drops everything."""
        return NullLogger()
