"""The command `juliette`.

Start-up time counts here, so each command imports what it needs when it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from juliette.interpreter import Interpreter

USAGE = """\
usage: juliette                        start the prompt
       juliette [OPTIONS] FILE [ARGS…] run a script (- is standard input)
       juliette -e CODE [ARGS…]        run CODE
       juliette -E CODE [ARGS…]        run CODE and show its value
       juliette COMMAND …

options:
  -i                    go on at the prompt after FILE or CODE
  -q, --quiet           start the prompt without its banner
  -L, --load FILE       run FILE first
  --color yes|no        colour, or none (default: in a terminal)
  --startup-file yes|no run startup.jl before the prompt (default: yes)
  --project[=FOLDER]    look for packages in a project; without FOLDER in the one around here
  --emit STAGE          show FILE or CODE as tokens, tree, core, typed or python
  -v, --version         show the version
  -h, --help            show this text

Julia's switches for its compiler (-O, -t, --check-bounds, …) are read and have no effect.

commands:
  test PATH…            run notebooks (.ipynb, .rst) and jldoctest pages (.md), compare outputs
  lab [FOLDER]          copy the tutorial to FOLDER and open it in JupyterLab
  install, uninstall    add the kernel to Jupyter, or remove it
  doctor                say which kernels Jupyter finds, and whether ours answers

`juliette COMMAND --help` says more about one of them.
"""

TEST_USAGE = """\
usage: juliette test [OPTIONS] PATH…

Runs notebooks (.ipynb), exports of notebooks (.rst) and jldoctest pages (.md), folders with all
that is in them, and compares each output with the one stored. A tag on a cell says how:
exact (default), rtol=1e-3, shape (digits free), ignore, raises.

options:
  --update           store the outputs that differ
  --kernel NAME      run notebooks on this Jupyter kernel
  --mode MODE        compare cells that have no tag by this mode
  --timeout SECONDS  how long one cell may run (default: 300)
"""

LAB_USAGE = """\
usage: juliette lab [--copy-only] [FOLDER] [-- JUPYTERLAB OPTIONS…]

Copies the tutorial's notebooks to FOLDER (default: juliette-tutorial in your home), leaving alone
those you have changed, and opens the walkthrough in JupyterLab.
"""

INSTALL_USAGE = """\
usage: juliette install [--user | --sys-prefix | --prefix PATH] [--name NAME] [--env K=V]…
       juliette uninstall [--user | --sys-prefix | --prefix PATH] [--name NAME]

Adds a kernel to Jupyter that runs with this very Python, or removes it. Without a place it is
for the user. --name julia-1.10 makes an alias for notebooks saved with that name.
"""

DOCTOR_USAGE = "usage: juliette doctor\n"


class UsageError(Exception):
    """The command line is wrong; the text says how, and the usage follows it."""

    def __init__(self, text: str, usage: str = USAGE) -> None:
        super().__init__(text)
        self.usage = usage


class Arguments:
    """Options and the rest of a command line, taken apart; `order` has the values as they came."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.values: dict[str, list[str]] = {}
        self.order: list[tuple[str, str]] = []
        self.rest: list[str] = []

    def value(self, name: str, default: str | None = None) -> str | None:
        """The last value given for an option."""
        return self.values[name][-1] if name in self.values else default


def take_apart(
    argv: Sequence[str],
    usage: str,
    *,
    flags: Sequence[str] = (),
    values: Sequence[str] = (),
    optional: dict[str, str] | None = None,
    aliases: dict[str, str] | None = None,
    until_rest: bool = False,
) -> Arguments:
    """Sort `argv` into flags, options with a value, and the rest.

    The value of an `optional` one stands after `=`, or is the default given there.
    With `until_rest` all that follows the first plain word belongs to the rest.
    """
    found = Arguments()
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            found.rest += words
            break
        if not word.startswith("-") or word == "-":
            found.rest.append(word)
            if until_rest:
                found.rest += words
                break
            continue
        name, equals, value = word.partition("=")
        name = (aliases or {}).get(name, name)
        if name in ("-h", "--help"):
            found.flags.add("--help")
        elif name in flags and not equals:
            found.flags.add(name)
        elif optional is not None and name in optional:
            found.values.setdefault(name, []).append(value if equals else optional[name])
        elif name in values:
            if not equals:
                if not words:
                    raise UsageError(f"option {name} needs a value", usage)
                value = words.pop(0)
            found.values.setdefault(name, []).append(value)
            found.order.append((name, value))
        elif equals and name in flags:
            raise UsageError(f"option {name} takes no value", usage)
        else:
            raise UsageError(f"unknown option {word}", usage)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _speak_utf8()
    try:
        command = _COMMANDS.get(arguments[0]) if arguments else None
        if command is not None:
            return command(arguments[1:])
        return _julia(arguments)
    except UsageError as error:
        print(f"juliette: {error}\n\n{error.usage}", file=sys.stderr, end="")
        return 2
    except BrokenPipeError:
        _close_quietly()
        return 1
    except KeyboardInterrupt:
        return 130


