"""BSON and JLD2: saving and loading of values, as data only.

A file holds numbers, strings, arrays, containers, and structs by the name of their type and the
values of their fields, in the BSON format with the tags of Julia's BSON package.  Reading builds
values; it never runs code: a struct is put together field by field, a function is found by its name.
`jldsave` and `load` write and read the same format under JLD2's names; files of real JLD2 (HDF5) are
refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from juliette.packages.bson_values import VALUES, kind_of, make
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class, elements, pack, vector
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import PACKAGES, Base, Module, package
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Expr, QuoteNode, Symbol

# ---------------------------------------------------------------- documents and bytes

_INT32, _INT64 = struct.Struct("<i"), struct.Struct("<q")
_DOUBLE = struct.Struct("<d")


def encode(document: dict[str, Any]) -> bytes:
    """A document of plain values as BSON."""
    body = b"".join(_element(k, v) for k, v in document.items())
    return _INT32.pack(len(body) + 5) + body + b"\0"


def _element(key: str, value: Any) -> bytes:
    name = key.encode() + b"\0"
    if value is None:
        return b"\x0a" + name
    if isinstance(value, bool):
        return b"\x08" + name + bytes([value])
    if isinstance(value, int):
        return b"\x12" + name + _INT64.pack(value)
    if isinstance(value, float):
        return b"\x01" + name + _DOUBLE.pack(value)
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02" + name + _INT32.pack(len(text)) + text
    if isinstance(value, bytes):
        return b"\x05" + name + _INT32.pack(len(value)) + b"\0" + value
    if isinstance(value, list):
        return b"\x04" + name + encode({str(i): v for i, v in enumerate(value)})
    return b"\x03" + name + encode(value)


class Reader:
    """Reads documents; raises EOFError or ValueError for what is none."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        """The next bytes."""
        if n < 0 or self.at + n > len(self.data):
            raise EOFError
        out = self.data[self.at : self.at + n]
        self.at += n
        return out

    def name(self) -> str:
        """A key, up to the zero byte."""
        end = self.data.index(b"\0", self.at)
        text = self.data[self.at : end].decode()
        self.at = end + 1
        return text

    def document(self) -> dict[str, Any]:
        """One document."""
        end = self.at + _INT32.unpack(self.take(4))[0]
        out: dict[str, Any] = {}
        while (kind := self.take(1)[0]) != 0:
            key = self.name()
            out[key] = self.value(kind)
        if self.at != end:
            raise ValueError("a document has another length than it says")
        return out

    def value(self, kind: int) -> Any:
        """One value."""
        if kind == 0x01:
            return _DOUBLE.unpack(self.take(8))[0]
        if kind == 0x02:
            return self.take(_INT32.unpack(self.take(4))[0])[:-1].decode()
        if kind == 0x03:
            return self.document()
        if kind == 0x04:
            return list(self.document().values())
        if kind == 0x05:
            n = _INT32.unpack(self.take(4))[0]
            self.take(1)
            return self.take(n)
        if kind == 0x08:
            return self.take(1) != b"\0"
        if kind == 0x0A:
            return None
        if kind == 0x10:
            return _INT32.unpack(self.take(4))[0]
        if kind == 0x12:
            return _INT64.unpack(self.take(8))[0]
        raise ValueError(f"unknown kind of value {kind}")


# ---------------------------------------------------------------- Julia's values and documents


# How other packages' values are saved: by class, a name for the kind and the values of which they
# are made; by the name, what makes them of these values again.
SAVED: dict[type, tuple[str, Callable[[Any], list[Any]]]] = {}
MADE: dict[str, Callable[[list[Any]], Any]] = {}


class Writer:
    """Turns values into documents; what occurs twice is written once and referred to."""

    def __init__(self) -> None:
        self.made: dict[int, list[Any]] = {}
        self.counts: dict[int, int] = {}
        self.kept: list[Any] = []
        self.references: dict[int, int] = {}
        self.shared: list[Any] = []

    def document(self, values: dict[str, Any]) -> dict[str, Any]:
        """The whole file."""
        for v in values.values():
            self.count(v)
        out = {k: self.lower(v) for k, v in values.items()}
        if self.shared:
            out["_backrefs"] = self.shared
        return out

    def count(self, x: Any) -> None:
        """Count how often mutable values occur."""
        kind = saved_as(x)
        if kind is not None or isinstance(x, (Array, Struct, V.JuliaDict)):
            self.counts[id(x)] = self.counts.get(id(x), 0) + 1
            if self.counts[id(x)] > 1:
                return
        if kind is not None:
            self.made[id(x)] = kind[1](x)
        parts = self.made.get(id(x)) or _parts(x)
        self.kept.append(parts)  # its identities stay its own
        for part in parts:
            self.count(part)

    def lower(self, x: Any) -> Any:
        """A value as a document."""
        if self.counts.get(id(x), 0) > 1 and (
            isinstance(x, Array) or getattr(x, "mutable", False) or id(x) in self.made
        ):
            if id(x) not in self.references:
                self.references[id(x)] = len(self.shared) + 1
                self.shared.append(None)
                self.shared[self.references[id(x)] - 1] = self.plain(x)
            return {"tag": "backref", "ref": self.references[id(x)]}
        return self.plain(x)

    def plain(self, x: Any) -> Any:
        """A value as a document, without looking for references."""
        if x is None or type(x) in (bool, int, float) or isinstance(x, str):
            return x
        if isinstance(x, Symbol):
            return {"tag": "symbol", "name": x.name}
        if type(x) is tuple:
            return {"tag": "tuple", "data": [self.lower(v) for v in x]}
        if isinstance(x, np.generic):
            return {"tag": "struct", "type": self.type(T.typeof(x)), "data": x.tobytes()}
        if isinstance(x, Array):
            return self.array(x)
        if isinstance(x, V.NamedTuple):
            names = [{"tag": "symbol", "name": n} for n in x.names]
            return {"tag": "namedtuple", "names": names, "data": [self.lower(v) for v in x.values]}
        if isinstance(x, V.JuliaDict):
            pairs = [[self.lower(k), self.lower(v)] for k, v in x.pairs()]
            kinds = [self.type(x.key_type), self.type(x.value_type)]
            return {"tag": "dict", "types": kinds, "data": pairs}
        if isinstance(x, T.JuliaType):
            return self.type(x)
        if isinstance(x, GenericFunction) and not x.anonymous:
            path = [*getattr(x.module, "path", ("Base",)), x.name]
            return {"tag": "function", "name": path}
        if isinstance(x, V.Pair):
            return {"tag": "pair", "data": [self.lower(x.first), self.lower(x.second)]}
        if isinstance(x, V.ColonType):
            return {"tag": "colon"}
        if isinstance(x, Struct):
            return {
                "tag": "struct",
                "type": self.type(T.typeof(x)),
                "data": [self.lower(getattr(x, f)) for f in x.fields],
            }
        kind = saved_as(x)
        if kind is not None:
            return {
                "tag": "made",
                "kind": kind[0],
                "data": [self.lower(v) for v in self.made[id(x)]],
            }
        name = kind_of(x)
        if name is not None:
            parts = [self.lower(v) for v in VALUES[name][0](x)]
            return {"tag": "value", "kind": name, "type": self.type(T.typeof(x)), "data": parts}
        if isinstance(x, (int, float)):
            return x
        raise E.ErrorException(
            f"values of type {T.type_string(T.typeof(x))} cannot be saved: they hold code"
            if callable(x)
            else f"values of type {T.type_string(T.typeof(x))} cannot be saved"
        )

    def array(self, x: Array) -> dict[str, Any]:
        """An array: bytes of numbers, or a list of documents."""
        data = x.data
        body: Any
        if data.dtype == object:
            body = [self.lower(v) for v in elements(data)]
        else:
            body = np.asfortranarray(data).tobytes(order="F")
        size = [int(n) for n in data.shape]
        return {"tag": "array", "type": self.type(x.eltype), "size": size, "data": body}

    def type(self, t: Any) -> Any:
        """A type by its name and parameters."""
        if isinstance(t, T.UnionType):
            return {"tag": "union", "types": [self.type(p) for p in t.types]}
        body = T.unwrap(t)
        if body.typename.singleton is not None:
            return {"tag": "typeof", "value": self.lower(body.typename.singleton)}
        home = getattr(body.typename, "module", None)
        path = [*getattr(home, "path", ("Core",)), body.typename.name]
        bare = t is body.typename.wrapper and isinstance(t, T.UnionAll)
        parameters = [] if bare else [self.parameter(p) for p in body.parameters]
        return {"tag": "datatype", "name": path, "params": parameters}

    def parameter(self, p: Any) -> Any:
        """A parameter of a type."""
        return self.type(p) if isinstance(p, T.JuliaType) else self.lower(p)


def saved_as(x: Any) -> tuple[str, Callable[[Any], list[Any]]] | None:
    """How a value of another package is saved."""
    return next((SAVED[c] for c in type(x).__mro__ if c in SAVED), None) if SAVED else None


def _parts(x: Any) -> Any:
    if type(x) is tuple:
        return x
    if isinstance(x, V.NamedTuple):
        return x.values
    if isinstance(x, Array):
        return elements(x.data) if x.data.dtype == object else ()
    if isinstance(x, V.JuliaDict):
        return [p for pair in x.pairs() for p in pair]
    if isinstance(x, Struct):
        return [getattr(x, f, None) for f in x.fields]
    name = kind_of(x)
    return () if name is None else VALUES[name][0](x)


class Raiser:
    """Turns documents back into values; names are looked up in a module and the packages."""

    def __init__(self, module: Module, shared: list[Any]) -> None:
        self.module = module
        self.shared = shared
        self.raised: dict[int, Any] = {}

    def value(self, d: Any) -> Any:
        """The value of a document."""
        if isinstance(d, list):
            return [self.value(v) for v in d]
        if not isinstance(d, dict):
            return d
        tag = d.get("tag")
        f = getattr(self, f"raise_{tag}", None) if isinstance(tag, str) else None
        if f is None:
            out = V.JuliaDict(T.Symbol_, T.Any_)
            for k, v in d.items():
                out.put(Symbol(k), self.value(v))
            return out
        return f(d)

    def raise_symbol(self, d: Any) -> Any:
        return Symbol(d["name"])

    def raise_tuple(self, d: Any) -> Any:
        return tuple(map(self.value, d["data"]))

    def raise_pair(self, d: Any) -> Any:
        return V.Pair(*map(self.value, d["data"]))

    def raise_made(self, d: Any) -> Any:
        if d["kind"] not in MADE:
            raise E.ErrorException(
                f"there is no {d['kind']} yet; load its package first, as `using Flux` does"
            )
        return MADE[d["kind"]]([self.value(v) for v in d["data"]])

    def raise_value(self, d: Any) -> Any:
        parts = [self.value(v) for v in d["data"]]
        return make(d["kind"], d["type"]["name"], self.type(d["type"]), parts)

    def raise_colon(self, d: Any) -> Any:
        return V.COLON

    def raise_namedtuple(self, d: Any) -> Any:
        names = tuple(n["name"] for n in d["names"])
        return V.NamedTuple(names, tuple(map(self.value, d["data"])))

    def raise_dict(self, d: Any) -> Any:
        out = V.JuliaDict(*map(self.type, d["types"]))
        for k, v in d["data"]:
            key = self.value(k)
            out.put(key, self.value(v))
        return out

    def raise_backref(self, d: Any) -> Any:
        n = d["ref"]
        if n not in self.raised:
            self.raised[n] = self.value(self.shared[n - 1])
        return self.raised[n]

    def raise_function(self, d: Any) -> Any:
        found = self.find(d["name"])
        if not isinstance(found, GenericFunction):
            raise E.ErrorException(f"{'.'.join(d['name'])} is no function")
        return found

    def raise_datatype(self, d: Any) -> Any:
        return self.type(d)

    def raise_union(self, d: Any) -> Any:
        return self.type(d)

    def raise_typeof(self, d: Any) -> Any:
        return self.type(d)

    def raise_array(self, d: Any) -> Any:
        t = self.type(d["type"])
        shape = tuple(d["size"])
        if isinstance(d["data"], bytes):
            dtype = T.DTYPE_OF[t]
            data = np.frombuffer(d["data"], dtype=dtype).reshape(shape, order="F").copy(order="F")
        else:
            data = pack([self.value(v) for v in d["data"]], t).reshape(shape, order="F")
        return array_class(t, len(shape))(data)

    def raise_struct(self, d: Any) -> Any:
        t = self.type(d["type"])
        if isinstance(d["data"], bytes):
            return np.frombuffer(d["data"], dtype=T.DTYPE_OF[t])[0]
        values = [self.value(v) for v in d["data"]]
        cls = getattr(t, "pyclass", None)
        if cls is None or not issubclass(cls, Struct) or len(values) != len(t.fields):
            raise E.ErrorException(f"the type {T.type_string(t)} is not the one that was saved")
        out = cls.__new__(cls)
        for name, value in zip(t.fields, values, strict=True):
            object.__setattr__(out, name, value)
        return out

    def type(self, d: Any) -> Any:
        """The type that a document names."""
        if d["tag"] == "union":
            return T.union(*map(self.type, d["types"]))
        if d["tag"] == "typeof":
            return T.typeof(self.value(d["value"]))
        found = self.find(d["name"])
        if not isinstance(found, T.JuliaType):
            raise E.ErrorException(f"{'.'.join(d['name'])} is no type")
        parameters = [
            self.type(p)
            if isinstance(p, dict) and p.get("tag") in ("datatype", "union", "typeof")
            else self.value(p)
            for p in d["params"]
        ]
        return T.apply_type(found, *parameters) if parameters else found

    def find(self, path: list[str]) -> Any:
        """What a dotted name stands for; packages are loaded for it."""
        home, *rest = path
        where = self.module if home == "Main" else {"Core": Base, "Base": Base}.get(home)
        if where is None:
            where = PACKAGES.get(home)
        if where is None:
            raise E.UndefVarError(Symbol(home))
        for name in rest:
            where = where.get(name)
        return where


def save(path: str, values: dict[str, Any]) -> None:
    """Write values under names."""
    try:
        Path(path).write_bytes(encode(Writer().document(values)))
    except OSError as e:
        raise E.SystemError_(f"opening file {path!r}", e.errno, None) from None


def load(path: str, module: Module) -> dict[str, Any]:
    """Read the values of a file by name."""
    try:
        data = Path(path).read_bytes()
    except OSError as e:
        raise E.SystemError_(f'opening file "{path}"', e.errno, None) from None
    if data[:8] == b"\x89HDF\r\n\x1a\n" or data[512:520] == b"\x89HDF\r\n\x1a\n":
        raise E.ErrorException("this is an HDF5 file; only files written by Juliette can be loaded")
    try:
        document = Reader(data).document()
        raiser = Raiser(module, document.pop("_backrefs", []))
        return {k: raiser.value(v) for k, v in document.items()}
    except (ValueError, EOFError, KeyError, IndexError, TypeError, struct.error):
        raise E.ErrorException(f"{path} is not a file of saved values, or it is damaged") from None


# ---------------------------------------------------------------- the packages


def main_module() -> Module:
    """The Main of the session."""
    from juliette.runtime.modules import SESSION

    return SESSION.main


def by_symbol(values: dict[str, Any]) -> Any:
    """A `Dict{Symbol, Any}` of names and values."""
    out = V.JuliaDict(T.Symbol_, T.Any_)
    for k, v in values.items():
        out.put(Symbol(k), v)
    return out


def by_name(values: dict[str, Any]) -> Any:
    """A `Dict{String, Any}` of names and values."""
    out = V.JuliaDict(T.String, T.Any_)
    for k, v in values.items():
        out.put(k, v)
    return out


def _pairs(items: tuple[Any, ...]) -> dict[str, Any]:
    """`"a", x, "b", y` or `"a" => x` as a dictionary."""
    return {items[i]: items[i + 1] for i in range(0, len(items) - 1, 2)}


def macros(module: Module, tells: bool) -> None:
    """`@save file a b c = value` and `@load file a b`, which `tells` what it loads or gives nothing."""

    @module.macro("save")
    def save_macro(context: Any, path: Any, *names: Any) -> Any:
        """Save variables under their names."""
        args: list[Any] = []
        for n in names:
            named = isinstance(n, Expr) and n.head in ("=", "kw")
            args += [(n.args[0] if named else n).name, n.args[1] if named else n]
        return Expr("call", QuoteNode(lambda p, *items: save(p, _pairs(items))), path, *args)

    @module.macro("load")
    def load_macro(context: Any, path: Any, *names: Any) -> Any:
        """Load variables by their names."""
        wanted = [n.name for n in names]
        if not wanted:
            if not isinstance(path, str):
                raise E.ErrorException("@load without variable names needs a file name in quotes")
            wanted = list(load(path, main_module()))
        loaded = context.gensym("loaded")
        steps = [Expr("=", loaded, Expr("call", QuoteNode(_load_some), path, *wanted))]
        for i, n in enumerate(wanted):
            steps.append(Expr("=", Symbol(n), Expr("ref", loaded, i + 1)))
        return Expr("block", *steps, Expr("call", QuoteNode(_symbols), *wanted) if tells else None)


def _load_some(path: str, *names: str) -> Any:
    found = load(path, main_module())
    for n in names:
        if n not in found:
            raise E.KeyError_(Symbol(n))
    return tuple(found[n] for n in names)


def _symbols(*names: str) -> Any:
    from juliette.runtime.array import vector

    return vector(map(Symbol, names), T.Symbol_)


def load_bson(module: Module) -> None:
    """Fill the module BSON."""
    macros(module, tells=False)

    @module.method("bson(path, doc)", export=False)
    def bson(path: str, doc: Any) -> None:
        """Save the values of a dictionary."""
        save(path, {k.name if isinstance(k, Symbol) else str(k): v for k, v in doc.pairs()})

    @module.method("bson(path; values...)", export=False)
    def bson_named(path: str, **values: Any) -> None:
        """Save values under names."""
        save(path, values)

    @module.method("load(path, home=nothing)", export=False)
    def load_(path: str, where: Any = None) -> Any:
        """The values of a file by name."""
        return by_symbol(load(path, where or main_module()))

    module.exports -= {"@save", "@load"}


class JLDFile:
    """An open file of values by name; it is written when it is closed."""

    def __init__(self, path: str, mode: str) -> None:
        if mode not in ("r", "r+", "a", "a+", "w", "w+"):
            raise E.ArgumentError(f"invalid open mode: {mode}")
        self.path, self.writes = path, mode != "r"
        fresh = mode[0] == "w" or (mode[0] == "a" and not Path(path).exists())
        self.values = {} if fresh else load(path, main_module())

    def write(self, value: Any, name: str) -> None:
        """Keep a value; its name must be new."""
        if not self.writes:
            raise E.ErrorException("cannot write to a file that was opened for reading only")
        if name in self.values:
            raise E.ErrorException(
                f"a group or dataset named {name} is already present within this group"
            )
        self.values[name] = value

    def read(self, name: str) -> Any:
        """The value of this name."""
        if name not in self.values:
            raise E.KeyError_(name)
        return self.values[name]

    def close(self) -> None:
        """Write what was kept."""
        if self.writes:
            save(self.path, self.values)


FILE = T.define("JLDFile")
T.register_class(JLDFile, FILE)


def file_methods() -> None:
    """Base's functions for open files."""
    scope = Module("scope")
    scope.bindings["JLDFile"] = FILE
    scope.visible = scope.bindings["__builtins__"] = Base.bindings
    for header, f in (
        ("getindex(f::JLDFile, name::String)", lambda f, name: f.read(name)),
        ("setindex!(f::JLDFile, x, name::String)", lambda f, x, name: f.write(x, name)),
        ("read(f::JLDFile, name::String)", lambda f, name: f.read(name)),
        ("write(f::JLDFile, name::String, x)", lambda f, name, x: f.write(x, name)),
        ("haskey(f::JLDFile, name::String)", lambda f, name: name in f.values),
        ("keys(f::JLDFile)", lambda f: vector(list(f.values), T.String)),
        ("close(f::JLDFile)", lambda f: f.close()),
    ):
        scope.method(header, export=False)(f)


