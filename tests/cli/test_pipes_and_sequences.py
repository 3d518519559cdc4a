"""Image sequences and pipes, in and out of `streamstyle run`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.cli.main import exit_code
from streamstyle.media import decoder, reader, stream_copy, stream_plan
from streamstyle.media.probe import probe
from streamstyle.media.standard_streams import PipedInput
from streamstyle.settings import Settings, SourceSettings
from streamstyle.styles.spec import parse_style
from tests.films import Extras, pan, png, write_film
from tests.stylise_case import StyliseCase
from tests.video_io import frame_images, mean_difference, packets, random_style

pytestmark = pytest.mark.usefixtures("home")

FRAMES = 5


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A pan in PNG images that are numbered from 98 to 102."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(pan(frames=FRAMES).frames, 98):
        (folder / f"shot_{number}.png").write_bytes(png(picture))
    return folder


def run(*arguments: str | Path, code: int = 0) -> None:
    assert exit_code(["run", *map(str, arguments)]) == code


def pixels(folder: Path) -> dict[str, NDArray[np.uint8]]:
    return {path.name: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("given", ["frames", "frames/shot_%d.png"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_images_come_out_bit_identical_at_strength_0(
    images: Path, style: Path, tmp_path: Path, given: str, suffix: str
) -> None:
    output = tmp_path / "out" / f"%05d.{suffix}"
    run(tmp_path / given, "--style", style, "--strength", "0", "-o", output)
    written = pixels(output.parent)
    assert list(written) == [f"{number:05d}.{suffix}" for number in range(98, 103)]  # the numbers stay
    for number in range(98, 103):
        assert np.array_equal(written[f"{number:05d}.{suffix}"], pixels(images)[f"shot_{number}.png"])


def test_a_sequence_has_the_frame_rate_that_is_given(images: Path, style: Path, tmp_path: Path) -> None:
    output = tmp_path / "film.mkv"
    run(images, "--frame-rate", "23.976", "--style", style, "--method", "johnson", "-o", output)
    with av.open(str(output)) as film:
        assert film.streams.video[0].average_rate * 1001 == 24000
        times = [frame.time for frame in film.decode(video=0)]
    assert times == pytest.approx([index * 1001 / 24000 for index in range(FRAMES)], abs=0.0006)


def test_a_stopped_sequence_resumes_bit_for_bit(images: Path, style: Path, tmp_path: Path) -> None:
    case = StyliseCase(images, parse_style(str(style)), Settings())
    whole, parts = tmp_path / "whole" / "%03d.png", tmp_path / "parts" / "%03d.png"
    case.stylise(whole)
    assert case.stylise(parts, stop_after=3).ended.resumable_frames == 3
    assert len(list(parts.parent.glob("*.png"))) == 3
    resumed = case.stylise(parts).ended
    assert (resumed.frames, resumed.resumed_frames) == (FRAMES, 3)
    assert {name: data.tobytes() for name, data in pixels(whole.parent).items()} == {
        name: data.tobytes() for name, data in pixels(parts.parent).items()
    }  # and no checkpoint is left
    assert probe(images, SourceSettings(start=0.04, end=0.16)).frames == 3


def test_images_that_exist_are_replaced_only_if_told(
    images: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out" / "%05d.png"
    output.parent.mkdir()
    (output.parent / "00007.png").write_bytes(b"mine")
    run(images, "--style", style, "-o", output, code=4)
    assert "-y to replace" in capfd.readouterr().err
    assert [path.name for path in output.parent.iterdir()] == ["00007.png"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(png(np.zeros((32, 48, 3), np.uint8)), "is 48x32, and the first image 96x64"), (b"no", "cannot be decoded")],
)
def test_an_image_unlike_the_others_is_said_and_what_is_written_is_whole(
    images: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, problem: str
) -> None:
    (images / "shot_101.png").write_bytes(content)
    output = tmp_path / "out" / "%d.png"
    run(images, "--style", style, "--method", "johnson", "-q", "-o", output, code=3)
    assert problem in capfd.readouterr().err
    assert [image.shape for name, image in pixels(output.parent).items() if name.endswith(".png")] == [(64, 96, 3)] * 2


@pytest.mark.parametrize(
    ("arguments", "problem", "code"),
    [
        (["frames/shot_%d.png"], "shot_100.png is missing, between shot_98.png and shot_102.png", 3),
        (["frames/%05d.png"], "there is no image", 3),
        (["empty"], "is a folder without images", 3),
        (["frames", "-o", "frames/%d.png"], "would be among the images of", 4),
        (["frames", "-o", "out/%d.dpx"], ".dpx is no kind that can be written", 4),
        (["frames", "--frame-rate", "x"], "'x' is not a frame rate", 2),
        (["frames", "-o", "-", "--json"], "both write to standard output", 2),
        (["-"], "has no name for its output", 2),
        (["-", "-o", "film.mkv"], "standard input is empty", 3),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    images: Path,
    style: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    problem: str,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reader, "STANDARD_INPUT", PipedInput(os.open(os.devnull, os.O_RDONLY)))
    (tmp_path / "empty").mkdir()
    if arguments[0].startswith("frames/"):
        (images / "shot_100.png").unlink()
    before = sorted(path for path in tmp_path.rglob("*") if "home" not in path.parts)
    run(*arguments, "--style", style, code=code)
    printed = capfd.readouterr()
    assert problem in printed.err + printed.out
    assert len((printed.err + printed.out).splitlines()) == 1
    assert sorted(path for path in tmp_path.rglob("*") if "home" not in path.parts) == before


def y4m(frames: int = FRAMES, pix_fmt: str = "yuv420p") -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="yuv4mpegpipe", options={"strict": "-1"}) as container:
        stream = container.add_stream("wrapped_avframe", rate=24, width=96, height=64, pix_fmt=pix_fmt)
        for index, picture in enumerate(pan(width=96, height=64, frames=frames).frames):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pix_fmt)
            frame.pts = index
            container.mux(stream.encode(frame))
    return file.getvalue()


def pipe_in(monkeypatch: pytest.MonkeyPatch, content: bytes) -> PipedInput:
    """Standard input with this content, written while it is read."""
    read_end, write_end = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(write_end, "wb") as file:
            file.write(content)

    threading.Thread(target=write, daemon=True).start()
    piped = PipedInput(read_end)
    for module in (reader, decoder, stream_copy, stream_plan):
        monkeypatch.setattr(module, "STANDARD_INPUT", piped)
    return piped


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input with a film in y4m."""
    pipe_in(monkeypatch, y4m())


