"""Ten bits and more, and alpha, from a film to its output: nothing in between has only eight bits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.cli.main import exit_code
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")

WIDTH, HEIGHT = 256, 128


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


def run(*arguments: str | Path, code: int = 0) -> None:
    assert exit_code(["run", *map(str, arguments)]) == code


def planes(frame: av.VideoFrame) -> list[NDArray[np.int64]]:
    rows = [np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes]
    return [plane.astype(np.int64) for plane in rows]


def frames(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as film:
        return list(film.decode(video=0))


def sky(path: Path, pix_fmt: str) -> Path:
    """A film of two frames of an evening sky in ten bits: 120 levels of luma over the width, faint colours."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("ffv1", rate=25, width=WIDTH, height=HEIGHT, pix_fmt=pix_fmt)
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 6, 6, 6, 1
        for index in range(2):
            frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
            for plane, (start, end) in zip(frame.planes, ((400, 520), (540, 560), (500, 480)), strict=False):
                ramp = np.rint(np.linspace(start, end, plane.width)).astype(np.uint16)
                rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
                rows[:, : plane.width] = ramp
                plane.update(rows.tobytes())
            frame.pts = index
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix", "most"),
    [
        ("ffv1", "yuv422p10le", "mkv", 0),
        ("ffv1", "yuv420p10le", "mkv", 0),
        ("ffv1", "yuv444p10le", "mkv", 0),
        ("prores", "yuv422p10le", "mov", 1),
        ("dnxhr", "yuv422p10le", "mov", 1),
    ],
)
def test_ten_bits_stay_within_one_level(
    style: Path, tmp_path: Path, codec: str, pix_fmt: str, suffix: str, most: int
) -> None:
    film, output = sky(tmp_path / "sky.mkv", pix_fmt), tmp_path / f"out.{suffix}"
    run(film, "--style", style, "--strength", "0", "--codec", codec, "--pix-fmt", pix_fmt, "-o", output)
    for before, after in zip(frames(film), frames(output), strict=True):
        assert after.format.name == pix_fmt
        differences = [abs(a - b).max() for a, b in zip(planes(before), planes(after), strict=True)]
        assert max(differences) <= most


def test_a_flat_sky_has_no_bands(style: Path, tmp_path: Path) -> None:
    """Stylised too, its luma has steps of ten bits: at eight there would be 30 of four levels each."""
    film, output = sky(tmp_path / "sky.mkv", "yuv420p10le"), tmp_path / "out.mkv"
    arguments = ["--style", style, "--method", "johnson", "--preserve-colour", "--codec", "ffv1"]
    run(film, *arguments, "--pix-fmt", "yuv420p10le", "-o", output)
    levels = np.unique(planes(frames(output)[0])[0])
    assert np.median(np.diff(levels)) == 1
    assert (levels % 4 != 0).mean() > 0.6


@pytest.mark.parametrize(("suffix", "dtype"), [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint16)])
def test_images_keep_their_bits_and_their_alpha(
    style: Path, tmp_path: Path, suffix: str, dtype: type[np.uint8] | type[np.uint16]
) -> None:
    rng = np.random.default_rng(1)
    (tmp_path / "in").mkdir()
    image = rng.integers(0, np.iinfo(dtype).max, (48, 64, 4), dtype, endpoint=True)
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / "in" / f"{number}{suffix}"), image)
    for strength in (0, 1):
        output = tmp_path / f"out{strength}" / f"%d{suffix}"
        extra = ["--method", "johnson"] if strength else []
        run(tmp_path / "in", "--style", style, *([] if strength else ["--strength", 0]), *extra, "-o", output)
        written = cv2.imread(str(output.parent / f"2{suffix}"), cv2.IMREAD_UNCHANGED)
        assert written.dtype == dtype
        assert np.array_equal(written[..., 3], image[..., 3])
        assert np.array_equal(written, image) == (strength == 0)


