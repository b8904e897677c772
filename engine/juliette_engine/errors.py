"""What goes wrong in layers, losses and optimisers, by kind; the sentences are Flux's."""

from __future__ import annotations


class DimensionMismatch(ValueError):
    """Sizes that do not fit together."""


class ArgumentError(ValueError):
    """An argument that makes no sense."""


class AssertionFailed(ValueError):
    """A condition that the caller must meet."""


class DomainError(ValueError):
    """A number outside the domain of a function; it travels along."""

    def __init__(self, value: object, message: str) -> None:
        super().__init__(message)
        self.value = value


class UsageError(RuntimeError):
    """Functions put together in a way that cannot work."""
