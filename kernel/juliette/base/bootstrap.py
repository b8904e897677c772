"""Puts Base together and makes sessions' Main modules."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any

from juliette.base import (
    array_arithmetic,
    array_construction,
    array_protocol,
    array_size,
    assigning,
    broadcasting,
    cartesian,
    collecting,
    concatenation,
    conversion,
    dictionaries,
    dictionary_views,
    essentials,
    fields,
    functions,
    identity,
    index_styles,
    indexing,
    iteration,
    iterator_functions,
    iterator_sizes,
    lanes,
    merging,
    multimedia,
    pairs,
    range_questions,
    range_types,
    ranges,
    set_operations,
    sets,
    tuples,
    value_indexing,
    vectors,
    views,
)
from juliette.base.deferred import CHAPTERS, EXPORTED, EXTENDED
from juliette.base.fields import getproperty, propertynames
from juliette.base.indexing import getindex
from juliette.base.multimedia import rich_forms, set_host
from juliette.base.numbers import arithmetic as number_arithmetic
from juliette.base.numbers import comparison, integers, mathematics, promotion
from juliette.base.strings import comparison as string_comparison
from juliette.compiler import arithmetic, python_backend, support
from juliette.compiler import data_support as data_support
from juliette.compiler.session import Compiler, literal
from juliette.display import array_show
from juliette.display import collections as collection_display
from juliette.display import functions as function_display
from juliette.display import streams as stream_display
from juliette.display.io import STDERR, STDIN, STDOUT
from juliette.display.show import long_text, one_line
from juliette.runtime import broadcast, columns, errors
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.dispatch import take_back_extensions
from juliette.runtime.errors import ParseErrorException, julia_value
from juliette.runtime.modules import PACKAGES, SESSION, Base, Module
from juliette.runtime.scheduler import SCHEDULER
from juliette.runtime.type_names import type_string
from juliette.runtime.types import typeof
from juliette.runtime.values import JuliaDict
from juliette.runtime.world import TRACE
from juliette.syntax.expr import LineNumberNode, Symbol

__all__ = [
    "PACKAGES",
    "SCHEDULER",
    "SESSION",
    "STDERR",
    "STDIN",
    "STDOUT",
    "Compiler",
    "LineNumberNode",
    "Module",
    "Symbol",
    "exception_stack",
    "fresh_main",
    "getindex",
    "getproperty",
    "julia_value",
    "leave",
    "literal",
    "long_text",
    "number_cells",
    "one_line",
    "prepare",
    "propertynames",
    "reset_tracing",
    "rich_forms",
    "set_host",
    "set_program",
    "store",
    "syntax_error",
    "type_string",
    "typeof",
]

# What every program needs; the rest of Base is imported when one of its names is first met.
CORE = (
    essentials,
    conversion,
    fields,
    identity,
    promotion,
    number_arithmetic,
    comparison,
    integers,
    mathematics,
    array_protocol,
    cartesian,
    indexing,
    assigning,
    index_styles,
    value_indexing,
    views,
    array_construction,
    array_size,
    array_arithmetic,
    concatenation,
    broadcasting,
    lanes,
    ranges,
    range_questions,
    range_types,
    vectors,
    tuples,
    pairs,
    functions,
    iteration,
    iterator_sizes,
    iterator_functions,
    collecting,
    dictionaries,
    dictionary_views,
    merging,
    sets,
    set_operations,
    string_comparison,
    multimedia,
    array_show,
    collection_display,
    function_display,
    stream_display,
)
Base.defer(CHAPTERS, EXTENDED)
Base.exports.update(EXPORTED["Base"].split())
Base.exports.add("ARGS")
support.WARN = STDERR.write
support.HELPERS.update(arithmetic.HELPERS)
for _name, _fast in arithmetic.fast_operators(Base.bindings).items():
    support.HELPERS[f"%{_name}"] = _fast
    python_backend.FAST[Base.bindings[_name]] = f"%{_name}"
    columns.DIRECT[Base.bindings[_name]] = _fast
support.HELPERS["%getproperty"] = getproperty
support.HELPERS["%getindex"] = indexing.getindex
support.HELPERS["%getindex_one"] = indexing.getindex_one
support.install(Base)
Base.visible["%getproperty"] = getproperty
Base.visible["%getindex"] = indexing.getindex
broadcast.BASE = Base.bindings
errors.PREPARE = functools.partial(importlib.import_module, "juliette.display.foreign")


def fresh_main() -> Module:
    """An empty Main that sees Base."""
    module = Module("Main")
    support.install(module)
    module.visible["%getproperty"] = getproperty
    module.visible["%getindex"] = indexing.getindex
    module.using(Base)
    module.bindings["Main"] = module
    module.consts.add("Main")
    SESSION.main = module
    return module


def prepare(interpreter: Any, module: Module, args: tuple[str, ...]) -> None:
    """What every session's Main has of its own."""
    interpreter.compiler.add_module_functions(module, "none")
    module.bindings["ARGS"] = Base.bindings["ARGS"] = vector(list(args), T.String)


def leave(module: Module, code: int) -> None:
    """What is to be done at the end of a session, if anything is."""
    ends = sys.modules.get("juliette.base.garbage")
    if ends is not None:
        ends.leave(module, code)
    take_back_extensions(module)


def set_program(module: Module, name: str) -> None:
    """`PROGRAM_FILE`"""
    Base.const("PROGRAM_FILE", name)
    module.visible["PROGRAM_FILE"] = name


def exception_stack(error: BaseException) -> Any:
    """What the prompt keeps as `err`."""
    from juliette.base.exceptions import ExceptionStack, causes
    from juliette.display import tasks

    assert tasks  # knows how a stack is shown
    return ExceptionStack(causes(error))


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