def _speak_utf8() -> None:
    """Julia's output is UTF-8, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if encoding.lower().replace("-", "") != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")


def _close_quietly() -> None:
    """Whoever read our output is gone; nothing more is to be written at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# Julia's switches that say how to compile, or where Julia's own files are: nothing depends on
# them here. Those of the second group take their value as the next word, too.
_WITHOUT_EFFECT = {
    "--banner",
    "--bug-report",
    "--check-bounds",
    "--code-coverage",
    "--compile",
    "--compiled-modules",
    "--debug-info",
    "--depwarn",
    "--gcthreads",
    "--handle-signals",
    "--heap-size-hint",
    "--history-file",
    "--inline",
    "--math-mode",
    "--min-optlevel",
    "--optimize",
    "--pkgimages",
    "--strip-ir",
    "--strip-metadata",
    "--sysimage-native-code",
    "--track-allocation",
    "--warn-overwrite",
    "--warn-scope",
}
_WITHOUT_EFFECT_VALUED = {
    "--cpu-target",
    "--home",
    "--sysimage",
    "--threads",
    "-C",
    "-H",
    "-J",
    "-t",
}
_VALUED = {
    "-e",
    "-E",
    "-L",
    "--color",
    "--emit",
    "--eval",
    "--load",
    "--print",
    "--startup-file",
}
_REFUSED = {
    "--machine-file": "code runs in one process here",
    "--procs": "code runs in one process here",
    "-p": "code runs in one process here",
}


def _for_julia_alone(argv: Sequence[str]) -> list[str]:
    """The words without those of Julia's switches that have no effect, up to the file or code."""
    words = list(argv)
    kept: list[str] = []
    while words:
        word = words.pop(0)
        name = word.partition("=")[0]
        if not word.startswith("-") or word in ("-", "--"):
            return [*kept, word, *words]
        if name in _REFUSED or word[:2] in _REFUSED:
            raise UsageError(
                f"{name} is not available: {_REFUSED[name if name in _REFUSED else word[:2]]}"
            )
        if name in _WITHOUT_EFFECT or word[:2] in ("-O", "-g"):
            continue
        if name in _WITHOUT_EFFECT_VALUED or word[:2] in _WITHOUT_EFFECT_VALUED:
            if word == name and words:
                words.pop(0)
            continue
        kept.append(word)
        if word in _VALUED and words:
            kept.append(words.pop(0))
    return kept


def _julia(argv: Sequence[str]) -> int:
    """`juliette [OPTIONS] [FILE | -e CODE] [ARGS…]`."""
    options = take_apart(
        _for_julia_alone(argv),
        USAGE,
        flags=["-i", "-q", "--version"],
        values=["-e", "-E", "-L", "--emit", "--color", "--startup-file"],
        optional={"--project": "@."},
        aliases={
            "-v": "--version",
            "--quiet": "-q",
            "--eval": "-e",
            "--load": "-L",
            "--print": "-E",
        },
        until_rest=True,
    )
    if "--help" in options.flags:
        print(USAGE, end="")
        return 0
    if "--version" in options.flags:
        from juliette import __version__

        print(f"juliette {__version__}")
        return 0
    project = options.value("--project")
    if project is not None:
        import os

        os.environ["JULIA_PROJECT"] = project
    color = _color(options)
    startup = options.value("--startup-file", "yes")
    if startup not in ("yes", "no"):
        raise UsageError("--startup-file is yes or no")
    code = options.value("-E", options.value("-e"))
    stage = options.value("--emit")
    if stage is not None:
        return _emit(stage, code, options.rest)
    if code is None and not options.rest and "-L" not in options.values:
        return _prompt(None, color, options)
    return _run(options, color)


