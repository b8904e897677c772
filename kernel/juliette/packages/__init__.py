"""The packages that `using` finds: the engine under its Julia names.

- `pkg`: the package manager's face
"""


def announce() -> None:
    """Make the bundled packages known; each is filled when first used."""
    from juliette.packages import pkg

    pkg.announce()
