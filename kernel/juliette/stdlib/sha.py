"""The module SHA: hashes for cryptography."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from juliette.base.iteration import iterate_value
from juliette.base.streams import byte_vector
from juliette.base.strings.values import text_of
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.array import Array
from juliette.runtime.modules import Base, Module
from juliette.runtime.text import utf8

NAMES = {
    "sha1": "sha1",
    "sha224": "sha224",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha2_224": "sha224",
    "sha2_256": "sha256",
    "sha2_384": "sha384",
    "sha2_512": "sha512",
    "sha3_224": "sha3_224",
    "sha3_256": "sha3_256",
    "sha3_384": "sha3_384",
    "sha3_512": "sha3_512",
}


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

    def __init__(self, name: str) -> None:
        self.state: Any = hashlib.new(name)


def load(module: Module) -> None:
    """Fill the module."""

    def function(name: str, algorithm: str) -> None:
        @module.method(f"{name}(x)")
        def digest(x: Any) -> Array:
            return byte_vector(hashlib.new(algorithm, data_of(x)).digest())

        digest.__doc__ = f"The {name.upper()} hash of some bytes."

        @module.method(f"hmac_{name}(key, x)")
        def keyed(key: Any, x: Any) -> Array:
            return byte_vector(hmac.new(data_of(key), data_of(x), algorithm).digest())

        keyed.__doc__ = f"The {name.upper()} hash of some bytes, with a key."
        context = f"{name.upper()}_CTX"
        cls = type(context, (Context,), {})
        t = T.define(context, module=module)
        T.register_class(cls, t)
        module.const(context, t)
        module.method(f"{context}()")(lambda _: cls(algorithm))

        @module.method(f"update!(c::{context}, data)")
        def update(c: Context, data: Any) -> None:
            """Add bytes to a hash."""
            c.state.update(data_of(data))

        @module.method(f"digest!(c::{context})")
        def finish(c: Context) -> Array:
            """The hash of all bytes that were added."""
            return byte_vector(c.state.digest())

    for name, algorithm in NAMES.items():
        function(name, algorithm)
