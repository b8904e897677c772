"""`Pkg`: bundled packages succeed with the lines that Julia prints; others cannot be installed.

A version of Flux chooses the era that is spoken.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from juliette.base.strings.values import text_of
from juliette.compiler import code_loading, support
from juliette.display.errors import showerror_text
from juliette.display.io import STDERR, STDOUT
from juliette.display.show import string_of
from juliette.runtime import types as T
from juliette.runtime.errors import ErrorException, JuliaException
from juliette.runtime.modules import PACKAGES, SESSION, VERSIONS, Base, Module, package
from juliette.syntax.expr import QuoteNode

# Versions whose behaviour and printing are followed.
VERSIONS.update({
    "Flux": "0.14.25", "Zygote": "0.6.75", "NNlib": "0.9.27", "Optimisers": "0.3.4",
    "Functors": "0.4.12", "MLUtils": "0.4.8", "OneHotArrays": "0.2.10", "ChainRulesCore": "1.25.1",
    "BSON": "0.3.9", "JLD2": "0.5.15", "ForwardDiff": "0.10.38",
    "ProgressMeter": "1.10.2", "CUDA": "5.5.2", "cuDNN": "1.4.0",
})  # fmt: skip
IDS = {
    "Flux": "587475ba", "Zygote": "e88e6eb3", "NNlib": "872c559c", "Optimisers": "3bd65402",
    "Functors": "d9f16b24", "MLUtils": "f1d291b0", "OneHotArrays": "0b1bfda6",
    "ChainRulesCore": "d360d2e6", "BSON": "fbb218c0", "JLD2": "033835bb", "ForwardDiff": "f6369f11",
    "ProgressMeter": "92933f4c", "CUDA": "052768ef", "cuDNN": "02a925ec",
}  # fmt: skip
_FOLDER = "~/.julia/environments/v1.10"
# The Main of the session that added something last.
UPDATED: list[Any] = [None]


class PackageSpec:
    """`PackageSpec(name="Flux", version="0.16")`"""

    __slots__ = ("name", "path", "version")
    fields = ("name", "version", "path")

    def __init__(self, name: Any = None, version: Any = None, path: Any = None) -> None:
        self.name, self.version, self.path = name, version, path


T.register_class(PackageSpec, T.define("PackageSpec"))


def wanted(names: tuple[Any, ...], name: Any, version: Any) -> list[tuple[str, Any]]:
    """Names and versions that a call of `Pkg.add` asks for."""
    if name is not None:
        return [(str(name), version)]
    out: list[tuple[str, Any]] = []
    for n in names:
        if isinstance(n, PackageSpec):
            out.append((str(n.name), n.version))
        elif isinstance(n, str):
            plain, _, at = n.partition("@")
            out.append((plain, at or version))
        else:
            out += wanted(tuple(support.iterate(n)), None, version)
    return out


def add_one(name: str, version: Any) -> str | None:
    """Make a package available; gives the line for the project if something changed."""
    if name not in PACKAGES:
        raise ErrorException(
            f"The following package names could not be resolved:\n * {name} (not bundled with "
            f"Juliette)\nBundled: {', '.join(sorted(PACKAGES))}"
        )
    if name != "Flux" or version is None:
        return None
    from juliette.packages.flux import profile

    text = string_of(version).removeprefix("v")
    if f"{VERSIONS[name]}.".startswith(f"{text}."):
        return None
    try:
        profile.select(text)
    except ValueError:
        raise ErrorException(f"invalid version specification: {text}") from None
    return f"  [{IDS[name]}] + {name} v{VERSIONS[name]}"


# What cannot be done with packages that come with the program.
_BUNDLED = "the packages are bundled with the program, in one version each"
REFUSED = {
    "compat": _BUNDLED,
    "free": _BUNDLED,
    "pin": _BUNDLED,
    "redo": _BUNDLED,
    "setprotocol!": "nothing is fetched",
    "undo": _BUNDLED,
    "upgrade_manifest": _BUNDLED,
    "why": _BUNDLED,
}


def refusing(name: str, reason: str) -> Any:
    def refuse(*args: Any, **keywords: Any) -> None:
        raise ErrorException(f"Pkg.{name} is not available in Juliette: {reason}.")

    refuse.__doc__ = f"Not available: {reason}."
    return refuse


def develop_one(place: str) -> str:
    """Have a package in a folder found for this session; gives the line for the project."""
    folder = Path(place).expanduser()
    if not folder.is_dir():
        if place in PACKAGES:
            raise ErrorException(f"{place} is not in files: {_BUNDLED}")
        raise ErrorException(f"`{place}` is no folder: what is elsewhere is not fetched")
    project = code_loading.project_of(folder)
    known = {} if project is None else code_loading.contents(project)
    name = known.get("name")
    if name is None:
        raise ErrorException(
            "could not find project file (Project.toml or JuliaProject.toml) in package at "
            f"`{place}` maybe `subdir` needs to be specified"
        )
    if code_loading.entry_file(folder, name) is None:
        raise ErrorException(f"expected the file `src/{name}.jl` to exist for package {name}")
    SESSION.developed[name] = str(folder.resolve())
    version = f" v{known['version']}" if "version" in known else ""
    return f"  [{str(known.get('uuid', ''))[:8]}] + {name}{version} `{place}`"


def test_one(name: str | None) -> None:
    """Run the tests of a package in files: of one that is developed, or of the active project."""
    project = code_loading.active_project()
    folder = None if project is None else project.parent
    if name is None:
        name = None if project is None else code_loading.contents(project).get("name")
        if name is None:
            raise ErrorException("trying to test an unnamed project")
    elif name in SESSION.developed:
        folder = Path(SESSION.developed[name])
    elif project is None or code_loading.contents(project).get("name") != name:
        why = "bundled packages carry no tests" if name in PACKAGES else "it is not being developed"
        raise ErrorException(f"Package {name} cannot be tested: {why}")
    tests = Path(folder or ".").resolve() / "test" / "runtests.jl"
    if not tests.is_file():
        raise ErrorException(f"Package {name} did not provide a `test/runtests.jl` file")
    SESSION.developed.setdefault(name, str(tests.parent.parent))
    STDERR.write(f"     Testing {name}\n     Testing Running tests...\n")
    here = Path.cwd()
    os.chdir(tests.parent)
    try:
        Base.get("evalfile")(str(tests))
    except JuliaException as error:
        STDERR.write(f"ERROR: {showerror_text(error)}\n")
        raise ErrorException(f"Package {name} errored during testing") from None
    finally:
        os.chdir(here)
    STDERR.write(f"     Testing {name} tests passed \n")


def make_project(path: str) -> None:
    """A folder with a project file and a module that greets."""
    import uuid

    folder = Path(path).expanduser()
    name = folder.name.removesuffix(".jl")
    if not name.isidentifier():
        raise ErrorException(f"{name} is not a valid package name")
    if folder.exists() and any(folder.iterdir()):
        raise ErrorException(f"{folder.absolute()} already exists")
    files = {
        "Project.toml": f'name = "{name}"\nuuid = "{uuid.uuid4()}"\nversion = "0.1.0"\n',
        f"src/{name}.jl": f'module {name}\n\ngreet() = print("Hello World!")\n\nend # module {name}\n',
    }
    (folder / "src").mkdir(parents=True, exist_ok=True)
    STDERR.write(f"  Generating  project {name}:\n")
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
        STDERR.write(f"    {path}/{file}\n")


def command(module: Module, text: str) -> Any:
    """Run commands as at the prompt `pkg>`: a name, then words."""
    import shlex

    short = {"st": "status", "up": "update", "remove": "rm", "dev": "develop"}
    for line in text.replace(";", "\n").splitlines():
        if not line.strip():
            continue
        name, *words = shlex.split(line)
        f = module.bindings.get(short.get(name, name))
        if f is None:
            raise ErrorException(
                f"`{name}` is not a recognized command. Type ? for help with available commands"
            )
        f(*words)
    return None


def load(module: Module) -> None:
    """Fill the module."""

    @module.method("add(names...; name=nothing, version=nothing, keywords...)", export=False)
    def add(*names: Any, name: Any = None, version: Any = None, **keywords: Any) -> None:
        """Check that packages are there; a version of Flux chooses how it behaves."""
        lines = [add_one(n, v) for n, v in wanted(names, name, version)]
        if SESSION.main is not UPDATED[0]:
            # As in Julia, once for each session.
            UPDATED[0] = SESSION.main
            STDERR.write("    Updating registry at `~/.julia/registries/General.toml`\n")
        STDERR.write("   Resolving package versions...\n")
        changed = [line for line in lines if line is not None]
        for file in ("Project", "Manifest"):
            if changed:
                STDERR.write(f"    Updating `{_FOLDER}/{file}.toml`\n")
                for line in changed:
                    STDERR.write(line + "\n")
            else:
                STDERR.write(f"  No Changes to `{_FOLDER}/{file}.toml`\n")

    @module.method("status(names...; keywords...)", export=False)
    def status(*names: Any, **keywords: Any) -> None:
        """List the bundled packages."""
        STDOUT.write(f"Status `{_FOLDER}/Project.toml`\n")
        for n in sorted(VERSIONS):
            if n not in PACKAGES or (names and n not in names):
                continue
            STDOUT.write(f"  [{IDS[n]}] {n} v{VERSIONS[n]}\n")

    @module.method('activate(place::AbstractString=""; keywords...)', export=False)
    def activate(place: str = "", **keywords: Any) -> None:
        """Look for packages in a project's folder, too; without one, no longer."""
        path = Path(str(place)).expanduser().resolve()
        SESSION.project = str(path) if place else None
        known = code_loading.project_of(path) if place else Path(_FOLDER) / "Project.toml"
        kind = "project" if known is not None else "new project"
        STDERR.write(f"  Activating {kind} at `{known.parent if known is not None else path}`\n")

    for name in ("instantiate", "update", "precompile", "resolve", "build", "gc"):

        @module.method(f"{name}(args...; keywords...)", export=False)
        def nothing(*args: Any, **keywords: Any) -> None:
            """Has nothing to do here: the bundled packages are all there is."""

    @module.method("offline(b::Bool=true)", export=False)
    def offline(b: bool = True) -> None:
        """Nothing is ever fetched here."""

    @module.method("develop(places...; path=nothing, name=nothing, url=nothing)", export=False)
    def develop(*places: Any, path: Any = None, name: Any = None, url: Any = None) -> None:
        """Have packages in folders found by `using`, for this session."""
        given = [p.path if isinstance(p, PackageSpec) and p.path else p for p in places]
        given += [x for x in (path, name, url) if x is not None]
        lines = [develop_one(string_of(getattr(p, "name", p))) for p in given]
        STDERR.write("   Resolving package versions...\n")
        for file in ("Project", "Manifest"):
            STDERR.write(f"    Updating `{_FOLDER}/{file}.toml`\n" + "\n".join(lines) + "\n")

    @module.method("test(names...; keywords...)", export=False)
    def test(*names: Any, **keywords: Any) -> None:
        """Run `test/runtests.jl` of packages in folders; without a name that of the active project."""
        for name in names or (None,):
            test_one(None if name is None else string_of(getattr(name, "name", name)))

    @module.method("generate(path::AbstractString)", export=False)
    def generate(path: Any) -> None:
        """Make the folder of a new package, which `activate` and `import` find."""
        make_project(text_of(path))

    for name, reason in REFUSED.items():
        module.method(f"{name}(args...; keywords...)", export=False)(refusing(name, reason))

    @module.macro("pkg_str")
    def pkg_str(context: Any, text: Any) -> Any:
        """`pkg"add Flux"`: a command as at the prompt `pkg>`."""
        from juliette.base.code_macros import call

        return call(command, QuoteNode(module), text_of(text))

    @module.method("rm(names...)", export=False)
    def rm(*names: Any) -> None:
        """Bundled packages stay."""
        STDERR.write(f"  No Changes to `{_FOLDER}/Project.toml`\n")

    spec = T._TYPE_OF_CLASS[PackageSpec]
    module.const("PackageSpec", spec)

    @module.method("PackageSpec(name, version=nothing)")
    def package_spec(_: Any, name: Any, version: Any = None) -> Any:
        """A package and its version."""
        return PackageSpec(name, version)

    @module.method("PackageSpec(; name=nothing, version=nothing, path=nothing)")
    def package_spec_named(
        _: Any, *, name: Any = None, version: Any = None, path: Any = None
    ) -> Any:
        """A package, its version, and where it is."""
        return PackageSpec(name, version, path)


def announce() -> None:
    """Announce the package."""
    package("Pkg", load)
