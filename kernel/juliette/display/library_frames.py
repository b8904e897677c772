"""What Julia's own library shows of itself in a stack trace, above the user's frames.

Base is not Julia code here, so that the frames are not found but told: for the commonest errors, by
the function of Base that the user's code called, with the places that they have in Julia 1.10.
Small functions are compiled into what calls them, and stand there without their arguments; the
statements at top level have nothing compiled into them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from juliette.display.foreign import called_method
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Module
from juliette.syntax.expr import Symbol

# Whether a function is compiled into its callers: into functions only, as what is called at top
# level is not, or wherever it stands.
NEVER, INTO_FUNCTIONS, ALWAYS = range(3)


class Step:
    """A function of the library that was running: its arguments by name, and where it stands."""

    __slots__ = ("arguments", "inlined", "module", "name", "place")

    def __init__(
        self,
        name: str,
        arguments: str,
        place: str,
        inlined: int = NEVER,
        module: str = "Base",
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.place = place
        self.inlined = inlined
        self.module = module


Tell = Callable[[tuple[Any, ...], Any], list[Step]]


def library_steps(trace: TracebackType | None, error: Any, users: Any) -> list[Step]:
    """What the library shows of itself above the innermost frame of the user's code."""
    last: TracebackType | None = None
    below: list[FrameType] = []
    while trace is not None:
        if users(trace.tb_frame):
            last, below = trace, []
        else:
            below.append(trace.tb_frame)
        trace = trace.tb_next
    if last is None or type(error) not in {kind for _, kind in TOLD}:
        return []
    call = _called(below) if below else _element_access(last, error)
    if call is None:
        return []
    name, args = call
    tell = TOLD.get((name, type(error)))
    return tell(args, error) if tell is not None else []


def _called(below: list[FrameType]) -> tuple[str, tuple[Any, ...]] | None:
    """The function of Base that the user's code called, and with what."""
    for frame in below:
        values = frame.f_locals
        dispatching = values.get("self")
        if isinstance(dispatching, GenericFunction) and "args" in values:
            return dispatching.name, tuple(values["args"])
        match frame.f_code.co_name:
            case "no_key" if "d" in values and "key" in values:
                return "getindex", (values["d"], values["key"])
            case "getindex" if "index" in values and "a" in values:
                return "getindex", (values["a"], *values["index"])
            case "getproperty" if "x" in values and isinstance(values.get("name"), Symbol):
                return "getproperty", (values["x"], values["name"])
            case "div" | "rem" if "x" in values and "y" in values:
                return frame.f_code.co_name, (values["x"], values["y"])
            case "to_int" if "x" in values:
                return "Int64", (values["x"],)
            case "construct" if isinstance(values.get("t"), T.JuliaType):
                return T.type_string(values["t"]), tuple(values.get("args", ()))
        found = called_method(frame) if "/base/" in frame.f_code.co_filename else None
        if found is not None:
            return found
    return None


def _element_access(last: TracebackType, error: Any) -> tuple[str, tuple[Any, ...]] | None:
    """What compiled code does without a call: reading or writing an element."""
    if not isinstance(error, E.BoundsError) or not isinstance(error.i, tuple):
        return None
    import dis

    operation = dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]]
    if operation == "STORE_SUBSCR":
        return "setindex!", (error.a, None, *error.i)
    return "getindex", (error.a, *error.i)


def _types(*args: Any) -> str:
    """`::Int64, ::String`"""
    return ", ".join(f"::{T.type_string(T.dispatch_type(x))}" for x in args)


def _named(names: str, *args: Any) -> str:
    """`A::Vector{Int64}, i1::Int64`"""
    return ", ".join(
        f"{n}::{T.type_string(T.dispatch_type(x))}"
        for n, x in zip(names.split(), args, strict=True)
    )


# ---------------------------------------------------------------- what is told


def _error(args: tuple[Any, ...], _: Any) -> list[Step]:
    if len(args) == 1 and isinstance(args[0], str):
        return [Step("error", _named("s", *args), "./error.jl:35")]
    return [Step("error", _types(*args), "./error.jl:44")]


def _getindex(args: tuple[Any, ...], error: Any) -> list[Step]:
    a, *index = args
    whole = all(type(i) is int for i in index)
    if isinstance(a, Array) and whole:
        if len(index) == 1:
            return [Step("getindex", _named("A i1", *args), "./essentials.jl:13", INTO_FUNCTIONS)]
        return [Step("getindex", _types(*args), "./essentials.jl:14", INTO_FUNCTIONS)]
    if isinstance(a, tuple) and whole:
        return [Step("getindex", _named("t i", *args), "./tuple.jl:31", INTO_FUNCTIONS)]
    if isinstance(a, V.UnitRange) and whole and len(index) == 1:
        return [
            Step("throw_boundserror", _named("A I", *args), "./abstractarray.jl:737"),
            Step("getindex", _named("v i", *args), "./range.jl:930", INTO_FUNCTIONS),
        ]
    if isinstance(a, Array) and len(index) == 1 and isinstance(index[0], V.UnitRange):
        return [
            Step("throw_boundserror", _named("A I", a, (index[0],)), "./abstractarray.jl:737"),
            Step("checkbounds", "", "./abstractarray.jl:702", ALWAYS),
            Step("getindex", _named("A I", *args), "./array.jl:973"),
        ]
    return []


def _field(args: tuple[Any, ...], error: Any) -> list[Step]:
    x, _ = args
    line = 31 if isinstance(x, Module) else 32 if isinstance(x, T.JuliaType) else 37
    return [Step("getproperty", _named("x f", *args), f"./Base.jl:{line}", INTO_FUNCTIONS)]


