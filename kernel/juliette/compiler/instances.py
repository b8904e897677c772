"""Instances: a method's code for one tuple of argument types.

An instance is inferred when a caller or dispatch asks for it, and compiled when it is first called.
Callers reach it by a name in their module's helpers that first stands for a stub and then for the
Python function.  A method that is added later ends the instances whose inference it contradicts;
code that is still running keeps the old ones, as Julia's world age has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.compiler import python_backend as backend
from juliette.compiler.inference import Inference, quiet
from juliette.compiler.lattice import ANY, BOTTOM, Known, join, tuple_of, widen
from juliette.compiler.lower import LambdaCode
from juliette.runtime import types as T
from juliette.runtime.dispatch import Method
from juliette.runtime.modules import Module

# More specialisations of one method than this share code that knows no types.
MOST_INSTANCES = 24
# How deep calls are followed, and how many instances one question may infer.
DEEPEST, MOST_INFERRED = 10, 60
_STACK: list[Instance] = []


def _leave(module: Module, names: set[str]) -> None:
    pass


# What the first use of a global name means for its module (`compiler.imports`).
RESOLVE: Callable[[Module, set[str]], None] = _leave


def set_resolve(f: Callable[[Module, set[str]], None]) -> None:
    """Install what the first use of global names does."""
    global RESOLVE
    RESOLVE = f


_BUDGET = [0]


Named = tuple[tuple[str, Any], ...]


class Source:
    """Where a Julia method's code comes from, and what was compiled from it."""

    __slots__ = ("captured", "closure", "code", "drop_first", "instances", "module", "statics")

    def __init__(
        self,
        code: LambdaCode,
        module: Module,
        statics: tuple[T.TypeVar, ...],
        *,
        drop_first: bool = False,
        captured: tuple[Any, ...] = (),
        closure: dict[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.module = module
        self.statics = statics
        # the first argument is the type of a constructor
        self.drop_first = drop_first
        # variables that a global method takes from an enclosing `let`
        self.captured = captured
        # for a closure: the types of its captured variables
        self.closure = closure
        self.instances: dict[Any, Instance] = {}


class Instance:
    """A method's code for one tuple of argument types."""

    __slots__ = (
        "callers",
        "dead",
        "direct",
        "function",
        "holders",
        "inference",
        "key",
        "keywords",
        "lowest",
        "method",
        "name",
        "named",
        "producer",
        "quiet",
        "recursive",
        "result",
        "traced",
        "types",
    )
    count = 0

    def __init__(
        self,
        method: Method,
        types: tuple[Any, ...] | None,
        traced: bool,
        keywords: bool,
        named: Named = (),
    ) -> None:
        Instance.count += 1
        self.method = method
        # None: types are not looked at (`statics` may still depend on them)
        self.types = types
        self.traced = traced
        # keywords come in a dictionary, the first argument; or these by name, after the arguments
        self.keywords = keywords
        self.named = named
        self.name = f"%f{Instance.count}"
        self.key: Any = None
        self.function: Any = None
        # the same, without the type that a constructor is called with
        self.direct: Any = None
        # the same as a generator of what it puts into a channel; False if it is none, None if nobody asked
        self.producer: Any = None
        self.inference: Inference | None = None
        self.result: Any = BOTTOM
        self.recursive = False
        # known not to run anything that could change the size of an array
        self.quiet = False
        self.lowest = 0
        self.holders: list[dict[str, Any]] = []
        self.callers: list[Instance] = []
        self.dead = False

    # ------------------------------------------------------------ inference

    def infer(self) -> Any:
        """The type of the result; follows calls, and recursion to a fixpoint."""
        if self.inference is not None:
            return self.result
        if self in _STACK:
            self.recursive = True
            at = _STACK.index(self)
            for above in _STACK[at + 1 :]:
                above.lowest = min(above.lowest, at)
            return self.result
        if not _STACK:
            _BUDGET[0] = MOST_INFERRED
        if len(_STACK) >= DEEPEST or _BUDGET[0] <= 0:
            return ANY
        at = len(_STACK)
        _STACK.append(self)
        self.result, self.lowest = BOTTOM, at
        try:
            for attempt in range(6):
                _BUDGET[0] -= 1
                self.recursive = False
                inference = self._inferred(hopeful=not attempt)
                new = join(self.result, widen(inference.returns))
                if (new is self.result or new == self.result or not self.recursive) and (
                    not inference.hoped
                ):
                    break
                self.result = new if attempt < 3 else ANY
            self.result = new
        finally:
            _STACK.pop()
        if self.lowest == at:
            self._settle(inference)
        return self.result

    def _settle(self, inference: Inference) -> None:
        """The answer stands: note what it rests on."""
        self.inference = inference
        self.quiet = quiet(self.method.code.body, inference)
        for function, types in dict.fromkeys(inference.edges):
            function.watch(types, self.end)
        for callee in dict.fromkeys(inference.callees):
            callee.callers.append(self)

    def _inferred(self, *, hopeful: bool = False) -> Inference:
        source: Source = self.method.source
        code = source.code
        inference = Inference(source.module, self.traced)
        inference.hopeful = hopeful
        types = self.types
        if types is not None:
            given = types[1:] if source.drop_first else types
            if source.closure is not None:
                for var in code.captures.values():
                    inference.vars[var] = source.closure.get(var.name, ANY)
            else:
                for var in code.captures.values():
                    inference.vars[var] = ANY
            for i, var in enumerate(code.params):
                if code.vararg and i == len(code.params) - 1:
                    inference.vars[var] = tuple_of(list(given[i:]))
                else:
                    inference.vars[var] = element_of_type(given[i])
        else:
            for var in (*code.params, *code.captures.values()):
                inference.vars[var] = ANY
        for var, value in zip(code.statics, self.statics(), strict=True):
            inference.vars[var] = ANY if isinstance(value, T.TypeVar) else Known(value)
        defaults = []
        named = dict(self.named)
        missing = []
        for keyword in code.keywords:
            name, var, default, typ = keyword
            if name in named:
                inference.vars[var] = element_of_type(named[name])
                continue
            missing.append(keyword)
            inference.vars[var] = declared_type(source.module, typ) if self.keywords else BOTTOM
            if default is not None:
                defaults.append(default)
        if code.keyword_rest is not None:
            inference.vars[code.keyword_rest] = ANY
        inference.keywords = missing
        inference.run(code.body, *defaults)
        if code.return_type is not None:
            inference.visit(code.return_type)
            declared = inference.types[id(code.return_type)]
            if (
                type(declared) is Known
                and isinstance(declared.value, T.DataType)
                and declared.value.concrete
            ):
                inference.returns = declared.value
            elif inference.returns is not BOTTOM:
                inference.returns = ANY
        if self.traced and any([element is ANY for element in inference.elements.values()]):
            self._tell_elements(inference)
        return inference

    def _tell_elements(self, inference: Inference) -> None:
        """Empty comprehensions have elements of the types that they have where nothing is traced."""
        plain = Instance(self.method, self.types, False, self.keywords, self.named)._inferred()
        for node, element in plain.elements.items():
            if inference.elements.get(node) is ANY:
                inference.elements[node] = element

    def statics(self) -> tuple[Any, ...]:
        """The values of the static variables."""
        source: Source = self.method.source
        return (
            static_values(self.method, self.types)
            if self.types is not None and source.statics
            else (self.key[2] if self.key is not None and self.types is None else ())
        )

    # ------------------------------------------------------------ code

    def compile(self) -> Any:
        """The Python function."""
        if self.function is not None:
            return self.function
        if self.inference is None:
            self.infer()
        inference = self.inference or self._inferred()
        if self.inference is None:
            self._settle(inference)
        source: Source = self.method.source
        RESOLVE(source.module, source.code.reads)
        closure = bool(source.code.captures) or source.closure is not None
        f = backend.compile_method(
            source.code,
            source.module,
            self.statics(),
            inference=inference,
            keywords=self.keywords,
            closure=closure,
            named=tuple(name for name, _ in self.named),
        )
        if closure and source.closure is None:
            f = _bind_first(f, Captured(source.code, source.captured))
        for names in self.holders:
            names[self.name] = f
        self.direct = f
        self.function = _drop_first(f) if source.drop_first else f
        return self.function

    def enter_into(self, names: dict[str, Any]) -> str:
        """Make the name of the function known where code that calls it is compiled."""
        if self.name not in names:
            names[self.name] = self.direct if self.direct is not None else self._stub
            self.holders.append(names)
        return self.name

    def _stub(self, *args: Any) -> Any:
        self.compile()
        return self.direct(*args)

    def end(self) -> None:
        """What was concluded holds no longer: the next call compiles anew."""
        if self.dead:
            return
        self.dead = True
        self.method.source.instances.pop(self.key, None)
        self.method.function.forget()
        callers, self.callers = self.callers, []
        for c in callers:
            c.end()


class Captured:
    """The captured variables of a global method defined inside `let`."""

    def __init__(self, code: LambdaCode, values: tuple[Any, ...]) -> None:
        for var, value in zip(code.captures.values(), values, strict=True):
            setattr(self, var.name, value)


def _bind_first(f: Any, first: Any) -> Any:
    def bound(*args: Any) -> Any:
        return f(first, *args)

    return bound


def _drop_first(f: Any) -> Any:
    def constructor(_: Any, *args: Any) -> Any:
        return f(*args)

    return constructor


def element_of_type(t: Any) -> Any:
    """What a parameter is known to be, from the type that dispatch saw."""
    if isinstance(t, T.DataType):
        if t.typename is T.TYPE_NAME and t.parameters:
            return Known(t.parameters[0])
        if t.typename.singleton is not None:
            return Known(t.typename.singleton)
        if t is T.Nothing:
            return Known(None)
        if t.concrete:
            return t
    return ANY


def declared_type(module: Module, typ: Any) -> Any:
    """The type that `k::T` in a signature promises."""
    if typ is None:
        return ANY
    found = Inference(module).visit(typ)
    if type(found) is Known and isinstance(found.value, T.DataType) and found.value.concrete:
        return element_of_type(found.value)
    return ANY


def static_values(method: Method, types: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values for all static variables of the code, in its order; undefined ones are themselves."""
    source: Source = method.source
    if not source.statics:
        return ()
    found = T.match(T.tuple_type(types), method.signature, told=True) or {}
    return tuple(found.get(v, v.upper) for v in source.statics)


def instance_of(
    method: Method,
    types: tuple[Any, ...],
    traced: bool,
    keywords: bool = False,
    named: Named = (),
) -> Instance:
    """The instance for argument types (and the types of keywords, where they are passed by name)."""
    source: Source = method.source
    key = (types, traced, named or keywords)
    found = source.instances.get(key)
    if found is None:
        if len(source.instances) >= MOST_INSTANCES:
            statics = static_values(method, types)
            if named:
                named = tuple((name, T.Any_) for name, _ in named)
            key = (None, (traced, named or keywords), statics)  # type: ignore[assignment]
            found = source.instances.get(key)
            if found is not None:
                return found
            found = Instance(method, None, traced, keywords, named)
        else:
            found = Instance(method, types, traced, keywords, named)
        found.key = key
        source.instances[key] = found
    return found
