"""A run of the pipeline, with what a benchmark wants to know of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streamstyle.events import Event, Finished, FrameWritten
from streamstyle.media.probe import probe
from streamstyle.pipeline import stylise_video
from streamstyle.settings import ConsistencySettings, FlowSettings, Method, Settings, SourceSettings
from streamstyle.styles.library import Style
from streamstyle.styles.spec import BlendPart, StyleBlend


@dataclass
class TimedRun:
    """One film painted."""

    output: Path
    finished: Finished
    times: list[float] = field(default_factory=list)
    """Seconds after the start at which each frame was written."""

    @property
    def seconds_per_frame(self) -> float:
        """Without the first frame, which waits for everything to begin, and the second, which a GPU records."""
        began = min(1, len(self.times) - 2)
        if began < 0:
            return self.finished.elapsed / self.finished.frames
        return (self.times[-1] - self.times[began]) / (len(self.times) - 1 - began)


def run_timed(
    film: Path,
    output: Path,
    style: Style,
    method: Method,
    part: SourceSettings,
    iterations: int = 30,
    flow_cache: float = 0.0,
    watch: Callable[[Event], None] = lambda event: None,
) -> TimedRun:
    """Paint `film` into `output`; by default without the flow cache, so that each run pays for its own flow."""
    settings = Settings(
        source=part,
        flow=FlowSettings(flow_cache=flow_cache),
        consistency=ConsistencySettings(method=method, iterations=iterations),
    )
    times: list[float] = []

    def observe(event: Event) -> None:
        if isinstance(event, FrameWritten):
            times.append(event.elapsed)
        watch(event)

    ended = stylise_video(
        probe(film, part),
        output,
        StyleBlend(style.name, (BlendPart(style.path),)),
        settings,
        observe,
        threading.Event(),
    )
    assert isinstance(ended, Finished)
    return TimedRun(output, ended, times)
