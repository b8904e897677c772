"""Which Flux is spoken: that of the walkthrough, or the one from 0.15 on.

Each era is a module of its own, filled when it is first used; `Pkg.add` chooses which of them the
name `Flux` finds.
"""

from __future__ import annotations

from juliette.runtime.modules import PACKAGES, VERSIONS, Module


class Profile:
    """`modern` is set by `Pkg.add(name="Flux", version="0.16")`."""

    __slots__ = ("modern",)

    def __init__(self) -> None:
        self.modern = False


PROFILE = Profile()
# The version that a session starts with.
FIRST = VERSIONS["Flux"]
# The modules of the two eras, by whether they are modern; `juliette.packages.flux` puts them here.
MODULES: dict[bool, Module] = {}


def parse(version: str) -> tuple[int, int]:
    """Major and minor number."""
    parts = ([*version.removeprefix("v").split("+")[0].split("."), "0", "0"])[:2]
    return int(parts[0]), int(parts[1])


def select(version: str) -> None:
    """Follow a version of Flux from here on."""
    from juliette_engine.layers.containers import Parallel
    from juliette_engine.layers.normalise import set_denominator
    from juliette_engine.optimise.rule import Rule

    numbers = parse(version)
    PROFILE.modern = numbers >= (0, 15)
    Rule.named = PROFILE.modern
    newest = f"{FIRST}.".startswith(f"{version}.")
    VERSIONS["Flux"] = FIRST if newest else version + ".0" * (2 - version.count("."))
    Parallel.before_15 = not PROFILE.modern
    PACKAGES["Flux"] = MODULES[PROFILE.modern]
    set_denominator("0.14" if numbers < (0, 15) else "0.15" if numbers < (0, 16) else "0.16")


def reset() -> None:
    """What a new session starts with."""
    if VERSIONS["Flux"] != FIRST:
        select(FIRST)
