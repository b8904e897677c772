"""Puts Base together and makes sessions' Main modules."""

from __future__ import annotations

from typing import Any

from juliette.base import (
    arrays, broadcasting, collections, concurrency, essentials, language, macros, missing, multimedia, replacing,
    numbers, randomness, strings, system,
)
from juliette.base.documentation import (
    dictionary_keys, documentation, keyword_names, kind_of,
)
from juliette.base.multimedia import rich_forms, set_host
from juliette.base.arrays import getindex
from juliette.base.essentials import getproperty, propertynames
from juliette.compiler import arithmetic, intrinsics, python_backend, support
from juliette.compiler.session import Compiler, literal
from juliette.display import array_show
from juliette.display import collections as collection_display
from juliette.display import streams as stream_display
from juliette.display import tasks as task_display
from juliette.display.errors import showerror_text, stack_trace
from juliette.display.io import STDERR, STDIN, STDOUT
from juliette.display.show import long_text, one_line
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.dispatch import TRACE
from juliette.runtime.errors import ParseErrorException, julia_value
from juliette.runtime.modules import PACKAGES, SESSION, Base, Main, Module
from juliette.runtime.scheduler import SCHEDULER
from juliette.runtime.types import type_string, typeof
from juliette.runtime.values import JuliaDict
from juliette.syntax.expr import LineNumberNode, Symbol

__all__ = [
    "SCHEDULER", "PACKAGES", "SESSION", "STDERR", "STDIN", "STDOUT", "Compiler", "LineNumberNode", "Module", "Symbol", "documentation",
    "fresh_main", "getproperty", "julia_value", "dictionary_keys", "getindex", "keyword_names", "kind_of", "literal", "long_text", "one_line", "prepare", "propertynames",
    "reset_tracing", "rich_forms", "set_host", "set_program", "number_cells", "store", "syntax_error", "showerror_text", "stack_trace", "type_string", "typeof",
]

for _name in support.FROM_BASE:
    assert _name in Base.bindings, _name
support.HELPERS["%getproperty"] = getproperty
assert all((
    arrays, broadcasting, collections, concurrency, essentials, language, macros, missing, multimedia, replacing,
    numbers, randomness, strings, system, collection_display, stream_display, task_display, array_show,
))
support.WARN = STDERR.write
support.HELPERS.update(arithmetic.HELPERS)
for _name, _fast in arithmetic.fast_operators(Base.bindings).items():
    support.HELPERS[f"%{_name}"] = _fast
    python_backend.FAST[Base.bindings[_name]] = f"%{_name}"
intrinsics.install()
Base.bindings["__builtins__"] = Base.visible
support.install(Base)
support.HELPERS["%getproperty"] = getproperty
Base.visible["%getproperty"] = getproperty
Base.visible["%getindex"] = arrays.getindex
support.HELPERS["%getindex"] = arrays.getindex


def fresh_main() -> Module:
    """An empty Main that sees Base."""
    module = Module("Main")
    support.install(module)
    module.visible["%getproperty"] = getproperty
    module.visible["%getindex"] = arrays.getindex
    module.using(Base)
    module.bindings["Main"] = module
    module.consts.add("Main")
    SESSION.main = module
    return module


def prepare(interpreter: Any, module: Module, args: tuple[str, ...]) -> None:
    """What every session's Main has of its own."""
    interpreter.compiler.add_module_functions(module, "none")
    module.bindings["ARGS"] = vector(list(args), T.String)
    load_packages()


_LOADED = False


def load_packages() -> None:
    global _LOADED
    from juliette import packages

    if not _LOADED:
        _LOADED = True
        packages.announce()
    packages.start_session()


def set_program(module: Module, name: str) -> None:
    """`PROGRAM_FILE`"""
    Base.const("PROGRAM_FILE", name)
    module.visible["PROGRAM_FILE"] = name


def syntax_error(text: str) -> Any:
    """A syntax error as a Julia value."""
    return ParseErrorException(text, None)


def number_cells(module: Module) -> tuple[Any, Any]:
    """Make `In` and `Out`, a notebook's dictionaries of inputs and values."""
    inputs, outputs = JuliaDict(T.Int64, T.String), JuliaDict(T.Int64, T.Any_)
    module.bindings["In"], module.bindings["Out"] = inputs, outputs
    return inputs, outputs


def store(held: Any, number: int, value: Any) -> None:
    """Put a cell's input or value into its dictionary."""
    Base.get("setindex!")(held, value, number)


def reset_tracing() -> None:
    """No run leaves gradient tracing on."""
    TRACE.depth = 0


assert Main is not None