@pytest.mark.usefixtures("stdin")
def test_a_film_from_standard_input_becomes_a_file(
    style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "film.mkv"
    run("-", "--style", style, "-o", output)
    assert "cannot be resumed" in capfd.readouterr().err
    with av.open(str(output)) as film:
        assert film.streams.video[0].average_rate == 24
        assert sum(1 for _ in film.decode(video=0)) == FRAMES


@pytest.mark.usefixtures("stdin")
def test_a_range_of_standard_input(style: Path, tmp_path: Path) -> None:
    output = tmp_path / "%d.png"
    run("-", "--style", style, "--method", "johnson", "--range", "0.05-0.15", "-o", output)
    assert [path.name for path in sorted(tmp_path.glob("*.png"))] == ["1.png", "2.png"]


@pytest.mark.usefixtures("stdin")
@pytest.mark.parametrize("options", [["--dry-run"], ["--dry-run", "--count"]])
def test_a_dry_run_of_standard_input_is_refused(
    style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], options: list[str]
) -> None:
    run("-", "--style", style, "-o", tmp_path / "film.mkv", *options, code=3)
    assert "how many frames a piped film has is not known" in capfd.readouterr().err


@pytest.mark.parametrize(("name", "container"), [("-", "yuv4mpegpipe"), ("nut:-", "nut")])
def test_through_two_pipes_a_film_stays_what_it_was(style: Path, name: str, container: str) -> None:
    command = [sys.executable, "-m", "streamstyle", "run", "-", "-o", name, "--style", str(style), "--strength", "0"]
    ended = subprocess.run(command, input=y4m(), capture_output=True, check=True)
    assert b"5 frames" in ended.stderr
    with av.open(io.BytesIO(ended.stdout)) as after, av.open(io.BytesIO(y4m())) as before:
        assert after.format.name == container
        assert after.streams.video[0].average_rate == 24
        pairs = list(zip(after.decode(video=0), before.decode(video=0), strict=True))
    assert [frame.pts * frame.time_base * 24 for frame, _ in pairs] == list(range(FRAMES))
    for frame, source in pairs:
        difference = frame.to_ndarray()[:64].astype(int) - source.to_ndarray()[:64]
        assert abs(difference).max() <= 1  # luma, through RGB in eight bits


@pytest.mark.parametrize("part", [[], ["--range", "0.4-1.2"]])
@pytest.mark.parametrize(("codec", "suffix"), [("libx264", "mkv"), ("libx264", "ts"), ("rawvideo", "nut")])
def test_sound_and_subtitles_of_a_piped_film_are_those_of_the_file(
    style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, suffix: str, part: list[str]
) -> None:
    extras = Extras(subtitles=((0.5, 0.9, "Hello"), (1.0, 1.5, "there"))) if suffix == "mkv" else Extras()
    film = tmp_path / f"film.{suffix}"
    write_film(film, pan(frames=50).frames, audio=True, extras=extras, codec=codec)
    piped = pipe_in(monkeypatch, film.read_bytes())
    for source, output in ((film, "file.mkv"), ("-", "piped.mkv")):
        run(source, "--style", style, "--strength", "0", *part, "-o", tmp_path / output)
    images = (frame_images(tmp_path / f"{name}.mkv") for name in ("piped", "file"))
    for image, other in zip(*images, strict=True):
        assert mean_difference(image, other) <= 1  # the first frames can differ slightly on a busy machine
    for kind in ["audio", *(["subtitle"] if suffix == "mkv" else [])]:
        piped_in, of_file = (packets(tmp_path / f"{name}.mkv", kind) for name in ("piped", "file"))
        assert 0 <= len(piped_in) - len(of_file) <= len(part) // 2  # of a pipe it is not known where frames end
        assert piped_in[: len(of_file)] == of_file
    assert list(piped.spool.take()) == [], "nothing is left behind"


