"""UUIDs as values; the module UUIDs makes new ones."""

from __future__ import annotations

import uuid
from typing import Any

from juliette.base.strings.values import text_of
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base


class UUID:
    """A number of 128 bits that nobody else has."""

    __slots__ = ("value",)
    value_fields = ("value",)
    fields = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UUID) and self.value == other.value

    def __hash__(self) -> int:
        return hash((UUID, self.value))

    @property
    def text(self) -> str:
        return str(uuid.UUID(int=self.value))


def read(s: Any) -> UUID:
    """The UUID that a string names."""
    text = text_of(s)
    try:
        if len(text) != 36 or [i for i, c in enumerate(text) if c == "-"] != [8, 13, 18, 23]:
            raise ValueError
        return UUID(int(text.replace("-", ""), 16))
    except ValueError:
        shown = Base.bindings["repr"](text)
        raise ArgumentError(f"Malformed UUID string: {shown}") from None


UUID_ = T.define("UUID", module=Base)
T.register_class(UUID, UUID_)
Base.const("UUID", UUID_, export=False)


@Base.method("UUID(s::AbstractString)", export=False)
def uuid_of_text(_: Any, s: Any) -> UUID:
    """The UUID that a text tells.

    ```jldoctest
    julia> Base.UUID("aad03681-8b63-5304-89e0-8ca8f49461b5")
    UUID("aad03681-8b63-5304-89e0-8ca8f49461b5")
    ```
    """
    return read(s)


@Base.method("UUID(n::Integer)", export=False)
def uuid_of_number(_: Any, n: Any) -> UUID:
    return UUID(int(n))


@Base.method("UUID(u::UUID)", export=False)
def same_uuid(_: Any, u: UUID) -> UUID:
    return u


@Base.method("UUID(u::Tuple{UInt64,UInt64})", export=False)
def uuid_of_halves(_: Any, u: Any) -> UUID:
    return UUID(int(u[0]) << 64 | int(u[1]))


@Base.method("parse(t::Type{UUID}, s::AbstractString)")
def parse_uuid(_: Any, s: Any) -> UUID:
    return read(s)


@Base.method("tryparse(t::Type{UUID}, s::AbstractString)")
def tryparse_uuid(_: Any, s: Any) -> UUID | None:
    try:
        return read(s)
    except ArgumentError:
        return None


@Base.method("show(io::IO, u::UUID)")
def show_uuid(io: IO, u: UUID) -> None:
    io.write(f'UUID("{u.text}")')


@Base.method("print(io::IO, u::UUID)")
def print_uuid(io: IO, u: UUID) -> None:
    io.write(u.text)


@Base.method("==(a::UUID, b::UUID)")
def equal(a: UUID, b: UUID) -> bool:
    return a.value == b.value


@Base.method("isless(a::UUID, b::UUID)")
def isless(a: UUID, b: UUID) -> bool:
    return a.value < b.value


@Base.method("UInt128(u::UUID)")
def number_of_uuid(_: Any, u: UUID) -> Any:
    return Base.bindings["UInt128"](u.value)