def _color(options: Arguments) -> bool | None:
    """Whether to use colour; None leaves it to what the output is."""
    choice = options.value("--color")
    if choice not in (None, "yes", "no", "auto"):
        raise UsageError("--color is yes or no")
    return {"yes": True, "no": False}.get(choice or "")


def _in_color(choice: bool | None, stream: TextIO) -> bool:
    """Colour where it was asked for, or in a terminal that was not asked to do without."""
    if choice is not None:
        return choice
    import os

    return stream.isatty() and not os.environ.get("NO_COLOR")


def _run(options: Arguments, color: bool | None) -> int:
    """Run files and pieces of code in the order given; 1 if one throws."""
    steps = [(name, text) for name, text in options.order if name in ("-e", "-E", "-L")]
    code_given = any(name != "-L" for name, _ in steps)
    program = None if code_given or not options.rest else options.rest[0]
    if program is not None:
        steps.append(("-" if program == "-" else "-L", program))
    for name, text in steps:
        try:
            if name == "-L":
                Path(text).open("rb").close()
        except OSError as error:
            said = f'SystemError: opening file "{Path(text).absolute()}": {error.strerror}'
            print(f"ERROR: {said}", file=sys.stderr)
            return 1
    from juliette.interpreter import Interpreter
    from juliette.report import exit_code
    from juliette.runtime.interrupts import PATIENCE

    PATIENCE.exits = True
    interpreter = Interpreter(
        stdout=sys.stdout,
        stderr=sys.stderr,
        stdin=sys.stdin,
        interactive=False,
        color=_in_color(color, sys.stdout),
        args=tuple(options.rest if program is None else options.rest[1:]),
        program="" if program in (None, "-") else str(program),
    )
    failed = True
    try:
        failed = not all(_step(interpreter, name, text, color) for name, text in steps)
        sys.stdout.flush()
        if "-i" in options.flags or (program is None and not code_given and not failed):
            PATIENCE.exits = False
            return _prompt(interpreter, color, options)
    except SystemExit as leaving:
        interpreter.close(exit_code(leaving))
        raise
    interpreter.close(int(failed))
    return int(failed)


def _step(interpreter: Interpreter, name: str, text: str, color: bool | None) -> bool:
    """Run one file or piece of code, and show its value if asked; whether it did not throw."""
    from juliette.report import ShowError

    if name == "-L":
        outcome = interpreter.run_file(text)
    elif name == "-":
        outcome = interpreter.run(sys.stdin.read(), "stdin", 1)
    else:
        outcome = interpreter.run(text, "none", 1)
    report = outcome.error
    if report is None and name == "-E":
        try:
            print(interpreter.repr_text(outcome.value))
        except ShowError as error:
            report = error.report
    if report is not None:
        sys.stdout.flush()
        print(report.render(_in_color(color, sys.stderr)), file=sys.stderr)
    return report is None


def _prompt(interpreter: Interpreter | None, color: bool | None, options: Arguments) -> int:
    """The prompt, in a session of its own or in one that has run something."""
    from juliette.repl import run_repl

    return run_repl(
        interpreter,
        color=color,
        banner="-q" not in options.flags,
        startup=options.value("--startup-file", "yes") == "yes",
    )


def _emit(stage: str, code: str | None, rest: Sequence[str]) -> int:
    """Show a stage of the way from text to result."""
    from juliette.emit import STAGES, emit

    if stage not in STAGES:
        raise UsageError(f"--emit knows {', '.join(STAGES)}")
    filename = "none"
    if code is None:
        if not rest:
            raise UsageError("--emit needs FILE or -e CODE")
        filename = rest[0]
        try:
            code = sys.stdin.read() if filename == "-" else Path(filename).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(f"juliette: {filename}: {error}", file=sys.stderr)
            return 1
    return emit(stage, code, filename)


