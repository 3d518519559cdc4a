"""A video, a style and settings to run `stylise_video` with, as often as a test needs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamstyle.events import Event, Finished, FrameWritten, Stopped
from streamstyle.media.probe import probe
from streamstyle.pipeline import stylise_video
from streamstyle.settings import Settings
from streamstyle.styles.spec import StyleBlend
from tests.video_io import frame_hashes, frame_images


class StyliseResult(NamedTuple):
    ended: Finished | Stopped
    events: list[Event]

    def images(self) -> list[NDArray[np.uint8]]:
        """All frames of the output, or of the partial output, as RGB."""
        return frame_images(Path(self.ended.output))

    def hashes(self) -> list[str]:
        return frame_hashes(Path(self.ended.output))


@dataclass(frozen=True)
class StyliseCase:
    video: Path
    style: StyleBlend
    settings: Settings

    def stylise(self, output: Path, stop_after: int | None = None, **options: Any) -> StyliseResult:
        """Run to the end, or stop after so many frames; `options` are arguments of `stylise_video`."""
        events: list[Event] = []
        stop = threading.Event()

        def observe(event: Event) -> None:
            events.append(event)
            if isinstance(event, FrameWritten) and event.frame == stop_after:
                stop.set()

        if stop_after == 0:
            stop.set()
        video = probe(self.video, self.settings.source)
        return StyliseResult(stylise_video(video, output, self.style, self.settings, observe, stop, **options), events)

    def with_settings(self, **changes: object) -> StyliseCase:
        return replace(self, settings=replace(self.settings, **changes))
