"""A small film with cuts, and runs of it on one machine and in pieces."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from streamstyle.cluster.head import Hands, Paint, run_on_cluster
from streamstyle.cluster.painting import paint
from streamstyle.events import Event, Finished, Stopped
from streamstyle.media.probe import probe
from streamstyle.settings import ConsistencySettings, Device, EncoderSettings, FlowSettings, Method, Settings
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import Extras, cut, moving_square, pan, write_film
from tests.stylise_case import StyliseCase, StyliseResult
from tests.video_io import random_style

FFV1 = EncoderSettings(codec="ffv1")


def film(folder: Path, name: str = "film.mkv", **options: Any) -> Path:
    """Three shots of 10, 8 and 9 frames with sound, chapters and subtitles."""
    scene = cut(pan(10, 64, 48), moving_square(8, 64, 48, seed=5), pan(9, 64, 48, step=(-1, 1), seed=9))
    extras = Extras(chapters=((0.0, 0.4, "one"), (0.4, 1.08, "two")), subtitles=((0.1, 0.5, "Hello"),))
    return write_film(folder / name, scene.frames, audio=True, **{"extras": extras, **options})


def case(folder: Path, video: Path, method: Method = Method.live, encoder: EncoderSettings = FFV1) -> StyliseCase:
    settings = Settings(
        flow=FlowSettings(flow_workers=1, flow_cache=0),
        consistency=ConsistencySettings(method=method, iterations=2),
        encoder=encoder,
        device=Device.cpu,
        threads=1,
    )
    return StyliseCase(video, StyleBlend("nonsense", (BlendPart(random_style(folder, strong=True)),)), settings)


@dataclass
class InProcess:
    """Hands that paint in threads of this process."""

    have_film: bool = False
    paint: Paint = paint

    def run(self, of: StyliseCase, output: Path, stop: threading.Event | None = None, **options: Any) -> StyliseResult:
        with ThreadPoolExecutor(1) as executor:
            return on_cluster(of, output, executor, self.paint, self.have_film, stop, **options)


def on_cluster(
    of: StyliseCase,
    output: Path,
    executor: Executor,
    paint: Paint = paint,
    have_film: bool = False,
    stop: threading.Event | None = None,
    orders: dict[str, Any] | None = None,
    **options: Any,
) -> StyliseResult:
    """Paint a film in pieces; `orders` are `pause` and `show` of the hands."""
    events: list[Event] = []
    hands = Hands(executor, paint, lambda: 1, have_film, "one thread", **(orders or {}))
    video = probe(of.video, of.settings.source)
    ended: Finished | Stopped = run_on_cluster(
        video, output, of.style, of.settings, hands, events.append, stop or threading.Event(), **options
    )
    return StyliseResult(ended, events)


def with_encoder(of: StyliseCase, **changes: Any) -> StyliseCase:
    return of.with_settings(encoder=replace(of.settings.encoder, **changes))