@pytest.mark.parametrize("channels", [3, 4])
def test_exr_is_linear_light_and_comes_back(style: Path, tmp_path: Path, channels: int) -> None:
    """Through half floats: within a third of a level of ten bits, where anything is seen of a colour."""
    (tmp_path / "in").mkdir()
    image = np.random.default_rng(1).integers(8000, 65535, (48, 64, channels), np.uint16, endpoint=True)
    cv2.imwrite(str(tmp_path / "in" / "1.png"), image)
    run(tmp_path / "in", "--style", style, "--strength", 0, "-o", tmp_path / "exr" / "%d.exr")
    grey = image[..., 1].astype(float) / 65535
    with av.open(str(tmp_path / "exr" / "1.exr")) as container:
        frame = next(container.decode(video=0))
    stored = np.frombuffer(frame.planes[0], np.float16).reshape(48, -1)[:, :64].astype(float)
    alpha = image[..., 3] / 65535 if channels == 4 else 1
    assert np.allclose(stored, ((grey + 0.055) / 1.055) ** 2.4 * alpha, rtol=1e-3)
    run(tmp_path / "exr", "--style", style, "--strength", 0, "-o", tmp_path / "out" / "%d.png")
    written = cv2.imread(str(tmp_path / "out" / "1.png"), cv2.IMREAD_UNCHANGED)
    assert written.shape == image.shape
    assert np.abs(written.astype(int) - image).max() < 65535 / 1023 / 2


@pytest.mark.parametrize(("codec", "suffix"), [("prores", "mov"), ("ffv1", "mkv")])
def test_alpha_of_images_comes_into_a_film(style: Path, tmp_path: Path, codec: str, suffix: str) -> None:
    (tmp_path / "in").mkdir()
    image = np.random.default_rng(1).integers(0, 255, (48, 64, 4), np.uint8, endpoint=True)
    cv2.imwrite(str(tmp_path / "in" / "1.png"), image)
    output = tmp_path / f"out.{suffix}"
    run(tmp_path / "in", "--style", style, "--codec", codec, "-o", output)
    frame = frames(output)[0]
    bits = frame.format.components[3].bits
    top = (1 << bits) - 1
    assert np.array_equal(np.rint(planes(frame)[3] * (255 / top)), image[..., 3])


def test_alpha_that_the_encoder_does_not_hold_is_warned_of(
    style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "1.png"), np.zeros((48, 64, 4), np.uint8))
    run(tmp_path / "in", "--style", style, "-q", "-o", tmp_path / "out.mp4")
    assert "the alpha was left out: libx264 does not hold it" in capfd.readouterr().err


def test_full_range_is_written_and_tagged(style: Path, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(frames=2).frames)
    encoder = ["--full-range", "--codec", "ffv1", "--pix-fmt", "yuv420p"]
    run(film, "--style", style, "--strength", "0", *encoder, "-o", tmp_path / "out.mkv")
    (before, _), (after, _) = frames(film), frames(tmp_path / "out.mkv")
    assert int(after.color_range) == 2
    luma = before.to_ndarray()[:64].astype(float)
    assert abs((luma - 16) / 219 * 255 - after.to_ndarray()[:64]).max() <= 2


@pytest.mark.parametrize(
    ("arguments", "problem", "code"),
    [
        (["--pix-fmt", "yuv420p11"], "--pix-fmt yuv420p11 is no pixel format of this FFmpeg. Nearest: yuv420p", 2),
        (["--codec", "prores", "--pix-fmt", "rgb24"], "--codec prores_ks does not take --pix-fmt rgb24", 2),
        (["-o", "%d.jpg", "--pix-fmt", "rgb48"], ".jpg images cannot be written as --pix-fmt rgb48", 2),
    ],
)
def test_a_pixel_format_that_cannot_be_is_said_in_one_line(
    style: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    problem: str,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    film = write_film(tmp_path / "film.mkv", pan(frames=2).frames, rate=Fraction(25))
    run(film, "--style", style, "-q", "-o", "out.mkv", *arguments, code=code)
    printed = capfd.readouterr().err
    assert problem in printed
    assert len(printed.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == [film.name, style.name]
