"""Input taken out of a pasted transcript: prompts stripped, outputs dropped."""

from __future__ import annotations

PROMPT = "julia> "
INDENT = " " * len(PROMPT)


def strip_transcript(text: str) -> str:
    """The input lines of a transcript; text that is none comes back as it is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    if not first.lstrip().startswith(PROMPT):
        return "\n".join(lines)
    kept: list[str] = []
    inside = False
    for line in lines:
        bare = line.lstrip() if line.lstrip().startswith(PROMPT) else line
        if bare.startswith(PROMPT):
            kept.append(bare[len(PROMPT) :])
            inside = True
        elif inside and line.startswith(INDENT) and line.strip():
            kept.append(line[len(INDENT) :])
        else:
            inside = False
    return "\n".join(kept)
