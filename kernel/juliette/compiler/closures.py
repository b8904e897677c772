"""Closures: objects of a class for each lambda in the source and each tuple of captured types.

So a closure's class tells the types of what it captured, and its methods are compiled for them.
"""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler.instances import Source, element_of_type, instance_of
from juliette.compiler.lower import Family
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction, KeywordCall, Method
from juliette.runtime.errors import MethodError, UndefVarError
from juliette.runtime.modules import Core, Module
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol

# More classes than this of one lambda share one that knows nothing of what is captured.
MOST_CLASSES = 16


class Box:
    """A captured variable that is assigned more than once: a `Core.Box`, whose field is `contents`."""

    __slots__ = ("name", "value")
    fields = ("contents",)

    def __init__(self, name: str, *value: Any) -> None:
        self.name = name
        if value:
            self.value = value[0]

    def __getattr__(self, attribute: str) -> Any:
        if attribute != "value":
            raise AttributeError(attribute)
        raise UndefVarError(Symbol(self.name))

    @property
    def contents(self) -> Any:
        return self.value

    @contents.setter
    def contents(self, value: Any) -> None:
        self.value = value


class UnsupportedKeyword(Exception):
    """Turned into a MethodError by the caller, which knows the function and the arguments."""


# What Python takes for no name, wherever it stands.
_CONSTANTS = frozenset({"None", "True", "False"})


class ClosureBase:
    """Base of the classes of closures."""

    __slots__ = ("__weakref__",)
    generic: GenericFunction
    fields: tuple[str, ...] = ()

    @classmethod
    def maker(cls) -> Any:
        """A function that makes one from what it captures; None if the names of that forbid it."""
        names = cls.fields
        if len(set(names)) < len(names) or _CONSTANTS.intersection(names):
            return None
        found = cls.__dict__.get("made_by")
        if found is None:
            given = [f"x{i}" for i in range(len(names))]
            lines = [f"def maker({', '.join(given)}):", "    made = new(cls)"]
            lines += [f"    made.{x} = {x}" for x in given]
            tree = ast.parse("\n".join([*lines, "    return made"]))
            # The names go into the tree as they are: as text, `in` is no name and `ϵ` becomes another.
            held = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
            for node in held:
                node.attr = names[given.index(node.attr)]
            scope: dict[str, Any] = {"new": cls.__new__, "cls": cls}
            exec(compile(tree, __file__, "exec"), scope)
            found = cls.made_by = (scope["maker"],)  # type: ignore[attr-defined]
        return found[0]

    def __call__(self, *args: Any) -> Any:
        generic = self.generic
        cache = generic.traced_cache if TRACE.depth else generic.cache
        f = cache.get(tuple(map(type, args)))
        if f is None or f is generic.enter_typed:
            try:
                f = generic.implementation(args)
            except MethodError as e:
                raise MethodError(self, args, e.world) from None
        return f(self, *args)

    def call_kw(self, kwargs: dict[str, Any], *args: Any) -> Any:
        if not kwargs:
            return self(*args)
        try:
            method = self.generic.resolve(tuple(map(T.dispatch_type, args)), args)
        except MethodError as e:
            called = self if type(e.world) is str else KeywordCall(self, kwargs)
            raise MethodError(called, args, e.world) from None
        if method.kwcall is None:
            method = self.generic.with_keywords(tuple(map(T.dispatch_type, args))) or method
        if method.kwcall is None:
            raise MethodError(KeywordCall(self, kwargs), args, None)
        return method.kwcall(kwargs, self, *args)


def closure(module: Module, family: Family, signatures: Any, captured: tuple[Any, ...]) -> Any:
    """Make a closure; its class and methods are made when the expression is first run.

    `signatures` is None if every parameter takes anything.
    """
    types = tuple(map(T.typeof, captured))
    cls = (
        family.classes.get(types)
        if signatures is None or not any(s for _, s in signatures)
        else None
    )
    if cls is None:
        cls = closure_class(module, family, signatures, types)
    obj = cls.__new__(cls)  # type: ignore[call-overload]
    for (outer, _), value in zip(family.captures, captured, strict=True):
        setattr(obj, outer.name, value)
    return obj


