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


class OutOfBounds(IndexError):
    """An index past the end of an array; both travel along, the index counted from zero."""

    def __init__(self, array: object, index: object) -> None:
        super().__init__(f"index {index} is out of range")
        self.array, self.index = array, index
