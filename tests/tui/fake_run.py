"""A run that stylises nothing: it writes the events, status and previews of a run at a chosen speed.

python -m tests.tui.fake_run run MOVIE -o OUT --json --run-folder DIR [--frames N] [--seconds S]
    [--noise] [--refuse] [--exec CMD] [--lose-film-at FRAME]
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from streamstyle.events import (
    TRANSIENT,
    Event,
    Failed,
    Finished,
    FrameSaved,
    FrameWritten,
    Paused,
    PreviewsWritten,
    ShotStarted,
    Started,
    StatusSampled,
    Stopped,
    Unpaused,
    Warned,
)
from streamstyle.runs.folder import VIEWS, RunFolder, write_json

STDERR_NOISE = b"\x1b[2J\x1b[31mx265 [info]: \xff\xfe HEVC\rframe= 1\rframe= 2\n\x00\x07[bold]no markup[/]\n"
"""What encoders print: colours, a cleared screen, invalid UTF-8, rewritten lines."""


@dataclass
class FakeRun:
    """Writes events to a run folder."""

    folder: RunFolder
    latest: dict[str, object] = field(default_factory=dict)

    def emit(self, event: Event) -> None:
        if isinstance(event, TRANSIENT):
            self.latest[event.name] = event.to_json()
            write_json(self.folder.status, self.latest)
            return
        print(event.to_line(), flush=True)
        with suppress(OSError), self.folder.events.open("a") as file:
            file.write(f"{event.to_line()}\n")


def started(film: str, output: str, frames: int | None) -> Started:
    return Started(film, output, 640, 360, frames, "25/1", frames and frames / 25, "consistent", "wave", "cpu")


def status_sample(frame: int, paused: bool = False) -> StatusSampled:
    """A status whose slowest stage is consistency."""
    return StatusSampled(
        frame=frame,
        paused=paused,
        queues={"decode": (8, 8), "flow": (3, 6)},
        stages={"wait": 0.001, "stylise": 0.071, "consistency": 0.82, "encode": 0.012, "monitor": 0.006},
        bottleneck="consistency",
        fps_history=tuple(1.0 + 0.2 * math.sin(step / 3) for step in range(max(0, frame - 60), frame)),
        losses={"temporal": 812.0, "pixel": 431.0, "perceptual": 96.0, "style": 55.0, "tv": 3.1},
        warping_error={"output": 0.00031, "per_frame": 0.00175},
        sharpness={"output": 0.0679, "per_frame": 0.07},
        memory=1_210_000_000,
        cpu=187.0,
        gpu_memory=None,
        bytes_written=26_000 * frame,
        history={
            "frame": tuple(range(1, frame + 1)),
            "fps": tuple(1.0 + 0.2 * math.sin(step / 3) for step in range(frame)),
            "steadiness": (None, *(5.6 + math.cos(step / 9) for step in range(1, frame))),
            "losses.temporal": tuple(812.0 * (1 - 0.9**step) for step in range(frame)),
            "losses.pixel": tuple(431.0 * (1 + 0.3 * math.sin(step / 5)) for step in range(frame)),
        },
    )


def preview_image(view: str, frame: int, width: int = 160, height: int = 90) -> np.ndarray:
    """A disc that moves to the right, in a colour that depends on the view."""
    rows, columns = np.mgrid[0:height, 0:width]
    disc = np.hypot(rows - height / 2, columns - (frame * 3) % width) < height / 4
    background = np.stack([columns * 255 / width, rows * 255 / height, np.full_like(rows, 50 * VIEWS.index(view))], -1)
    return np.where(disc[..., None], 255 - background, background).astype(np.uint8)


def preview(
    folder: RunFolder, frame: int, views: tuple[str, ...], size: tuple[int, int] = (160, 90)
) -> PreviewsWritten:
    """Write previews of a frame to the folder."""
    paths = {}
    for view in views:
        path = folder.previews / f"{view}.jpg"
        partial = path.with_name(f"{view}.partial.jpg")
        cv2.imwrite(str(partial), preview_image(view, frame, *size)[..., ::-1])
        partial.replace(path)
        paths[view] = str(path)
    return PreviewsWritten(frame, frame / 25, paths)


def stylise(options: argparse.Namespace, fake_run: FakeRun) -> Iterator[int]:
    """Write the events of each frame and yield the number of frames done; obey the control file."""
    folder, saved, start = fake_run.folder, 0, time.monotonic()
    fake_run.emit(started(options.movie, options.output, options.frames))
    fake_run.emit(Warned("stream #2 is left out: .mkv cannot hold tmcd"))
    for frame in range(options.frames):
        time.sleep(options.seconds)
        if frame % 40 == 0:
            fake_run.emit(ShotStarted(frame // 40, frame, frame / 25))
        fake_run.emit(FrameWritten(frame + 1, options.frames, frame / 25, time.monotonic() - start))
        fake_run.emit(status_sample(frame + 1))
        write_previews(fake_run, frame + 1, detailed=options.detailed)
        control = folder.read_control()
        if control.paused:
            fake_run.emit(Paused(frame + 1))
            while (control := folder.read_control()).paused and not control.stop:
                time.sleep(0.05)
                write_previews(fake_run, frame + 1)
            fake_run.emit(Unpaused(frame + 1))
        if control.save and control.save.number > saved:
            saved = control.save.number
            cv2.imwrite(control.save.path, preview_image(control.save.view, frame + 1, 640, 360)[..., ::-1])
            fake_run.emit(FrameSaved(frame + 1, control.save.view, control.save.path))
        yield frame + 1
        if control.stop:
            return


def write_previews(fake_run: FakeRun, frame: int, *, detailed: bool = False) -> None:
    """Write the previews that viewers have requested."""
    if views := fake_run.folder.merged_preview_request().views:
        event = preview(fake_run.folder, frame, views)
        if detailed:
            noise = np.random.default_rng(frame).integers(0, 255, (90, 160, 3), np.uint8)
            for path in event.images.values():
                cv2.imwrite(path, noise)
        fake_run.emit(event)


def run(options: argparse.Namespace) -> int:
    if options.refuse:
        print(Failed("there is no style wave9", "Try `streamstyle styles`.", 5).to_line())
        return 5
    fake_run, start, done = FakeRun(RunFolder(Path(options.run_folder))), time.monotonic(), 0
    fake_run.folder.create(sys.argv[1:])
    partial = Path(options.output).with_suffix(".partial.mkv")
    for done in stylise(options, fake_run):
        partial.write_bytes(b"film" * done)
        if options.noise:
            os.write(2, STDERR_NOISE)
        if done == options.lose_film_at:
            fake_run.emit(Failed(f"{options.movie} cannot be read any more", "Is its disk still there?", 3))
            return 3
    elapsed = time.monotonic() - start
    if done < options.frames:
        fake_run.emit(Stopped(str(partial), done, elapsed))
        return 130
    partial.replace(options.output)
    fake_run.emit(Finished(options.output, done, (done + 39) // 40, elapsed, done - 1, 0))
    if options.exec:
        time.sleep(1.0)
        print(Failed(f"the command of --exec failed: {options.exec}", f"{options.output} is complete.", 7).to_line())
        return 7
    return 0


def parse_arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["run"])
    parser.add_argument("movie")
    parser.add_argument("--output", "-o")
    parser.add_argument("--style")
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--run-folder")
    parser.add_argument("--frames", type=int, default=132)
    parser.add_argument("--seconds", type=float, default=0.25, help="per frame")
    parser.add_argument("--noise", action="store_true", help="print noise on standard error")
    parser.add_argument("--detailed", action="store_true", help="previews of noise")
    parser.add_argument("--refuse", action="store_true", help="fail before the run folder exists")
    parser.add_argument("--exec", help="fail after the end, as a command on the output may")
    parser.add_argument("--lose-film-at", type=int, default=0, metavar="FRAME")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(run(parse_arguments(sys.argv[1:])))
