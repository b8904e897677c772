"""Methods in core form, and the families of methods that share a closure type."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.runtime.world import WORLD, in_function


class LambdaCode:
    """A method's code in core form, shared by all its specialisations."""

    def __init__(self, name: str, file: str, line: int) -> None:
        self.name = name
        self.file = file
        self.line = line
        self.params: list[C.Var] = []
        self.vararg = False
        self.keywords: list[tuple[str, C.Var, C.Node | None, C.Node | None]] = []
        self.keyword_rest: C.Var | None = None
        self.statics: list[C.Var] = []
        self.body: C.Node = C.Const(None)
        self.return_type: C.Node | None = None
        self.captures: dict[C.Var, C.Var] = {}
        # the names of its variables, in all its scopes
        self.locals: frozenset[str] = frozenset()
        self.reads: set[str] = set()
        # a method of a callable value, which is its first parameter
        self.callable = False
        # a method with optional arguments left out, which calls the one that has them
        self.forwards = False


class Family:
    """The methods of one local function (or lambda), which share a closure type."""

    def __init__(self, name: str, anonymous: bool) -> None:
        self.name = name
        self.anonymous = anonymous
        # (code, parameter types, static variables' bounds) per method
        self.methods: list[
            tuple[LambdaCode, list[C.Node], list[tuple[str, C.Node | None, C.Node | None]]]
        ] = []
        self.captures: list[tuple[C.Var, C.Var]] = []
        # Code sees its closures if it sees itself, however much later they are made first; what `eval` makes
        # while a function runs is new to that.
        WORLD.latest += in_function()
        self.world = WORLD.latest
        # the classes of its closures, by the types of what they captured; and their Julia type
        self.classes: dict[tuple[Any, ...], Any] = {}
        self.type: Any = None

    @property
    def takes_anything(self) -> bool:
        """Does no method declare the type of a parameter?"""
        return all(
            not statics and all(type(p) is C.Runtime and p.name == "Any" for p in params)
            for _, params, statics in self.methods
        )
