"""Where code comes from: `LOAD_PATH`, `pkgversion`; and what Julia would compile beforehand.

Packages are bundled or read from files; nothing is compiled beforehand: what asks for it is answered,
and done with.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from juliette.compiler import code_loading, support
from juliette.compiler.session import current
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.modules import PACKAGES, SESSION, VERSIONS, Base, Module

DEFAULT_LOAD_PATH = ("@", "@v#.#", "@stdlib")


def initial_load_path() -> list[str]:
    """What `JULIA_LOAD_PATH` says; an empty entry there stands for the default ones."""
    chosen = os.environ.get("JULIA_LOAD_PATH")
    if chosen is None:
        return list(DEFAULT_LOAD_PATH)
    out: list[str] = []
    for entry in chosen.split(os.pathsep):
        out += [entry] if entry else [e for e in DEFAULT_LOAD_PATH if e not in out]
    return out


Base.const("LOAD_PATH", vector(initial_load_path(), T.String))
Base.const("DEPOT_PATH", vector([], T.String))


def file_of(m: Module) -> Path | None:
    """The file that a package was read from."""
    while m.parent is not m:
        m = m.parent
    module, file = current().packages.get(m.name, (None, ""))
    return Path(file) if module is m else None


@Base.method("pathof(m::Module)")
def pathof(m: Module) -> str | None:
    """The file of a package; `nothing` for a bundled one, and for a module that belongs to none."""
    file = file_of(m)
    return None if file is None else str(file)


@Base.method("pkgdir(m::Module, parts::AbstractString...)")
def pkgdir(m: Module, *parts: Any) -> str | None:
    """The folder of a package, or a path in it; `nothing` for bundled ones."""
    file = file_of(m)
    return None if file is None else str(file.parent.parent.joinpath(*map(str, parts)))


@Base.method("pkgversion(m::Module)")
def pkgversion(m: Module) -> Any:
    """The version of a package, of Julia or Flux for a bundled one; `nothing` for other modules."""
    file = file_of(m)
    if file is not None:
        project = code_loading.project_of(file.parent.parent)
        version = None if project is None else code_loading.contents(project).get("version")
        return None if version is None else Base.get("VersionNumber")(version)
    if m.path != (m.name,) or m.name not in PACKAGES:
        return None
    known = VERSIONS.get(m.name)
    return Base.get("VERSION") if known is None else Base.get("VersionNumber")(known)


@Base.method("load_path()", export=False)
def load_path() -> Any:
    """The places where packages are looked for, besides those that are bundled."""
    places = code_loading.environments(support.iterate(Base.get("LOAD_PATH")))
    return vector([str(place) for place in places], T.String)


@Base.method("active_project()", export=False)
def active_project() -> str | None:
    """The file of the active project; `nothing` while none is."""
    file = code_loading.active_project()
    return None if file is None else str(file.absolute())


@Base.method("set_active_project(place::Union{AbstractString,Nothing})", export=False)
def set_active_project(place: Any) -> None:
    """Have packages looked for in a project, given by its file; in none with `nothing`."""
    SESSION.project = None if place is None else str(place)


@Base.method("find_package(name::AbstractString)", export=False)
def find_package(name: Any) -> str | None:
    """The file of a package that `LOAD_PATH` has; `nothing` if there is none, or it is bundled.

    ```jldoctest
    julia> Base.find_package("NowhereToBeFound") === nothing
    true
    ```
    """
    file = code_loading.find_package(str(name))
    return None if file is None else str(file)


@Base.method("get_extension(parent::Module, name::Symbol)", export=False)
def get_extension(parent: Module, name: Any) -> None:
    """The extension of a package: none is loaded."""


@Base.method("precompile(f, types::Tuple)")
def precompile(f: Any, types: Any) -> bool:
    """Whether there is a method to compile for these types; it is compiled when it is called.

    ```jldoctest
    julia> precompile(sin, (Float64,))
    true
    ```
    """
    return bool(Base.get("hasmethod")(f, T.tuple_type(list(types))))


@Base.method("__precompile__(yes::Bool=true)")
def precompiled(yes: bool = True) -> None:
    """Whether a module may be compiled beforehand: none is."""


@Base.method("include_dependency(path::AbstractString; track_content=true)")
def include_dependency(path: Any, *, track_content: bool = True) -> None:
    """Note a file that a module depends on: modules are always read anew."""


@Base.method("atreplinit(f)")
def atreplinit(f: Any) -> None:
    """Have `f` called with Julia's prompt: this one is another, and has nothing to set up."""
