"""What a run would take, the command line that begins it, and the button that does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from streamstyle.formatting import format_bytes, format_rough_duration, format_speed, format_time_of_day
from streamstyle.tui.start.telling import StableText


class EstimateBar(Horizontal):
    """The estimate and the command line, and beside them the start."""

    def compose(self) -> ComposeResult:
        """Lay the foot out."""
        with Vertical():
            yield StableText(id="cost")
            yield StableText(id="command")
        yield Button("Start", id="start", variant="primary")

    def show_command(self, line: str) -> None:
        """Show the command line."""
        self.query_one("#command", StableText).set_text(Text.assemble(("$ ", "dim"), line))

    def show_message(self, words: str, *, refused: bool = False) -> None:
        """Say why there is no estimate yet."""
        cost = self.query_one("#cost", StableText)
        cost.set_class(refused, "refusal")
        cost.set_text(words)

    def show_estimate(self, cost: Mapping[str, Any], free: int | None, *, so_far: bool) -> None:
        """Show an estimate; `free` is the room on the disk that it goes to, in bytes."""
        said = self.query_one("#cost", StableText)
        said.set_class(False, "refusal")
        said.set_text(format_estimate(cost, free, time.time(), so_far=so_far))


def format_estimate(cost: Mapping[str, Any], free: int | None, now: float, *, so_far: bool) -> Text:
    """Return what a run would take, how that is known, and what time of day it would be done."""
    said = []
    if cost["seconds"] is not None:
        said.append(Text(f"≈ {format_rough_duration(cost['seconds'])}", style="bold"))
    said.append(Text(format_speed(1, cost["seconds_per_frame"])))
    if cost["output_bytes"] is not None:
        fits = free is None or cost["output_bytes"] < free
        room = "" if free is None else f" of {format_bytes(free)} free"
        said.append(Text(f"{format_bytes(cost['output_bytes'])}{room}", style="" if fits else "bold red"))
    if cost["seconds"] is not None:
        said.append(Text(f"done at {format_time_of_day(cost['seconds'], now)}"))
    tried = f"from {cost['trial_frames']} frame{'' if cost['trial_frames'] == 1 else 's'}"
    said.append(Text(f"{tried}, still trying" if so_far else tried, style="dim"))
    return Text(" · ").join(said)
