"""Where code comes from: `LOAD_PATH`, `pkgversion`; and what Julia would compile beforehand.

Packages are bundled, and nothing is compiled beforehand: what asks for it is answered, and done with.
"""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.modules import PACKAGES, VERSIONS, Base, Module

Base.const("LOAD_PATH", vector(["@", "@v#.#", "@stdlib"], T.String))
Base.const("DEPOT_PATH", vector([], T.String))


@Base.method("pathof(m::Module)")
def pathof(m: Module) -> None:
    """The file of a package: bundled ones have none, and `nothing` it is for other modules, too."""


@Base.method("pkgdir(m::Module, parts::AbstractString...)")
def pkgdir(m: Module, *parts: Any) -> None:
    """The folder of a package: bundled ones have none."""


@Base.method("pkgversion(m::Module)")
def pkgversion(m: Module) -> Any:
    """The version of Julia or Flux that a package stands for; `nothing` for a module that is none."""
    if PACKAGES.get(m.name) is not m:
        return None
    known = VERSIONS.get(m.name)
    return Base.get("VERSION") if known is None else Base.get("VersionNumber")(known())


@Base.method("load_path()", export=False)
def load_path() -> Any:
    """The places where packages are looked for: none, all are bundled."""
    return vector([], T.String)


@Base.method("active_project()", export=False)
def active_project() -> None:
    """The file of the active project: there is none."""


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
