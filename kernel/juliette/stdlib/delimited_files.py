"""The module DelimitedFiles: tables in text files."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, is_array, shape_of
from juliette.base.iteration import iterate_value
from juliette.base.strings.values import is_string, text_of
from juliette.display.io import IO
from juliette.display.show import one_line
from juliette.runtime import types as T
from juliette.runtime.array import Array, elements, make, vector
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base, Module
from juliette.runtime.values import Char

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|Inf|NaN)$")
_INTEGER = re.compile(r"[+-]?\d+$")


def cells(line: str, delimiter: str | None, quotes: bool) -> list[str]:
    """The cells of a line; without a delimiter, blanks separate them."""
    if delimiter is None:
        if not quotes or '"' not in line:
            return line.split()
        words = re.findall(r'"(?:[^"]|"")*"(?=\s|$)|\S+', line)
        return [w[1:-1].replace('""', '"') if w[:1] == w[-1:] == '"' != w else w for w in words]
    if not quotes or '"' not in line:
        return line.split(delimiter)
    out: list[str] = []
    cell = ""
    inside = False
    i = 0
    while i < len(line):
        c = line[i]
        if inside:
            if c == '"' and line[i + 1 : i + 2] == '"':
                cell += '"'
                i += 1
            elif c == '"':
                inside = False
            else:
                cell += c
        elif c == '"' and not cell.strip():
            inside, cell = True, ""
        elif line.startswith(delimiter, i):
            out.append(cell)
            cell = ""
            i += len(delimiter) - 1
        else:
            cell += c
        i += 1
    return [*out, cell]


def whole(lines: list[str], eol: str, delimiter: str | None) -> list[str]:
    """The lines, where those within the quotes of a cell are one."""
    before = rf"(^|{re.escape(delimiter) if delimiter else chr(92) + 's'})"
    closed, opening = re.compile(before + r'"(?:[^"]|"")*"'), re.compile(before + '"')
    out: list[str] = []
    within = False
    for line in lines:
        if within:
            out[-1] += eol + line
        else:
            out.append(line)
        within = opening.search(closed.sub("", out[-1])) is not None
    return out


def guess(text: str) -> Any:
    """A number if it is one, else the text."""
    word = text.strip()
    if _INTEGER.match(word) and -(2**63) <= int(word) < 2**63:
        return int(word)
    if _NUMBER.match(word):
        return float(word.replace("Inf", "inf").replace("NaN", "nan"))
    return {"true": True, "false": False}.get(word, text)


def typed(text: str, t: Any, row: int, column: int) -> Any:
    """A cell as a value of the wanted type."""
    if t is T.Any_:
        return guess(text)
    if T.subtype(t, T.AbstractString):
        return text
    word = text.strip()
    if t is T.Char_:
        return Char(ord(word))
    try:
        return Base.bindings["parse"](t, word)
    except ArgumentError:
        reason = ErrorException(f'file entry "{text}" cannot be converted to {T.type_string(t)}')
        raise ErrorException(f"at row {row}, column {column} : {one_line(reason)}") from None


def table(rows: list[list[Any]], t: Any, fill: Any) -> Array:
    """A matrix of rows; short ones are filled up."""
    width = max(map(len, rows), default=0)
    for row in rows:
        row += [fill] * (width - len(row))
    values = [rows[i][j] for j in range(width) for i in range(len(rows))]
    return make(vector(values, t).data.reshape((len(rows), width), order="F"), t)


def read_table(source: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    delimiter: str | None = None
    wanted: Any = None
    eol = "\n"
    characters = 0
    for a in args:
        if isinstance(a, T.JuliaType):
            wanted = a
        elif isinstance(a, Char):
            if characters == 0:
                delimiter = a.text
            else:
                eol = a.text
            characters += 1
    if is_string(source) and not Base.bindings["isfile"](source):
        raise ArgumentError(f"Cannot open '{text_of(source)}': not a file")
    text = str(Base.bindings["read"](source, T.String))
    lines = text.split(eol)
    if lines and not lines[-1]:
        lines.pop()
    lines = [line.removesuffix("\r") for line in lines][options["skipstart"] :]
    if options["quotes"] and '"' in text:
        lines = whole(lines, eol, delimiter)
    if options["comments"]:
        mark = options["comment_char"]
        lines = [line.partition(mark)[0] for line in lines]
    if options["skipblanks"]:
        lines = [line for line in lines if line.strip()]
    split = [cells(line, delimiter, options["quotes"]) for line in lines]
    header = split.pop(0) if options["header"] and split else None
    if wanted is not None:
        rows = [
            [typed(c, wanted, i, j) for j, c in enumerate(row, 1)] for i, row in enumerate(split, 1)
        ]
        data = table(
            rows,
            wanted,
            ""
            if wanted is T.Any_
            else Base.bindings["zero"](wanted)
            if T.subtype(wanted, T.Number)
            else "",
        )
    else:
        rows = [[guess(c) for c in row] for row in split]
        flat = [c for row in rows for c in row]
        full = len({len(row) for row in rows}) <= 1
        if full and flat and all(type(c) in (int, float) for c in flat):
            data = table([[float(c) for c in row] for row in rows], T.Float64, 0.0)
        else:
            data = table(rows, T.Any_, "")
    if header is None:
        return data
    titles = [h.strip() if delimiter is not None else h for h in header]
    return data, make(vector(titles, T.AbstractString).data.reshape(1, -1), T.AbstractString)


def cell_text(x: Any, delimiter: str, quotes: bool) -> str:
    text = str(Base.bindings["string"](x))
    if quotes and isinstance(x, str) and (delimiter in text or '"' in text or "\n" in text):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_table(io: Any, x: Any, delimiter: str, quotes: bool) -> None:
    if not isinstance(io, IO):
        file = Base.bindings["open"](io, "w")
        try:
            write_table(file, x, delimiter, quotes)
        finally:
            file.stream.close()
        return
    if is_array(x) and len(shape_of(x)) == 2:
        data = dense(x)
        rows: Any = [elements(data[i]) for i in range(data.shape[0])]
    else:
        rows = [
            list(iterate_value(row))
            if not isinstance(row, (str, int, float, np.generic))
            else [row]
            for row in iterate_value(x)
        ]
    for row in rows:
        io.write(delimiter.join(cell_text(c, delimiter, quotes) for c in row) + "\n")


OPTIONS = (
    "header=false, skipstart=0, skipblanks=true, use_mmap=false, quotes=true, dims=nothing, "
    "comments=false, comment_char='#'"
)


def load(module: Module) -> None:
    """Fill the module."""

    @module.method(f"readdlm(source, args...; {OPTIONS})")
    def readdlm(
        source: Any,
        *args: Any,
        header: bool = False,
        skipstart: int = 0,
        skipblanks: bool = True,
        use_mmap: bool = False,
        quotes: bool = True,
        dims: Any = None,
        comments: bool = False,
        comment_char: Any = None,
    ) -> Any:
        """The table of a text file: `readdlm(source, [delim], [T], [eol])`.

        ```jldoctest
        julia> using DelimitedFiles

        julia> readdlm(IOBuffer("1,2\\n3,4"), ',', Int)
        2×2 Matrix{Int64}:
         1  2
         3  4
        ```
        """
        mark = comment_char.text if comment_char is not None else "#"
        options = {
            "header": header,
            "skipstart": skipstart,
            "skipblanks": skipblanks,
            "quotes": quotes,
            "comments": comments,
            "comment_char": mark,
        }
        return read_table(source, args, options)

    @module.method("writedlm(io, x, delim='\\t'; quotes=true)")
    def writedlm(io: Any, x: Any, delim: Any = None, *, quotes: bool = True, **_: Any) -> None:
        """Write a table to a text file.

        ```jldoctest
        julia> using DelimitedFiles

        julia> writedlm(stdout, [1 2; 3 4], ',')
        1,2
        3,4
        ```
        """
        delimiter = (
            "\t" if delim is None else delim.text if isinstance(delim, Char) else text_of(delim)
        )
        write_table(io, x, delimiter, quotes)
