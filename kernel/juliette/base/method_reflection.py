"""Looking at functions: `methods`, `which`, `hasmethod`, `applicable`, `invoke`."""

from __future__ import annotations

from typing import Any

from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.reflection import vector
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.dispatch import CALLABLES, GenericFunction, KeywordCall, Method, call_kw
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    MethodError,
    TypeError_,
)
from juliette.runtime.method_order import beats
from juliette.runtime.modules import Base, Core, Module, constructors
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol


class MethodTable:
    """What a function's methods are entered in: a name and a module."""

    def __init__(self, name: str, module: Any) -> None:
        self.name = name
        self.module = module


class MethodList:
    """What `methods(f)` gives."""

    def __init__(self, function: Any, methods: list[Method], name: str, module: Any) -> None:
        self.function = function
        self.methods = methods
        self.name = name
        self.module = module
        self.mt = MethodTable(name, module)

    def __len__(self) -> int:
        return len(self.methods)


MethodList_ = T.define("MethodList", module=Base)
T.register_class(MethodList, MethodList_)
Base.const("MethodList", MethodList_, export=False)
Method_ = T.define("Method", module=Core)
T.register_class(Method, Method_)
Core.bindings["Method"] = Method_
Base.const("Method", Method_)
MethodTable_ = T.define("MethodTable", module=Core)
T.register_class(MethodTable, MethodTable_)
Core.bindings["MethodTable"] = MethodTable_


def table_of(f: Any) -> tuple[GenericFunction, tuple[Any, ...]]:
    """The table of methods that a call of `f` looks at, and what it puts before the arguments."""
    if isinstance(f, GenericFunction):
        return f, ()
    if isinstance(f, T.JuliaType):
        if not isinstance(T.unwrap(f), T.DataType):  # a Union
            return GenericFunction(T.type_string(f), Core), (T.type_of_type(f),)
        return constructors(f), (T.type_of_type(f),)
    generic = getattr(f, "generic", None)
    if isinstance(generic, GenericFunction):
        return generic, ()
    return CALLABLES, (T.typeof(f),)


def _signature(types: Any) -> tuple[Any, ...]:
    """The parameters of a tuple type, or of a tuple of types."""
    if type(types) is tuple:
        return types
    body = T.unwrap(types)
    if isinstance(body, T.DataType) and body.typename is T.TUPLE_NAME:
        for v in T.free_vars(body):
            body = T.substitute(body, {v: v.upper})
        return tuple(body.parameters)
    raise ArgumentError("argument type must be a tuple type")


def listed(f: Any, accepts: Any = None) -> MethodList:
    """The methods of `f`, most specific first."""
    table, before = table_of(f)
    table.settle()
    found = list(table.methods)
    if before:
        every = T.tuple_type((*before, T.Vararg(T.Any_)))
        found = [m for m in found if T.intersects(every, m.signature) and not _of_instances(f, m)]
    if accepts is not None:
        wanted = T.tuple_type((*before, *accepts))
        found = [m for m in found if T.intersects(wanted, m.signature)]
    found = by_specificity(found)
    if accepts is not None:
        # Behind a method that takes all such arguments none is ever reached.
        covering = next(
            (i for i, m in enumerate(found) if T.subtype(wanted, m.signature)), len(found)
        )
        found = found[: covering + 1]
    name = table.name if table is not CALLABLES else f"(::{T.type_string(T.typeof(f))})"
    if isinstance(f, T.JuliaType):
        name = T.type_string(f)
    return MethodList(f, found, name, table.module)


def _of_instances(f: Any, m: Method) -> bool:
    """Is it the constructor of `P{T}` for any `T`, where `P` itself is asked for?"""
    first = T.unwrap(m.parameters[0])
    inner = (
        first.parameters[0]
        if isinstance(first, T.DataType) and first.typename is T.TYPE_NAME
        else None
    )
    return isinstance(f, T.UnionAll) and isinstance(inner, T.DataType)


def by_specificity(methods: list[Method]) -> list[Method]:
    """Most specific first; of those that cannot be compared, the newest."""
    out: list[Method] = []
    for m in reversed(methods):
        at = next(
            (i for i, o in enumerate(out) if T.more_specific(m.signature, o.signature)), len(out)
        )
        out.insert(at, m)
    return out


