"""The command line: what it takes, what it refuses, what it exits with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from juliette import __version__, cli, tutorial


def juliette(
    *arguments: str, stdin: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a program."""
    return subprocess.run(
        [sys.executable, "-m", "juliette", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **(environment or {})},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--frobnicate"],
        ["-x", "file.jl"],
        ["-e"],
        ["--color", "blue", "-e", "1"],
        ["--quiet=yes"],
        ["--startup-file=maybe"],
        ["--emit"],
        ["--emit", "tree"],
        ["--emit", "llvm", "-e", "1"],
        ["-L"],
        ["-p", "2", "-e", "1"],
        ["--machine-file=hosts", "-e", "1"],
        ["test"],
        ["test", "--fast", "x.ipynb"],
        ["test", "--mode", "loose", "x.ipynb"],
        ["test", "--mode", "rtol=x", "x.ipynb"],
        ["test", "--timeout", "soon", "x.ipynb"],
        ["lab", "a", "b"],
        ["lab", "--port", "1"],
        ["install", "--user", "--sys-prefix"],
        ["install", "--env", "A"],
        ["install", "here"],
        ["uninstall", "--env", "A=1"],
        ["doctor", "--now"],
        ["doctor", "who"],
    ],
)
def test_a_wrong_command_line_gives_usage_and_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("juliette: ")
    assert "\nusage: juliette" in err


@pytest.mark.parametrize("command", [[], ["test"], ["lab"], ["install"], ["uninstall"], ["doctor"]])
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*command, "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: juliette")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"juliette {__version__}\n"


def test_pieces_run_in_order_and_options_of_the_compiler_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "first.jl"
    file.write_text("n = 40; println(ARGS)")
    run = ["-O3", "-t", "2", "--threads=4", "--check-bounds=no", "-g1"]
    done = juliette(*run, "-L", str(file), "-E", "n + 2", "-e", "println(n)", "--", "-x")
    assert (done.stdout, done.returncode) == ('["-x"]\n42\n40\n', 0)


def test_a_missing_file_is_named_in_full() -> None:
    done = juliette("nowhere.jl")
    assert done.returncode == 1
    assert done.stderr.startswith(f'ERROR: SystemError: opening file "{Path.cwd() / "nowhere.jl"}"')


def test_code_prints_only_what_it_prints() -> None:
    done = juliette("-e", "x = 1 + 1; println(x, ARGS); x", "a", "-b")
    assert (done.returncode, done.stdout, done.stderr) == (0, '2["a", "-b"]\n', "")
    assert juliette("-E", "1 + 1").stdout == "2\n"


def test_a_script_gets_its_arguments(tmp_path: Path) -> None:
    script = tmp_path / "sum.jl"
    script.write_text(
        "total = 0\nfor word in ARGS\n    global total += parse(Int, word)\nend\n"
        "println(length(ARGS), ' ', total)\n",
        encoding="utf-8",
    )
    done = juliette(str(script), "20", "-3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 17\n", "")


def test_an_error_in_a_script_is_julias_and_exits_with_1(tmp_path: Path) -> None:
    script = tmp_path / "wrong.jl"
    script.write_text("println(1)\n\nf() = sqrt(-1.0)\nf()\nprintln(2)\n", encoding="utf-8")
    done = juliette(str(script))
    assert done.returncode == 1
    assert done.stdout == "1\n"
    assert "ERROR: " in done.stderr
    assert "DomainError with -1.0" in done.stderr
    assert "wrong.jl:4" in done.stderr
    assert "Traceback" not in done.stderr
    assert ".py" not in done.stderr


@pytest.mark.parametrize(
    ("code", "name"),
    [("nope", "UndefVarError: `nope` not defined"), ("f(", "ParseError"), ('error("a")', "a")],
)
def test_an_error_in_code(code: str, name: str) -> None:
    done = juliette("-e", code)
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_exit_codes_of_julia() -> None:
    assert juliette("-e", "exit(3)").returncode == 3
    assert juliette("-e", "println(1); exit()").stdout == "1\n"


def test_a_script_from_standard_input() -> None:
    assert juliette("-", "w", stdin="println(ARGS[1])").stdout == "w\n"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jl", tmp_path):
        done = juliette(str(path))
        assert done.returncode == 1
        assert done.stderr.startswith("ERROR: SystemError: opening file")


def test_output_that_nobody_reads_is_an_error_of_julia() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [sys.executable, "-m", "juliette", "-e", "for i in 1:100_000 println(i) end"],
        stdout=writes,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writes)
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: IOError: write: broken pipe (EPIPE)\n")


def test_output_is_utf8_whatever_the_locale() -> None:
    done = juliette("-e", 'println("σ ∘ 2×5")', environment={"PYTHONIOENCODING": "latin-1"})
    assert done.stdout == "σ ∘ 2×5\n"


@pytest.mark.parametrize(
    "switches",
    [
        ["-O3", "-t", "4", "--check-bounds=yes", "--compiled-modules=no"],
        ["-t4", "-O", "--history-file=no", "--project=.", "--threads=auto"],
        ["--sysimage", "none.so", "--startup-file=no", "-g2"],
    ],
)
def test_switches_for_julias_compiler_have_no_effect(switches: list[str]) -> None:
    result = juliette(*switches, "-e", "print(ARGS)", "-O", "x", "-O")
    assert (result.stdout, result.stderr) == ('["x", "-O"]', "")


