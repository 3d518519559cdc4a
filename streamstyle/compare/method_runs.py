"""Runs methods on a film, each with its own settings, and archives their films with the time they took.

The archive is a folder beside the output. A film's file name contains a digest of everything its pixels depend on, so a
film found there need not be made again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from time import process_time
from typing import Any

from streamstyle import __version__
from streamstyle.compare.events import MethodFinished
from streamstyle.errors import OutputError
from streamstyle.events import Event, FrameWritten, Observer, Started, Stopped, Warned
from streamstyle.files import atomic_write, read_json
from streamstyle.machine_info import MachineInfo, machine_info
from streamstyle.media.image_sequence import source_fingerprint
from streamstyle.pipeline import stylise_video
from streamstyle.resume.checkpoint import remove_checkpoint
from streamstyle.settings import EncoderSettings, FlowSettings, Method, Settings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

ARCHIVE_ENCODER = EncoderSettings(crf=10, preset="fast")
"""Finer than the default, since an encoder smooths away differences that are to be measured."""


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """A method with its settings, as it was requested."""

    text: str
    """The request, such as `consistent:pixel-weight=0`."""
    settings: Settings

    @property
    def label(self) -> str:
        """For output: `consistent, pixel-weight 0`."""
        return self.text.replace(":", ", ").replace("=", " ")

    @property
    def method(self) -> Method:
        """The method alone."""
        return self.settings.consistency.method


@dataclass(frozen=True, slots=True)
class RunRecord:
    """How and how fast a film was made; kept beside it."""

    method: str
    frames: int
    seconds_per_frame: float
    """Wall-clock time without the first frame, which includes the start-up."""
    cpu_seconds_per_frame: float
    """The same in CPU time of all threads, which depends less on what else the machine is doing."""
    date: str
    """UTC, ISO 8601."""
    machine: MachineInfo


@dataclass(frozen=True, slots=True)
class MethodResult:
    """A method's film."""

    spec: MethodSpec
    output: Path
    record: RunRecord


def prepare_spec(spec: MethodSpec) -> MethodSpec:
    """Return the spec as it is run here: encoded finely, and without the flow cache, so that its time includes flow."""
    flow = FlowSettings(spec.settings.flow.flow, spec.settings.flow.flow_workers, flow_cache=0.0)
    return replace(spec, settings=replace(spec.settings, flow=flow, encoder=ARCHIVE_ENCODER))


def baseline_index(specs: Sequence[MethodSpec]) -> int:
    """Return the index of the method that the others are related to: the first johnson, or else the first of all."""
    return next((index for index, spec in enumerate(specs) if spec.method is Method.johnson), 0)


def per_frame_indices(specs: Sequence[MethodSpec]) -> list[int | None]:
    """Return for each method the index of the johnson that stylises frames as it does.

    None where there is none, and for ruder, which stylises no frame by itself.
    """
    johnsons = [(spec.settings.style, index) for index, spec in enumerate(specs) if spec.method is Method.johnson]
    first = dict(reversed(johnsons))
    return [None if spec.method is Method.ruder else first.get(spec.settings.style) for spec in specs]


def run_methods(
    specs: Sequence[MethodSpec],
    video: VideoInfo,
    blend: StyleBlend,
    folder: Path,
    observe: Observer,
    stop: threading.Event,
) -> list[MethodResult]:
    """Return every method's film, run only if `folder` does not have it; only the finished ones if `stop` was set.

    Raises StreamstyleError for what a user can correct.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [archive_name(spec, video, blend) for spec in specs]
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be used ({error.strerror})", "Check it, or choose -o.") from error
    results: list[MethodResult] = []
    for spec, name in zip(specs, names, strict=True):
        found = find_record(folder, name)
        record = found or (None if stop.is_set() else _run_method(spec, video, blend, folder, name, observe, stop))
        if record is None:
            break
        path = film_path(folder, name)
        observe(MethodFinished(spec.text, str(path), record.seconds_per_frame, found is not None))
        results.append(MethodResult(spec, path, record))
    with suppress(OSError):
        folder.rmdir()  # only if it is empty
    return results


def _run_method(
    spec: MethodSpec,
    video: VideoInfo,
    blend: StyleBlend,
    folder: Path,
    name: str,
    observe: Observer,
    stop: threading.Event,
) -> RunRecord | None:
    times: list[float] = []
    cpu_times: list[float] = []

    def note_time(event: Event) -> None:
        if isinstance(event, FrameWritten):
            times.append(event.elapsed)
            cpu_times.append(process_time())
        if isinstance(event, Started | FrameWritten | Warned):  # not Finished: the comparison goes on
            observe(event)

    path = film_path(folder, name)
    ended = stylise_video(video, path, blend, spec.settings, note_time, stop, restart=True)
    if isinstance(ended, Stopped):
        Path(ended.output).unlink(missing_ok=True)  # a resumed run would have no time of its own
        remove_checkpoint(path)
        return None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    speeds = seconds_per_frame(times), seconds_per_frame(cpu_times)
    record = RunRecord(spec.text, len(times), *speeds, now, machine_info())
    write_record(_record_path(folder, name), asdict(record))
    return record


def seconds_per_frame(times: Sequence[float]) -> float:
    """Return the mean time of a frame from the times at which each was written, without the first, slow one."""
    return (times[-1] - times[0]) / max(1, len(times) - 1) or times[-1]


def archive_folder(output: Path) -> Path:
    """Return the folder that keeps the films of a comparison: `compare.parts` for `compare.mkv`."""
    return output.with_suffix(".parts")


def archive_name(spec: MethodSpec, video: VideoInfo, blend: StyleBlend) -> str:
    """Return a file name, without extension, that differs wherever anything differs that the result depends on.

    Raises OSError if the film, a style or the loss network cannot be read.
    """
    settings = spec.settings
    weights = settings.consistency.loss_network
    style_image = settings.ruder.style_image
    ruder = (replace(settings.ruder, style_image=None), _file_digest(style_image) if style_image else None)
    inputs = (
        __version__,
        source_fingerprint(video.path),
        (
            video.video_stream,
            video.rotation,
            video.deinterlacing,
            video.width,
            video.height,
            video.start_pts,
            video.end_pts,
        ),
        tuple((_file_digest(part.path), part.weight) for part in blend.parts),
        ruder if spec.method is Method.ruder else None,
        replace(settings.consistency, loss_network=None),
        _file_digest(weights) if weights else None,
        (settings.style, settings.flow.flow, settings.encoder, settings.device),
    )
    digest = blake2b(repr(inputs).encode(), digest_size=8).hexdigest()
    return f"{_safe_name(spec.text)}-{digest}"


def film_path(folder: Path, name: str) -> Path:
    """Return the path of a method's film."""
    return folder / f"{name}.mkv"


def find_record(folder: Path, name: str) -> RunRecord | None:
    """Return the record of a film; None if the film or its record is missing."""
    found = read_json(_record_path(folder, name))
    if not found or not film_path(folder, name).is_file():
        return None
    try:
        return RunRecord(**found)
    except TypeError:  # written by another version
        return None


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a JSON object atomically; OutputError if it cannot be written."""
    try:
        atomic_write(path, json.dumps(record, indent=1))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror})", "Choose another place with -o.") from error


def _record_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _file_digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _safe_name(text: str) -> str:
    """Return the text with only characters that any file system accepts, and not too long."""
    return "".join(char if char.isalnum() or char in "-=." else "_" for char in text)[:60]
