"""Rules of the house: lint, format, types, who imports whom, maps of the packages, no transport."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "kernel" / "juliette", ROOT / "engine" / "juliette_engine"]
PACKAGES = sorted(path.parent for source in SOURCES for path in source.rglob("__init__.py"))


def run(*command: str) -> None:
    """Run a tool from the root of the repository; its output is the failure's text."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_lint() -> None:
    run("ruff", "check", "--no-cache", ".")


def test_format() -> None:
    run("ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.slow
def test_types() -> None:
    run("mypy")


def test_import_contracts() -> None:
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode or "0 broken" not in done.stdout:
        pytest.fail(done.stdout + done.stderr, pytrace=False)


def modules_of(package: Path) -> set[str]:
    """The modules and packages directly in a package."""
    files = {path.stem for path in package.glob("*.py")}
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    return (files | folders) - {"__init__", "__main__"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_package_map(package: Path) -> None:
    """A package's docstring has one line for each of its modules, and for nothing else."""
    text = (package / "__init__.py").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert docstring, "the package has no docstring"
    entry = re.compile(r"^(?:- )?((?:`?\w+`?, )*`?\w+`?)(?:\.py)?/?(?:  +|: +)\S", re.MULTILINE)
    found = entry.findall(docstring.partition("\n")[2])
    entries = [name.strip("` ") for names in found for name in names.split(",")]
    modules = modules_of(package)
    missing = modules - set(entries)
    assert not missing, f"not in the map: {', '.join(sorted(missing))}"
    gone = set(entries) - modules
    assert not gone, f"in the map, but not there: {', '.join(sorted(gone))}"
    twice = {name for name in entries if entries.count(name) > 1}
    assert not twice, f"twice in the map: {', '.join(sorted(twice))}"


# `threading` is not in this list: numpy and the standard library's own modules need it.
TRANSPORT = [
    "zmq",
    "tornado",
    "ipykernel",
    "jupyter_client",
    "IPython",
    "prompt_toolkit",
    "subprocess",
    "multiprocessing",
    "concurrent.futures",
    "asyncio",
    "socket",
    "sqlite3",
]

BLOCKER = """
import sys

BLOCKED = {blocked!r}


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == entry or name.startswith(entry + ".") for entry in BLOCKED):
            raise ImportError("blocked: " + name)
        return None


import numpy  # what numpy imports for itself is not ours to forbid

for loaded in [n for n in sys.modules if any(n == e or n.startswith(e + ".") for e in BLOCKED)]:
    del sys.modules[loaded]
sys.meta_path.insert(0, Blocker())
"""


def run_without_transport(code: str) -> str:
    """Run Python in which no transport can be imported."""
    program = BLOCKER.format(blocked=TRANSPORT) + code
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_language_runs_without_any_transport() -> None:
    code = """
from juliette.interpreter import Interpreter

session = Interpreter(stdout=sys.stdout)
outcome = session.run("using Flux; println(sum([1 2; 3 4])); gradient(x -> 3x^2, 2)")
assert outcome.error is None, outcome.error.render()
print(session.display_text(outcome.value))
session.complete("prin", 4), session.inspect("sum", 3), session.is_complete("f(")
session.close()
"""
    assert run_without_transport(code) == "10\n(12.0,)\n"


def test_the_engine_runs_without_any_transport_and_without_julia() -> None:
    code = """
import juliette_engine

assert not [name for name in sys.modules if name.split(".")[0] == "juliette"]
print(juliette_engine.gradient(lambda x: 3 * x * x, 2.0))
"""
    assert run_without_transport(code).strip()


def test_the_blocker_blocks() -> None:
    """The two tests above could not fail otherwise."""
    code = """
for name in BLOCKED:
    try:
        __import__(name)
    except ImportError as error:
        assert str(error).startswith("blocked: "), error
    else:
        raise AssertionError(name)
"""
    run_without_transport(code)


# Built from pieces, so that this file does not find itself.
FORBIDDEN = {
    "unfinished": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(wo" + r"rk|ro" + r"ot|ho" + r"me)/\w"),
}
TEXT = {".py", ".jl", ".md", ".toml", ".json", ".ipynb", ".yml", ".cfg", ".csv", ".svg", ""}
SKIPPED = {".git", "__pycache__", "build", "dist", ".venv", "venv", ".hypothesis"}


def texts() -> list[Path]:
    """The text files of the repository."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = done.stdout.splitlines() if done.returncode == 0 else []
    paths = [ROOT / name for name in names] or list(ROOT.rglob("*"))
    return [
        path
        for path in paths
        if path.suffix in TEXT
        and path.is_file()
        and not SKIPPED & set(path.relative_to(ROOT).parts)
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_forbidden_words(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_long_modules_explain_themselves() -> None:
    """A file past 600 lines splits, or its docstring has a second paragraph that says why not."""
    silent = []
    for source in SOURCES:
        for path in source.rglob("*.py"):
            text = path.read_text("utf-8")
            lines = text.count("\n")
            if lines > 600 and "\n\n" not in (ast.get_docstring(ast.parse(text)) or ""):
                silent.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not silent, "\n".join(silent)


def test_every_module_has_a_docstring() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for source in SOURCES
        for path in source.rglob("*.py")
        if ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert not silent, "\n".join(silent)
