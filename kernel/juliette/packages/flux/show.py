"""Models at the prompt: the engine's layout, with Julia's texts and colours."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from juliette.base.array_protocol import ArrayLike
from juliette.base.fixing import Fix1, Fix2
from juliette.base.tuples import Composed
from juliette.display.show import SHOW_HOOKS, one_line, show, summary
from juliette.packages.flux.macros import STYLES
from juliette.packages.flux.nodes import family_of, opens
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette_engine import show as layout
from juliette_engine import text as engine_text
from juliette_engine import trees
from juliette_engine.layers import containers
from juliette_engine.layers.layer import IDENTITIES, Layer

_CODES = {"light_black": "90", "cyan": "36", "red": "31"}


def write(io: Any, lines: list[layout.Line]) -> None:
    """Lines of pieces, coloured if the stream wants it."""
    colour = bool(io.get("color"))
    for i, line in enumerate(lines):
        io.write("\n" if i else "")
        for piece in line:
            if colour and piece.colour:
                end = "39"
                io.write(f"\x1b[{_CODES[piece.colour]}m{piece.text}\x1b[{end}m")
            else:
                io.write(piece.text)


def show_layer(io: Any, x: Any, long: bool) -> None:
    """The `show` of every layer."""
    if not long or io.get("compact"):
        io.write(x.line())
    elif io.get("typeinfo") is not None:  # inside an array
        write(io, [layout._with_comment(x.line(), layout.comment(x, alone=True), 20)])
    else:
        write(io, layout.model_lines(x))


def show_struct(io: Any, x: Any, long: bool) -> None:
    """The `show` of a struct that `@layer` made a layer."""
    if not long or io.get("compact"):
        io.write(T.type_string(T.typeof(x)) + "(")
        for i, f in enumerate(x.fields):
            io.write(", " if i else "")
            show(io.with_(typeinfo=None), getattr(x, f))
        io.write(")")
    elif io.get("typeinfo") is not None:
        write(io, [layout._with_comment(one_line(x), layout.comment(x, alone=True), 20)])
    else:
        write(io, layout.model_lines(x))


def _style(x: Any) -> tuple[str, bool] | None:
    """The title of a user's layer, and whether it expands; other structs that open do within layers."""
    if isinstance(x, (Fix1, Fix2)):
        return (type(x).__name__, True) if PROFILE.modern else None
    if not isinstance(x, Struct) or isinstance(x, Layer):
        return None
    family = family_of(x)
    if family in STYLES:
        return family.name, STYLES[family]
    return (family.name, True) if opens(x) else None


def _trained(x: Any) -> list[Any] | None:
    """What prints of a user's layer since 0.15: the parts that train, those of tuples one by one."""
    if not PROFILE.modern or not isinstance(x, Struct) or family_of(x) not in STYLES:
        return None
    parts = trees.trained_parts(x)
    out: list[Any] = []
    for v in parts[1] if parts else ():
        out += v if type(v) is tuple else v.values if isinstance(v, V.NamedTuple) else (v,)
    return out


def _brackets(x: Any) -> tuple[str, str] | None:
    """What stands around the layers in a named tuple or a vector."""
    if isinstance(x, V.NamedTuple):
        return "(;", ")"
    return ("[", "]") if isinstance(x, Array) and x.data.dtype == object else None


def inline_text(x: Any) -> str:
    """A part of a model within a line, as `print` writes it: functions by their bare names."""
    if isinstance(x, GenericFunction):
        return x.name
    if hasattr(x, "generic"):
        return str(x.generic.name)
    if of_engine(x):
        return str(containers.own_line(x))
    return one_line(x)


def of_engine(x: Any) -> bool:
    """Is this a layer or a function of the engine, of a model that Julia did not make?"""
    if isinstance(x, Layer):
        return not isinstance(x, Struct)
    return isinstance(x, FunctionType) or (
        callable(x) and type(x).__module__.startswith("juliette_engine")
    )


def part_text(x: Any) -> str:
    """A part of a model on a line of its own, as `show` writes it."""
    if isinstance(x, ArrayLike):
        return array_text(x)
    if isinstance(x, GenericFunction):
        return qualified(x)
    if isinstance(x, Composed):
        return f"{part_text(x.outer)} ∘ {part_text(x.inner)}"
    return str(containers.own_line(x)) if of_engine(x) else one_line(x)


def array_text(x: Any) -> str:
    """The size and the type of an array; since 0.15 without the type's parameters after the first."""
    if not PROFILE.modern:
        return str(summary(x))
    first, comma, _ = T.type_string(T.typeof(x)).partition(",")
    sizes = Base.bindings["size"](x)
    size = f"{sizes[0]}-element" if len(sizes) == 1 else "×".join(map(str, sizes))
    return f"{size} {first}" + (",...}" if comma else "")


def qualified(f: GenericFunction) -> str:
    """The name with its module, unless that is Base or the user's own."""
    module = f.module
    if not isinstance(module, Module) or module is Base or f.anonymous or module.name == "Main":
        return f.name
    return f"{'.'.join(module.path)}.{f.name}"


def _foreign_name(f: Any) -> str | None:
    known = isinstance(f, (GenericFunction, Composed, Struct)) or hasattr(f, "generic")
    return inline_text(f) if known else None


def install() -> None:
    """Let the engine print Julia's functions, and Julia the engine's layers."""
    if SHOW_HOOKS.get(Layer) is show_layer:
        return
    engine_text.FOREIGN.append(_foreign_name)
    layout.STYLES.append(_style)
    layout.BRACKETS.append(_brackets)
    layout.PARTS.append(_trained)
    containers.set_one_line(inline_text)
    layout.set_part(part_text)
    SHOW_HOOKS[Layer] = show_layer
    IDENTITIES.append(Base.bindings["identity"])
