"""What the walk knows of the values that it meets: each has an *example*, the value that it once had.

Only the class of an example is relied on, and where a value comes from outside the program the class is checked
each time (`Opener`).  Numbers and arrays are `Val`s; the rest is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.compiler.closures import ClosureBase
from juliette.packages.zygote.straight.flow import Flow
from juliette.packages.zygote.straight.items import (
    NUMBERS,
    Line,
    Refuse,
    Val,
    sample_of,
)
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Module
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol
from juliette_engine.program import Value
from juliette_engine.tape import Node


class Const:
    """A value that is always this one."""

    __slots__ = ("example",)
    active = False

    def __init__(self, value: Any) -> None:
        self.example = value


class Tup:
    """A tuple, or a named tuple, of known parts."""

    __slots__ = ("items", "names")

    def __init__(self, items: list[Any], names: tuple[str, ...] | None = None) -> None:
        self.items = items
        self.names = names

    @property
    def active(self) -> bool:
        return any(x.active for x in self.items)

    @property
    def example(self) -> Any:
        values = tuple([x.example for x in self.items])
        return values if self.names is None else V.NamedTuple(self.names, values)


class Keywords:
    """The keywords that a method passes on."""

    __slots__ = ("given",)
    example = None

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given

    @property
    def active(self) -> bool:
        return any(x.active for x in self.given.values())


class Lane:
    """A number of each element of a dotted call: a function of the user's own is walked through once for all.

    `tree` is the elementwise tree so far, `spread` the dotted call that it belongs to.
    """

    __slots__ = ("example", "spread", "tree")
    active = True

    def __init__(self, tree: Any, example: Any, spread: Any) -> None:
        self.tree = tree
        self.example = example
        self.spread = spread


class Turned:
    """`x'` or `transpose(x)` of an array that is not copied; a product with it is another product."""

    __slots__ = ("example", "of")

    def __init__(self, of: Val, example: Any) -> None:
        self.of = of
        self.example = example

    @property
    def active(self) -> bool:
        return self.of.active


class Local:
    """A closure that the program itself makes: its methods, and what it captured."""

    __slots__ = ("captured", "family", "module")
    example = None

    def __init__(self, family: Any, module: Module, captured: dict[str, Any]) -> None:
        self.family = family
        self.module = module
        self.captured = captured

    @property
    def active(self) -> bool:
        return any(x.active for x in self.captured.values())


class Record:
    """A value from outside: a struct, a tuple, a closure, or one that is only passed on.  Parts are loaded when asked for."""

    __slots__ = ("active", "example", "home", "name", "opener", "parts")

    def __init__(
        self, opener: Opener, name: str, example: Any, active: bool, home: list[Any]
    ) -> None:
        self.opener = opener
        self.name = name
        self.example = example
        self.active = active
        self.home = home
        self.parts: dict[Any, Any] = {}

    def part(self, key: Any) -> Any:
        """A field, by its name, or an item, by its number from 0."""
        found = self.parts.get(key)
        if found is not None:
            return found
        x = self.example
        if isinstance(key, int):
            where = "" if type(x) is tuple else ".data" if isinstance(x, Array) else ".values"
            value = (x if type(x) is tuple else x.data if isinstance(x, Array) else x.values)[key]
            text = f"{self.name}{where}[{key}]"
        else:
            if not hasattr(x, key):
                raise Refuse(f"field {key}")
            value = getattr(x, key)
            text = (
                f"{self.name}.{key}"
                if key.isidentifier() and key.isascii()
                else f"getattr({self.name}, {key!r})"
            )
        found = self.parts[key] = self.opener.open(text, value, self.active, self.home)
        return found


def holds_values(x: Any) -> bool:
    """Is this a short vector of structs and functions, such as layers?"""
    if (
        not isinstance(x, Array)
        or x.data.dtype != object
        or x.data.ndim != 1
        or not 0 < len(x.data) <= MOST
    ):
        return False
    return all(isinstance(v, (Struct, ClosureBase, GenericFunction, V.NamedTuple)) for v in x.data)


# Vectors of so many layers are walked through one by one.
MOST = 16
LARGE = 1 << 14
OPAQUE = (str, Symbol, V.Range, V.BitArray, V.ColonType, np.generic, V.JuliaDict, V.Wrapper)


# Layers that change, but have nothing that trains: their gradient is nothing.
WITHOUT_PARAMETERS: set[Any] = set()
# Layers that change, whose gradient is that of their fields nevertheless.
CHANGING: set[Any] = set()


class Opener:
    """Brings values from outside into the program, with a check of their class.

    With implicit parameters an array is active if it is one of them: which are is checked, too.
    """

    def __init__(self, flow: Flow, params: dict[int, Any] | None) -> None:
        self.flow = flow
        self.params = params
        self.used: list[
            tuple[str, Val]
        ] = []  # the implicit parameters that the program uses, by Julia name
        self.loaded: dict[str, Any] = {}
        self.arrays: dict[int, Val] = {}  # what is found by identity

    def open(
        self,
        text: str,
        x: Any,
        active: bool,
        home: list[Any],
        checked: bool = False,
        varies: bool = False,
    ) -> Any:
        """The value of a Python expression; `checked`: its class is known; `varies`: it comes out of a call."""
        cls = type(x)
        if home is self.flow.prologue and text in self.loaded:
            return self.loaded[text]
        found = self._open(text, x, cls, active, home, checked, varies)
        if home is self.flow.prologue:
            self.loaded[text] = found
        return found

    def _open(
        self,
        text: str,
        x: Any,
        cls: type,
        active: bool,
        home: list[Any],
        checked: bool,
        varies: bool,
    ) -> Any:
        def add(line: str, *outs: str) -> None:
            home.append(Line(line, outs))

        def check(test: str) -> None:
            if not checked:
                add(f"if {test}: raise Bail")

        if isinstance(x, Node):
            raise Refuse("a traced value")
        if (
            x is None
            or isinstance(x, (GenericFunction, T.JuliaType, Module))
            or (cls is bool and not varies)
        ):
            name = self.flow.new()
            add(f"{name} = {text}", name)
            add(
                f"if {name} is not {x if x is None or cls is bool else self.flow.hold(x)}: raise Bail"
            )
            return Const(x)
        name = self.flow.new()
        add(f"{name} = {text}", name)
        if cls in NUMBERS:
            check(f"type({name}) is not {self.flow.hold(cls)}")
            return Val(Value(name, sample_of(x), False), x, active and cls is not bool)
        if isinstance(x, Array) and x.data.dtype.kind in "fiub" and x.data.ndim:
            check(f"type({name}) is not {self.flow.hold(cls)}")
            twin = (
                self.arrays.get(id(x))
                if self.params is not None and home is self.flow.prologue
                else None
            )
            if twin is not None:
                add(f"if {name} is not {twin.julia}: raise Bail")
                return twin
            if x.data.size > LARGE:
                self.flow.large = True
            raw = self.flow.new()
            add(f"{raw} = {name}.data", raw)
            if self.params is not None:
                active = id(x) in self.params
                if home is not self.flow.prologue and active:
                    raise Refuse("a parameter that is found late")
                add(f"if id({name}) {'not in' if active else 'in'} items: raise Bail")
            if active and x.data.dtype.kind != "f":
                raise Refuse("gradients of whole numbers")
            out = Val(Value(raw, sample_of(x.data), True), x, active, name)
            if self.params is not None and home is self.flow.prologue:
                self.arrays[id(x)] = out
                if active:
                    self.used.append((name, out))
            return out
        layers = holds_values(x)
        known = cls is tuple or layers or isinstance(x, (V.NamedTuple, Struct, ClosureBase))
        if not known and not isinstance(x, OPAQUE) and not isinstance(x, Array):
            raise Refuse(f"a value of class {cls.__name__}")
        if isinstance(x, (V.BitArray, V.Wrapper)) and np.asarray(x.data).dtype == bool:
            active = False  # truth values have no gradient
        if active and getattr(cls, "host", None) in WITHOUT_PARAMETERS:
            active = False
        changes = getattr(cls, "mutable", False) and getattr(cls, "host", None) not in CHANGING
        if active and (not known or changes):
            raise Refuse(f"gradients of a {cls.__name__}")
        check(f"type({name}) is not {self.flow.hold(cls)}")
        if cls is tuple:
            add(f"if len({name}) != {len(x)}: raise Bail")
        elif layers:
            add(f"if {name}.data.shape != {x.data.shape!r}: raise Bail")
        elif isinstance(x, V.NamedTuple):
            add(f"if {name}.names != {x.names!r}: raise Bail")
        return Record(self, name, x, active, home)


def exact(x: Any) -> bool:
    """Does the class of a value, which is checked, fix its Julia type?"""
    if type(x) in (Const, Val, Lane, Turned):
        return True
    if type(x) is Tup:
        return all(map(exact, x.items))
    if type(x) is Record:
        example = x.example.values if isinstance(x.example, V.NamedTuple) else x.example
        if type(example) is tuple:
            return all(exact(x.part(i)) for i in range(len(example)))
        return T.class_type(type(example))[1]
    return False
