"""Methods compared on one film: made, measured, and put into figures that say what they are multiples of."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from streamstyle.compare.events import Compared, ComparedFilm, ComparisonStopped, FrameMeasured
from streamstyle.compare.method_runs import (
    MethodResult,
    MethodSpec,
    baseline_index,
    prepare_spec,
    run_methods,
    write_record,
)
from streamstyle.evaluate.evaluator import GAPS, ControlFilms, measure_films
from streamstyle.evaluate.metrics import PerceptualScorer
from streamstyle.evaluate.reference_flow import ReferenceFlow
from streamstyle.events import Observer
from streamstyle.files import read_json
from streamstyle.machine_info import machine_info
from streamstyle.settings import Method, SourceSettings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

METRICS_VERSION = 3
"""Changes whenever the same films would get other figures."""


@dataclass(frozen=True, slots=True)
class EvaluationSetup:
    """What is measured with."""

    reference_flow: ReferenceFlow
    scorer: PerceptualScorer
    style_image: Path | None


class _InterruptedError(Exception):
    """Measuring was asked to stop."""


def measure_results(
    results: Sequence[MethodResult],
    film: VideoInfo,
    source_settings: SourceSettings,
    setup: EvaluationSetup,
    observe: Observer,
    stop: threading.Event,
) -> list[dict[str, Any]] | None:
    """Return figures and curves of source, parts and decoys; found where they are kept; None where `stop` was set."""
    record = results[0].output.parent / f"measures-{_digest(results, film, setup)}.json"
    if films := read_json(record).get("films"):
        return list(films)

    def on_frame(done: int) -> None:
        observe(FrameMeasured(done, film.frames))
        if stop.is_set():
            raise _InterruptedError

    try:
        metrics = measure_films(
            [made.output for made in results],
            film.path,
            source_settings,
            setup.reference_flow,
            scorer=setup.scorer,
            with_controls=True,
            on_frame=on_frame,
        )
    except _InterruptedError:
        return None
    films = [{"metrics": each.by_name(), "curves": each.curves, "frames": each.frames} for each in metrics]
    write_record(
        record, {"flow_reference": setup.reference_flow.name, "loss_network": setup.scorer.name, "films": films}
    )
    return films


def _digest(results: Sequence[MethodResult], film: VideoInfo, setup: EvaluationSetup) -> str:
    style = setup.style_image.read_bytes() if setup.style_image else b""
    made = [(part.output.stem, part.record.date) for part in results]
    size, judge, eye = (film.width, film.height), setup.reference_flow.name, setup.scorer.name
    all_of_it = repr((METRICS_VERSION, made, size, judge, eye, blake2b(style).hexdigest()))
    return blake2b(all_of_it.encode(), digest_size=8).hexdigest()


def compare(
    specs: Sequence[MethodSpec],
    film: VideoInfo,
    source_settings: SourceSettings,
    mix: StyleBlend,
    setup: EvaluationSetup,
    folder: Path,
    command: str,
    observe: Observer,
    stop: threading.Event,
) -> Compared | None:
    """Make every method's film into `folder`, or find it there, and measure all; None where `stop` was set.

    `part` are the settings that `film` was probed with. Raises StreamstyleError for what a user can put right.
    """
    with setup.reference_flow.open_correspondences(film, GAPS):
        pass  # a judge that does not know the film says so before any work is done
    results = run_methods([prepare_spec(contender) for contender in specs], film, mix, folder, observe, stop)
    films = (
        measure_results(results, film, source_settings, setup, observe, stop) if len(results) == len(specs) else None
    )
    if films is None:
        observe(ComparisonStopped(str(folder), len(results), len(specs)))
        return None
    baseline = baseline_index(specs)
    return Compared(
        video=str(film.path),
        style=mix.name,
        output="",
        report="",
        width=film.width,
        height=film.height,
        frames=films[0]["frames"],
        frame_rate=float(film.frame_rate or 25),
        flow_reference=setup.reference_flow.name,
        same_flow_methods=[part.spec.label for part in results if _same_flow(part.spec, setup.reference_flow)],
        loss_network=setup.scorer.name,
        baseline=results[baseline].spec.label,
        films=_compared_films(results, films, baseline),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine_info(),
        command=command,
    )


def _same_flow(spec: MethodSpec, reference_flow: ReferenceFlow) -> bool:
    return spec.method is not Method.johnson and spec.settings.flow.flow is reference_flow.preset


def _compared_films(
    results: Sequence[MethodResult], films: Sequence[dict[str, Any]], baseline: int
) -> list[ComparedFilm]:
    base, pace = films[1 + baseline]["metrics"], results[baseline].record.seconds_per_frame
    parts: list[MethodResult | None] = [None, *results, *(None for _ in ControlFilms.names)]
    names = ["source", *(part.spec.label for part in results), *ControlFilms.names]
    kinds = ["source", *("method" for _ in results), *("control" for _ in ControlFilms.names)]
    return [
        _compared_film(name, kind, part, figures, base, pace)
        for name, kind, part, figures in zip(names, kinds, parts, films, strict=True)
    ]


def _compared_film(
    name: str, kind: str, part: MethodResult | None, figures: dict[str, Any], base: dict[str, float], pace: float
) -> ComparedFilm:
    measures = figures["metrics"]
    relative = {key: value / base[key] for key, value in measures.items() if base.get(key)}
    if part is None:
        return ComparedFilm(name, kind, None, None, measures, relative, figures["curves"])
    record = part.record
    taken = record.seconds_per_frame
    film = str(part.output)
    return ComparedFilm(
        name, kind, taken, taken / pace, measures, relative, figures["curves"], film, record.date, record.machine
    )
