"""What a check found: one `Check` for each cell or block, one `Report` for each file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Check:
    """One cell (or block) that was run and compared."""

    name: str
    source: str
    mode: str = "exact"
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the output is as stored."""
        return not self.problems

    def render(self) -> str:
        """The failure as text: which cell, its code, and what is different."""
        code = "\n".join(f"    {line}".rstrip() for line in self.source.splitlines())
        return "\n\n".join([f"{self.name} ({self.mode})", code, *self.problems])


@dataclass(slots=True)
class Report:
    """All checks of one file."""

    path: Path
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    updated: int = 0

    @property
    def failures(self) -> list[Check]:
        """The checks whose output was not as stored."""
        return [check for check in self.checks if not check.passed]

    def render(self) -> str:
        """A line for the file, and a paragraph for each failure."""
        count, failed = len(self.checks), len(self.failures)
        state = f"{count - failed} of {count} as stored"
        if self.updated:
            state += f", {self.updated} rewritten"
        head = f"{self.path}: {state} ({self.seconds:.1f} s)"
        return "\n\n".join([head, *(check.render() for check in self.failures)])
