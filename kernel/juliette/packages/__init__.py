"""The packages that `using` finds: the engine under its Julia names.

- `pkg`: the package manager's face
- `ijulia`: what notebooks ask of Julia's own kernel
- `lazy`: packages imported when `using` asks for them
- `zygote`: gradients of Julia values
- `forwarddiff`: derivatives by forward mode, and dual numbers
- `flux`: layers, losses, optimisers
- `progressmeter`: bars that say how far a loop is
- `cuda`: what a computer without a graphics card says of it
- `bson`: saving and loading of values, under the names of BSON and JLD2
- `bson_values`: values of Base and Dates in such files, by type and parts
"""

_ANNOUNCED = False


def announce() -> None:
    """Make the bundled packages known; each is filled when first used."""
    global _ANNOUNCED
    _ANNOUNCED = True
    from juliette import stdlib
    from juliette.packages import ijulia, lazy, pkg

    stdlib.announce()
    pkg.announce()
    ijulia.announce()
    lazy.announce()


def start_session() -> None:
    """Know the packages; undo what an earlier session chose."""
    import sys

    if not _ANNOUNCED:
        announce()
    profile = sys.modules.get("juliette.packages.flux.profile")
    if profile is not None:
        profile.reset()
