"""The prompt in the terminal.

- loop: read, run, show, until the end
- modes: `julia>`, `help?>`, `shell>`, `pkg>`
- keys: what single keys do
- terminal: the line editor, put together
- plain: a reader of lines, for terminals that cannot do more
- history: lines of earlier sessions, in a file
- pipe: input that is no terminal
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from juliette.interpreter import Interpreter


def run_repl(
    interpreter: Interpreter | None = None,
    *,
    color: bool | None = None,
    banner: bool = True,
    startup: bool = True,
) -> int:
    """Run the prompt, or read a program if the input is no terminal; gives the exit code."""
    from juliette.repl.loop import run

    return run(interpreter, color=color, banner=banner, startup=startup)


main = run_repl
