"""The module UUIDs."""

from __future__ import annotations

import uuid
from typing import Any

from juliette.base.strings.values import text_of
from juliette.base.uuid import UUID, UUID_
from juliette.runtime.modules import Base, Module

NAMESPACES = {"dns": 0, "url": 1, "oid": 2, "x500": 4}


def load(module: Module) -> None:
    """Fill the module."""
    module.const("UUID", UUID_)
    for name, digit in NAMESPACES.items():
        value = 0x6BA7B810_9DAD_11D1_80B4_00C04FD430C8 + (digit << 96)
        module.const(f"namespace_{name}", UUID(value), export=False)
    generators(module)


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
