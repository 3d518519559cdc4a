"""The column of figures at the right of the run screen; the style sheet says which are shown at which size."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from streamstyle.tui.widgets.graphs import loss_graphs, speed_graph, steadiness_graph
from streamstyle.tui.widgets.stats import (
    StatsPanel,
    loss_lines,
    machine_lines,
    progress_lines,
    queue_lines,
    speed_lines,
    stage_lines,
    warping_error_lines,
)
from streamstyle.tui.widgets.workers import worker_lines


class StatsColumn(VerticalScroll, can_focus=False):
    """All panels of a run, the most important first."""

    def compose(self) -> ComposeResult:
        """Make the panels; each is empty until there is something to show."""
        yield StatsPanel(progress_lines, classes="frames-done")
        yield StatsPanel(speed_lines)
        yield StatsPanel(speed_graph, classes="graph")
        yield StatsPanel(worker_lines, "workers: piece and speed", id="workers")
        yield StatsPanel(stage_lines, "time per stage and frame", id="stages")
        yield StatsPanel(queue_lines, "queues", id="queues")
        yield StatsPanel(warping_error_lines, "warping error so far", id="steadiness")
        yield StatsPanel(steadiness_graph, classes="graph")
        yield StatsPanel(loss_lines, "objective, current frame", id="losses")
        yield StatsPanel(loss_graphs, "objective so far", classes="graph")
        yield StatsPanel(machine_lines, "resources", id="machine")