def closure_class(module: Module, family: Family, signatures: Any, types: tuple[Any, ...]) -> type:
    """The class of closures that captured values of these types."""
    known = family.classes.get(types)
    if known is not None and signatures is None:
        return known  # type: ignore[no-any-return]
    if len(family.classes) >= MOST_CLASSES:
        types = tuple(t if t is BOX else T.Any_ for t in types)
        known = family.classes.get(types)
        if known is not None and signatures is None:
            return known  # type: ignore[no-any-return]
    names = tuple(outer.name for outer, _ in family.captures)
    generic = GenericFunction(family.name, module)
    generic.anonymous = family.anonymous
    generic.of_values = True
    t = _closure_type(module, family, names, types)
    typename = T.unwrap(family.type).typename
    if typename.make_class is None:
        # for a type that is built from its name and other captured types, as `Expr(:new, …)` does
        boxes = [c is BOX for c in types]

        def make_class(t: Any) -> type:
            given = iter(t.parameters)
            kinds = tuple(BOX if boxed else next(given) for boxed in boxes)
            return closure_class(module, family, signatures, kinds)

        typename.make_class = make_class
    cls = type(
        t.typename.name,
        (ClosureBase,),
        {
            **slots_for(names),
            "generic": generic,
            "fields": names,
            "value_fields": names,
            "julia_type": t,
        },
    )
    T.register_class(cls, t)
    generic.julia_type = t
    elements = {n: element_of_type(c) for n, c in zip(names, types, strict=True) if c is not BOX}
    if signatures is None:
        signatures = [((T.Any_,) * len(params), ()) for _, params, _ in family.methods]
    for (code, _, _), (parameters, statics) in zip(family.methods, signatures, strict=True):
        check_parameters(code, parameters)
        signature: Any = T.tuple_type(parameters)
        for var in reversed(statics):
            signature = T.UnionAll(var, signature)
        method = Method(
            generic,
            signature,
            specialise,
            arg_names=tuple(p.name for p in code.params),
            module=module,
            file=code.file,
            line=code.line,
        )
        method.code = code
        method.source = Source(code, module, statics, closure=elements)
        if code.keywords or code.keyword_rest is not None:
            method.kwcall = _keyword_call(method)
        generic.add(method)
        generic.newest = method.world = family.world
    family.classes[types] = cls
    return cls


class ArgumentTypeError(Exception):
    """`f(x::3)`: what stands after `::` is no type."""

    def __init__(self, name: str, argument: str, place: str) -> None:
        super().__init__(name, argument, place)
        self.name, self.argument, self.place = name, argument, place


def check_parameters(code: Any, types: Any) -> None:
    """What stands after `::` in a signature is a type."""
    for i, t in enumerate(types):
        inner = t.type if isinstance(t, T.Vararg) else t
        if not isinstance(inner, (T.JuliaType, T.TypeVar)):
            name = code.params[i].name
            which = f"number {i + 1}" if name.startswith("#unused") else name
            raise ArgumentTypeError(code.name, which, f"{code.file}:{code.line}")


def _closure_type(
    module: Module, family: Family, names: tuple[str, ...], types: tuple[Any, ...]
) -> Any:
    """`var"#1#2"{captured types…}`; variables in boxes are no parameters."""
    if family.type is None:
        if family.anonymous:
            type_name = f"{family.name}#{int(family.name[1:]) + 1}"
        else:
            module.anonymous_count += 1
            type_name = f"#{family.name}#{module.anonymous_count}"
        params = [T.TypeVar(f"T{i}") for i, c in enumerate(types) if c is not BOX]
        family.type = T.define(type_name, T.Function_, params, module=module)
        typename = T.unwrap(family.type).typename
        typename.fields = names
        remaining = iter(params)
        typename.field_types = tuple(BOX if c is BOX else next(remaining) for c in types)
    given = [c for c in types if c is not BOX]
    return T.apply_type(family.type, *given) if given else family.type


def slots_for(names: tuple[str, ...]) -> dict[str, Any]:
    """The slots of a closure's class; names that macros made are no identifiers, and need a dictionary."""
    return {"__slots__": tuple(dict.fromkeys(names))} if all(map(str.isidentifier, names)) else {}


def specialise(
    method: Method, types: tuple[Any, ...], classes: tuple[type, ...], traced: bool
) -> Any:
    """Code of a Julia method for argument types."""
    return instance_of(method, types, traced).compile()


def _keyword_call(method: Method) -> Any:
    def kwcall(kwargs: dict[str, Any], self: Any, *args: Any) -> Any:
        f = instance_of(method, tuple(map(T.dispatch_type, args)), TRACE.depth > 0, True).compile()
        try:
            return f(self, kwargs, *args)
        except UnsupportedKeyword:
            raise MethodError(KeywordCall(self, kwargs), args, None) from None

    return kwcall


BOX = T.define("Core.Box", module=Core)
BOX.typename.fields, BOX.typename.field_types, BOX.typename.mutable = ("contents",), (T.Any_,), True
T.register_class(Box, BOX)
Core.bindings["Box"] = BOX
