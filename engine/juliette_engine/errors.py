"""What goes wrong in layers, losses and optimisers, by kind; the sentences are Flux's."""

from __future__ import annotations

from itertools import zip_longest


class DimensionMismatch(ValueError):
    """Sizes that do not fit together.

    Source: Julia, `DimensionMismatch`.
    """


def unequal(shapes: list[tuple[int, ...]]) -> DimensionMismatch:
    """Arrays of these sizes do not broadcast together."""
    for lengths in zip_longest(*shapes, fillvalue=1):
        long = [n for n in dict.fromkeys(lengths) if n != 1]
        if len(long) > 1:
            return DimensionMismatch(
                "arrays could not be broadcast to a common size; got a dimension with lengths "
                f"{long[0]} and {long[1]}"
            )
    return DimensionMismatch(
        f"arrays of sizes {', '.join(map(str, shapes))} do not broadcast together"
    )


def no_product(a: tuple[int, ...], b: tuple[int, ...]) -> DimensionMismatch:
    """Arrays of these sizes have no matrix product."""
    if len(a) == 2 and len(b) == 2:
        return DimensionMismatch(
            f"A has dimensions ({a[0]},{a[1]}) but B has dimensions ({b[0]},{b[1]})"
        )
    if len(a) == 2:
        return DimensionMismatch(
            f"second dimension of A, {a[1]}, does not match length of x, {b[0]}"
        )
    return DimensionMismatch(
        f"first array has length {a[0]} which does not match the length of the second, {b[0]}."
    )


class ArgumentError(ValueError):
    """An argument that makes no sense.

    Source: Julia, `ArgumentError`.
    """


class AssertionFailed(ValueError):
    """A condition that the caller must meet."""


class DomainError(ValueError):
    """A `value` outside the domain of a function, which travels along with the `message`.

    Source: Julia, `DomainError`.
    """

    def __init__(self, value: object, message: str) -> None:
        super().__init__(message)
        self.value = value


class Inapplicable(TypeError):
    """An operation on values that it knows nothing of; its `name` and the `values` travel along.

    The values are arrays as such if `whole`; else it is their elements that nothing can be done with.

    Source: Julia, `MethodError`.
    """

    def __init__(self, name: str, values: tuple[object, ...], *, whole: bool = False) -> None:
        kinds = ", ".join(type(x).__name__ for x in values)
        super().__init__(f"cannot compute {name} of values of type {kinds}")
        self.name, self.values, self.whole = name, values, whole


class UsageError(RuntimeError):
    """Functions put together in a way that cannot work.

    Source: Julia, `ErrorException`.
    """


def scalar_given(name: str) -> UsageError:
    """A function of arrays was called with a number."""
    return UsageError(
        f"`{name}(x)` called with a number, but it expects an array. Usually this is because a layer like "
        f"`Dense(3,4,{name})` is broadcasting it like an activation function; `{name}` needs to be outside the layer."
    )


class OutOfBounds(IndexError):
    """An index past the end of an array, of a column or a place, counted from zero; both travel along."""

    def __init__(self, array: object, index: object) -> None:
        from juliette_engine.text import summary

        where = ", ".join(map(str, index)) if isinstance(index, tuple) else f":, {index}"
        super().__init__(f"attempt to access {summary(array)} at index [{where}]")
        self.array, self.index = array, index
