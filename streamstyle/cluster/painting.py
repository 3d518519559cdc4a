"""What a worker does: it paints one piece with the pipeline of any other run, and returns it encoded."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from streamstyle import __version__
from streamstyle.cluster.joining import encoder_header
from streamstyle.cluster.packets import SmallFile
from streamstyle.cluster.pieces import Piece
from streamstyle.errors import DeviceError, SettingsError
from streamstyle.events import Event, FrameWritten, Observer, Stopped, Warned
from streamstyle.files import fingerprint, temporary_folder
from streamstyle.gpu.device import describe_arithmetic, select_device
from streamstyle.job import FrameCallback
from streamstyle.media.image_sequence import is_sequence
from streamstyle.pipeline import stylise_video
from streamstyle.record_paths import paths_in, replace_paths
from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.settings import Settings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file of the head that the workers need, such as a style."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Commission:
    """What all pieces of a run have in common; paths are the head's."""

    video: VideoInfo
    fingerprint: str
    """Of the film, by which a worker that has it too knows it."""
    style: StyleBlend
    settings: Settings
    suffix: str
    """Suffix of the output, whose container the pieces have too."""
    files: dict[Path, CarriedFile]
    """By the head's path, every file that the style and the settings name."""

    @classmethod
    def of(cls, video: VideoInfo, style: StyleBlend, settings: Settings, suffix: str) -> Commission:
        """Read the files. Raises OSError."""
        paths = {path for record in (style, settings) for path in paths_in(record)}
        for path in filter(is_sequence, paths):
            raise SettingsError(f"--cluster cannot be used with the images of the mask {path}", "Make a film of them.")
        files = {path: CarriedFile(path.name, path.read_bytes()) for path in sorted(paths)}
        return cls(video, fingerprint(video.path), style, settings, suffix, files)


@dataclass(frozen=True, slots=True)
class PieceTask:
    """One piece to paint."""

    commission: Commission
    piece: Piece
    packets: SmallFile | None
    """What it is decoded from; None for the film itself, where the worker has it."""


@dataclass(frozen=True, slots=True)
class PaintedPiece:
    """A piece that was painted and encoded."""

    number: int
    content: bytes = field(repr=False)
    digest: str
    """Of the content, before it was sent."""
    header: str
    """Of the encoder; pieces can be joined where it is the same."""
    arithmetic: str
    """Device, instruction set, type of numbers and versions, which decide how results are rounded."""
    worker: str
    seconds: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilmMissing:
    """The answer of a worker that was sent no packets and does not have the film."""

    number: int


def paint(
    task: PieceTask,
    observe: Callable[[int], None] = lambda frames: None,
    stop: threading.Event | None = None,
    on_frame: FrameCallback | None = None,
) -> PaintedPiece | FilmMissing:
    """Paint a piece; `observe` is told how many of its frames are done, `on_frame` gets each.

    Raises StreamstyleError, a DeviceError if `stop` was set before the piece was done.
    """
    began, piece, commission = time.monotonic(), task.piece, task.commission
    warnings = list[str]()

    def note(event: Event) -> None:
        if isinstance(event, Warned):
            warnings.append(event.message)
        elif isinstance(event, FrameWritten):
            observe(event.frame)

    with temporary_folder() as folder:
        video = _find_film(task, folder)
        if video is None:
            return FilmMissing(piece.number)
        style, settings = _place_files(commission, folder)
        output = folder / f"piece{commission.suffix}"
        _paint(video, output, style, settings, note, piece, stop or threading.Event(), on_frame)
        header = encoder_header(video.upscaled(settings.upscale.upscale), output, settings.encoder)
        content = output.read_bytes()
    return PaintedPiece(
        piece.number,
        content,
        content_digest(content),
        header,
        arithmetic(settings),
        worker_name(),
        time.monotonic() - began,
        tuple(warnings),
    )


def content_digest(content: bytes) -> str:
    """Return the digest by which a piece is checked after it was sent and when it is read again."""
    return blake2b(content, digest_size=16).hexdigest()


def arithmetic(settings: Settings) -> str:
    """Return what decides how this machine rounds results; the number of threads is left to the settings."""
    return f"{describe_arithmetic(select_device(settings.device))}, streamstyle {__version__}"


def has_film(video: VideoInfo, digest: str) -> bool:
    """Return whether this machine has the film of a fingerprint, at the head's path."""
    with suppress(OSError):
        return fingerprint(video.path) == digest
    return False


def _paint(
    video: VideoInfo,
    output: Path,
    style: StyleBlend,
    settings: Settings,
    observe: Observer,
    piece: Piece,
    stop: threading.Event,
    on_frame: FrameCallback | None,
) -> None:
    part = replace(video, end_pts=piece.end_pts, frames=len(piece.frames))
    begin = ResumePoint(piece.begin.index, (piece.begin,))
    run_in = len(piece.run_in)
    end = stylise_video(
        part, output, style, settings, observe, stop, on_frame, restart=True, begin=begin, run_in=run_in
    )
    if isinstance(end, Stopped):
        raise DeviceError("the run was stopped", "The same command resumes it.")


def _find_film(task: PieceTask, folder: Path) -> VideoInfo | None:
    """Return the film to decode, without its other streams; None if it is not here."""
    video = task.commission.video
    if task.packets is not None:
        return task.packets.save(folder, video)
    if not has_film(video, task.commission.fingerprint):
        return None
    return replace(video, streams=tuple(each for each in video.streams if each.index == video.video_stream))


def _place_files(commission: Commission, folder: Path) -> tuple[StyleBlend, Settings]:
    """Write the files of the head into the folder; return style and settings with their paths there."""
    places = dict[Path, Path]()
    for number, (path, file) in enumerate(commission.files.items()):
        places[path] = folder / f"{number}" / file.name
        places[path].parent.mkdir()
        places[path].write_bytes(file.content)
    settings = commission.settings
    if commission.settings.threads == 0:
        settings = replace(settings, threads=usable_cores())
    return replace_paths(commission.style, places), replace_paths(settings, places)


def worker_name() -> str:
    """Return machine and process."""
    return f"{platform.node()}:{os.getpid()}"


def usable_cores() -> int:
    """Return the cores this process may use; the engine asks torch to use one."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
