"""`%load_ext juliette`: IPython shows arrays, gradients and models as Julia does.

Layers and gradients of the engine already print so; what is added here is numpy's part: an array
alone gets Julia's header and columns, within a tuple or a list the one-line form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from juliette.interpreter import Interpreter

# What IPython had for a class before, so that it can be given back.
_replaced: dict[type, Any] = {}
_session: list[Interpreter] = []


def load(shell: Any) -> None:
    """Register the printers with IPython's plain-text formatter."""
    formatter = shell.display_formatter.formatters["text/plain"]
    _replaced.setdefault(np.ndarray, formatter.for_type(np.ndarray, _print_array))
    # Each class writes its own repr, which IPython prefers to a printer for a class above it.
    for kind in set(np.sctypeDict.values()):
        _replaced.setdefault(kind, formatter.for_type(kind, _print_scalar))


def unload(shell: Any) -> None:
    """Take the printers away again."""
    formatter = shell.display_formatter.formatters["text/plain"]
    for kind, before in _replaced.items():
        if before is None:
            formatter.pop(kind, None)
        else:
            formatter.for_type(kind, before)
    _replaced.clear()


def array_text(data: np.ndarray[Any, Any], *, alone: bool) -> str:
    """An array as Julia prints it, alone or as a part of something else."""
    if data.ndim == 0:
        return scalar_text(data[()])
    session = _interpreter()
    from juliette.display.show import one_line
    from juliette.runtime.array import wrap

    try:
        array = wrap(np.asfortranarray(data))
    except (KeyError, TypeError, ValueError):  # no such element type in Julia
        return repr(data)
    return session.display_text(array) if alone else one_line(array)


def scalar_text(value: Any) -> str:
    """A numpy number as Julia prints it."""
    if isinstance(value, np.float64 | np.int64 | np.bool_):
        value = value.item()
    if isinstance(value, np.integer | np.floating | float | int):
        return _interpreter().display_text(value)
    return repr(value)


def _interpreter() -> Interpreter:
    """A session, made at the first value shown: it knows how everything prints."""
    if not _session:
        from juliette.interpreter import Interpreter

        _session.append(Interpreter(interactive=False))
    return _session[0]


def _print_array(data: np.ndarray[Any, Any], printer: Any, cycle: bool) -> None:
    """IPython's printer for arrays; its stack tells whether something is around this one."""
    text = array_text(data, alone=len(printer.stack) <= 1)
    for number, line in enumerate(text.split("\n")):
        if number:
            printer.break_()
        printer.text(line)


def _print_scalar(value: Any, printer: Any, cycle: bool) -> None:
    """IPython's printer for numpy's numbers."""
    printer.text(scalar_text(value))