@Base.method("methods(f)")
def methods(f: Any) -> MethodList:
    """The methods of a function.

    ```jldoctest
    julia> area(r) = 3r^2;

    julia> length(methods(area))
    1
    ```
    """
    return listed(f)


@Base.method("methods(f, types)")
def methods_for(f: Any, types: Any) -> MethodList:
    return listed(f, _signature(types))


@Base.method("methods(f, types, modules)")
def methods_in(f: Any, types: Any, modules: Any) -> MethodList:
    """The methods that were defined in one of the modules."""
    found = listed(f, _signature(types))
    wanted = (
        (modules,)
        if isinstance(modules, Module)
        else tuple(Base.bindings["collect"](modules).data.tolist())
    )
    found.methods = [m for m in found.methods if m.module in wanted]
    return found


@Base.method("length(m::MethodList)")
def method_count(m: MethodList) -> int:
    return len(m.methods)


@Base.method("getindex(m::MethodList, i::Integer)")
def method_at(m: MethodList, i: int) -> Method:
    if not 1 <= i <= len(m.methods):
        raise BoundsError(vector(m.methods, Method_), (i,))
    return m.methods[i - 1]


@Base.method("iterate(m::MethodList, state=1)")
def iterate_methods(m: MethodList, state: int = 1) -> Any:
    return (m.methods[state - 1], state + 1) if state <= len(m.methods) else None


@Base.method("collect(m::MethodList)")
def collect_methods(m: MethodList) -> Any:
    return vector(m.methods, Method_)


@Base.method("first(m::MethodList)")
def first_method(m: MethodList) -> Method:
    return method_at(m, 1)


@Base.method("hasmethod(f, t; world=nothing)")
def hasmethod(f: Any, t: Any, *, world: Any = None) -> bool:
    """Is there a method for arguments of these types?

    ```jldoctest
    julia> hasmethod(length, Tuple{Vector})
    true
    ```
    """
    table, before = table_of(f)
    return bool(table.matching((*before, *_signature(t))))


@Base.method("hasmethod(f, t, kwnames)")
def hasmethod_keywords(f: Any, t: Any, names: Any) -> bool:
    table, before = table_of(f)
    found = table.matching((*before, *_signature(t)))
    if not found:
        return False
    method = by_specificity(found)[0]
    if not names:
        return True
    if method.kwcall is None:
        return False
    accepted, rest = keyword_names(method)
    return rest or all(n.name in accepted for n in names)