def _setindex(args: tuple[Any, ...], error: Any) -> list[Step]:
    a, _, *index = args
    if isinstance(a, Array) and len(index) == 1 and type(index[0]) is int:
        return [Step("setindex!", _named("A x i1", *args), "./array.jl:1021", INTO_FUNCTIONS)]
    return []


def _setindex_inexact(args: tuple[Any, ...], error: Any) -> list[Step]:
    """The element could not be converted."""
    last = _setindex(args, error)
    if not last or error.func.name != "Int64" or type(args[1]) is not float:
        return []
    return [
        Step("Int64", "", "./float.jl:912", ALWAYS),
        Step("convert", "", "./number.jl:7", ALWAYS),
        Step(last[0].name, last[0].arguments, last[0].place),
    ]


def _setindex_of_other(args: tuple[Any, ...], error: Any) -> list[Step]:
    """The element is nothing that `convert` knows."""
    last = _setindex(args, error) if getattr(error.f, "name", "") == "convert" else []
    return [Step(s.name, s.arguments, s.place) for s in last]


def _no_such_key(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) == 2 and isinstance(args[0], V.JuliaDict):
        return [Step("getindex", _named("h key", *args), "./dict.jl:498")]
    return []


def _integer(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) == 1 and type(args[0]) is float:
        return [Step("Int64", _named("x", *args), "./float.jl:912", INTO_FUNCTIONS)]
    return []


def _converted(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) != 2 or args[0] is not T.Int64 or type(args[1]) is not float:
        return []
    return [
        Step("Int64", "", "./float.jl:912", ALWAYS),
        Step(
            "convert", f"::Type{{Int64}}, {_named('x', args[1])}", "./number.jl:7", INTO_FUNCTIONS
        ),
    ]


def _divided(name: str, place: str) -> Tell:
    def tell(args: tuple[Any, ...], error: Any) -> list[Step]:
        if len(args) == 2 and all(type(x) is int for x in args):
            return [Step(name, _named("x y", *args), place, INTO_FUNCTIONS)]
        return []

    return tell


def _root(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) != 1 or type(args[0]) not in (int, float):
        return []
    (x,) = args
    whole = type(x) is int
    steps = [
        _no_real("f x", Symbol("sqrt"), float(x)),
        Step(
            "sqrt",
            _named("x", x),
            "./math.jl:686",
            ALWAYS if whole else INTO_FUNCTIONS,
            "Base.Math",
        ),
    ]
    if whole:
        steps.append(Step("sqrt", _named("x", x), "./math.jl:1578", INTO_FUNCTIONS, "Base.Math"))
    return steps


def _no_real(names: str, *args: Any) -> Step:
    text = _named(names, *args)
    return Step("throw_complex_domainerror", text, "./math.jl:33", module="Base.Math")


def _logarithm(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) != 1 or type(args[0]) not in (int, float):
        return []
    (x,) = args
    whole = type(x) is int
    steps = [
        _no_real("f x", Symbol("log"), float(x)),
        Step(
            "_log",
            "x::Float64, base::Val{:ℯ}, func::Symbol",
            "./special/log.jl:301",
            module="Base.Math",
        ),
        Step(
            "log",
            _named("x", x),
            "./special/log.jl:267",
            ALWAYS if whole else INTO_FUNCTIONS,
            "Base.Math",
        ),
    ]
    if whole:
        steps.append(Step("log", _named("x", x), "./math.jl:1578", INTO_FUNCTIONS, "Base.Math"))
    return steps


def _parsed(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) != 2 or args[0] is not T.Int64 or "digit" not in str(error.msg):
        return []
    text = _named("s", args[1])
    return [
        Step(
            "tryparse_internal",
            f"::Type{{Int64}}, {text}, startpos::Int64, endpos::Int64, base_::Int64, raise::Bool",
            "./parse.jl:143",
        ),
        Step("parse", f"::Type{{Int64}}, {text}; base::Nothing", "./parse.jl:254"),
        Step("parse", f"::Type{{Int64}}, {text}", "./parse.jl:253"),
    ]


def _sum_of_arrays(args: tuple[Any, ...], error: Any) -> list[Step]:
    if len(args) != 2 or not all(isinstance(x, Array) for x in args):
        return []
    return [
        Step("promote_shape", "", "./indices.jl:178", ALWAYS),
        Step("promote_shape", _named("a b", *args), "./indices.jl:169"),
        Step("+", _named("A Bs", *args), "./arraymath.jl:14"),
    ]


TOLD: dict[tuple[str, type], Tell] = {
    ("error", E.ErrorException): _error,
    ("getproperty", E.ErrorException): _field,
    ("getproperty", E.UndefVarError): _field,
    ("getindex", E.BoundsError): _getindex,
    ("setindex!", E.BoundsError): _setindex,
    ("setindex!", E.InexactError): _setindex_inexact,
    ("setindex!", E.MethodError): _setindex_of_other,
    ("getindex", E.KeyError_): _no_such_key,
    ("Int64", E.InexactError): _integer,
    ("convert", E.InexactError): _converted,
    ("div", E.DivideError): _divided("div", "./int.jl:295"),
    ("÷", E.DivideError): _divided("div", "./int.jl:295"),
    ("rem", E.DivideError): _divided("rem", "./int.jl:297"),
    ("%", E.DivideError): _divided("rem", "./int.jl:297"),
    ("sqrt", E.DomainError): _root,
    ("log", E.DomainError): _logarithm,
    ("parse", E.ArgumentError): _parsed,
    ("+", E.DimensionMismatch): _sum_of_arrays,
}
