"""Printf: `@printf`, `@sprintf`, `Printf.Format` and `Printf.format`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from juliette.base.strings.unicode import char_width, text_width
from juliette.base.strings.values import is_string, text_of
from juliette.display.io import IO, STDOUT
from juliette.display.show import string_of
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import KeywordCall
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import BigFloat_, Rational, decimal
from juliette.syntax.expr import Expr, QuoteNode, Symbol

InvalidFormatStringError = E._exception(
    "InvalidFormatStringError", "message format start_color end_color"
)
FORMAT_ = T.define("Format")


class Spec:
    """One `%…`: flags, width, precision and type; a `*` is taken from the arguments."""

    __slots__ = ("flags", "kind", "precision", "width")

    def __init__(self, flags: str, width: Any, precision: Any, kind: str) -> None:
        self.flags = flags
        self.width = width
        self.precision = precision
        self.kind = kind

    @property
    def count(self) -> int:
        """How many arguments it takes."""
        return 1 + (self.width == "*") + (self.precision == "*")


_SPEC = re.compile(
    r"%(?P<flags>[-+ 0#]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?"
    r"(?P<length>hh|h|ll|l|[Ljqtz])?(?P<kind>.)?",
    re.DOTALL,
)


class Format:
    """A format string, taken apart."""

    __slots__ = ("parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: list[str | Spec] = []
        if not text:
            raise InvalidFormatStringError("Format string must not be empty", text, 1, 1)
        position = 0
        while position < len(text):
            at = text.find("%", position)
            if at < 0:
                self.parts.append(text[position:])
                break
            if at > position:
                self.parts.append(text[position:at])
            if text.startswith("%%", at):
                self.parts.append("%")
                position = at + 2
                continue
            position = self._spec(at)

    def _spec(self, at: int) -> int:
        found = _SPEC.match(self.text, at)
        assert found is not None
        kind = found["kind"]
        if kind is None:
            message = "Format specifier is incomplete"
            if found["length"]:
                message = "Length modifier is missing type specifier"
            elif found["precision"] == "" and self.text.endswith("."):
                message = "Precision specifier is missing precision"
            raise InvalidFormatStringError(message, self.text, at + 1, len(self.text))
        if kind not in "diouxXDOUeEfFgGaAcCsSpn":
            message = f"'{kind}' is not a valid type specifier"
            raise InvalidFormatStringError(message, self.text, at + 1, found.end())
        width = found["width"]
        precision = found["precision"]
        self.parts.append(
            Spec(
                found["flags"],
                width if width == "*" else int(width or 0),
                precision if precision == "*" or precision is None else int(precision or 0),
                {"D": "d", "U": "u", "O": "o", "i": "d", "u": "d", "C": "c", "S": "s"}.get(
                    kind, kind
                ),
            )
        )
        return found.end()

    @property
    def count(self) -> int:
        return sum(p.count for p in self.parts if isinstance(p, Spec))

    def format(self, args: tuple[Any, ...]) -> str:
        """The text with the arguments put in."""
        if len(args) != self.count:
            raise ArgumentError(
                "mismatch between # of format specifiers and provided args: "
                f"{self.count} != {len(args)}"
            )
        rest = iter(args)
        out: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
                continue
            flags = part.flags
            width = int(next(rest)) if part.width == "*" else part.width
            precision = int(next(rest)) if part.precision == "*" else part.precision
            if width < 0:
                flags, width = flags + "-", -width
            out.append(FORMATTERS[part.kind](next(rest), flags, width, precision, part.kind))
        return "".join(out)


T.register_class(Format, FORMAT_)


def padded(text: str, flags: str, width: int) -> str:
    """To the width, with blanks."""
    missing = width - text_width(text)
    if missing <= 0:
        return text
    return text + " " * missing if "-" in flags else " " * missing + text


def signed(
    digits: str, negative: bool, flags: str, width: int, prefix: str = "", zeros: bool = True
) -> str:
    """With its sign, padded by zeros between sign and digits if the flags say so."""
    sign = "-" if negative else "+" if "+" in flags else " " if " " in flags else ""
    head = sign + prefix
    if zeros and "0" in flags and "-" not in flags:
        digits = digits.rjust(width - len(head), "0")
    return padded(head + digits, flags, width)


def whole_number(x: Any) -> int | None:
    """What `%d` writes of a number that is no Int64; None for floats, which are rounded."""
    if T.isa(x, T.AbstractFloat):
        return None
    if not T.isa(x, T.Number):
        # As in Julia, whose digits are counted first.
        raise MethodError(KeywordCall(Base.bindings["ndigits"], {"base": 10, "pad": 1}), (x,), None)
    if isinstance(x, Rational):
        x = Base.bindings["convert"](T.Integer, x)
    return int(Base.bindings["convert"](T.CORE_TYPES["BigInt"], x))


def format_integer(x: Any, flags: str, width: int, precision: int | None, kind: str) -> str:
    n = x if type(x) is int else whole_number(x)
    if n is None:
        return format_float(x, flags, width, 0, "f")
    size = abs(n)
    digits = decimal(size) if kind == "d" else f"{size:{kind}}"
    prefix = ""
    if "#" in flags:
        prefix = {"x": "0x", "X": "0X", "o": "0"}.get(kind, "")
    if precision:
        digits = digits.rjust(precision, "0")
    return signed(digits, n < 0, flags, width, prefix, zeros=not precision)


def to_float(x: Any) -> Any:
    """The floating-point number that is formatted for `x`."""
    if type(x) is float:
        return x
    if T.isa(x, T.CORE_TYPES["BigFloat"]) or T.typeof(x) in (T.Float64, T.Float32, T.Float16):
        return x
    if T.typeof(x) is T.CORE_TYPES["BigInt"]:
        return Base.bindings["convert"](BigFloat_, x)
    return T.CONSTRUCT(T.Float64, (x,), {})


def format_float(x: Any, flags: str, width: int, precision: int | None, kind: str) -> str:
    value = to_float(x)
    if T.typeof(value) is BigFloat_:
        if value.finite() and kind not in "aA":
            digits = _big_digits(
                abs(value), 6 if precision is None else precision, kind, "#" in flags
            )
            return signed(digits, value < 0, flags, width)
        value = float(value)
    value = float(value)
    if not math.isfinite(value):
        name = "NaN" if value != value else "Inf"
        return signed(name, value < 0, flags, width, zeros=False)
    negative = math.copysign(1, value) < 0
    if kind in "aA":
        text = hexadecimal(abs(value), precision, alternate="#" in flags)
        return signed(
            (text.upper() if kind == "A" else text)[2:],
            negative,
            flags,
            width,
            "0X" if kind == "A" else "0x",
        )
    spec = f"%{'#' if '#' in flags else ''}.{6 if precision is None else precision}{kind}"
    return signed(spec % abs(value), negative, flags, width)


def hexadecimal(x: float, precision: int | None, alternate: bool = False) -> str:
    """`0x1.8p+0`; asked for, the point stands even where no digit follows."""
    if precision is not None:
        m, e = math.frexp(x) if x else (0.0, 1)
        scaled = round(m * 2 * 16**precision)
        digits = f"{scaled:x}".rjust(precision + 1, "0")
        if len(digits) > precision + 1:
            digits, e = digits[:-1], e + 4
        point = f".{digits[1:]}" if precision or alternate else ""
        return f"0x{digits[0]}{point}p{e - 1:+d}"
    mantissa, exponent = x.hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    if alternate and "." not in mantissa:
        mantissa += "."
    return f"{mantissa}p{exponent}"


def _big_digits(x: Any, precision: int, kind: str, alternate: bool) -> str:
    """A BigFloat in decimal digits."""
    if x == 0:
        return f"%.{precision}{kind}" % 0.0
    if kind in "fF":
        n, d = x.ratio()
        scaled, rest = divmod(n * 10**precision, d)
        if 2 * rest > d or (2 * rest == d and scaled & 1):
            scaled += 1
        text = decimal(scaled).rjust(precision + 1, "0")
        return f"{text[:-precision]}.{text[-precision:]}" if precision else text
    if kind in "eE":
        digits, exponent = x.decimal_digits(precision + 1)
        point = "." if precision or alternate else ""
        return f"{digits[0]}{point}{digits[1:]}{kind}{exponent:+03d}"
    significant = precision or 1
    digits, exponent = x.decimal_digits(significant)
    if exponent < -4 or exponent >= significant:
        mantissa = digits if alternate else digits.rstrip("0")
        point = "." if len(mantissa) > 1 or alternate else ""
        return f"{mantissa[0]}{point}{mantissa[1:]}{'e' if kind == 'g' else 'E'}{exponent:+03d}"
    text = _big_digits(x, significant - 1 - exponent, "f", alternate)
    return text if alternate or "." not in text else text.rstrip("0").rstrip(".")


def format_char(x: Any, flags: str, width: int, precision: int | None, kind: str) -> str:
    c = Base.bindings["first"](x) if is_string(x) else x
    if not isinstance(c, V.Char):
        c = T.CONSTRUCT(T.Char_, (c,), {})
    return padded(c.text, flags, width)


def format_string(x: Any, flags: str, width: int, precision: int | None, kind: str) -> str:
    text = string_of(x)
    if "#" in flags:
        if is_string(x):
            text = f'"{text}"'
        elif isinstance(x, Symbol):
            text = ":" + text
    if precision is not None:
        kept, room = [], precision
        for c in text:
            room -= char_width(c)
            if room < 0:
                break
            kept.append(c)
        text = "".join(kept)
    return padded(text, flags, width)


def format_pointer(x: Any, flags: str, width: int, precision: int | None, kind: str) -> str:
    return padded(f"0x{int(Base.bindings['UInt'](x)):016x}", flags, width)


def count_so_far(x: Any, flags: str, width: int, precision: int | None, kind: str) -> str:
    raise ArgumentError(
        "the format specifier %n needs a place to store a count, which Juliette has not"
    )


FORMATTERS: dict[str, Callable[..., str]] = {
    **dict.fromkeys("dxXo", format_integer),
    **dict.fromkeys("eEfFgGaA", format_float),
    "c": format_char,
    "s": format_string,
    "p": format_pointer,
    "n": count_so_far,
}


def _write(io: IO, fmt: Format, *args: Any) -> None:
    if not isinstance(io, IO):
        from juliette.runtime.modules import PACKAGES

        raise MethodError(PACKAGES["Printf"].bindings["format"], (io, fmt, *args), None)
    io.write(fmt.format(args))


def _print(fmt: Format, *args: Any) -> None:
    STDOUT.write(fmt.format(args))


def _string(fmt: Format, *args: Any) -> str:
    return fmt.format(args)


def load(module: Module) -> None:
    """Fill the module."""

    @module.macro("sprintf")
    def sprintf(context: Any, fmt: Any, *args: Any) -> Any:
        """`@sprintf("%d", x)`: a formatted string."""
        if not isinstance(fmt, str):
            raise ArgumentError("First argument to `@sprintf` must be a format string.")
        return Expr("call", QuoteNode(_string), QuoteNode(Format(fmt)), *args)

    @module.macro("printf")
    def printf(context: Any, *args: Any) -> Any:
        """`@printf([io], "%d", x)`: print formatted."""
        if not args:
            raise MethodError(module.bindings["@printf"], args, None)
        if isinstance(args[0], str):
            return Expr("call", QuoteNode(_print), QuoteNode(Format(args[0])), *args[1:])
        if len(args) < 2 or not isinstance(args[1], str):
            raise ArgumentError("First argument to `@printf` after `io` must be a format string.")
        return Expr("call", QuoteNode(_write), args[0], QuoteNode(Format(args[1])), *args[2:])

    @module.macro("format_str", export=False)
    def format_str(context: Any, text: str) -> Any:
        """`Printf.format"%d"`"""
        return QuoteNode(Format(text))

    module.const("Format", FORMAT_, export=False)
    FORMAT_.typename.module = module
    kind = T.CORE_TYPES["InvalidFormatStringError"]
    kind.typename.module = module
    module.const("InvalidFormatStringError", kind, export=False)

    @module.method("format(f::Format, args...)", export=False)
    def format_(f: Format, *args: Any) -> str:
        """The arguments, formatted."""
        return f.format(args)

    @module.method("format(io::IO, f::Format, args...)", export=False)
    def format_to(io: IO, f: Format, *args: Any) -> None:
        io.write(f.format(args))

    @module.method("tofloat(x)", export=False)
    def tofloat(x: Any) -> Any:
        """The floating-point number that is formatted for `x`."""
        return to_float(x)

    from juliette.base.essentials import _simple

    _simple(FORMAT_, lambda _, s: Format(text_of(s)))


def _show_error(io: Any, e: Any) -> None:
    before, after = e.format[: e.start_color - 1], e.format[e.end_color :]
    bad = e.format[e.start_color - 1 : e.end_color]
    arrow = " " * e.start_color + "-" * (len(bad) - 1) + "^"
    io.write(f'InvalidFormatStringError: {e.message}\n    "{before}{bad}{after}"\n    {arrow}\n')


_SHOWERROR = "showerror(io::IO, e::InvalidFormatStringError)"
if "InvalidFormatStringError" not in Base.bindings:
    Base.const("InvalidFormatStringError", T.CORE_TYPES["InvalidFormatStringError"], export=False)
Base.method(_SHOWERROR)(_show_error)
