"""The compiler as a session uses it: statements of a module in, values out."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler import definitions, imports, support
from juliette.compiler import python_backend as backend
from juliette.compiler import type_support as type_support
from juliette.compiler.expansion import Expander
from juliette.compiler.lower import Lowerer
from juliette.compiler.toplevel import Inside
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Main, Module
from juliette.runtime.world import WORLD, in_function
from juliette.syntax.expr import Expr, LineNumberNode, macro_call

# Julia finds these after the stage that adds the place to a message.
_PLACELESS = (
    "syntax: break or continue outside loop",
    'syntax: "$" expression outside quote',
    'syntax: label "',
    "syntax: no outer local variable declaration",
)


def _placeless(text: str) -> bool:
    return text.startswith(_PLACELESS) or text.endswith("expression not at top level")


_CURRENT: list[Compiler] = []


def current() -> Compiler:
    """The compiler of the session that is running."""
    return _CURRENT[-1]


class Compiler:
    """Compiles and runs top-level expressions."""

    def __init__(self, soft_scope: bool = True) -> None:
        self.soft_scope = soft_scope
        self.gensyms = 0
        # the globals that functions use
        self.inside = Inside()
        self.module = Main
        _CURRENT[:] = [self]
        self.warned: set[tuple[str, str, int]] = set()
        # the files that are being included, innermost last
        self.files: list[str] = []
        # for each module that is being defined, innermost last: modules in it that wait for their `__init__`
        self.uninitialized: list[list[Module]] = []
        # packages that were read from files, and those files
        self.packages: dict[str, tuple[Module, str]] = {}
        # statements that are running one inside another
        self.depth = 0

    # ------------------------------------------------------------ what lowering asks

    def has_global(self, module: Module, name: str) -> bool:
        return name in module.bindings

    def warn_soft(self, name: str, file: str, line: int) -> None:
        if (name, file, line) in self.warned:
            return
        self.warned.add((name, file, line))
        support.WARN(
            f"┌ Warning: Assignment to `{name}` in soft scope is ambiguous because a global variable by the "
            f"same name exists: `{name}` will be treated as a new local. Disambiguate by using `local {name}` "
            f"to suppress this warning or `global {name}` to assign to the existing global variable.\n"
            f"└ @ {file}:{line}\n"
        )

    def warn_unused(self, name: str, variable: str, file: str, line: int) -> None:
        """`f(x) where T`: nothing tells `T`."""
        if (variable, file, line) in self.warned:
            return
        self.warned.add((variable, file, line))
        support.WARN(
            f"WARNING: method definition for {name} at {file}:{line} declares type variable "
            f"{variable} but does not use it.\n"
        )

    def anonymous_name(self, module: Module) -> str:
        module.anonymous_count += 1
        name = f"#{module.anonymous_count}"
        module.anonymous_count += 1
        return name

    # ------------------------------------------------------------ running

    def run(self, e: Any, module: Module, file: str, line: int = 1) -> Any:
        """Run one top-level expression and return its value.

        It sees all methods that there are; a function that has it run (`eval`) still does not see
        those that it adds.
        """
        world = WORLD.current
        outermost = self.depth == 0
        if outermost:
            WORLD.begin()
        else:
            WORLD.current = WORLD.latest
        self.depth += 1
        try:
            return self._run(e, module, file, line)
        finally:
            self.depth -= 1
            if outermost:
                WORLD.begin()
            elif WORLD.latest > world and in_function():
                WORLD.hold(world)

    def _run(self, e: Any, module: Module, file: str, line: int) -> Any:
        _CURRENT[:] = [self]
        if isinstance(e, LineNumberNode):
            return None
        if isinstance(e, Expr):
            if e.head == "toplevel":
                value = None
                for item in e.args:
                    if isinstance(item, LineNumberNode):
                        line = item.line
                        continue
                    value = self.run(item, module, file, line)
                return value
            if e.head == "module":
                return self.define_module(e, module, file, line)
            if macro_call(e) is not None:
                expanded = self.expand_macro(e, module, None, line, file)
                if isinstance(expanded, Expr) and expanded.head in (
                    "toplevel",
                    "module",
                    "macrocall",
                ):
                    return self.run(expanded, module, file, line)
                e = expanded
        node = self.lower(e, module, file, line)
        function = backend.compile_toplevel(node, module, file, line, self.inside)
        return function()

    def lower(self, e: Any, module: Module, file: str, line: int) -> C.Node:
        lowerer = Lowerer(module, self, file, line)
        try:
            node = lowerer.toplevel(e)
            imports.resolve(module, lowerer.function.reads)
            return node
        except ErrorException as error:
            text = error.msg
            if (
                str(text).startswith("syntax: ")
                and not _placeless(str(text))
                and "around" not in text
            ):
                error.msg = f"{text} around {file}:{line}"
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Parts where nothing in the language has any.
            raise ErrorException(f"syntax: malformed expression around {file}:{line}") from error

    def define_module(self, e: Expr, parent: Module, file: str, line: int) -> Module:
        return imports.define_module(self, e, parent, file, line)

    def add_module_functions(self, module: Module, file: str) -> None:
        """`eval` and `include` of a module."""
        imports.add_functions(self, module, file)

    # ------------------------------------------------------------ macros

    def expand_macro(
        self, e: Expr, module: Module, lowerer: Any, line: int = 0, file: str = "none"
    ) -> Any:
        """What a macro call stands for."""
        if lowerer is not None:
            line, file = lowerer.line, lowerer.file
        return Expander(self, module, lowerer, line, file).expand(e)

    def lower_struct(self, lowerer: Lowerer, e: Expr) -> C.Node:
        return definitions.lower_struct(lowerer, e)

    def lower_abstract(self, lowerer: Lowerer, head: Any, bits: Any) -> C.Node:
        return definitions.lower_abstract(lowerer, head, bits)


def literal(kind: str, value: Any) -> Any:
    """A literal that the parser leaves to the runtime."""
    import numpy as np

    from juliette.runtime.values import chars

    if kind == "Char":
        found = chars(value)
        if len(found) != 1:
            raise ErrorException("syntax: character literal contains multiple characters")
        return found[0]
    simple = {
        "Float32": np.float32,
        "UInt8": np.uint8,
        "UInt16": np.uint16,
        "UInt32": np.uint32,
        "UInt64": np.uint64,
    }
    return simple[kind](value)
