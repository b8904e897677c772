"""The small core language that all syntax is lowered to.

Names are resolved: a `Local` points at its `Var`, a `Global` at a module's binding.  Type inference
and code generation see only these nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Var:
    """A local variable of one function; `root` is the one that it is captured from."""

    __slots__ = (
        "assigned",
        "captured",
        "declared_type",
        "in_box",
        "loops",
        "name",
        "owner",
        "path",
        "pyname",
        "root",
        "static",
    )

    def __init__(self, name: str, pyname: str, owner: Any, root: Var | None = None) -> None:
        self.name = name
        self.pyname = pyname
        self.owner = owner
        self.root = root if root is not None else self
        self.assigned = 0
        self.captured = False
        self.in_box = False
        # how many loops of its function stand around its scope
        self.loops = 0
        # the branches of its function in which it is assigned first
        self.path: tuple[int, ...] = ()
        # is it a type variable of a method, which nothing assigns?
        self.static = False
        # the expression of its type, and the scope that it stands in
        self.declared_type: tuple[Any, Any] | None = None

    @property
    def boxed(self) -> bool:
        """Is it kept in a box, since it is captured and assigned more than once?"""
        return self.root.in_box

    def __repr__(self) -> str:
        return self.pyname


class Node:
    """Base of core nodes."""

    __slots__ = ()


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Const(Node):
    value: Any


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Local(Node):
    var: Var


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Captured(Node):
    """What a method keeps of a variable that it captures: its box, if it has one, or its value."""

    var: Var


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Global(Node):
    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Runtime(Node):
    """A helper of the runtime, by its name in `compiler.support`."""

    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Splat(Node):
    value: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Call(Node):
    function: Node
    args: list[Node]
    kwargs: list[tuple[str | None, Node]] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class MakeTuple(Node):
    items: list[Node]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class GetField(Node):
    object: Node
    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Assign(Node):
    var: Var
    value: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class AssignGlobal(Node):
    name: str
    value: Node
    const: bool = False


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Block(Node):
    items: list[Node]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Line(Node):
    line: int


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class If(Node):
    test: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class While(Node):
    test: Node
    body: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class For(Node):
    target: Var
    iterable: Node
    body: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Collect(Node):
    """A comprehension: the array of what `loop` yields.

    `sources` hold what is iterated, the fastest first; `flat` if the result is a vector whatever they
    are.  `eltype` is the type that is written before the brackets.
    """

    loop: Node
    sources: list[Local]
    flat: bool
    eltype: Node | None = None


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Consume(Node):
    """A function of Base's that takes all that a generator yields: `sum(x for …)`, `any`, `Dict`.

    `same`: elements of the one source, as they are.  `init`: what a fold begins with.
    """

    function: Const
    loop: Node
    sources: list[Local]
    rest: list[Node]
    same: bool
    init: Node | None = None


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Yield(Node):
    """The next element of the innermost comprehension."""

    value: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Break(Node):
    """Leave the innermost loop, or all `levels` of a `for` with several iterators."""

    levels: int = 1


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Continue(Node):
    pass


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Label(Node):
    """Where a jump leads; only while a function is lowered (`lower.jumps`)."""

    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Goto(Node):
    """A jump; only while a function is lowered."""

    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Return(Node):
    value: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Try(Node):
    body: Node
    var: Var | None
    catch: Node | None
    otherwise: Node | None
    final: Node | None


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Fresh(Node):
    """Variables of a scope begin anew (captured ones get a new box)."""

    vars: list[Var]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Closure(Node):
    """Make a closure of a `Family` of local methods."""

    family: Any


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class IsDefined(Node):
    name: str
    var: Var | None


def nested_for(node: Node) -> For | None:
    """The inner loop of a `for` with several iterators (it is the scope's last item)."""
    if isinstance(node, Block) and node.items:
        last = node.items[-1]
        first = node.items[0]
        if isinstance(first, Fresh):
            return nested_for(last) if isinstance(last, Block) else None
        if len(node.items) == 2 and isinstance(last, For) and isinstance(first, (Assign, Block)):
            return last
    return None
