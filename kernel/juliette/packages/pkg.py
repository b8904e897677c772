"""`Pkg`: bundled packages succeed with the lines that Julia prints; others cannot be installed."""

from __future__ import annotations

from typing import Any

from juliette.display.io import STDERR
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import PACKAGES, Module, package


def load(module: Module) -> None:
    @module.method("add(names...; name=nothing, version=nothing)", export=False)
    def add(*names: Any, name: Any = None, version: Any = None) -> None:
        """Check that packages are there."""
        wanted = [name] if name is not None else list(names)
        for n in wanted:
            for item in n.data.tolist() if hasattr(n, "data") else [n]:
                if item not in PACKAGES:
                    raise ErrorException(
                        f"The following package names could not be resolved:\n * {item} (not bundled with Juliette)\n"
                        f"Bundled: {', '.join(sorted(PACKAGES))}"
                    )
        STDERR.write("   Resolving package versions...\n")
        STDERR.write("  No Changes to `~/.julia/environments/v1.10/Project.toml`\n")
        STDERR.write("  No Changes to `~/.julia/environments/v1.10/Manifest.toml`\n")

    @module.method("status()", export=False)
    def status() -> None:
        """List the bundled packages."""
        STDERR.write("Status `~/.julia/environments/v1.10/Project.toml`\n")
        for n in sorted(PACKAGES):
            STDERR.write(f"  {n}\n")


def announce() -> None:
    package("Pkg", load)
