"""Packages kept in files: found where `LOAD_PATH` says, read into modules of their own.

An entry of `LOAD_PATH` is an environment, as in Julia's manual on code loading: the folder of a
project, which knows its own package and those that its manifest gives a path, or a folder of packages.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from juliette.compiler import support
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import SESSION, Base, Module
from juliette.runtime.world import WORLD

# The module that a package's file is run in; the package itself is its own parent.
TOP = "__toplevel__"
PROJECTS = ("JuliaProject.toml", "Project.toml")
MANIFESTS = ("JuliaManifest.toml", "Manifest.toml")
# What the default `LOAD_PATH` has besides the active project: nothing that is in files.
BUNDLED = ("@stdlib", "@v#.#")


def project_of(place: str | Path) -> Path | None:
    """The project file that a path stands for: the file itself, or the one in a folder."""
    path = Path(place).expanduser()
    if path.suffix == ".toml":
        return path if path.is_file() else None
    return next((path / name for name in PROJECTS if (path / name).is_file()), None)


def active_project() -> Path | None:
    """The file of the active project: of `Pkg.activate`, `--project`, or `JULIA_PROJECT`."""
    place = SESSION.project if SESSION.project is not None else os.environ.get("JULIA_PROJECT")
    if place is None:
        return None
    if place not in ("", "@."):
        return project_of(place)
    here = Path.cwd()
    return next((f for f in map(project_of, (here, *here.parents)) if f is not None), None)


def environments(entries: Iterable[str]) -> list[Path]:
    """The places that `LOAD_PATH` names: project files, and folders of packages."""
    places = []
    for entry in entries:
        if entry == "@":
            found = active_project()
        elif entry in BUNDLED or entry.startswith("@"):
            continue
        else:
            found = project_of(entry) or Path(entry).expanduser()
        if found is not None and found.exists():
            places.append(found.absolute())
    return places


def contents(file: Path) -> dict[str, Any]:
    """A project file or a manifest; nothing is known from one that is damaged."""
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def entry_file(place: Path, name: str) -> Path | None:
    """The file of the package that is kept at `place`."""
    file = place if place.suffix == ".jl" and place.is_file() else place / "src" / f"{name}.jl"
    return file if file.is_file() else None


def in_project(file: Path, name: str) -> Path | None:
    """A package as a project knows it: as its own, or by the path in its manifest."""
    folder, project = file.parent, contents(file)
    if project.get("name") == name:
        return entry_file(folder / project.get("entryfile", "."), name)
    if name not in project.get("deps", {}):
        return None
    for manifest in MANIFESTS:
        known = contents(folder / manifest)
        for entry in known.get("deps", known).get(name, ()):
            if "path" in entry:
                return entry_file(folder / entry["path"], name)
    return None


def find_package(name: str) -> Path | None:
    """The file of a package, if one of this name is being developed, or `LOAD_PATH` has it."""
    if name in SESSION.developed:
        return entry_file(Path(SESSION.developed[name]), name)
    for place in environments(support.iterate(Base.get("LOAD_PATH"))):
        if place.is_file():
            found = in_project(place, name)
        else:
            found = entry_file(place / f"{name}.jl", name) or entry_file(place / name, name)
        if found is not None:
            return found
    return None


def loaded(compiler: Any, name: str) -> Module | None:
    """The package of this name: loaded already, or now; None if there is none."""
    if name in compiler.packages:
        return compiler.packages[name][0]  # type: ignore[no-any-return]
    file = find_package(name)
    return None if file is None else load(compiler, name, file)


def load(compiler: Any, name: str, file: Path) -> Module:
    """Run a package's file; its module is found under its name while that runs."""
    from juliette.compiler.imports import add_functions, bring_all, include_file

    top = Module(TOP)
    bring_all(top, Base)
    support.install(top)
    add_functions(compiler, top, str(file))
    generated: list[Any] = []
    WORLD.loading.append(generated)
    try:
        include_file(compiler, top, str(file))
    except BaseException:
        compiler.packages.pop(name, None)
        raise
    finally:
        WORLD.loading.pop()
    for g in generated:  # all methods of a package are of one age
        g.world = WORLD.latest
    if name not in compiler.packages:
        raise ErrorException(
            f"package `{name} [top-level]` did not define the expected module `{name}`, "
            "check for typos in package module name"
        )
    return compiler.packages[name][0]  # type: ignore[no-any-return]