@pytest.mark.parametrize(("delay", "end"), [(1.2, "0.6"), (1.2, "1.1"), (5, "0.6")])
def test_sound_that_comes_late_in_a_pipe_is_read_up_to_the_end_of_the_range(
    style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delay: float, end: str
) -> None:
    """By more than the decoder reads ahead, and even where there is no more picture."""
    film = write_film(tmp_path / "film.ts", pan(frames=50).frames, audio=True)
    film.write_bytes(with_late_sound(film.read_bytes(), delay / 2))
    pipe_in(monkeypatch, film.read_bytes())
    for source, output in ((film, "file.mkv"), ("-", "piped.mkv")):
        run(source, "--style", style, "--strength", "0", "--range", f"0.2-{end}", "-o", tmp_path / output)
    piped_in, of_file = (packets(tmp_path / f"{name}.mkv", "audio") for name in ("piped", "file"))
    assert 0 <= len(piped_in) - len(of_file) <= 1
    assert piped_in[: len(of_file)] == of_file
    assert len(of_file) > 10


@pytest.mark.parametrize("seconds", [3, 60])
def test_sound_that_never_comes_is_not_waited_for_long(
    style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Ten seconds of picture, or all that there is; here the sound ends before the range does."""
    film = write_film(tmp_path / "film.ts", pan(frames=seconds * 5, width=64, height=48).frames, rate=5, audio=True)
    film.write_bytes(with_late_sound(film.read_bytes(), 1.0, keep=0.1))
    pipe_in(monkeypatch, film.read_bytes())
    read = list[float]()
    demux = decoder.demux

    def noted(*arguments: Any) -> Iterator[Any]:
        for packet in demux(*arguments):
            read.append(float((packet.dts or 0) * packet.time_base))
            yield packet

    monkeypatch.setattr(decoder, "demux", noted)
    run("-", "--style", style, "--strength", "0", "--range", "0-2", "-o", tmp_path / "piped.mkv")
    assert len(list(frame_images(tmp_path / "piped.mkv"))) == 10
    assert max(read) < read[0] + min(seconds, 2 + 10 + 1)


def with_late_sound(film: bytes, share: float, keep: float = 1.0) -> bytes:
    """An MPEG transport stream of which sound comes so much of its length later; of it only a share is kept."""
    blocks = [film[begin : begin + 188] for begin in range(0, len(film), 188)]
    sound = [position for position, block in enumerate(blocks) if (block[1] & 0x1F) << 8 | block[2] == 0x101]
    kept = sound[: round(keep * len(sound))]
    places = {position: position + (0 if number < 3 else share * len(blocks)) for number, position in enumerate(kept)}
    ordered = sorted(set(range(len(blocks))) - set(sound) | set(kept), key=lambda each: places.get(each, each))
    return b"".join(blocks[position] for position in ordered)


def test_a_header_that_is_read_beside_the_film_takes_nothing_from_it() -> None:
    """The header is waited for when the film is begun, as where the output is opened while the film is decoded."""
    read_end, write_end = os.pipe()
    piped, film = PipedInput(read_end), bytearray()
    head = threading.Thread(target=lambda: piped.open_head().read(100))
    head.start()

    def read_film() -> None:
        reader = piped.open_whole()
        while data := reader.read(100):
            film.extend(data)

    whole = threading.Thread(target=read_film)
    with os.fdopen(write_end, "wb", buffering=0) as pipe:
        time.sleep(0.1)  # the head waits
        whole.start()
        time.sleep(0.1)  # the film waits, too
        pipe.write(b"abc")
        head.join()
        pipe.write(b"def")
    whole.join()
    os.close(read_end)
    assert film == b"abcdef"


def test_sound_that_the_output_does_not_hold_is_not_put_aside(
    style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=10).frames, audio=True)
    piped = pipe_in(monkeypatch, film.read_bytes())
    run("-", "--style", style, "--strength", "0", "-o", tmp_path / "%d.png")
    assert list(piped.spool.take()) == []


def test_sound_of_a_file_goes_into_a_nut_pipe(style: Path, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=FRAMES).frames, audio=True)
    command = [sys.executable, "-m", "streamstyle", "run", str(film), "-o", "nut:-", "--style", str(style)]
    ended = subprocess.run([*command, "--method", "johnson"], stdout=subprocess.PIPE, check=True)
    with av.open(io.BytesIO(ended.stdout)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_a_reader_that_ends_early_is_said_in_one_line(style: Path, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(width=320, height=240, frames=8).frames)
    command = [sys.executable, "-m", "streamstyle", "run", str(film), "-o", "-", "--style", str(style), "-q"]
    read_end, write_end = os.pipe()
    os.close(read_end)
    ended = subprocess.run(
        [*command, "--method", "johnson"], stdout=write_end, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(write_end)
    assert ended.returncode == 4
    assert ended.stderr.splitlines()[-1].startswith("streamstyle: error: the program that reads standard output has")
