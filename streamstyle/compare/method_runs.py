"""A method with its settings, as one of those that are compared."""

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
from streamstyle.files import atomic_write, fingerprint, read_json
from streamstyle.machine_info import MachineInfo, machine_info
from streamstyle.pipeline import stylise_video
from streamstyle.resume.checkpoint import remove_checkpoint
from streamstyle.settings import EncoderSettings, FlowSettings, Method, Settings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

ARCHIVE_ENCODER = EncoderSettings(crf=10, preset="fast")
"""How a method's film is encoded: finer than a film to watch, for the encoder smooths what is to be measured."""


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One of the films to make."""

    text: str
    """As it was asked for, such as `consistent:pixel-weight=0`."""
    settings: Settings

    @property
    def label(self) -> str:
        """For people: `consistent, pixel-weight 0`."""
        return self.text.replace(":", ", ").replace("=", " ")

    @property
    def method(self) -> Method:
        """The method alone."""
        return self.settings.consistency.method


def prepare_spec(spec: MethodSpec) -> MethodSpec:
    """Return it as it is run here: encoded finely, and paying for its own flow."""
    flow = FlowSettings(spec.settings.flow.flow, spec.settings.flow.flow_workers, flow_cache=0.0)
    return replace(spec, settings=replace(spec.settings, flow=flow, encoder=ARCHIVE_ENCODER))


def baseline_index(specs: Sequence[MethodSpec]) -> int:
    """Return the place of the one that the others are given as multiples of: the first johnson, or the first of all."""
    found = (place for place, contender in enumerate(specs) if contender.method is Method.johnson)
    return next(found, 0)


def archive_name(spec: MethodSpec, film: VideoInfo, mix: StyleBlend) -> str:
    """Return a file's name without ending that differs wherever anything differs that the result depends on.

    Raises OSError where the film, a style or the loss network cannot be read.
    """
    how = spec.settings
    weights = how.consistency.loss_network
    painting = how.ruder.style_image
    ruder = (replace(how.ruder, style_image=None), _file_digest(painting) if painting else None)
    all_of_it = (
        __version__,
        fingerprint(film.path),
        (film.video_stream, film.rotation, film.width, film.height, film.start_pts, film.end_pts),
        tuple((_file_digest(ingredient.path), ingredient.weight) for ingredient in mix.parts),
        ruder if spec.method is Method.ruder else None,
        replace(how.consistency, loss_network=None),
        _file_digest(weights) if weights else None,
        (how.style, how.flow.flow, how.encoder, how.device),
    )
    digest = blake2b(repr(all_of_it).encode(), digest_size=8).hexdigest()
    return f"{_safe_name(spec.text)}-{digest}"


def _file_digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _safe_name(text: str) -> str:
    """Return the text as any file system takes it, not too long."""
    return "".join(sign if sign.isalnum() or sign in "-=." else "_" for sign in text)[:60]


@dataclass(frozen=True, slots=True)
class MethodResult:
    """A method's film."""

    spec: MethodSpec
    output: Path
    record: RunRecord


def run_methods(
    specs: Sequence[MethodSpec],
    film: VideoInfo,
    mix: StyleBlend,
    folder: Path,
    observe: Observer,
    stop: threading.Event,
) -> list[MethodResult]:
    """Return every method's film, made where `folder` does not hold it; only those finished where `stop` was set.

    Raises StreamstyleError for what a user can put right.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [archive_name(contender, film, mix) for contender in specs]
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be used ({error.strerror})", "Check it, or choose -o.") from error
    results: list[MethodResult] = []
    for contender, name in zip(specs, names, strict=True):
        found = find_record(folder, name)
        record = found or (None if stop.is_set() else _run_method(contender, film, mix, folder, name, observe, stop))
        if record is None:
            break
        path = film_path(folder, name)
        observe(MethodFinished(contender.text, str(path), record.seconds_per_frame, found is not None))
        results.append(MethodResult(contender, path, record))
    with suppress(OSError):
        folder.rmdir()  # if nothing is kept there
    return results


def _run_method(
    spec: MethodSpec,
    film: VideoInfo,
    mix: StyleBlend,
    folder: Path,
    name: str,
    observe: Observer,
    stop: threading.Event,
) -> RunRecord | None:
    times: list[float] = []
    cpu_times: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, FrameWritten):
            times.append(event.elapsed)
            cpu_times.append(process_time())
        if isinstance(event, Started | FrameWritten | Warned):  # it is the comparison that will have finished
            observe(event)

    path = film_path(folder, name)
    ended = stylise_video(film, path, mix, spec.settings, listen, stop, restart=True)
    if isinstance(ended, Stopped):
        Path(ended.output).unlink(missing_ok=True)  # its time is measured, which half a film would not tell
        remove_checkpoint(path)
        return None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    speeds = seconds_per_frame(times), seconds_per_frame(cpu_times)
    record = RunRecord(spec.text, len(times), *speeds, now, machine_info())
    save_record(folder, name, record)
    return record


def seconds_per_frame(times: Sequence[float]) -> float:
    """Return the mean time of a frame, from when each was written; the first waits for everything to begin."""
    return (times[-1] - times[0]) / max(1, len(times) - 1) or times[-1]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is remembered of a film's making."""

    method: str
    frames: int
    seconds_per_frame: float
    """By the clock, without the first frame, which waits for everything to begin."""
    cpu_seconds_per_frame: float
    """The same of the processor's time, all threads together: what else the machine does counts less."""
    date: str
    """UTC, ISO 8601."""
    machine: MachineInfo


def archive_folder(output: Path) -> Path:
    """Return where the films of a comparison are kept: `compare.parts` for `compare.mkv`."""
    return output.with_suffix(".parts")


def film_path(folder: Path, name: str) -> Path:
    """Return where a method's film lies."""
    return folder / f"{name}.mkv"


def find_record(folder: Path, name: str) -> RunRecord | None:
    """Return how a film was made; None where it is not there whole, or nothing is known of it."""
    known = read_json(folder / f"{name}.json")
    if not known or not film_path(folder, name).is_file():
        return None
    try:
        return RunRecord(**known)
    except TypeError:  # written by another version
        return None


def save_record(folder: Path, name: str, record: RunRecord) -> None:
    """Remember how a film was made, once it lies there whole."""
    write_record(folder / f"{name}.json", asdict(record))


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a JSON object, whole or not at all; OutputError where that cannot be."""
    try:
        atomic_write(path, json.dumps(record, indent=1))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror})", "Choose another place with -o.") from error
