"""Regular expressions of PCRE, as Julia uses them, written in the language of Python's `re`.

What `re` cannot do (recursion, groups that share numbers, `\\K`, `\\G`) is left to the package
`regex`, which has the same language and more; it is loaded for such patterns only.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from typing import ClassVar

_POSIX = {
    "alpha": "^\\W\\d_",
    "digit": "\\d",
    "alnum": "^\\W_",
    "upper": "A-Z",
    "lower": "a-z",
    "space": "\\s",
    "blank": " \\t",
    "punct": "!-/:-@\\[-`{-~",
    "cntrl": "\\x00-\\x1f\\x7f",
    "graph": "!-~",
    "print": " -~",
    "xdigit": "0-9A-Fa-f",
    "word": "\\w",
    "ascii": "\\x00-\\x7f",
}
_POSIX_MEMBERS = {**_POSIX, "alpha": "a-zA-Z", "alnum": "a-zA-Z0-9"}
_CLASSES: dict[str, str] = {}


@functools.cache
def _inline_pattern() -> re.Pattern[str]:
    return re.compile(r"\(\?([imsxaU]*)(?:-([imsxaU]+))?([:)])")


class PatternError(Exception):
    """A pattern that PCRE refuses, or that cannot be run here; the message and its offset."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def property_class(name: str) -> str:
    """The inside of a character class of all characters of a Unicode category or script-like property."""
    found = _CLASSES.get(name)
    if found is None:
        scripts = {
            "Greek": "GREEK",
            "Cyrillic": "CYRILLIC",
            "Latin": "LATIN",
            "Han": "CJK UNIFIED",
            "Hiragana": "HIRAGANA",
            "Katakana": "KATAKANA",
            "Arabic": "ARABIC",
            "Hebrew": "HEBREW",
            "Thai": "THAI",
            "Hangul": "HANGUL",
        }
        if name in scripts:
            prefix = scripts[name]

            def member(c: str) -> bool:
                return unicodedata.name(c, "").startswith(prefix)
        elif name == "Any":
            return "\\x00-\U0010ffff"
        elif name in ("L&", "LC"):

            def member(c: str) -> bool:
                return unicodedata.category(c) in ("Lu", "Ll", "Lt")
        elif name in ("Xan", "Xwd"):

            def member(c: str) -> bool:
                return unicodedata.category(c)[0] in "LN" or (name == "Xwd" and c == "_")
        elif len(name) <= 2 and name[:1] in "LMNPSZC":

            def member(c: str) -> bool:
                return unicodedata.category(c).startswith(name)
        else:
            raise KeyError(name)
        parts = []
        start = None
        for code in range(sys.maxunicode + 2):
            inside = code <= sys.maxunicode and member(chr(code))
            if inside and start is None:
                start = code
            elif not inside and start is not None:
                parts.append(
                    _escape(start) if start == code - 1 else f"{_escape(start)}-{_escape(code - 1)}"
                )
                start = None
        found = _CLASSES[name] = "".join(parts)
    return found


def _escape(code: int) -> str:
    return f"\\U{code:08x}"


