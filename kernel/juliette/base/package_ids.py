"""`PkgId` and what is asked by it: which package a name means, and which ones are loaded."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from juliette.base.uuid import read
from juliette.compiler import code_loading
from juliette.compiler.imports import top_module
from juliette.compiler.session import current
from juliette.display.io import IO, STDOUT
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import PACKAGES, SESSION, Base, Core, Module
from juliette.syntax.expr import Expr, QuoteNode

# The numbers that Julia's registries know the bundled packages by.
UUIDS = {
    "BSON": "fbb218c0-5317-5bc6-957e-2ee96dd4b1f0",
    "Base64": "2a0f44e3-6c83-55bd-87e4-b1978d98bd5f",
    "CRC32c": "8bf52ea8-c179-5cab-976a-9e18b702a9bc",
    "CUDA": "052768ef-5323-5732-b1bb-66c8b64840ba",
    "ChainRulesCore": "d360d2e6-b24c-11e9-a2a3-2a2ae2dbcce4",
    "Dates": "ade2ca70-3891-5945-98fb-dc099432e06a",
    "DelimitedFiles": "8bb1440f-4735-579b-a4ab-409b98df4dab",
    "Distributed": "8ba89e20-285c-5b6f-9357-94700520ee1b",
    "Downloads": "f43a241f-c20a-4ad4-852c-f6b1247861c6",
    "Flux": "587475ba-b771-5e3f-ad9e-33799f191a9c",
    "ForwardDiff": "f6369f11-7733-5829-9624-2563aa707210",
    "Functors": "d9f16b24-f501-4c13-a1f2-28368ffc5196",
    "Future": "9fa8497b-333b-5362-9e8d-4d0656e87820",
    "InteractiveUtils": "b77e0a4c-d291-57a0-90e8-8db25a27a240",
    "Libdl": "8f399da3-3557-5675-b5ff-fb832c97cbdb",
    "LinearAlgebra": "37e2e46d-f89d-539d-b4ee-838fcccc9c8e",
    "Logging": "56ddb016-857b-54e1-b83d-db4d58db5568",
    "MLDataDevices": "7e8f7934-dd98-4c1a-8fe8-92b47a384d40",
    "MLUtils": "f1d291b0-491e-4a28-83b9-f70985020b54",
    "Markdown": "d6f4376e-aef5-505a-96c1-9c027394607a",
    "Mmap": "a63ad114-7e13-5084-954f-fe012c677804",
    "NNlib": "872c559c-99b0-510c-b3b7-b6c96a88d5cd",
    "OneHotArrays": "0b1bfda6-eb8a-41d2-88d8-f5af5cad476f",
    "Optimisers": "3bd65402-5787-11e9-1adc-39752487f4e2",
    "Pkg": "44cfe95a-1eb2-52ea-b672-e2afdf69b78f",
    "Printf": "de0858da-6303-5e67-8744-51eddeeeb8d7",
    "Profile": "9abbd945-dff8-562f-b5e8-e1ebf5ef1b79",
    "REPL": "3fa0cd96-eef1-5676-8a61-b3b8758bbffb",
    "Random": "9a3f8284-a2c9-5f02-9a11-845980a1fd5c",
    "SHA": "ea8e919c-243c-51af-8825-aaa63cd721ce",
    "Serialization": "9e88b42a-f829-5b0c-bbe9-9e923198166b",
    "SharedArrays": "1a1011a3-84de-559e-8e89-a11a2f7dc383",
    "Sockets": "6462fe0b-24de-5631-8697-dd941f90decc",
    "SparseArrays": "2f01184e-e22b-5df5-ae63-d93ebab69eaf",
    "Statistics": "10745b16-79ce-11e8-11f9-7d13ad32a3b2",
    "TOML": "fa267f1f-6049-4f14-aa54-33bafae1ed76",
    "Tar": "a4e569a6-e804-4fa4-b0f3-eef7a1d5b13e",
    "Test": "8dfed614-e22c-5e08-85e1-65c5234f0b40",
    "UUIDs": "cf7118a7-6976-5b1a-9a39-7adc72f591a4",
    "Unicode": "4ec0a83e-493e-50e2-b9ac-8f72acf5a8f5",
    "Zygote": "e88e6eb3-aa80-5325-afca-941959d7151f",
    "cuDNN": "02a925ec-e4fe-4b08-9a7e-0d78e3d38ccd",
}


class PkgId:
    """A package's name and number."""

    __slots__ = ("name", "uuid")
    fields = value_fields = ("uuid", "name")

    def __init__(self, uuid: Any, name: str) -> None:
        self.uuid = uuid
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PkgId) and (self.uuid, self.name) == (other.uuid, other.name)

    def __hash__(self) -> int:
        return hash((self.uuid, self.name))


PkgId_ = T.define("PkgId", module=Base)
T.register_class(PkgId, PkgId_)
Base.const("PkgId", PkgId_, export=False)


def number(text: str | None) -> Any:
    """The UUID that a text tells."""
    return None if text is None else read(text)


def id_of(m: Module) -> PkgId:
    """The package that a module belongs to."""
    while m.parent is not m and m.parent is not None:
        m = m.parent
    known = UUIDS.get(m.name) if PACKAGES.get(m.name) is m else None
    if known is None:
        _, file = current().packages.get(m.name, (None, ""))
        known = _number_in_project(file) if file else None
    return PkgId(number(known), m.name)


def _number_in_project(file: Any) -> str | None:
    from pathlib import Path

    project = code_loading.project_of(Path(file).parent.parent)
    found = None if project is None else code_loading.contents(project).get("uuid")
    return found if isinstance(found, str) else None


