"""Julia's standard library.

- `random`: Random: its functions and types
- `xoshiro`: the default random number generator, bit for bit
- `xoshiro_stream`: its words in bulk
- `random_mersenne`: `MersenneTwister`
- `random_sampling`: what every generator can do with its words
- `random_samplers`: samplers and generators of the user's own
- `random_ziggurat`: normal and exponential numbers
- `test`, `test_generic`, `test_inferred`, `test_logs`, `test_results`, `test_sets`: Test
- `logging_`: Logging
- `base64_`, `crc32c`, `delimited_files`, `future`, `sha`, `uuids`: modules under their own names
- `toml`, `toml_parse`: TOML
- `markdown`, `markdown_elements`, `markdown_parse`, `markdown_write`, `markdown_term`: Markdown
- `refused`: modules that are not there, and why
- `printf`: `@printf`, `@sprintf`
- `profile`: Profile
- `unicode`: normal forms, graphemes
- `interactive_utils`, `editing`: InteractiveUtils
- `linear_algebra`: LinearAlgebra
- `statistics`: Statistics
- `sparse_arrays`: SparseArrays
- `dates`, `dates_types`, `dates_calendar`, `dates_adjust`, `dates_format`, `dates_show`: Dates
- `dates_arithmetic`: sums, products and ranges of dates and periods
- `dates_locales`: the names of its months and weekdays in a language
"""

# The modules that `using` finds: their names, and the files that fill them.
MODULES = {
    "Base64": "base64_",
    "CRC32c": "crc32c",
    "Dates": "dates",
    "DelimitedFiles": "delimited_files",
    "Future": "future",
    "InteractiveUtils": "interactive_utils",
    "LinearAlgebra": "linear_algebra",
    "Logging": "logging_",
    "Markdown": "markdown",
    "Printf": "printf",
    "Profile": "profile",
    "Random": "random",
    "SHA": "sha",
    "SparseArrays": "sparse_arrays",
    "Statistics": "statistics",
    "TOML": "toml",
    "Test": "test",
    "UUIDs": "uuids",
    "Unicode": "unicode",
}

# Modules that only say why they are not there.
REFUSED = (
    "ArgTools",
    "Artifacts",
    "Distributed",
    "Downloads",
    "FileWatching",
    "LazyArtifacts",
    "LibGit2",
    "Libdl",
    "Mmap",
    "NetworkOptions",
    "REPL",
    "Serialization",
    "SharedArrays",
    "Sockets",
    "SuiteSparse",
    "Tar",
)


def announce() -> None:
    """Make the modules known; each is filled when it is first used."""
    from juliette.runtime import modules, types, wrappers
    from juliette.runtime.modules import PACKAGES, Module, package

    def later(name: str, file: str) -> None:
        def load(module: Module) -> None:
            import importlib

            importlib.import_module(f"juliette.stdlib.{file}").load(module)

        package(name, load)

    for name, file in MODULES.items():
        later(name, file)
    for family in (wrappers.Adjoint_, wrappers.Transpose_):
        types.unwrap(family).typename.module = PACKAGES["LinearAlgebra"]
    for name in REFUSED:
        later(name, "refused")
    modules.REFUSED.update(REFUSED)
