"""Films with damaged bytes: every frame that FFmpeg decodes is stylised, or the run says what is missing."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from random import Random
from threading import Lock

from benchmarks.reliability.films import count_decodable
from benchmarks.reliability.mutations import MUTATIONS
from benchmarks.reliability.process import Ended, run_program
from benchmarks.reliability.results import CaseResult, Verdict
from tests.films import Extras, cut, moving_square, pan, write_film

_CODECS = {
    "mkv": ("libx264", "aac"),
    "mp4": ("libx264", "aac"),
    "ts": ("mpeg2video", "mp2"),
    "avi": ("mpeg4", "libmp3lame"),
    "flv": ("libx264", "aac"),
}
"""Codecs of picture and sound, by container."""

_COMMAND = ("--style", "wave", "--method", "johnson", "--codec", "mpeg4", "--threads", "1", "-y", "--json")
_FRAMES = 25
"""Of a film before it is damaged."""

_lock = Lock()


@cache
def _film(container: str, folder: Path, *, index_first: bool) -> bytes:
    codec, sound = _CODECS[container]
    path = folder / f"source.{container}"
    layout = {"movflags": "faststart"} if container == "mp4" and index_first else {}
    frames = cut(pan(13, 64, 48), moving_square(frames=_FRAMES - 13, width=64, height=48)).frames
    write_film(path, frames, audio=True, codec=codec, container_options=layout, extras=Extras(audio_codec=sound))
    return path.read_bytes()


def run_case(seed: int, folder: Path) -> CaseResult:
    """Damage a film in one to three ways, stylise it, and count its frames."""
    random = Random(f"mutant {seed}")
    container = list(_CODECS)[seed % len(_CODECS)]
    with _lock:
        content = _film(container, folder, index_first=random.random() < 0.5)
    done = []
    for _ in range(random.randint(1, 3)):
        content, how = random.choice(MUTATIONS)(content, random)
        done.append(how)
        content = content or b"\0"
    case = folder / f"mutant-{seed}"
    case.mkdir()
    source, output = case / f"film.{container}", case / "output.mkv"
    source.write_bytes(content)
    start = time.monotonic()
    ended = run_program(["run", str(source), *_COMMAND, "-o", str(output)], case / "home")
    verdict, told = _judge(ended, source)
    return CaseResult("mutants", seed, verdict, f"{container} {', '.join(done)}; {told}", time.monotonic() - start)


def _judge(ended: Ended, source: Path) -> tuple[Verdict, str]:
    if ended.hung:
        return Verdict.hang, "ran for a minute"
    words = [text for text in ended.words if not text.startswith("stream #")]  # which are of the output's container
    last = words[-1] if words else "without a word"
    if ended.crashed or ended.code < 0:
        return Verdict.crash, last
    decodable = count_decodable(source) or 0
    if ended.code != 0:
        return (Verdict.said if words else Verdict.lost), f"{last} ({decodable} frames can be decoded)"
    written = next((event["frames"] for event in ended.events if event["event"] == "finished"), 0)
    about = f"{written} frames, FFmpeg decodes {decodable}"
    if written >= min(decodable, _FRAMES):
        return (Verdict.same if written >= _FRAMES else Verdict.said if words else Verdict.as_ffmpeg), about
    return (Verdict.said, f"{about}: {last}") if words else (Verdict.lost, about)
