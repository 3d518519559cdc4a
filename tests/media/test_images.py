"""Images from anywhere: each is read or refused in one line, and its size is known before it is decoded."""

from __future__ import annotations

import os
import random
import resource
import struct
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.errors import OutputError, StyleError
from streamstyle.media.images import MAX_ASPECT_RATIO, decode_image, encode_image, read_image


def write_png(path: Path, width: int, height: int) -> None:
    """Write a black PNG of one bit per pixel; 33000x33000 take half a megabyte."""
    compressor, row = zlib.compressobj(1), bytes(1 + (width + 7) // 8)
    data = b"".join([*(compressor.compress(row) for _ in range(height)), compressor.flush()])
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            for name, body in chunks
        )
    )


def gradient(height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([4 * x % 256, 5 * y % 256, (x + y) % 256], -1).astype(np.uint8)


def refusal(path: Path) -> StyleError:
    with pytest.raises(StyleError) as caught:
        read_image(path)
    assert str(path) in caught.value.problem
    assert "\n" not in str(caught.value)
    assert caught.value.next_step
    return caught.value


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_an_image_is_read_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    path.write_bytes(encode_image(gradient(), suffix))
    assert np.array_equal(read_image(path), gradient())


@pytest.mark.parametrize("side", [15_000, 33_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    write_png(tmp_path / "bomb.png", side, side)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    error = refusal(tmp_path / "bomb.png")
    assert "200 million pixels" in error.problem
    assert "smaller" in error.next_step
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes
    assert time.process_time() - start < 1
    assert decode_image((tmp_path / "bomb.png").read_bytes()) is None


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (1000, 10)])
def test_a_strip_is_refused_since_its_short_side_would_be_enlarged(tmp_path: Path, size: tuple[int, int]) -> None:
    write_png(tmp_path / "strip.png", *size)
    assert f"{size[0]}x{size[1]}" in refusal(tmp_path / "strip.png").problem


def test_a_scroll_at_the_limit_is_read(tmp_path: Path) -> None:
    write_png(tmp_path / "scroll.png", 10 * MAX_ASPECT_RATIO, 10)
    assert read_image(tmp_path / "scroll.png").shape == (10, 10 * MAX_ASPECT_RATIO, 3)


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    assert "there is no image" in refusal(path).problem
    path.mkdir()
    assert "is a folder" in refusal(path).problem
    path.rmdir()
    os.mkfifo(path)
    assert "is a pipe" in refusal(path).problem
    assert "is a device" in refusal(Path("/dev/zero")).problem


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.touch()
    os.truncate(path, 1 << 40)
    assert "larger than 1 GB" in refusal(path).problem


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp", ".jp2"])
def test_a_damaged_image_is_read_or_refused_in_silence(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rng, whole = random.Random(suffix), encode_image(gradient(), suffix)
    path, refused = tmp_path / f"picture{suffix}", 0
    for attempt in range(24):
        data = bytearray(whole)
        if attempt % 3 == 0:
            del data[rng.randrange(len(data)) :]
        for _ in range(6 * (attempt % 3)):
            data[rng.randrange(len(data) if attempt % 2 else 40)] = rng.randrange(256)
        path.write_bytes(data)
        try:
            assert read_image(path).dtype == np.uint8
        except StyleError:
            refused += 1
    assert refused
    assert capfd.readouterr() == ("", "")


def test_an_error_of_opencv_never_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        error = cv2.error("Insufficient memory")
        error.code, error.func = cv2.Error.StsNoMem, "OutOfMemoryError"
        raise error

    path = tmp_path / "picture.png"
    path.write_bytes(encode_image(gradient(), ".png"))
    monkeypatch.setattr(cv2, "imdecode", fail)
    assert "not enough memory" in refusal(path).problem


def test_an_image_too_long_for_jpeg_is_refused() -> None:
    with pytest.raises(OutputError, match="70000x1 cannot be written"):
        encode_image(np.zeros((1, 70_000, 3), np.uint8), ".jpg")
