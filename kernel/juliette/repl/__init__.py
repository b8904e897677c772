"""The terminal prompt, on prompt_toolkit; without a terminal, a reader of programs from a pipe.

- `loop`: read, run, show
"""

from juliette.repl.loop import run_repl

__all__ = ["run_repl"]
