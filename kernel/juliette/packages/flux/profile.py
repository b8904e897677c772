"""Which Flux is spoken: that of the walkthrough, or the one from 0.15 on."""

from __future__ import annotations


class Profile:
    """`modern` is set by `Pkg.add(name="Flux", version="0.16")`."""

    __slots__ = ("modern",)

    def __init__(self) -> None:
        self.modern = False


PROFILE = Profile()


def select(version: str) -> None:
    """Follow a version of Flux."""
    from juliette_engine.layers.normalise import set_denominator

    parts = (version.removeprefix("v").split(".") + ["0", "0"])[:2]
    numbers = tuple(int(p) if p.isdigit() else 0 for p in parts)
    PROFILE.modern = numbers >= (0, 15)
    set_denominator("0.14" if numbers < (0, 15) else "0.15" if numbers < (0, 16) else "0.16")