def keyword_names(method: Method) -> tuple[list[str], bool]:
    """The keywords a method takes, and whether it takes any."""
    code = getattr(method.source, "code", None)
    if code is not None:
        return [k[0] for k in code.keywords], code.keyword_rest is not None
    import inspect

    assert method.builtin is not None
    parameters = inspect.signature(method.builtin).parameters.values()
    return (
        [p.name for p in parameters if p.kind is p.KEYWORD_ONLY],
        any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


@Base.method("applicable(f, args...)")
def applicable(f: Any, *args: Any) -> bool:
    """Does `f` have a method for these arguments?

    ```jldoctest
    julia> applicable(sqrt, 2), applicable(sqrt, "2")
    (true, false)
    ```
    """
    table, before = table_of(f)
    return bool(table.matching((*before, *map(T.dispatch_type, args))))


def method_for(f: Any, types: tuple[Any, ...]) -> Method:
    """The method that a call with these types reaches."""
    table, before = table_of(f)
    return method_in(table, (*before, *types))


def method_in(table: GenericFunction, types: tuple[Any, ...]) -> Method:
    """The method of a table that a call with these types reaches."""
    found = by_specificity(table.matching(types))
    if not found:
        raise ErrorException("no unique matching method found for the specified argument types")
    return found[0]


@Base.method("which(f, types)")
def which(f: Any, types: Any) -> Method:
    """The method that arguments of these types reach.

    ```jldoctest
    julia> half(x::Number) = x / 2;

    julia> which(half, (Int,)).name
    :half
    ```
    """
    return method_for(f, _signature(types))


@Base.method("which(types::Type)")
def which_signature(types: Any) -> Method:
    """The method that a call with this signature reaches.

    ```jldoctest
    julia> half(x::Number) = x / 2;

    julia> which(Tuple{typeof(half), Int}) == which(half, (Int,))
    true
    ```
    """
    called, *rest = _signature(types) or (T.Any_,)
    if isinstance(called, T.DataType) and called.typename is T.TYPE_NAME:
        return method_for(called.parameters[0], tuple(rest))
    if isinstance(called, T.DataType):
        if called.typename.singleton is not None:
            return method_for(called.typename.singleton, tuple(rest))
        if hasattr(called.pyclass, "generic"):  # a closure
            return method_for(called.pyclass, tuple(rest))
    return method_in(CALLABLES, (called, *rest))


@Base.method("which(m::Module, name::Symbol)")
def which_module(m: Module, name: Symbol) -> Module:
    """The module that a name of another module comes from.

    ```jldoctest
    julia> which(Main, :sum)
    Base
    ```
    """
    if not m.has(name.name):
        raise ErrorException(f'"{name.name}" is not defined in module {".".join(m.path)}')
    value = m.get(name.name)
    if isinstance(value, (GenericFunction, T.JuliaType)):
        home = Base.bindings["parentmodule"](value)
        return home if home.has(name.name) else m
    return Base if Base.has(name.name) and Base.get(name.name) is value else m


@Base.method("functionloc(m::Method)")
def functionloc(m: Method) -> tuple[str, int]:
    """The file and line of a method."""
    return m.file, m.line


def method_field(m: Method, name: str) -> Any:
    """`m.name`, `m.sig` and the like."""
    fields: dict[str, Any] = {
        "name": lambda: Symbol(m.name),
        "module": lambda: m.module,
        "sig": lambda: full_signature(m),
        "file": lambda: Symbol(m.file),
        "line": lambda: m.line,
        "nargs": lambda: m.nargs + 1 + m.vararg,
        "isva": lambda: m.vararg,
    }
    if name not in fields:
        raise ErrorException(f"type Method has no field {name}")
    return fields[name]()


FIELD_HOOKS[Method] = method_field


def list_field(ms: MethodList, name: str) -> Any:
    """`methods(f).ms`: the methods as a vector; `methods(f).mt`: the table they are from."""
    if name == "mt":
        return ms.mt
    if name != "ms":
        raise field_error(ms, name)
    return vector(ms.methods, Method_)


FIELD_HOOKS[MethodList] = list_field


def table_field(mt: MethodTable, name: str) -> Any:
    """`methods(f).mt.name`"""
    if name == "name":
        return Symbol(mt.name)
    if name == "module":
        return mt.module
    raise field_error(mt, name)


FIELD_HOOKS[MethodTable] = table_field


@Base.method("show(io::IO, mt::Core.MethodTable)")
def show_method_table(io: IO, mt: MethodTable) -> None:
    """`# sin.methods`, as a comment, for it cannot be written in code"""
    io.write(f"# {'.'.join((*mt.module.path, mt.name))}.methods")


@Base.method("functionloc(f, types=nothing)")
def functionloc_of(f: Any, types: Any = None) -> tuple[str, int]:
    """File and line of the method that argument types reach; of the only one, without any."""
    if types is not None:
        return functionloc(Base.get("which")(f, types))
    found = listed(f).methods
    if len(found) != 1:
        raise ErrorException(
            "function has multiple methods; please specify a type signature"
            if found
            else "function has no definitions"
        )
    return functionloc(found[0])


@Base.method("method_argnames(m::Method)", export=False)
def method_argnames(m: Method) -> Any:
    """The names of a method's arguments, the function itself first."""
    return vector([Symbol("#self#"), *map(Symbol, m.arg_names)], T.Symbol_)


def full_signature(m: Method) -> Any:
    """`Tuple{typeof(f), …}`"""
    params = m.parameters
    if m.function is not CALLABLES and not _is_constructor(m):
        params = (T.typeof(m.function), *params)
    t: Any = T.tuple_type(params)
    for v in reversed(m.type_vars):
        t = T.UnionAll(v, t)
    return t


def _is_constructor(m: Method) -> bool:
    family = (
        T.unwrap(m.parameters[0].parameters[0])
        if m.parameters
        and isinstance(m.parameters[0], T.DataType)
        and m.parameters[0].typename is T.TYPE_NAME
        else None
    )
    return isinstance(family, T.DataType) and family.typename.constructors is m.function


@Base.method("kwarg_decl(m::Method)", export=False)
def kwarg_decl(m: Method) -> Any:
    """The names of the keyword arguments of a method.

    ```jldoctest
    julia> area(a; width = 1, rest...) = a * width;

    julia> Base.kwarg_decl(only(methods(area)))
    2-element Vector{Symbol}:
     :width
     Symbol("rest...")
    ```
    """
    code = getattr(m.source, "code", None)
    names = [name for name, *_ in code.keywords] if code is not None else []
    if code is not None and code.keyword_rest is not None:
        names.append(f"{code.keyword_rest.name}...")
    return vector([Symbol(n) for n in names], T.Symbol_)


def _selected(table: GenericFunction, types: tuple[Any, ...], given: tuple[Any, ...]) -> Method:
    """The method that types select; Base's own for the arguments where Base is divided up in another way."""
    try:
        return table.resolve(types)
    except MethodError:
        found = [m for m in table.matching(given) if m.builtin is not None]
        if not found:
            # A method's variable may stand for whatever the parameter of a family's type is.
            opened = T.tuple_type(T.unwrap(t) if isinstance(t, T.UnionAll) else t for t in types)
            found = [m for m in table.methods if T.match(opened, m.signature) is not None]
        best = next((m for m in found if all(o is m or beats(m, o) for o in found)), None)
        if best is None:
            raise MethodError(table, T.tuple_type(types), None) from None
        return best


@Base.method("invoke(f, t, args...; keywords...)", transparent=True)
def invoke(f: Any, t: Any, *args: Any, **keywords: Any) -> Any:
    """Call the method that arguments of the given types would reach.

    ```jldoctest
    julia> kind(x) = "anything"; kind(x::Int) = "an integer";

    julia> invoke(kind, Tuple{Any}, 1)
    "anything"
    ```
    """
    if isinstance(t, Method):
        method, before = t, ()
    elif not isinstance(t, T.JuliaType):
        raise TypeError_(Symbol("invoke"), "", T.Type_, t)
    else:
        table, before = table_of(f)
        types = (*before, *_signature(t))
        if not T.subtype(T.tuple_type(list(map(T.dispatch_type, args))), t):
            raise TypeError_(Symbol("invoke: argument type error"), "", t, args)
        method = _selected(table, types, (*before, *map(T.dispatch_type, args)))
    passed = (f, *args) if before else args
    if TRACE.depth and isinstance(f, GenericFunction) and method not in f.user_methods:
        return call_kw(f, keywords, *args)  # one of Base's, by its rule
    if keywords:
        if method.kwcall is None:
            raise MethodError(KeywordCall(f, keywords), args, None)
        return method.kwcall(keywords, *passed)
    generic = getattr(f, "generic", None)
    code = method.specialise(
        method, tuple(map(T.dispatch_type, passed)), tuple(map(type, passed)), False
    )
    return code(f, *passed) if generic is not None else code(*passed)


def ambiguous(a: Method, b: Method) -> bool:
    """Are there arguments for which neither method is the more specific?"""
    if a.function is not b.function:
        return False
    meet = T.intersect(a.signature, b.signature)
    if (
        meet is T.Bottom
        or T.more_specific(a.signature, b.signature)
        or T.more_specific(b.signature, a.signature)
    ):
        return False
    # A third method may be there for just these arguments.
    return not any(
        m is not a
        and m is not b
        and T.subtype(meet, m.signature)
        and T.more_specific(m.signature, a.signature)
        and T.more_specific(m.signature, b.signature)
        for m in a.function.methods
    )


def ambiguities(modules: set[Any]) -> list[tuple[Method, Method]]:
    """The pairs of methods of modules' functions that are ambiguous; one of each pair is theirs."""
    functions: dict[int, GenericFunction] = {}
    for module in modules:
        for value in list(module.bindings.values()):
            if isinstance(value, GenericFunction) or isinstance(T.unwrap(value), T.DataType):
                table, _ = table_of(value)
                functions[id(table)] = table
    out = []
    for f in functions.values():
        for i, a in enumerate(f.methods):
            out += [
                (a, b)
                for b in f.methods[i + 1 :]
                if {a.module, b.module} & modules
                # the headers of Base's own can be wider than Julia's, of which ours stand for several
                and (a.code is not None or b.code is not None)
                and ambiguous(a, b)
            ]
    return out


@Base.method("isambiguous(a::Method, b::Method)", export=False)
def isambiguous(a: Method, b: Method) -> bool:
    """Are there arguments for which neither method is the more specific?"""
    return ambiguous(a, b)
