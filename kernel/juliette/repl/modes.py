"""The modes of the prompt; the first character of a history entry tells which it was."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from juliette.entry import change_folder


@dataclass(frozen=True, slots=True)
class Mode:
    """A prompt, its colour, and the key that enters it."""

    name: str
    prompt: str
    style: str
    key: str = ""
    # Whether the prompt stays in this mode after a line of it.
    sticky: bool = False


JULIA = Mode("julia", "julia> ", "ansigreen bold")
HELP = Mode("help", "help?> ", "ansiyellow bold", "?")
SHELL = Mode("shell", "shell> ", "ansired bold", ";", sticky=True)
PKG = Mode("pkg", "(@v1.10) pkg> ", "ansiblue bold", "]", sticky=True)
MODES = (HELP, SHELL, PKG)


def split_mode(text: str) -> tuple[Mode, str]:
    """The mode that a line asks for by its first character, and the rest."""
    for mode in MODES:
        if text.startswith(mode.key):
            return mode, text[1:]
    return JULIA, text


def run_shell(command: str) -> str | None:
    """Run a command in the user's shell; what to say if it could not be done."""
    try:
        folder = change_folder(command)
    except OSError as error:
        return str(error)
    if folder is not None:
        print(folder)
        return None
    try:
        subprocess.run(command, shell=True, check=False)
    except KeyboardInterrupt:
        print()
    return None