def test_a_file_is_loaded_first(tmp_path: Path) -> None:
    (tmp_path / "first.jl").write_text("twice(x) = 2x", encoding="utf-8")
    result = juliette("-L", str(tmp_path / "first.jl"), "-e", "print(twice(4))")
    assert (result.stdout, result.stderr) == ("8", "")
    result = juliette("-L", str(tmp_path / "no.jl"), "-e", "print(1)")
    assert result.returncode == 1
    assert result.stdout == ""


def test_the_package_of_a_project_is_found(tmp_path: Path) -> None:
    (tmp_path / "Project.toml").write_text('name = "Shed"', encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "Shed.jl").write_text("module Shed\nrake = 7\nend", encoding="utf-8")
    result = juliette(f"--project={tmp_path}", "-e", "using Shed; print(Shed.rake)")
    assert (result.stdout, result.stderr) == ("7", "")
    listed = f"{tmp_path / 'src'}{os.pathsep}"
    code = "using Shed; print(Shed.rake, LOAD_PATH[2])"
    result = juliette("-e", code, environment={"JULIA_LOAD_PATH": listed})
    assert (result.stdout, result.stderr) == ("7@", "")


def test_a_closed_pipe_is_no_traceback() -> None:
    code = "for i in 1:100000 println(i) end"
    command = [sys.executable, "-m", "juliette", "-e", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"1\n"
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_emit() -> None:
    code = "f(x) = 3x^2 + 1"
    assert "3" in juliette("--emit", "tokens", "-e", code).stdout
    tree = juliette("--emit", "tree", "-e", code)
    assert tree.stdout.startswith("(")
    assert juliette("--emit", "python", "-e", code).stdout.strip()
    assert juliette("--emit=tree", "-e", "f(").returncode == 1


def test_starting_costs_little() -> None:
    """Only the standard library's small change is imported before the command is known."""
    code = (
        "import sys; import juliette.cli as c; c.main(['--version']);"
        "heavy = {'argparse', 'numpy', 'json', 'subprocess', 'prompt_toolkit', 'zmq', 'inspect'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_running_code_imports_no_host() -> None:
    code = (
        "import sys; import juliette.cli as c; c.main(['-e', '1']);"
        "heavy = {'IPython', 'zmq', 'prompt_toolkit', 'ipykernel', 'nbclient', 'asyncio'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def source(tmp_path: Path) -> Path:
    """A small tutorial."""
    folder = tmp_path / "source"
    (folder / "data").mkdir(parents=True)
    (folder / tutorial.FIRST).write_text("first", encoding="utf-8")
    (folder / "data" / "a.csv").write_text("1", encoding="utf-8")
    (folder / ".hidden").write_text("", encoding="utf-8")
    return folder


def test_notebooks_are_copied_but_never_over_a_changed_one(tmp_path: Path) -> None:
    shipped, mine = source(tmp_path), tmp_path / "mine"
    assert tutorial.copy_notebooks(shipped, mine) == []
    assert (mine / "data" / "a.csv").read_text("utf-8") == "1"
    assert not (mine / ".hidden").exists()
    # The user changes one file; a new version of both arrives.
    (mine / tutorial.FIRST).write_text("mine", encoding="utf-8")
    (shipped / tutorial.FIRST).write_text("second", encoding="utf-8")
    (shipped / "data" / "a.csv").write_text("2", encoding="utf-8")
    assert tutorial.copy_notebooks(shipped, mine) == [tutorial.FIRST]
    assert (mine / tutorial.FIRST).read_text("utf-8") == "mine"
    assert (mine / "data" / "a.csv").read_text("utf-8") == "2"
    # And again, though nothing is new.
    assert tutorial.copy_notebooks(shipped, mine) == [tutorial.FIRST]
    (mine / tutorial.FIRST).unlink()
    assert tutorial.copy_notebooks(shipped, mine) == []
    assert (mine / tutorial.FIRST).read_text("utf-8") == "second"


def test_a_file_of_the_users_own_is_not_overwritten(tmp_path: Path) -> None:
    shipped, mine = source(tmp_path), tmp_path / "mine"
    mine.mkdir()
    (mine / tutorial.FIRST).write_text("mine", encoding="utf-8")
    (mine / tutorial.RECORD).write_text("not json", encoding="utf-8")
    assert tutorial.copy_notebooks(shipped, mine) == [tutorial.FIRST]
    assert (mine / tutorial.FIRST).read_text("utf-8") == "mine"


def test_lab_copies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "--copy-only", str(tmp_path / "t")]) == 0
    assert (tmp_path / "t" / tutorial.FIRST).is_file()
    assert str(tmp_path / "t") in capsys.readouterr().out


def test_lab_says_why_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert cli.main(["lab", "--copy-only", str(tmp_path / "file" / "t")]) == 1
    assert "cannot copy the tutorial" in capsys.readouterr().err
