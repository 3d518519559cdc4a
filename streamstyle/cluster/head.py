"""The head of a run on a cluster: finds the pieces, hands them out, keeps what comes back, and joins it.

It paints nothing. What hands out the work is any `concurrent.futures.Executor`; `engine.py` has that of a cluster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from streamstyle.cluster.failures import Failures
from streamstyle.cluster.joining import check_piece, encoder_header, join
from streamstyle.cluster.journal import Journal, open_journal
from streamstyle.cluster.orders import View
from streamstyle.cluster.packets import PacketCutter
from streamstyle.cluster.painting import Commission, FilmMissing, PaintedPiece, PieceTask, content_digest
from streamstyle.cluster.pieces import Piece, Splitting, split
from streamstyle.cluster.reporter import OnPoll, Reporter
from streamstyle.errors import DeviceError, OutputError, SettingsError, StyleError
from streamstyle.events import Finished, Observer, Stopped, WorkersSampled
from streamstyle.media.output_names import check_output, partial_path
from streamstyle.prefetch import usable_cpus
from streamstyle.resume.signature import run_inputs, run_signature
from streamstyle.settings import Settings
from streamstyle.stages.decode import decode_in_threads
from streamstyle.stages.shots import number_shots_by, with_thumbnail
from streamstyle.styles.frame_looks import FrameLooks
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

_WINDOW = 2
"""Pieces handed out, and pieces that wait to be, for each worker."""

_POLL_SECONDS = 0.2
"""Between two looks at the order to stop."""

_MAX_CONVERTERS = 8
"""Threads that convert decoded frames and make their thumbnails; more would wait for the decoder."""

_FRAMES_AT_ONCE = 50
"""Frames that are read between two looks at what the workers have done."""

_END = object()

Painted = PaintedPiece | FilmMissing
Paint = Callable[[PieceTask], Painted]


@dataclass(frozen=True, slots=True)
class Hands:
    """Who paints."""

    executor: Executor
    paint: Paint
    """What the executor runs for each piece."""
    count: Callable[[], int]
    """Returns the number of workers there are now."""
    have_film: bool
    """Whether all workers have the film at its path."""
    description: str
    """Of the workers, for the event of the start."""
    poll: Callable[[Mapping[int, Piece]], tuple[int, WorkersSampled | None]] = lambda pieces: (0, None)
    """Called now and then with the pieces in work, by number; returns how many frames of them are done, and what the
    workers do if it is time to say so."""
    pause: Callable[[bool], None] = lambda paused: None
    """Makes all workers pause after their current frame, or continue; called again and again during a pause."""
    show: Callable[[View], Any] = lambda view: None
    """Orders a view of a frame that is being painted; returns what the last order has shown, None if nothing yet."""


def run_on_cluster(
    video: VideoInfo,
    output: Path,
    style: StyleBlend,
    settings: Settings,
    hands: Hands,
    observe: Observer,
    stop: threading.Event,
    *,
    piece_seconds: float = 60,
    exact: bool = False,
    restart: bool = False,
    on_poll: OnPoll = lambda context: False,
) -> Finished | Stopped:
    """Write the video in a style to `output`, painted by `hands`; `on_poll` is called now and then.

    While that says so the workers pause and no pieces are handed out. Finished pieces of an earlier run are used again,
    unless `restart` is set. When `stop` is set, no more pieces are handed out, what is finished is kept, and what of it
    begins the film is joined so that it can be watched. With `exact`, pieces whose arithmetic differs are refused.
    Raises StreamstyleError; what is finished is kept then, too.
    """
    inputs = run_inputs(video, style, settings)
    check_output(output, inputs)
    length = max(1, round(piece_seconds * float(video.frame_rate or 25)))
    splitting = Splitting.of(settings, length)
    signature = {**run_signature(video, style, settings), "--piece-length": f"{piece_seconds:g}"}
    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(output, signature, restart=restart))
        reporter = Reporter(video, observe, on_poll, hands.show)
        run = _Run(video, output, style, settings, hands, stop, splitting, exact, journal, reporter)
        run.paint_all()
        return run.finish()


class _Run:
    """One run of the head."""

    def __init__(
        self,
        video: VideoInfo,
        output: Path,
        style: StyleBlend,
        settings: Settings,
        hands: Hands,
        stop: threading.Event,
        splitting: Splitting,
        exact: bool,
        journal: Journal,
        reporter: Reporter,
    ) -> None:
        self._video, self._output, self._settings, self._hands = video, output, settings, hands
        self._stop, self._splitting, self._exact = stop, splitting, exact
        self._journal, self._reporter, self._style = journal, reporter, style
        self._encoded = video.upscaled(settings.upscale.upscale)
        self._header = encoder_header(self._encoded, output, settings.encoder)
        self._commission = Commission.of(video, style, settings, output.suffix)
        self._cutter, self._send_packets = PacketCutter(video), not hands.have_film
        self._pieces = list[Piece]()
        self._files = dict[int, Path]()
        self._in_work = dict["Future[Painted]", Piece]()
        self._failures = Failures(video, reporter.warn)
        self._again, self._is_paused = list[Piece](), False
        self._arithmetic, self._unlike_is_said = {entry.arithmetic for entry in journal.entries}, False

    def paint_all(self) -> None:
        """Hand out all pieces and keep what comes back, until all are there, have failed, or the run is to stop."""
        with ExitStack() as stack:
            stack.callback(self._cancel)
            workers = min(_MAX_CONVERTERS, usable_cpus())
            bound = self._video.frames_within(self._settings.source.queue_bytes, unconverted=True)
            ahead = min(2 * workers + 6, bound)
            reading = decode_in_threads(self._video, with_thumbnail, workers=min(workers, ahead), ahead=ahead)
            frames = stack.enter_context(reading)
            looks = FrameLooks.of(self._video, self._settings.looks(self._style))
            found = split(number_shots_by(frames, looks_break=looks.breaks), self._video.end_pts, self._splitting)
            self._report_start()
            self._report()
            waiting, is_read = list[Piece](), False
            while not self._stop.is_set():
                if self._is_paused:
                    self._wait_in_pause()
                    continue
                room = _WINDOW * max(1, self._hands.count())
                for _ in range(_FRAMES_AT_ONCE if not is_read and len(waiting) < room else 0):
                    piece = next(found, _END)
                    is_read = piece is _END
                    if isinstance(piece, Piece) and self._note(piece):
                        waiting.append(piece)
                    if is_read or len(waiting) == room:
                        break
                waiting += self._again
                self._again = []
                while waiting and len(self._in_work) < room:
                    longest = max(waiting, key=lambda piece: len(piece.frames))
                    waiting.remove(longest)
                    self._hand_out(longest)
                if not self._in_work and is_read and not waiting:
                    return
                self._collect(_POLL_SECONDS if is_read or len(waiting) >= room else 0)
            self._collect(0)

    def _wait_in_pause(self) -> None:
        """Let time pass; a piece that was about to end may still come."""
        if not self._in_work:
            self._stop.wait(_POLL_SECONDS)
        self._collect(_POLL_SECONDS)

    def finish(self) -> Finished | Stopped:
        """Join the pieces, or say what is missing; return the last event. Raises DeviceError for failed pieces."""
        if not self._stop.is_set() and (error := self._failures.error()):
            raise error
        if not self._stop.is_set():
            warnings = self._join(self._encoded, self._output, self._pieces, self._stop)
            if warnings is not None:
                for warning in warnings:
                    self._reporter.warn(warning)
                self._journal.remove()
                return self._reporter.finished(self._output, self._pieces[-1].last.shot + 1)
        return self._reporter.stopped(self._join_begin() or self._journal.folder)

    def _join_begin(self) -> Path | None:
        """Write the pieces that are done from the beginning on as a film beside them; return it."""
        begin = list(takewhile(lambda piece: piece.number in self._files, self._pieces))
        if not begin:
            return None
        path = self._journal.folder / partial_path(self._output).name
        try:
            self._join(replace(self._encoded, end_pts=begin[-1].end_pts), path, begin, threading.Event())
        except OutputError as error:
            self._reporter.warn(f"what is done was not joined: {error.problem}")
            return None
        return path

    def _join(self, video: VideoInfo, output: Path, pieces: list[Piece], stop: threading.Event) -> list[str] | None:
        files = [(piece, self._files[piece.number]) for piece in pieces]
        return join(video, output, self._settings.encoder, files, stop)

    def _cancel(self) -> None:
        for future in self._in_work:
            future.cancel()

    def _report_start(self) -> None:
        resumed = sum(entry.frames for entry in self._journal.entries)
        self._reporter.started(self._output, self._style, self._settings, self._hands.description, resumed)

    def _note(self, piece: Piece) -> bool:
        """Note a piece that was found; return whether it is to be painted."""
        self._pieces.append(piece)
        file = self._journal.finished(piece)
        if file is None:
            return True
        self._files[piece.number] = file
        self._reporter.resumed(piece)
        self._report()
        return False

    def _hand_out(self, piece: Piece) -> None:
        packets = self._cutter.cut(piece) if self._send_packets else None
        future = self._hands.executor.submit(self._hands.paint, PieceTask(self._commission, piece, packets))
        self._in_work[future] = piece

    def _collect(self, seconds: float) -> None:
        """Wait so long for a piece, and keep those that are there."""
        done, _ = wait(self._in_work, seconds, FIRST_COMPLETED)
        for future in done:
            piece = self._in_work.pop(future)
            try:
                self._keep(piece, future.result())
            except (SettingsError, StyleError):  # it would be the same on every worker
                raise
            except CancelledError as error:
                raise DeviceError(
                    "the scheduler of the cluster is gone", "Start it; the same command resumes."
                ) from error
            except Exception as error:  # whatever a worker may raise: it is counted and named
                if self._failures.note(piece, error):
                    self._again.append(piece)
        self._report()

    def _keep(self, piece: Piece, painted: Painted) -> None:
        """Check a piece, write it and note it. Raises OutputError if it is damaged or cannot be joined."""
        if isinstance(painted, FilmMissing):
            self._send_packets = True
            self._again.append(piece)
            return
        if content_digest(painted.content) != painted.digest:
            raise OutputError(f"piece {piece.number} arrived damaged", "Check the network.")
        if painted.header != self._header:
            raise SettingsError(
                f"the worker {painted.worker} has another version of {self._settings.encoder.codec}",
                "Install the same version of PyAV on all machines.",
            )
        self._check_arithmetic(painted)
        self._files[piece.number] = path = self._journal.add(piece, painted, self._output.suffix)
        try:
            check_piece(path, piece, self._video)
        except OutputError:
            del self._files[piece.number]
            path.unlink(missing_ok=True)
            raise
        self._failures.forget(piece)
        for warning in painted.warnings:
            self._reporter.warn(warning)
        self._reporter.painted(piece)

    def _check_arithmetic(self, painted: PaintedPiece) -> None:
        self._arithmetic.add(painted.arithmetic)
        if len(self._arithmetic) == 1:
            return
        kinds = " and ".join(sorted(self._arithmetic)[:2])
        if self._exact:
            raise SettingsError(f"pieces would be painted on unlike machines: {kinds}", "Leave out --exact.")
        if not self._unlike_is_said:
            self._unlike_is_said = True
            self._reporter.warn(f"pieces are painted on unlike machines: {kinds}; they may differ slightly")

    def _report(self) -> None:
        in_work = {piece.number: piece for piece in self._in_work.values()}
        was_paused, self._is_paused = self._is_paused, self._reporter.progress(*self._hands.poll(in_work))
        if was_paused or self._is_paused:
            self._hands.pause(self._is_paused)
