"""What packages take from inside of Base, and what is seldom asked: layouts, types of calls, helpers of `show`."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from juliette.base.collecting import Generator
from juliette.base.iterator_sizes import eltype_of_iterator
from juliette.base.output import _COLORS
from juliette.base.reflection import field_types, layout, struct_layout
from juliette.compiler import support
from juliette.compiler.result_types import element_type
from juliette.display.io import IO
from juliette.display.show import summary
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import ArgumentError, BoundsError, SystemError_
from juliette.runtime.modules import Base, Core
from juliette.syntax.expr import Expr, GlobalRef, Symbol

# ---------------------------------------------------------------- tables of hashes


@Base.method("_tablesz(n::Integer)", export=False)
def table_size(n: Any) -> Any:
    """The number of slots that a table of hashes has for `n` things: a power of 2, and 16 or more.

    ```jldoctest
    julia> Base._tablesz(5), Base._tablesz(100)
    (16, 128)
    ```
    """
    return type(n)(max(16, 1 << (int(n) - 1).bit_length()))


@Base.method("hashindex(key, sz)", export=False)
def hash_index(key: Any, sz: Any) -> tuple[int, Any]:
    """The slot at which a key is looked for first, and the seven bits of its hash that are kept."""
    h = int(Base.bindings["hash"](key))
    return (h & (int(sz) - 1)) + 1, np.uint8(h >> 57 | 0x80)


# ---------------------------------------------------------------- types

Base.const("Callable", T.union(T.Function_, T.Type_), export=False)
Base.const("Bottom", T.Bottom, export=False)
Base.const("ENDIAN_BOM", np.uint32(0x04030201))


@Base.method("_default_eltype(itr)", export=False)
def default_eltype(itr: Any) -> Any:
    """The type that the elements of an iterator have, as far as inference knows without them.

    ```jldoctest
    julia> Base.@default_eltype(x / 2 for x in 1:3)
    Float64
    ```
    """
    if not isinstance(itr, Generator):
        known = eltype_of_iterator(itr)
        return T.Any_ if known is None else known
    inner = default_eltype(itr.iter)
    return itr.f if isinstance(itr.f, T.JuliaType) else element_type(itr.f, (inner,))


@Base.method("isiterable(t::Type)", export=False)
def isiterable(t: Any) -> bool:
    """Has `iterate` a method for values of the type?

    ```jldoctest
    julia> Base.isiterable(String), Base.isiterable(Symbol)
    (true, false)
    ```
    """
    return bool(Base.get("hasmethod")(Base.bindings["iterate"], T.tuple_type([t])))


@Base.macro("default_eltype", export=False)
def default_eltype_macro(context: Any, itr: Any) -> Any:
    """`Base.@default_eltype itr`: the element type of a collection that is made of an iterator."""
    return Expr("call", GlobalRef(Base, Symbol("_default_eltype")), Expr("escape", itr))


@Base.macro("get!", export=False)
def get_macro(context: Any, d: Any, key: Any, default: Any) -> Any:
    """`Base.@get! d key default`: as `get!`; the default is computed only where it is needed."""
    compute = Expr("->", Expr("tuple"), Expr("escape", default))
    return Expr(
        "call", GlobalRef(Base, Symbol("get!")), compute, Expr("escape", d), Expr("escape", key)
    )


@Base.method("fieldoffset(t::DataType, i::Integer)")
def fieldoffset(t: Any, i: Any) -> Any:
    """Where a field lies in a value of the type, in bytes from its beginning.

    ```jldoctest
    julia> Int(fieldoffset(Tuple{Int8, Int64}, 2))
    8
    ```
    """
    types = field_types(t)
    if not 1 <= i <= len(types):
        raise BoundsError(t, (i,))
    offset = 0
    for k, f in enumerate(types, 1):
        size, align = layout(f)
        offset = -(-offset // align) * align
        if k == i:
            break
        offset += size
    return np.uint64(offset)


@Base.method("isdispatchtuple(t)")
def isdispatchtuple(t: Any) -> bool:
    """Is it a tuple type of concrete types (or of `Type{T}`), as the arguments of a call have?

    ```jldoctest
    julia> isdispatchtuple(Tuple{Int, String}), isdispatchtuple(Tuple{Real})
    (true, false)
    ```
    """
    return (
        isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and all(
            isinstance(p, T.DataType)
            and (p.concrete or (p.typename is T.TYPE_NAME and not p.has_free))
            for p in t.parameters
        )
    )


@Base.method("isType(t)", export=False)
def is_type(t: Any) -> bool:
    """Is it `Type{T}` for some `T`?"""
    return isinstance(t, T.DataType) and t.typename is T.TYPE_NAME


@Base.method("typesof(args...)", export=False)
def typesof(*args: Any) -> Any:
    """The tuple type of arguments, as dispatch sees them."""
    return T.tuple_type([T.dispatch_type(a) for a in args])


@Base.method("Typeof(x)", export=False)
def type_of(x: Any) -> Any:
    """The type of a value as dispatch sees it: `Type{T}` for a type.

    ```jldoctest
    julia> Core.Typeof(Int), Core.Typeof(1)
    (Type{Int64}, Int64)
    ```
    """
    return T.dispatch_type(x)


Core.bindings["Typeof"] = Base.bindings["Typeof"]


@Base.method("has_free_typevars(t)", export=False)
def has_free_typevars(t: Any) -> bool:
    """Does a type have variables that no `where` binds?"""
    return bool(T.free_vars(t))


@Base.method("isvarargtype(t)", export=False)
def isvarargtype(t: Any) -> bool:
    """Is it `Vararg`, with or without parameters?"""
    return isinstance(t, T.Vararg) or t is T.Vararg_


@Base.method("rewrap_unionall(t, u)", export=False)
def rewrap_unionall(t: Any, u: Any) -> Any:
    """A type under the `where`s of another.

    ```jldoctest
    julia> Base.rewrap_unionall(Base.unwrap_unionall(Vector), Vector) == Vector
    true
    ```
    """
    if isinstance(u, T.UnionAll):
        inner = rewrap_unionall(t, u.body)
        return T.UnionAll(u.var, inner) if u.var in T.free_vars(inner) else inner
    return t


@Base.method("datatype_alignment(t::DataType)", export=False)
def datatype_alignment(t: Any) -> int:
    """At which multiples of bytes values of the type lie."""
    return struct_layout(field_types(t))[1] if t.typename.is_struct else layout(t)[1]


@Base.method("isunordered(x)")
def isunordered(x: Any) -> bool:
    """Is the value outside of the order that `<` makes, as `NaN` and `missing` are?

    ```jldoctest
    julia> isunordered(NaN), isunordered(missing), isunordered(1.0)
    (true, true, false)
    ```
    """
    if x is V.MISSING:
        return True
    return T.isa(x, T.AbstractFloat) and bool(Base.get("isnan")(x))


@Base.method("promote_typeof(xs...)", export=False)
def promote_typeof(*xs: Any) -> Any:
    """The type that the types of values promote to."""
    return Base.get("promote_type")(*map(T.typeof, xs))


@Base.method("promote_eltype(xs...)", export=False)
def promote_eltype(*xs: Any) -> Any:
    """The type that the element types of collections promote to."""
    return Base.get("promote_type")(*map(Base.get("eltype"), xs))


class WeakRef:
    """`WeakRef(x)`: does not keep `x` alive; `.value` is `nothing` once it is gone."""

    __slots__ = ("held", "ref")
    fields = ("value",)

    def __init__(self, x: Any) -> None:
        self.ref: Any = None
        self.held = None
        try:
            self.ref = weakref.ref(x)
        except TypeError:
            self.held = x  # numbers and the like are not collected in Julia either

    @property
    def value(self) -> Any:
        """What it refers to."""
        return self.held if self.ref is None else self.ref()


WeakRef_ = T.define("WeakRef", mutable=True, module=Core)
WeakRef_.typename.fields, WeakRef_.typename.field_types = ("value",), (T.Any_,)
T.register_class(WeakRef, WeakRef_)
Base.const("WeakRef", WeakRef_)


@Base.method("WeakRef(x=nothing)")
def weak_ref(_: Any, x: Any = None) -> WeakRef:
    """A reference that does not keep its value alive.

    ```jldoctest
    julia> v = [1]; w = WeakRef(v); w.value
    1-element Vector{Int64}:
     1
    ```
    """
    return WeakRef(x)


# ---------------------------------------------------------------- tuples


@Base.method("argtail(x, rest...)", export=False)
def argtail(x: Any, *rest: Any) -> tuple[Any, ...]:
    """All arguments but the first."""
    return rest


@Base.method("split_rest(c, n::Integer)", export=False)
def split_rest(c: Any, n: int) -> tuple[Any, Any]:
    """What is left of a collection and its last `n` values, as `a, b..., c = xs` takes it apart.

    ```jldoctest
    julia> Base.split_rest([1, 2, 3, 4], 1)
    ([1, 2, 3], (4,))
    ```
    """
    items = list(support.iterate(c))
    if len(items) < n:
        raise ArgumentError(
            f"The iterator only contains {len(items)} elements, but at least {n} were requested."
        )
    if isinstance(c, V.NamedTuple):
        choose, names = Base.get("getindex"), Base.get("keys")(c)
        return choose(c, names[: len(items) - n]), choose(c, names[len(items) - n :])
    head, last = items[: len(items) - n], tuple(items[len(items) - n :])
    return (tuple(head) if type(c) is tuple else vector(head, Base.get("eltype")(c))), last


@Base.method("checked_length(r)", export=False)
def checked_length(r: Any) -> Any:
    """The length, which must be one that an Int holds."""
    return Base.get("length")(r)


@Base.method("indexed_iterate(c, i::Integer, state=1)", export=False)
def indexed_iterate(c: Any, i: int, state: Any = 1) -> Any:
    """One step of taking a collection apart: the value and the next state."""
    if type(c) is tuple or isinstance(c, (Array, V.Pair)):
        if not 1 <= i <= Base.get("length")(c):
            raise BoundsError(c, (i,))
        return Base.get("getindex")(c, i), i + 1
    step = Base.get("iterate")(c) if i == 1 else Base.get("iterate")(c, state)
    if step is None:
        raise BoundsError(c, (i,))
    return step


# ---------------------------------------------------------------- text


@Base.method("dims2string(d::Tuple)", export=False)
def dims_to_string(d: tuple[Any, ...]) -> str:
    """`2×3`, as the summary of an array begins."""
    if not d:
        return "0-dimensional"
    return f"{d[0]}-element" if len(d) == 1 else "×".join(str(n) for n in d)


@Base.method("array_summary(io::IO, a, inds)", export=False)
def array_summary(io: IO, a: Any, inds: Any) -> None:
    """The summary of an array."""
    io.write(summary(a))


text_colors = V.JuliaDict(T.union(T.Symbol_, T.Int64), T.String)
for _name, _code in _COLORS.items():
    Base.get("setindex!")(text_colors, f"\x1b[{_code}m", Symbol(_name))
Base.const("text_colors", text_colors, export=False)


@Base.method("print_to_string(xs...)", export=False)
def print_to_string(*xs: Any) -> Any:
    """What `print` would print."""
    return Base.get("string")(*xs)


# ---------------------------------------------------------------- streams and files


for _name, _bit, _doc in (
    ("issetuid", 0o4000, "Is the set-user-id bit of a file set?"),
    ("issetgid", 0o2000, "Is the set-group-id bit of a file set?"),
    ("issticky", 0o1000, "Is the sticky bit of a file or folder set?"),
):

    def _mode_bit(bit: int, doc: str, name: str) -> None:
        @Base.method(f"{name}(path...)")
        def test(*path: Any) -> bool:
            return bool(int(Base.get("filemode")(*path)) & bit)

        test.__doc__ = doc

    _mode_bit(_bit, _doc, _name)


@Base.method("chown(path::AbstractString, owner::Integer, group::Integer=-1)")
def chown(path: Any, owner: int, group: int = -1) -> Any:
    """Give a file to another owner and group."""
    import os

    from juliette.base.streams import io_error

    try:
        os.chown(str(path), int(owner), int(group))
    except OSError as e:
        shown = Base.bindings["repr"](path)
        raise io_error(f"chown({shown}, {int(owner)}, {int(group)})", e) from None
    return path


@Base.method("systemerror(prefix, failed::Bool; extrainfo=nothing)")
def systemerror(prefix: Any, failed: bool, *, extrainfo: Any = None) -> None:
    """Throw a SystemError if a call of the system has failed."""
    if failed:
        raise SystemError_(str(prefix), 0, extrainfo)


@Base.method("systemerror(prefix, errno::Integer=0; extrainfo=nothing)")
def systemerror_number(prefix: Any, errno: int = 0, *, extrainfo: Any = None) -> None:
    """Throw a SystemError."""
    raise SystemError_(str(prefix), int(errno), extrainfo)


@Base.method("bitreverse(x::Integer)")
def bitreverse(x: Any) -> Any:
    """The bits in reverse.

    ```jldoctest
    julia> bitreverse(0x01), bitreverse(0b00000000000000000000000000001111)
    (0x80, 0xf0000000)
    ```
    """
    from juliette.base.numbers.floats import bits_of, from_bits

    n, bits = bits_of(x)
    return from_bits(T.typeof(x), int(f"{n:0{bits}b}"[::-1], 2))


# ---------------------------------------------------------------- signals and threads


@Base.method("disable_sigint(f)")
def disable_sigint(f: Any) -> Any:
    """Run a function; interrupts wait until Python takes them, as always."""
    return f()


@Base.method("reenable_sigint(f)")
def reenable_sigint(f: Any) -> Any:
    """Run a function that may be interrupted."""
    return f()


@Base.method("depwarn(msg, name; force=false)", export=False)
def depwarn(msg: Any, name: Any, *, force: bool = False) -> None:
    """Warn of an old name, if it is asked to: Julia does not by default.

    The message is the caller's of the function with that name.
    """
    if not force:
        return
    import sys

    from juliette.base import logs
    from juliette.base.backtraces import StackFrame
    from juliette.display.frames import TOP_LEVEL, running_frames

    frames = running_frames(sys._getframe())
    at = next((i + 1 for i, f in enumerate(frames) if f.function == name.name), 0)
    caller = frames[min(at, len(frames) - 1)]
    # Julia says of code outside of functions that it is Core's.
    owner = Base.bindings["Core"] if caller.function == TOP_LEVEL else Base.bindings["Main"]
    where = (owner, Symbol("depwarn"), Symbol(f"depwarn_{name.name}"), caller.file, caller.line)
    level = logs.LEVELS["Warn"]
    logger = logs.enabled(level, *where[:3])
    if logger is not None:
        logs.HANDLE.call_kw({"caller": StackFrame(caller)}, logger, level, msg, *where)


@Base.method("datatype_fieldtypes(t::DataType)", export=False)
def datatype_fieldtypes(t: Any) -> Any:
    """The types of the fields, as `Core.SimpleVector`."""
    return Core.bindings["svec"](*Base.bindings["fieldtypes"](t))


@Base.method("tuple_type_cons(first, rest::Type)", export=False)
def tuple_type_cons(first: Any, rest: Any) -> Any:
    """The tuple type with one member more at the beginning.

    ```jldoctest
    julia> Base.tuple_type_cons(Int, Tuple{String})
    Tuple{Int64, String}
    ```
    """
    return T.tuple_type([first, *rest.parameters])


@Base.method("_show_default(io::IO, x)", export=False)
def show_fields(io: IO, x: Any) -> None:
    """What `show` writes for a value that has no form of its own."""
    Base.bindings["show_default"](io, x)


Base.const("undef_ref_str", "#undef", export=False)
