"""Compares methods on one film: makes each method's film, measures all of them, and relates them to a baseline."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from streamstyle.compare.events import Compared, ComparedFilm, ComparisonStopped, FrameMeasured
from streamstyle.compare.method_runs import (
    MethodResult,
    MethodSpec,
    baseline_index,
    per_frame_indices,
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

METRICS_VERSION = 5
"""Incremented whenever the same films would get other metrics, so that archived ones are not used."""


@dataclass(frozen=True, slots=True)
class EvaluationSetup:
    """What films are measured with."""

    reference_flow: ReferenceFlow
    scorer: PerceptualScorer
    style_image: Path | None


def compare(
    specs: Sequence[MethodSpec],
    video: VideoInfo,
    source_settings: SourceSettings,
    blend: StyleBlend,
    setup: EvaluationSetup,
    folder: Path,
    command: str,
    observe: Observer,
    stop: threading.Event,
) -> Compared | None:
    """Run every method into `folder`, or reuse its film from there, and measure all; None if `stop` was set.

    `source_settings` are those that `video` was probed with. Raises StreamstyleError for what a user can correct.
    """
    with setup.reference_flow.open_correspondences(video, GAPS):
        pass  # a reference flow that does not fit the film is an error before any work is done
    results = run_methods([prepare_spec(spec) for spec in specs], video, blend, folder, observe, stop)
    finished = len(results) == len(specs)
    films = measure_results(results, video, source_settings, setup, observe, stop) if finished else None
    if films is None:
        observe(ComparisonStopped(str(folder), len(results), len(specs)))
        return None
    return _compared(results, films, video, blend, setup, command)


class _InterruptedError(Exception):
    """Measuring was asked to stop."""


def measure_results(
    results: Sequence[MethodResult],
    video: VideoInfo,
    source_settings: SourceSettings,
    setup: EvaluationSetup,
    observe: Observer,
    stop: threading.Event,
) -> list[dict[str, Any]] | None:
    """Return metrics and curves of the source, the results and the control films; None if `stop` was set.

    They are archived beside the films and not measured again.
    """
    record = results[0].output.parent / f"metrics-{_metrics_digest(results, video, setup)}.json"
    if films := read_json(record).get("films"):
        return list(films)

    def on_frame(done: int) -> None:
        observe(FrameMeasured(done, video.frames))
        if stop.is_set():
            raise _InterruptedError

    try:
        metrics = measure_films(
            [result.output for result in results],
            video.path,
            source_settings,
            setup.reference_flow,
            scorer=setup.scorer,
            per_frame=per_frame_indices([result.spec for result in results]),
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


def _metrics_digest(results: Sequence[MethodResult], video: VideoInfo, setup: EvaluationSetup) -> str:
    """Return a digest of everything that the metrics depend on."""
    style_image = setup.style_image.read_bytes() if setup.style_image else b""
    films = [(result.output.stem, result.record.date) for result in results]
    size = (video.width, video.height)
    measured_with = (setup.reference_flow.name, setup.scorer.name, blake2b(style_image).hexdigest())
    return blake2b(repr((METRICS_VERSION, films, size, measured_with)).encode(), digest_size=8).hexdigest()


def _compared(
    results: Sequence[MethodResult],
    films: Sequence[dict[str, Any]],
    video: VideoInfo,
    blend: StyleBlend,
    setup: EvaluationSetup,
    command: str,
) -> Compared:
    """Return all results; the paths of film and report are still empty."""
    baseline = baseline_index([result.spec for result in results])
    return Compared(
        video=str(video.path),
        style=blend.name,
        output="",
        report="",
        width=video.width,
        height=video.height,
        frames=films[0]["frames"],
        frame_rate=float(video.frame_rate or 25),
        flow_reference=setup.reference_flow.name,
        same_flow_methods=[each.spec.label for each in results if _same_flow(each.spec, setup.reference_flow)],
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
    """Return source, methods and control films; `films` are their metrics in this order."""
    base, base_seconds = films[1 + baseline]["metrics"], results[baseline].record.seconds_per_frame
    source, methods, controls = films[0], films[1 : 1 + len(results)], films[1 + len(results) :]
    return [
        _compared_film("source", "source", source, base),
        *(
            _compared_method(result, measured, base, base_seconds)
            for result, measured in zip(results, methods, strict=True)
        ),
        *(
            _compared_film(name, "control", measured, base)
            for name, measured in zip(ControlFilms.names, controls, strict=True)
        ),
    ]


def _compared_method(
    result: MethodResult, measured: dict[str, Any], base: dict[str, float], base_seconds: float
) -> ComparedFilm:
    record = result.record
    return replace(
        _compared_film(result.spec.label, "method", measured, base),
        seconds_per_frame=record.seconds_per_frame,
        time_ratio=record.seconds_per_frame / base_seconds,
        output=str(result.output),
        created=record.date,
        machine=record.machine,
    )


def _compared_film(name: str, kind: str, measured: dict[str, Any], base: dict[str, float]) -> ComparedFilm:
    metrics = measured["metrics"]
    ratios = {key: value / base[key] for key, value in metrics.items() if base.get(key)}
    return ComparedFilm(name, kind, None, None, metrics, ratios, measured["curves"])