class Translator:
    """One pattern on its way."""

    def __init__(self, pattern: str, extended: bool) -> None:
        self.p = pattern
        self.i = 0
        self.out: list[str] = []
        # For each open group: whether blanks are skipped in it, and what closes it.
        self.groups: list[tuple[bool, str]] = []
        self.extended = extended
        # Closes the options that hold to the end.
        self.tail = ""
        # Whether `re` cannot do it.
        self.beyond = False

    def error(self, message: str, offset: int | None = None) -> PatternError:
        return PatternError(message, self.i if offset is None else offset)

    def opened(self) -> int:
        """How many groups that capture have begun."""
        return sum(1 for o in self.out if o == "(" or o.startswith("(?P<"))

    def run(self) -> str:
        p = self.p
        while self.i < len(p):
            c = p[self.i]
            if c == "\\":
                self.escape()
            elif c == "[":
                self.char_class()
            elif c == "(":
                self.group()
            elif c == ")":
                if not self.groups:
                    raise self.error("unmatched closing parenthesis")
                self.extended, closing = self.groups.pop()
                self.out.append(closing)
                self.i += 1
            elif c == "#" and self.extended:
                end = p.find("\n", self.i)
                self.i = len(p) if end < 0 else end + 1
            elif c == "{" and not re.compile(r"\{\d+(?:,\d*)?\}").match(p, self.i):
                self.out.append("\\{")
                self.i += 1
            else:
                self.out.append(c)
                self.i += 1
        if self.groups:
            raise self.error("missing closing parenthesis")
        return "".join(self.out)

    # ------------------------------------------------------------ groups

    def again(self, which: str) -> None:
        """The pattern of a group once more: by its name, its number or how far it is; 0 is all."""
        self.beyond = True
        if which.lstrip("+-").isdigit():
            number = int(which)
            if which[0] in "+-":
                number += self.opened() + (which[0] == "-")
            self.out.append(f"(?{number})" if number else "(?R)")
        else:
            self.out.append(f"(?&{which})")

    def group(self) -> None:
        p, i = self.p, self.i
        if p.startswith("(*", i):
            end = p.find(")", i)
            verb = p[i + 2 : end]
            if verb in ("UCP", "UTF", "UTF8", "ANYCRLF", "CRLF", "LF", "BSR_ANYCRLF"):
                self.i = end + 1
                return
            raise self.error(f"the verb (*{verb}) is not supported in Juliette")
        if p.startswith("(?#", i):
            end = p.find(")", i)
            if end < 0:
                raise self.error("missing ) after (?# comment")
            self.i = end + 1
            return
        if p.startswith("(?C", i):
            raise self.error("callouts are not supported in Juliette")
        if p.startswith("(?|", i):
            self.beyond = True
            self.groups.append((self.extended, ")"))
            self.out.append("(?|")
            self.i += 3
            return
        again = re.compile(r"\(\?(?:R|([+-]?)(\d+)|(?:&|P>)(\w+))\)").match(p, i)
        if again:
            sign, number, name = again.groups()
            self.again(name or (sign or "") + (number or "0"))
            self.i = again.end()
            return
        flags = _inline_pattern().match(p, i)
        if flags and (flags[1] or flags[2]):
            on, off, closing = (
                flags[1].replace("U", ""),
                (flags[2] or "").replace("U", ""),
                flags[3],
            )
            on = on.replace("a", "")
            opening = f"(?{on}{'-' + off if off else ''}:" if on or off else "(?:"
            before = self.extended
            if "x" in on:
                self.extended = True
            if "x" in off:
                self.extended = False
            if closing == ":":
                self.groups.append((before, ")"))
            else:
                # The option holds to the end of the group around it.
                if self.groups:
                    outer, closing = self.groups[-1]
                    self.groups[-1] = (outer, closing + ")")
                else:
                    self.tail += ")"
            self.out.append(opening)
            self.i = flags.end()
            return
        for theirs, ours in (("(?<=", "(?<="), ("(?<!", "(?<!"), ("(?'", "(?P<"), ("(?<", "(?P<")):
            if p.startswith(theirs, i):
                self.groups.append((self.extended, ")"))
                self.i += len(theirs)
                self.out.append(ours)
                if ours == "(?P<":
                    close = "'" if theirs == "(?'" else ">"
                    end = p.find(close, self.i)
                    if end < 0:
                        raise self.error("syntax error in subpattern name (missing terminator?)")
                    self.out.append(p[self.i : end] + ">")
                    self.i = end + 1
                return
        reference = re.compile(r"\(\?P=(\w+)\)").match(p, i)
        if reference:
            self.out.append(reference[0])
            self.i = reference.end()
            return
        condition = re.compile(r"\(\?\((<\w+>|'\w+'|\w+)\)").match(p, i)
        if condition:
            self.groups.append((self.extended, ")"))
            self.out.append(f"(?({condition[1].strip(chr(60) + chr(62) + chr(39))})")
            self.i = condition.end()
            return
        self.groups.append((self.extended, ")"))
        group = re.compile(r"\((?:\?(?:[:=!>]|P<\w+>))?").match(p, i)
        assert group is not None
        if group[0] == "(" and p.startswith("(?", i):
            raise self.error("unrecognized character after (? or (?-", i + 2)
        self.out.append(group[0])
        self.i = group.end()

    # ------------------------------------------------------------ escapes

    _SIMPLE: ClassVar[dict[str, str]] = {
        "h": "[ \\t\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000]",
        "H": "[^ \\t\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]",
        "R": "(?:\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029])",
        "v": "[\\n\\v\\f\\r\\x85\\u2028\\u2029]",
        "V": "[^\\n\\v\\f\\r\\x85\\u2028\\u2029]",
        "N": "[^\\n]",
        "z": "\\Z",
        "Z": "(?=\\n?\\Z)",
        "A": "\\A",
        "e": "\\x1b",
        "a": "\\a",
    }

    def escape(self) -> None:
        p = self.p
        if self.i + 1 >= len(p):
            raise self.error("\\ at end of pattern", len(p))
        c = p[self.i + 1]
        if c == "Q":
            end = p.find("\\E", self.i)
            text = p[self.i + 2 : end if end >= 0 else len(p)]
            self.out.append(re.escape(text))
            self.i = len(p) if end < 0 else end + 2
            return
        if c == "E":
            self.i += 2
            return
        if c in self._SIMPLE:
            self.out.append(self._SIMPLE[c])
            self.i += 2
            return
        if c in "KGX":
            self.beyond = True
            self.out.append("\\" + c)
            self.i += 2
            return
        if c == "k":
            found = re.compile(r"\\k(?:<(\w+)>|'(\w+)'|\{(\w+)\})").match(p, self.i)
            if found is None:
                raise self.error(
                    "\\k is not followed by a braced, angle-bracketed, or quoted name", self.i + 2
                )
            self.out.append(f"(?P={found[1] or found[2] or found[3]})")
            self.i = found.end()
            return
        if c == "g":
            call = re.compile(r"\\g(?:<([+-]?\w+)>|'([+-]?\w+)')").match(p, self.i)
            if call:
                # a group is matched again, as by `(?&name)` and `(?1)`
                self.again(call[1] or call[2])
                self.i = call.end()
                return
            found = re.compile(r"\\g(?:\{(-?\w+)\}|(-?\d+))").match(p, self.i)
            if found is None:
                raise self.error("a numbered reference must not be zero", self.i + 2)
            ref = found[1] or found[2]
            if ref.startswith("-"):
                ref = str(self.opened() + 1 + int(ref))
            self.out.append(f"(?:\\{ref})" if ref.isdigit() else f"(?P={ref})")
            self.i = found.end()
            return
        text, self.i, _ = self.one(self.i)
        self.out.append(text)

    def one(self, i: int) -> tuple[str, int, bool]:
        """An escape that may stand in a class as well: (text, where it ends, is it a set?)."""
        p = self.p
        c = p[i + 1]
        if c in "pP":
            found = re.compile(r"\\[pP](?:\{\^?([\w&]+)\}|(\w))").match(p, i)
            if found is None:
                raise self.error("malformed \\P or \\p sequence", i + 2)
            name = found[1] or found[2]
            negated = (c == "P") != ("{^" in found[0])
            try:
                members = property_class(name)
            except KeyError:
                raise self.error("unknown property after \\P or \\p", found.end()) from None
            return f"[{'^' if negated else ''}{members}]", found.end(), True
        if c == "x":
            found = re.compile(r"\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))").match(p, i)
            assert found is not None
            return _escape(int(found[1] or found[2] or "0", 16)), found.end(), False
        if c == "o":
            found = re.compile(r"\\o\{([0-7]+)\}").match(p, i)
            if found is None:
                raise self.error("missing opening brace after \\o", i + 2)
            return _escape(int(found[1], 8)), found.end(), False
        if c == "c" and i + 2 < len(p):
            return _escape(ord(p[i + 2].upper()) ^ 64), i + 3, False
        if c.isascii() and c.isalpha() and c not in "dDwWsSbBfnrtav":
            raise self.error("unrecognized character follows \\", i + 1)
        if c in "dDwWsS":
            return "\\" + c, i + 2, True
        if c.isdigit() or c in "bBfnrtav":
            return "\\" + c, i + 2, False
        return re.escape(c), i + 2, False

    # ------------------------------------------------------------ character classes

    def char_class(self) -> None:
        p, start = self.p, self.i
        i = start + 1
        negated = p.startswith("^", i)
        if negated:
            i += 1
        plain: list[str] = []
        sets: list[str] = []
        first = True
        while True:
            if i >= len(p):
                raise self.error("missing terminating ] for character class", len(p))
            c = p[i]
            if c == "]" and not first:
                i += 1
                break
            first = False
            if c == "[" and p[i + 1 : i + 2] in (":", ".", "="):
                end = p.find(":]", i + 2)
                if end >= 0:
                    name = p[i + 2 : end]
                    inverse = name.startswith("^")
                    members = _POSIX_MEMBERS.get(name.lstrip("^"))
                    if members is None:
                        raise self.error("unknown POSIX class name", i)
                    if inverse:
                        sets.append(f"[^{members}]")
                    elif name == "alpha":
                        sets.append("[^\\W\\d_]")
                    elif name == "alnum":
                        sets.append("[^\\W_]")
                    else:
                        plain.append(members)
                    i = end + 2
                    continue
            if c == "\\":
                if i + 1 >= len(p):
                    raise self.error("\\ at end of pattern", len(p))
                e = p[i + 1]
                if e in "hvHVR":
                    inner = self._SIMPLE[e]
                    sets.append(inner) if e in "HV" else plain.append(inner[1:-1])
                    i += 2
                    continue
                if e == "e":
                    plain.append("\\x1b")
                    i += 2
                    continue
                if e == "b":
                    plain.append("\\b")
                    i += 2
                    continue
                if e in "QE":
                    i += 2
                    continue
                text, i, is_set = self.one(i)
                if is_set and text.startswith("[^"):
                    sets.append(text)
                else:
                    plain.append(text[1:-1] if text.startswith("[") else text)
                continue
            plain.append("\\" + c if c in "[&|~" else c)
            i += 1
        self.i = i
        body = "".join(plain).replace("--", "\\--")
        if not sets:
            if body.startswith("^") and not negated:
                body = "\\" + body
            self.out.append(f"[{'^' if negated else ''}{body}]")
            return
        options = ([f"[{body}]"] if body else []) + sets
        if negated:
            self.out.append("(?:(?!" + "|".join(options) + ")(?s:.))")
        else:
            self.out.append("(?:" + "|".join(options) + ")")


def translate(pattern: str, extended: bool) -> tuple[str, bool]:
    """The pattern in Python's language, and whether it is beyond `re`."""
    translator = Translator(pattern, extended)
    text = translator.run()
    return text + translator.tail, translator.beyond


def needs_widths(pattern: str) -> bool:
    """Whether alternatives of a look-behind differ in their widths, which PCRE allows if each has one."""
    return re.search(r"\(\?<[=!](?:[^()*+?{}]*\|)[^()*+?{}]*\)", pattern) is not None
