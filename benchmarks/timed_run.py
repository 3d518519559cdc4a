"""A run of the pipeline with the times of its frames."""

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
    """A finished run."""

    output: Path
    finished: Finished
    times: list[float] = field(default_factory=list)
    """Seconds from the start until each frame was written."""

    @property
    def seconds_per_frame(self) -> float:
        """Without the first frame, which includes the start-up, and the second, in which a GPU captures its graph."""
        skipped = min(1, len(self.times) - 2)
        if skipped < 0:
            return self.finished.elapsed / self.finished.frames
        return (self.times[-1] - self.times[skipped]) / (len(self.times) - 1 - skipped)


def run_timed(
    film: Path,
    output: Path,
    style: Style,
    method: Method,
    source_settings: SourceSettings,
    iterations: int = 30,
    flow_cache: float = 0.0,
    on_event: Callable[[Event], None] = lambda event: None,
) -> TimedRun:
    """Stylise `film` into `output`, by default without the flow cache, so that the time includes the flow."""
    settings = Settings(
        source=source_settings,
        flow=FlowSettings(flow_cache=flow_cache),
        consistency=ConsistencySettings(method=method, iterations=iterations),
    )
    times: list[float] = []

    def observe(event: Event) -> None:
        if isinstance(event, FrameWritten):
            times.append(event.elapsed)
        on_event(event)

    ended = stylise_video(
        probe(film, source_settings),
        output,
        StyleBlend(style.name, (BlendPart(style.path),)),
        settings,
        observe,
        threading.Event(),
    )
    assert isinstance(ended, Finished)
    return TimedRun(output, ended, times)