def _test(argv: Sequence[str]) -> int:
    """`juliette test`."""
    options = take_apart(
        argv, TEST_USAGE, flags=["--update"], values=["--kernel", "--mode", "--timeout"]
    )
    if "--help" in options.flags:
        print(TEST_USAGE, end="")
        return 0
    if not options.rest:
        raise UsageError("test needs a PATH", TEST_USAGE)
    from juliette.testing.command import run
    from juliette.testing.compare import parse_mode

    try:
        mode = parse_mode(options.value("--mode") or "exact")
        timeout = float(options.value("--timeout") or 300)
    except ValueError as error:
        raise UsageError(str(error), TEST_USAGE) from None
    if mode is None:
        raise UsageError("--mode is exact, rtol=…, shape, ignore or raises", TEST_USAGE)
    paths = [Path(name) for name in options.rest]
    for path in paths:
        if not path.exists():
            print(f"juliette: {path}: no such file or folder", file=sys.stderr)
            return 1
    return run(
        paths,
        kernel=options.value("--kernel"),
        update="--update" in options.flags,
        default=mode,
        timeout=timeout,
    )


def _lab(argv: Sequence[str]) -> int:
    """`juliette lab`."""
    words = list(argv)
    passed_on: list[str] = []
    if "--" in words:
        cut = words.index("--")
        words, passed_on = words[:cut], words[cut + 1 :]
    options = take_apart(words, LAB_USAGE, flags=["--copy-only"])
    if "--help" in options.flags:
        print(LAB_USAGE, end="")
        return 0
    if len(options.rest) > 1:
        raise UsageError("lab takes one FOLDER", LAB_USAGE)
    from juliette import tutorial

    folder = Path(options.rest[0]) if options.rest else tutorial.default_folder()
    return tutorial.lab(folder, passed_on, open_lab="--copy-only" not in options.flags)


def _place(options: Arguments) -> tuple[bool, str | None]:
    """Where a kernel goes: (for the user, or under which prefix)."""
    prefixes = options.values.get("--prefix", [])
    if len(options.flags & {"--user", "--sys-prefix"}) + len(prefixes) > 1:
        raise UsageError("choose one of --user, --sys-prefix and --prefix", INSTALL_USAGE)
    if "--sys-prefix" in options.flags:
        return False, sys.prefix
    return (False, prefixes[0]) if prefixes else (True, None)


def _install(argv: Sequence[str]) -> int:
    """`juliette install`."""
    options = take_apart(
        argv,
        INSTALL_USAGE,
        flags=["--user", "--sys-prefix"],
        values=["--prefix", "--name", "--env"],
    )
    if "--help" in options.flags:
        print(INSTALL_USAGE, end="")
        return 0
    if options.rest:
        raise UsageError(f"install does not take `{options.rest[0]}`", INSTALL_USAGE)
    user, prefix = _place(options)
    environment = {}
    for pair in options.values.get("--env", []):
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise UsageError(f"--env is written NAME=VALUE, not `{pair}`", INSTALL_USAGE)
        environment[key] = value
    from juliette.jupyter.install import install

    return _report_failure(
        lambda: install(
            user=user, prefix=prefix, name=options.value("--name") or "juliette", env=environment
        )
    )


def _uninstall(argv: Sequence[str]) -> int:
    """`juliette uninstall`."""
    options = take_apart(
        argv, INSTALL_USAGE, flags=["--user", "--sys-prefix"], values=["--prefix", "--name"]
    )
    if "--help" in options.flags:
        print(INSTALL_USAGE, end="")
        return 0
    if options.rest:
        raise UsageError(f"uninstall does not take `{options.rest[0]}`", INSTALL_USAGE)
    user, prefix = _place(options)
    from juliette.jupyter.install import uninstall

    return _report_failure(
        lambda: uninstall(user=user, prefix=prefix, name=options.value("--name") or "juliette")
    )


def _doctor(argv: Sequence[str]) -> int:
    """`juliette doctor`."""
    options = take_apart(argv, DOCTOR_USAGE)
    if "--help" in options.flags:
        print(DOCTOR_USAGE, end="")
        return 0
    if options.rest:
        raise UsageError(f"doctor does not take `{options.rest[0]}`", DOCTOR_USAGE)
    from juliette.jupyter.install import doctor

    return int(doctor() or 0)


def _report_failure(action: Callable[[], object]) -> int:
    """Run `action`; what the system or the user got wrong is one line, not a traceback."""
    try:
        action()
    except (OSError, ValueError, LookupError) as error:
        print(f"juliette: {error}", file=sys.stderr)
        return 1
    return 0


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "test": _test,
    "lab": _lab,
    "install": _install,
    "uninstall": _uninstall,
    "doctor": _doctor,
}
