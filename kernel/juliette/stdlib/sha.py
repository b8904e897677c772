"""The module SHA: hashes for cryptography."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import numpy as np

from juliette.base.iteration import iterate_value
from juliette.base.streams import byte_vector
from juliette.base.strings.values import text_of
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.array import Array
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import UInt128
from juliette.runtime.text import utf8

# The functions of each algorithm: hashlib's name, Julia's names, how Julia shows the state.
ALGORITHMS = (
    ("sha1", ("sha1",), "SHA1"),
    ("sha224", ("sha2_224", "sha224"), "SHA2 224-bit"),
    ("sha256", ("sha2_256", "sha256"), "SHA2 256-bit"),
    ("sha384", ("sha2_384", "sha384"), "SHA2 384-bit"),
    ("sha512", ("sha2_512", "sha512"), "SHA2 512-bit"),
    ("sha512_224", ("sha2_512_224", "sha512_224"), "SHA2 512/224-bit"),
    ("sha512_256", ("sha2_512_256", "sha512_256"), "SHA2 512/256-bit"),
    ("sha3_224", ("sha3_224",), "SHA3 224-bit"),
    ("sha3_256", ("sha3_256",), "SHA3 256-bit"),
    ("sha3_384", ("sha3_384",), "SHA3 384-bit"),
    ("sha3_512", ("sha3_512",), "SHA3 512-bit"),
)


def data_of(x: Any) -> bytes:
    """The bytes to hash: of a string, an array of bytes, or a stream."""
    if isinstance(x, IO):
        return bytes(Base.bindings["read"](x).data)
    if isinstance(x, Array):
        return bytes(x.data)
    if type(x) is tuple:
        return bytes(int(b) for b in iterate_value(x))
    return utf8(text_of(x))


class Context:
    """A hash that is computed piece by piece."""

    algorithm = ""
    shown = ""

    def __init__(self, state: Any = None, bytecount: int = 0, used: bool = False) -> None:
        self.state: Any = hashlib.new(self.algorithm) if state is None else state
        self.bytecount = bytecount
        self.used = used

    @property
    def wide(self) -> bool:
        """Are the bytes counted in 128 bits?"""
        return self.algorithm not in ("sha1", "sha224", "sha256")

    def copy(self) -> Context:
        return type(self)(self.state.copy(), self.bytecount, self.used)

    def update(self, data: bytes) -> Any:
        """Add bytes; how many there are now."""
        if self.used:
            raise ErrorException("Cannot update CTX after digest! has been called on it")
        self.state.update(data)
        self.bytecount += len(data)
        return self.count()

    def count(self) -> Any:
        if self.wide:
            return UInt128(self.bytecount)
        return np.uint64(self.bytecount)

    def digest(self) -> bytes:
        self.used = True
        return bytes(self.state.digest())


class KeyedContext(Context):
    """`HMAC_CTX`: a hash with a key, which takes a block of the inner hash."""

    def __init__(self, inner: Context, key: bytes) -> None:
        self.inner = inner
        self.algorithm = inner.algorithm
        state = hmac.new(key, digestmod=inner.algorithm)
        super().__init__(state, state.block_size)

    def copy(self) -> KeyedContext:
        out = object.__new__(KeyedContext)
        out.__dict__.update(self.__dict__, state=self.state.copy())
        return out


def load(module: Module) -> None:
    """Fill the module."""
    general = T.define("SHA_CTX", module=module, abstract=True)
    module.const("SHA_CTX", general, export=False)
    families = {"SHA1": general}
    for family in ("SHA2", "SHA3"):
        families[family] = T.define(f"{family}_CTX", general, module=module, abstract=True)
        module.const(f"{family}_CTX", families[family], export=False)

    def context_type(algorithm: str, names: tuple[str, ...], shown: str) -> None:
        """The type of an algorithm's state; its short name is the same type."""
        name = f"{names[0].upper()}_CTX"
        members = {"algorithm": algorithm, "shown": shown}
        cls = type(name, (Context,), members)
        t = T.define(name, families[shown[:4]], module=module)
        T.register_class(cls, t)
        exported = "512_" not in algorithm
        for n in names:
            module.const(f"{n.upper()}_CTX", t, export=exported)
        module.method(f"{name}()", export=exported)(lambda _: cls())

    def function(name: str, algorithm: str) -> None:
        exported = "512_" not in algorithm

        @module.method(f"{name}(x)", export=exported)
        def digest(x: Any) -> Array:
            return byte_vector(hashlib.new(algorithm, data_of(x)).digest())

        digest.__doc__ = f"The {name.upper()} hash of a string, bytes or what a stream has left."

        @module.method(f"hmac_{name}(key, x)", export=exported)
        def keyed(key: Any, x: Any) -> Array:
            return byte_vector(hmac.new(data_of(key), data_of(x), algorithm).digest())

        keyed.__doc__ = f"The {name.upper()} hash of some bytes, with a key."

    for algorithm, names, shown in ALGORITHMS:
        context_type(algorithm, names, shown)
        for name in names:
            function(name, algorithm)

    keyed_type = T.define("HMAC_CTX", module=module)
    T.register_class(KeyedContext, keyed_type)
    module.const("HMAC_CTX", keyed_type)

    @module.method("HMAC_CTX(ctx::SHA_CTX, key::AbstractVector{UInt8})")
    def keyed_context(_: Any, ctx: Context, key: Any) -> KeyedContext:
        return KeyedContext(ctx, data_of(key))

    both = "Union{SHA_CTX,HMAC_CTX}"

    @module.method(f"update!(context::{both}, data, datalen=nothing)")
    def update(c: Context, data: Any, datalen: Any = None) -> Any:
        """Add bytes, or the first `datalen` of them, to a hash; how many bytes it has now.

        ```jldoctest
        julia> using SHA

        julia> ctx = SHA1_CTX()
        SHA1 hash state

        julia> update!(ctx, b"hash")
        0x0000000000000004

        julia> digest!(ctx) == sha1("hash")
        true
        ```
        """
        content = data_of(data)
        return c.update(content if datalen is None else content[: int(datalen)])

    @module.method(f"digest!(context::{both})")
    def finish(c: Context) -> Array:
        """The hash of all bytes that were added; nothing can be added after it."""
        return byte_vector(c.digest())

    @Base.method("copy(context::SHA.SHA_CTX)")
    @Base.method("copy(context::SHA.HMAC_CTX)")
    def copied(c: Context) -> Context:
        return c.copy()

    @Base.method("show(io::IO, context::SHA.SHA_CTX)")
    def show(io: IO, c: Context) -> None:
        io.write(f"{c.shown} hash state")
