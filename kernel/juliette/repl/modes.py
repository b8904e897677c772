"""The modes of the prompt; the first character of a history entry tells which it was."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mode:
    """A prompt, its colour, and the key that enters it."""

    name: str
    prompt: str
    style: str
    key: str = ""


JULIA = Mode("julia", "julia> ", "ansigreen bold")
HELP = Mode("help", "help?> ", "ansiyellow bold", "?")
SHELL = Mode("shell", "shell> ", "ansired bold", ";")
PKG = Mode("pkg", "pkg> ", "ansiblue bold", "]")
MODES = (HELP, SHELL, PKG)


def split_mode(text: str) -> tuple[Mode, str]:
    """The mode that a line asks for by its first character, and the rest."""
    for mode in MODES:
        if text.startswith(mode.key):
            return mode, text[1:]
    return JULIA, text


def pkg_code(line: str) -> str:
    """A line of the package prompt as Julia code."""
    command, *words = line.split() or ["status"]
    command = {"st": "status", "up": "update", "remove": "rm"}.get(command, command)
    names = ", ".join('"' + re.split("[@#]", word)[0].replace('"', "") + '"' for word in words)
    return f"import Pkg; Pkg.{command}({names})"


def run_shell(command: str) -> str | None:
    """Run a command in the user's shell; what to say if it could not be done."""
    words = command.split(maxsplit=1)
    if words and words[0] == "cd":
        target = Path(words[1] if len(words) > 1 else "~").expanduser()
        try:
            os.chdir(target)
        except OSError as error:
            return f'IOError: cd("{target}"): {error.strerror}'
        print(Path.cwd())
        return None
    try:
        subprocess.run(command, shell=True, check=False)
    except KeyboardInterrupt:
        print()
    return None
