"""Read, run, show: the `julia>` prompt."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from juliette.interpreter import Interpreter

BANNER = "Juliette: Julia code, run by Python. `?name` gives help, Ctrl-D leaves.\n"


def run_repl(
    interpreter: Interpreter | None = None, *, color: bool | None = None, banner: bool = True, startup: bool = True
) -> int:
    """Run the prompt until the user leaves; gives the exit code."""
    if color is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if interpreter is None:
        from juliette.interpreter import Interpreter

        interpreter = Interpreter(
            stdout=sys.stdout, stderr=sys.stderr, stdin=sys.stdin, interactive=sys.stdin.isatty(), color=color
        )
    try:
        if not sys.stdin.isatty():
            return run_pipe(interpreter, color)
        return run_terminal(interpreter, color, banner)
    except SystemExit as leave:
        code = leave.code
        return code if isinstance(code, int) else 0
    finally:
        interpreter.close()


def run_pipe(interpreter: Interpreter, color: bool) -> int:
    """A program on standard input: no prompts, the first error ends it."""
    outcome = interpreter.run(sys.stdin.read(), "stdin", 1)
    sys.stdout.flush()
    if outcome.error is not None:
        print(outcome.error.render(color), file=sys.stderr)
        return 1
    return 0


def without_prompts(text: str) -> str:
    """A pasted transcript: the lines after `julia> ` and their continuations, without the outputs."""
    if not re.search(r"^\s*julia> ", text, re.M):
        return text
    out: list[str] = []
    taking = False
    for line in text.split("\n"):
        found = re.match(r"\s*julia> ?(.*)$", line)
        if found:
            out.append(found.group(1))
            taking = True
        elif taking and line.startswith("       "):
            out.append(line[7:])
        else:
            taking = False
    return "\n".join(out)


def run_terminal(interpreter: Interpreter, color: bool, banner: bool) -> int:
    """The prompt in a terminal."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.formatted_text import ANSI
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.keys import Keys

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: Any) -> None:
        """Run what is complete; otherwise a new line."""
        buffer = event.current_buffer
        text = buffer.text
        if not text.strip() or text[0] in "?;]" or interpreter.is_complete(text)[0] != "incomplete":
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n" + interpreter.is_complete(text)[1])

    @keys.add("escape", "enter")
    def _(event: Any) -> None:
        """Always a new line."""
        event.current_buffer.insert_text("\n")

    @keys.add(Keys.BracketedPaste)
    def _(event: Any) -> None:
        """Paste; prompts of a transcript are dropped."""
        event.current_buffer.insert_text(without_prompts(event.data.replace("\r\n", "\n").replace("\r", "\n")))

    session: PromptSession[str] = PromptSession(
        history=_history(FileHistory, InMemoryHistory), key_bindings=keys, multiline=True, enable_history_search=True,
        lexer=_lexer(color), prompt_continuation="       ",
    )
    if banner:
        print(BANNER)
    prompt: Any = ANSI("\x1b[32m\x1b[1mjulia> \x1b[0m") if color else "julia> "
    n = 0
    while True:
        try:
            code = session.prompt(prompt)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        if not code.strip():
            continue
        n += 1
        size = os.get_terminal_size()
        interpreter.display_size = (size.lines, size.columns)
        if code.lstrip().startswith("?"):
            print(interpreter.help(code.lstrip()[1:])["text/plain"] + "\n")
            continue
        if code.startswith(";"):
            import subprocess

            subprocess.run(code[1:], shell=True, check=False)
            print()
            continue
        outcome = interpreter.run(code, f"REPL[{n}]")
        sys.stdout.flush()
        if outcome.error is not None:
            print(outcome.error.render(color) + "\n", file=sys.stderr)
        elif outcome.shown:
            print(interpreter.display_text(outcome.value) + "\n")
        else:
            print()


def _history(file: Any, memory: Any) -> Any:
    """History in the user's configuration folder; in memory where that cannot be written."""
    from pathlib import Path

    folder = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "juliette"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "history"
        path.touch()
    except OSError:
        return memory()
    return file(str(path))


def _lexer(color: bool) -> Any:
    if not color:
        return None
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.julia import JuliaLexer

    return PygmentsLexer(JuliaLexer)
