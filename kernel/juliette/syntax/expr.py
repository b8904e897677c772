"""The surface form of Julia code as data: symbols, expressions and quoted values."""

from __future__ import annotations

from typing import Any, ClassVar, Final


class Symbol:
    """An interned Julia symbol: ``Symbol("x") is Symbol("x")``."""

    __slots__ = ("__weakref__", "_hash", "name")

    _table: ClassVar[dict[str, Symbol]] = {}
    name: str
    _hash: int

    def __new__(cls, name: str) -> Symbol:
        found = cls._table.get(name)
        if found is not None:
            return found
        fresh = object.__new__(cls)
        object.__setattr__(fresh, "name", name)
        object.__setattr__(fresh, "_hash", hash(("Symbol", name)))
        # setdefault keeps one winner when two threads intern the same name at once.
        return cls._table.setdefault(name, fresh)

    def __setattr__(self, attribute: str, value: object) -> None:
        raise AttributeError("a Symbol cannot be changed")

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other

    def __copy__(self) -> Symbol:
        return self

    def __deepcopy__(self, memo: object) -> Symbol:
        return self

    def __reduce__(self) -> tuple[type[Symbol], tuple[str]]:
        return (Symbol, (self.name,))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f":{self.name}"


class Expr:
    """A Julia expression: a head and its arguments."""

    __slots__ = ("_args", "_vector", "head")

    head: str
    _args: list[Any]
    _vector: Any

    def __init__(self, head: str, *args: Any) -> None:
        self.head = head
        self._args = list(args)
        # The runtime stores the Julia vector behind `ex.args` here once somebody asks for it;
        # from then on that vector, which user code may change, is the truth.
        self._vector = None

    @property
    def args(self) -> list[Any]:
        """The arguments as a Python list."""
        if self._vector is not None:
            current: list[Any] = self._vector.data.tolist()
            return current
        return self._args

    @args.setter
    def args(self, values: list[Any]) -> None:
        self._vector = None
        self._args = values

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Expr):
            return NotImplemented
        # An explicit stack: chains of operators nest deeper than Python recurses.
        pending: list[tuple[Any, Any]] = [(self, other)]
        while pending:
            left, right = pending.pop()
            if left is right:
                continue
            if isinstance(left, Expr) and isinstance(right, Expr):
                mine, theirs = left.args, right.args
                if left.head != right.head or len(mine) != len(theirs):
                    return False
                pending.extend(zip(mine, theirs, strict=True))
            elif type(left) is not type(right) or not bool(left == right):
                return False
        return True

    def __hash__(self) -> int:
        return hash(("Expr", self.head, len(self.args)))

    def __repr__(self) -> str:
        return render(self)


class QuoteNode:
    """A value quoted inside an expression, such as the ``:b`` of ``a.b``."""

    __slots__ = ("value",)
    # what two of them must agree in to be the same
    value_fields = ("value",)

    value: Any

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QuoteNode):
            return NotImplemented
        return type(self.value) is type(other.value) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(("QuoteNode", type(self.value)))

    def __repr__(self) -> str:
        return f"(inert {self.value!r})"


class LineNumberNode:
    """A position in the source: line and file."""

    __slots__ = ("file", "line")
    fields = value_fields = ("line", "file")

    line: int
    file: Symbol | None

    def __init__(self, line: int, file: Symbol | None = None) -> None:
        self.line = line
        self.file = file

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LineNumberNode):
            return NotImplemented
        return self.line == other.line and self.file == other.file

    def __hash__(self) -> int:
        return hash((self.line, self.file))

    def __repr__(self) -> str:
        return f"(line {self.line} {self.file})"


class GlobalRef:
    """A name in a given module; the module is its name or the runtime's module object."""

    __slots__ = ("module", "name")
    value_fields = ("module", "name")

    module: Any
    name: Symbol

    def __init__(self, module: Any, name: Symbol) -> None:
        self.module = module
        self.name = name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GlobalRef):
            return NotImplemented
        return self.name is other.name and bool(self.module == other.module)

    def __hash__(self) -> int:
        return hash(("GlobalRef", self.name))

    def __repr__(self) -> str:
        return f"(globalref {self.module} {self.name})"


_CLOSE: Final = object()


def macro_call(e: object) -> Expr | None:
    """The macro call that code is: `@m x`, or `@m(x) do … end` (the function first); else None."""
    if not isinstance(e, Expr):
        return None
    if e.head == "macrocall":
        return e
    if e.head == "do" and isinstance(e.args[0], Expr) and e.args[0].head == "macrocall":
        name, line, *args = e.args[0].args
        return Expr("macrocall", name, line, e.args[1], *args)
    return None


def render(value: object) -> str:
    """Write an expression as an s-expression, as ``Meta.show_sexpr`` does."""
    out: list[str] = []
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if item is _CLOSE:
            out.append(")")
            continue
        if out and not out[-1].endswith("("):
            out.append(" ")
        if isinstance(item, Expr):
            out.append(f"(:{item.head}")
            stack.append(_CLOSE)
            stack.extend(reversed(item.args))
        elif isinstance(item, bool):
            out.append("true" if item else "false")
        elif item is None:
            out.append("nothing")
        elif isinstance(item, str):
            out.append('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"')
        else:
            out.append(repr(item))
    return "".join(out)