def load_jld2(module: Module) -> None:
    """Fill the module JLD2."""
    macros(module, tells=True)
    file_methods()

    @module.method("jldsave(path; values...)")
    def jldsave(path: str, **values: Any) -> None:
        """Save values under names."""
        save(path, values)

    @module.method("load(path, names...)", export=False)
    def load_(path: str, *names: str) -> Any:
        """The values of a file by name; with one name its value, with several a tuple."""
        found = load(path, main_module())
        if not names:
            return by_name(found)
        missing = [n for n in names if n not in found]
        if missing:
            raise E.KeyError_(missing[0])
        return found[names[0]] if len(names) == 1 else tuple(found[n] for n in names)

    @module.method("save(path, items...)", export=False)
    def save_(path: str, *items: Any) -> None:
        """Save values under names: `save(path, "a", x, "b", y)` or a dictionary."""
        values = dict(items[0].pairs()) if len(items) == 1 else _pairs(items)
        save(path, values)

    module.const("JLDFile", FILE, export=False)
    FILE.typename.module = module

    @module.method('jldopen(path, mode="r")')
    def jldopen(path: str, mode: str = "r") -> JLDFile:
        """An open file, whose values are read and written by name: `f["x"]`."""
        return JLDFile(path, mode)

    @module.method('jldopen(f::Function, path, mode="r")')
    def jldopen_do(f: Any, path: str, mode: str = "r") -> Any:
        """What `f` gives for an open file, which is closed then."""
        file = JLDFile(path, mode)
        try:
            return f(file)
        finally:
            file.close()

    @module.method("load_object(path)")
    def load_object(path: str) -> Any:
        """The value that `save_object` wrote."""
        return load(path, main_module())["single_stored_object"]

    @module.method("save_object(path, x)")
    def save_object(path: str, x: Any) -> None:
        """Save one value."""
        save(path, {"single_stored_object": x})


package("BSON", load_bson)
package("JLD2", load_jld2)
