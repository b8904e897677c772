"""The text of any AbstractString as a Python string."""

from __future__ import annotations

from typing import Any

from juliette.compiler import support


def text_of(s: Any) -> str:
    """The characters of a String, a SubString or a user's own kind of string."""
    if type(s) is str:
        return s
    if isinstance(s, str):
        return str(s)
    own = getattr(s, "julia_text", None)
    if own is not None:
        return own()  # type: ignore[no-any-return]
    return "".join(c.text for c in support.iterate(s))
