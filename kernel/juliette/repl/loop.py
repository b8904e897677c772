"""Read, run, show, until the end."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Protocol

from juliette import __version__
from juliette.entry import pkg_code
from juliette.repl.modes import HELP, PKG, SHELL, Mode, run_shell
from juliette.report import ShowError, exit_code

if TYPE_CHECKING:
    from juliette.interpreter import Interpreter


class Reader(Protocol):
    """Whatever reads what the user types."""

    def read(self) -> tuple[Mode, str]:
        """One input, with its mode; EOFError at the end."""


def wants_color(choice: bool | None) -> bool:
    """Colour where it was asked for, or in a terminal that can and may."""
    if choice is not None:
        return choice
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") != "dumb"
    )


def print_banner(color: bool) -> None:
    """Two lines: what this is, and how to leave."""
    name = "\x1b[1mJuliette\x1b[22m" if color else "Juliette"
    print(f"{name} {__version__}: Julia 1.10 with Flux, run by Python {sys.version.split()[0]}")
    print('Type "?" for help, ";" for a shell, "]" for packages; exit() or Ctrl-D leaves.\n')


class Loop:
    """One session at the prompt."""

    def __init__(self, interpreter: Interpreter, terminal: Reader, *, color: bool) -> None:
        self.interpreter = interpreter
        self.terminal = terminal
        self.color = color
        self.count = 0

    def run(self) -> int:
        """Until Ctrl-D or `exit()`."""
        while True:
            try:
                mode, text = self.terminal.read()
            except KeyboardInterrupt:
                print()
                continue
            except EOFError:
                return 0
            if not text.strip():
                continue
            try:
                self.one(mode, text)
            except SystemExit as leaving:
                return exit_code(leaving)
            except KeyboardInterrupt:
                self.say("ERROR: InterruptException:")
            except Exception as error:
                self.say(f"ERROR: this input could not be run ({type(error).__name__}: {error})")

    def one(self, mode: Mode, text: str) -> None:
        """Run one input and show what comes of it."""
        self.interpreter.display_size = self.size()
        if mode is HELP:
            print(self.interpreter.help(text)["text/plain"].rstrip("\n") + "\n")
        elif mode is SHELL:
            trouble = run_shell(text)
            if trouble is not None:
                self.say(f"ERROR: {trouble}")
            else:
                print()
        else:
            self.julia(pkg_code(text) if mode is PKG else text)

    def julia(self, code: str) -> None:
        """Run Julia, show its value or its error, and leave a blank line."""
        self.count += 1
        outcome = self.interpreter.run(code, f"REPL[{self.count}]", 1)
        if outcome.error is not None:
            self.say(outcome.error.render(self.color))
            return
        if outcome.shown:
            try:
                print(self.interpreter.display_text(outcome.value, color=self.color))
            except ShowError as error:
                self.say(error.render(self.color))
                return
        print(flush=True)

    def size(self) -> tuple[int, int]:
        """Lines and columns for values."""
        found = shutil.get_terminal_size((80, 24))
        return max(found.lines, 10), max(found.columns, 20)

    @staticmethod
    def say(text: str) -> None:
        """An error, on stderr, after all that was printed."""
        sys.stdout.flush()
        sys.stderr.write(text + "\n\n")
        sys.stderr.flush()


def run_startup(interpreter: Interpreter, color: bool) -> None:
    """Run `startup.jl` of the user's, if there is one."""
    from juliette.repl.history import config_folder

    path = config_folder() / "startup.jl"
    if not path.is_file():
        return
    outcome = interpreter.run_file(str(path))
    if outcome.error is not None:
        sys.stderr.write(outcome.error.render(color) + "\n")


def run(interpreter: Interpreter | None, *, color: bool | None, banner: bool, startup: bool) -> int:
    """The prompt, or a program from a pipe; gives the exit code."""
    colored = wants_color(color)
    if interpreter is None:
        from juliette.interpreter import Interpreter

        interpreter = Interpreter(
            stdout=sys.stdout, stderr=sys.stderr, stdin=sys.stdin, interactive=True, color=colored
        )
    try:
        if not sys.stdin.isatty():
            from juliette.repl.pipe import run_pipe

            return run_pipe(interpreter, sys.stdin, sys.stdout, sys.stderr, bool(color))
        if startup:
            run_startup(interpreter, colored)
        terminal: Reader
        if os.environ.get("TERM") == "dumb":
            from juliette.repl.plain import PlainTerminal

            terminal = PlainTerminal(interpreter)
        else:
            from juliette.repl.terminal import Terminal

            terminal = Terminal(interpreter, color=colored)
        if banner:
            print_banner(colored)
        return Loop(interpreter, terminal, color=colored).run()
    except SystemExit as leaving:
        return exit_code(leaving)
    finally:
        sys.stdout.flush()
        interpreter.close()
