"""The module UUIDs."""

from __future__ import annotations

import uuid
from typing import Any

from juliette.base.strings.values import text_of
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base, Module

NAMESPACES = {"dns": 0, "url": 1, "oid": 2, "x500": 4}


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


def load(module: Module) -> None:
    """Fill the module."""
    t = T.define("UUID", module=module)
    T.register_class(UUID, t)
    module.const("UUID", t)
    for name, digit in NAMESPACES.items():
        value = 0x6BA7B810_9DAD_11D1_80B4_00C04FD430C8 + (digit << 96)
        module.const(f"namespace_{name}", UUID(value), export=False)
    module.method("UUID(s::AbstractString)")(lambda _, s: read(s))
    module.method("UUID(n::Integer)")(lambda _, n: UUID(int(n)))
    module.method("UUID(u::UUID)")(lambda _, u: u)
    module.method("UUID(u::Tuple{UInt64,UInt64})")(lambda _, u: UUID(int(u[0]) << 64 | int(u[1])))
    module.method("parse(t::Type{UUID}, s::AbstractString)", export=False)(lambda _, s: read(s))

    @module.method("tryparse(t::Type{UUID}, s::AbstractString)", export=False)
    def tryparse(_: Any, s: Any) -> Any:
        try:
            return read(s)
        except ArgumentError:
            return None

    generators(module)
    methods(module)


def generators(module: Module) -> None:
    def random_bits(rng: tuple[Any, ...]) -> int:
        return int(Base.bindings["rand"](*(rng or (device(),)), Base.bindings["UInt128"]))

    def device() -> Any:
        from juliette.runtime.modules import PACKAGES

        random = PACKAGES["Random"]
        random.load()
        return random.get("RandomDevice")()

    @module.method("uuid4(rng...)")
    def uuid4(*rng: Any) -> UUID:
        """A random UUID."""
        n = random_bits(rng)
        return UUID(n & 0xFFFFFFFFFFFF0FFF3FFFFFFFFFFFFFFF | 0x00000000000040008000000000000000)

    @module.method("uuid1(rng...)")
    def uuid1(*rng: Any) -> UUID:
        """A UUID of the time and random bits."""
        import time

        ticks = time.time_ns() // 100 + 0x01B21DD213814000
        n = random_bits(rng) & 0x00000000000000003FFFFFFFFFFFFFFF
        n |= 0x00000000000010008000010000000000
        n |= (ticks & 0xFFFFFFFF) << 96 | (ticks >> 32 & 0xFFFF) << 80 | (ticks >> 48 & 0xFFF) << 64
        return UUID(n)

    @module.method("uuid5(ns::UUID, name::AbstractString)")
    def uuid5(ns: UUID, name: Any) -> UUID:
        """The UUID of a name in a namespace.

        ```jldoctest
        julia> using UUIDs

        julia> uuid5(UUIDs.namespace_dns, "example.org")
        UUID("aad03681-8b63-5304-89e0-8ca8f49461b5")
        ```
        """
        return UUID(uuid.uuid5(uuid.UUID(int=ns.value), text_of(name)).int)

    @module.method("uuid_version(u::UUID)")
    def uuid_version(u: UUID) -> int:
        """The kind of a UUID."""
        return u.value >> 76 & 15


def methods(module: Module) -> None:
    def method(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    def show(io: IO, u: UUID) -> None:
        io.write(f'UUID("{u.text}")')

    method("show(io::IO, u::UUID)", show)
    method("print(io::IO, u::UUID)", lambda io, u: io.write(u.text))
    method("==(a::UUID, b::UUID)", lambda a, b: a.value == b.value)
    method("isless(a::UUID, b::UUID)", lambda a, b: a.value < b.value)
    method("UInt128(u::UUID)", lambda _, u: Base.bindings["UInt128"](u.value))