@Base.method("PkgId(m::Module)", export=False)
def pkg_id_of_module(_: Any, m: Module) -> PkgId:
    """The package that a module belongs to.

    ```jldoctest
    julia> using LinearAlgebra

    julia> Base.PkgId(LinearAlgebra), Base.PkgId(Main)
    (LinearAlgebra [37e2e46d-f89d-539d-b4ee-838fcccc9c8e], Main [top-level])
    ```
    """
    return id_of(m)


@Base.method("PkgId(name::AbstractString)", export=False)
def pkg_id_of_name(_: Any, name: Any) -> PkgId:
    return PkgId(None, str(name))


@Base.method("PkgId(uuid, name::AbstractString)", export=False)
def pkg_id(_: Any, uuid: Any, name: Any) -> PkgId:
    return PkgId(uuid, str(name))


@Base.method("show(io::IO, id::PkgId)")
def show_id(io: IO, id_: PkgId) -> None:
    io.write(f"{id_.name} [{'top-level' if id_.uuid is None else id_.uuid.text}]")


@Base.method("identify_package(name::AbstractString)", export=False)
def identify_package(name: Any) -> PkgId | None:
    """Which package `using` takes for a name; `nothing` if there is none.

    ```jldoctest
    julia> Base.identify_package("Statistics")
    Statistics [10745b16-79ce-11e8-11f9-7d13ad32a3b2]

    julia> Base.identify_package("NowhereToBeFound") === nothing
    true
    ```
    """
    text = str(name)
    if text in PACKAGES:
        return PkgId(number(UUIDS.get(text)), text)
    file = code_loading.find_package(text)
    return None if file is None else PkgId(number(_number_in_project(file)), text)


@Base.method("identify_package(where::Union{Module,PkgId}, name::AbstractString)", export=False)
def identify_package_from(_: Any, name: Any) -> PkgId | None:
    return identify_package(name)


@Base.method("require(into::Module, name::Symbol)", export=False)
def require(into: Module, name: Any) -> Module:
    """Load a package, if that has not been done, and give its module."""
    return top_module(into, name.name)


@Base.method("require(id::PkgId)", export=False)
def require_id(id_: PkgId) -> Module:
    return top_module(SESSION.main, id_.name)


def loaded() -> dict[str, Module]:
    """The modules at the root that are there now."""
    found = {"Core": Core, "Base": Base, "Main": SESSION.main}
    found |= {name: m for name, m in PACKAGES.items() if m.loader is None}
    return found | {name: module for name, (module, _) in current().packages.items()}


@Base.method("loaded_modules_array()", export=False)
def loaded_modules_array() -> Any:
    """The modules at the root that are loaded."""
    return vector(list(loaded().values()), T.typeof(Base))


@Base.method("loaded_modules_order()", export=False)
def loaded_modules_order() -> Any:
    return loaded_modules_array()


def _live_dictionary() -> Any:
    """`Base.loaded_modules`: a dictionary that is made anew whenever it is looked at."""
    kind = type(V.JuliaDict(PkgId_, T.typeof(Base)))

    class LoadedModules(kind):  # type: ignore[misc, valid-type]
        __slots__ = ()

        @property
        def data(self) -> dict[Any, Any]:
            return {self.key(id_of(m)): m for m in loaded().values()}

        @data.setter
        def data(self, entries: Any) -> None:
            pass

        @property
        def names(self) -> dict[Any, Any]:
            return {self.key(id_): id_ for id_ in map(id_of, loaded().values())}

        @names.setter
        def names(self, entries: Any) -> None:
            pass

    T.register_class(LoadedModules, T.typeof(V.JuliaDict(PkgId_, T.typeof(Base))))
    return LoadedModules(PkgId_, T.typeof(Base))


Base.const("loaded_modules", _live_dictionary(), export=False)


@Base.method("root_module(id::PkgId)", export=False)
def root_module(id_: PkgId) -> Module:
    """The loaded module of a package."""
    found = loaded().get(id_.name)
    if found is None:
        raise ArgumentError(f"package {id_.name} not loaded")
    return found


@Base.method("root_module_key(m::Module)", export=False)
def root_module_key(m: Module) -> PkgId:
    return id_of(m)


@Base.method("root_module_exists(id::PkgId)", export=False)
def root_module_exists(id_: PkgId) -> bool:
    return id_.name in loaded()


@Base.macro("time_imports")
def time_imports(context: Any, e: Any) -> Any:
    """`@time_imports using X` prints how long each package took that was loaded meanwhile."""
    watch = LoadTimes()
    return Expr(
        "try",
        Expr("block", Expr("call", QuoteNode(watch.begin)), e),
        False,
        False,
        Expr("block", Expr("call", QuoteNode(watch.end))),
    )


class LoadTimes:
    """What `@time_imports` measures: the time of each package without those that it loads."""

    def __init__(self) -> None:
        self.loaders: dict[str, Any] = {}
        self.inside = 0.0

    def begin(self) -> None:
        for name, m in PACKAGES.items():
            if m.loader is not None:
                self.loaders[name] = m.loader
                m.loader = partial(self.timed, name, m.loader)

    def timed(self, name: str, loader: Any) -> None:
        outer, self.inside = self.inside, 0.0
        start = time.perf_counter()
        loader()
        whole = time.perf_counter() - start
        STDOUT.write(f"{(whole - self.inside) * 1000:9.1f} ms  {name}\n")
        self.inside = outer + whole

    def end(self) -> None:
        for name, loader in self.loaders.items():
            if PACKAGES[name].loader is not None:
                PACKAGES[name].loader = loader
