"""Packages that are kept in files: `LOAD_PATH`, projects, and what is known of a package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HILL = """\
module Hill
export slope
include("parts.jl")
slope(rise, run) = Parts.ratio(rise, run)
end
"""
PARTS = """\
module Parts
import Hill
ratio(a, b) = Hill.unit() * a // b
end
unit() = 1
"""


@pytest.fixture
def hill(tmp_path: Path) -> Path:
    """A project with a package, and a second package that the manifest points to."""
    folder = tmp_path / "Hill"
    for place, text in {
        "Project.toml": 'name = "Hill"\nversion = "1.4.0"\n[deps]\nRock = "b5f2"\n',
        "Manifest.toml": 'manifest_format = "2.0"\n[[deps.Rock]]\npath = "../stones"\n',
        "src/Hill.jl": HILL,
        "src/parts.jl": PARTS,
        "test/runtests.jl": "using Hill, Test\n@test slope(1, 2) == 1//2\nprint(slope(3, 4))\n",
        "../stones/src/Rock.jl": "module Rock\nweight = 12\nend\n",
        "../loose/Pebble.jl": "module Pebble\nexport skip\nskip(n) = n + 1\nend\n",
        "../loose/Sand/src/Sand.jl": "module Sand\ngrains() = Dune()\nstruct Dune end\nend\n",
        "../loose/Wrong.jl": "module Other\nend\n",
        "../loose/Broken.jl": 'module Broken\nerror("no ground")\nend\n',
    }.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
    return folder


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a program in a folder."""
    roots = os.pathsep.join(str(Path(p).resolve()) for p in ("kernel", "engine"))
    return subprocess.run(
        [sys.executable, "-m", "juliette", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": roots, **environment},
        timeout=60,
        check=False,
    )


def test_project_option(hill: Path) -> None:
    for options, cwd in (["--project=."], hill), (["--project"], hill / "test"):
        done = run(*options, str(hill / "test" / "runtests.jl"), cwd=cwd)
        assert (done.stdout, done.returncode) == ("3//4", 0), done.stderr


def test_project_from_the_environment(hill: Path) -> None:
    code = "using Hill, Rock; print(slope(1, 3), ' ', Rock.weight)"
    assert run("-e", code, cwd=hill, JULIA_PROJECT=str(hill)).stdout == "1//3 12"


def test_pkg_activate(hill: Path) -> None:
    code = 'using Pkg; Pkg.activate(".."); using Hill; print(Base.active_project(), slope(2, 4))'
    done = run("-e", code, cwd=hill / "test")
    assert done.stdout == f"{hill / 'Project.toml'}1//2"
    assert done.stderr == f"  Activating project at `{hill}`\n"


def test_load_path(hill: Path) -> None:
    code = 'push!(LOAD_PATH, "../loose"); using Pebble; import Sand; print(skip(1), Sand.grains())'
    assert run("-e", code, cwd=hill).stdout == "2Sand.Dune()"
    code = "using Pebble: skip; using LinearAlgebra; print(skip(tr([1 0; 0 3])), names(Main))"
    assert run("-e", code, cwd=hill, JULIA_LOAD_PATH="../loose:").stdout == "5[:Base, :Core, :Main]"


def test_all_methods_of_a_package_are_of_one_age(hill: Path) -> None:
    (hill.parent / "loose/Flint.jl").write_text(
        "module Flint\n@generated edges(x) = sharp(x)\nsharp(::Type{T}) where T = nameof(T)\nend\n"
    )
    code = 'push!(LOAD_PATH, "../loose"); using Flint; print(Flint.edges(1))'
    assert run("-e", code, cwd=hill).stdout == "Int64"


def test_what_is_known_of_a_package(hill: Path) -> None:
    code = """
    using Hill
    @show pathof(Hill) == pathof(Hill.Parts) pkgdir(Hill, "test") pkgversion(Hill)
    @show Hill parentmodule(Hill) fullname(Hill.Parts) Base.find_package("Hill") Base.find_package("Sand")
    """
    assert run("--project=.", "-e", code, cwd=hill).stdout.splitlines() == [
        "pathof(Hill) == pathof(Hill.Parts) = true",
        f'pkgdir(Hill, "test") = "{hill}/test"',
        'pkgversion(Hill) = v"1.4.0"',
        "Hill = Hill",
        "parentmodule(Hill) = Hill",
        "fullname(Hill.Parts) = (:Hill, :Parts)",
        f'Base.find_package("Hill") = "{hill}/src/Hill.jl"',
        'Base.find_package("Sand") = nothing',
    ]


def test_what_goes_wrong(hill: Path) -> None:
    def message(name: str) -> str:
        return run("-e", f'push!(LOAD_PATH, "../loose"); using {name}', cwd=hill).stderr

    assert "package `Wrong [top-level]` did not define the expected module `Wrong`" in message(
        "Wrong"
    )
    assert "ERROR: LoadError: no ground\n" in message("Broken")
    assert "ERROR: ArgumentError: Package Cliff not found in current path.\n" in message("Cliff")


def test_develop_and_test(hill: Path) -> None:
    code = """
    using Pkg; Pkg.develop(path="."); using Hill; println(slope(1, 4))
    Pkg.test("Hill"); println()
    Pkg.develop("../loose")
    """
    done = run("-e", code, cwd=hill)
    assert done.stdout == "1//4\n3//4\n"
    assert "] + Hill v1.4.0 `.`\n     Testing Hill\n     Testing Running tests...\n" in done.stderr
    assert "     Testing Hill tests passed \nERROR: could not find project file" in done.stderr
    (hill / "test/runtests.jl").write_text("using Test\n@test 1 == 2\n")
    assert (
        "ERROR: Package Hill errored"
        in run("-e", "using Pkg; Pkg.test()", cwd=hill, JULIA_PROJECT=".").stderr
    )


def test_frames_of_included_files(hill: Path) -> None:
    (hill / "fails.jl").write_text("f() = [1][2]\nf()\n")
    done = run("-e", 'include("fails.jl")', cwd=hill, HOME=str(hill.parent))
    assert done.stderr.startswith("ERROR: LoadError: BoundsError: attempt to access 1-element")
    assert done.stderr.splitlines()[1:] == [
        "Stacktrace:",
        " [1] getindex",
        "   @ ./essentials.jl:13 [inlined]",
        " [2] f()",
        "   @ Main ~/Hill/fails.jl:1",
        " [3] top-level scope",
        "   @ ~/Hill/fails.jl:2",
        " [4] include(fname::String)",
        "   @ Base.MainInclude ./client.jl:489",
        " [5] top-level scope",
        "   @ none:1",
        f"in expression starting at {hill}/fails.jl:2",
    ]


def test_a_launcher_without_an_ending_is_no_code_of_the_users(tmp_path: Path) -> None:
    """As `juliette` itself is, the command: what `eval` adds is seen, a trace ends at the top level."""
    launcher = tmp_path / "launch"
    launcher.write_text(
        "from juliette.__main__ import main\n\n\ndef start():\n    main()\n\n\nstart()\n"
    )
    code = 'begin @eval four(x) = 4x; print(four(5), " ", length(stacktrace())) end'
    done = subprocess.run(
        [sys.executable, str(launcher), "-e", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("20 1", "")
