"""What a doctor writes down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a finding bears on the work."""

    fine = "fine"
    note = "note"
    """Worth knowing; nothing fails for it."""
    broken = "broken"
    """Something will fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    topic: str
    name: str
    state: State
    detail: str
    next_step: str = ""


Row = tuple[str, State, str, str]
"""Name, state, detail and next step of a finding."""


def fine(name: str, detail: str) -> Row:
    """Return the row of a thing that is as it should be."""
    return name, State.fine, detail, ""
