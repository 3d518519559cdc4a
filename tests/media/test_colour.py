"""Colours follow the tags of a video, and without tags what players assume."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from streamstyle.media.probe import probe
from streamstyle.settings import EncoderSettings, SourceSettings
from tests.films import flat, moving_square, pan, write_film
from tests.video_io import read_video, write_copy


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p10le", "yuv420p10le"])
def test_colours_follow_the_tags(tmp_path: Path, matrix: str, full_range: bool, pix_fmt: str) -> None:
    for number, colour in enumerate([(235, 30, 40), (20, 200, 60), (30, 60, 220), (255, 255, 255), (0, 0, 0)]):
        path = write_film(
            tmp_path / f"{number}.mkv", flat(colour, 1), codec="ffv1", pix_fmt=pix_fmt, matrix=matrix,
            full_range=full_range,
        )  # fmt: skip
        _, frames = read_video(path)
        assert np.abs(frames[0].image.astype(int) - colour).max() <= 2


@pytest.mark.parametrize(("width", "height", "matrix"), [(64, 48, "bt601"), (1280, 64, "bt709"), (64, 720, "bt709")])
def test_untagged_video_is_hd_or_sd_by_its_size(tmp_path: Path, width: int, height: int, matrix: str) -> None:
    colour = (30, 190, 60)
    path = write_film(tmp_path / "film.mkv", flat(colour, 1, width, height), codec="ffv1", matrix=matrix, tagged=False)
    _, frames = read_video(path)
    assert np.abs(frames[0].image.astype(int) - colour).max() <= 2


def test_rgb_video_is_decoded_bit_for_bit(tmp_path: Path) -> None:
    scene = moving_square(frames=2)
    path = write_film(
        tmp_path / "film.mkv", scene.frames, codec="libx264rgb", pix_fmt="rgb24", tagged=False, options={"qp": "0"}
    )
    _, frames = read_video(path)
    assert np.array_equal(frames[1].image, scene.frames[1])


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_has_headroom_above_reference_white(tmp_path: Path, transfer: int) -> None:
    """In PQ (SMPTE ST 2084) the code 0.5806 is 203 cd/m², reference white by ITU-R BT.2408; in HLG it is 0.75.

    0.4 of PQ is about 31 cd/m², and 0.7518 about 1000.
    """
    codes = (0.5806, 0.65, 0.7, 0.7518, 0.4, 0.0) if transfer == 16 else (0.75, 0.85, 0.93, 1.0, 0.42, 0.0)
    pictures = np.concatenate([flat((round(code * 255),) * 3, 1) for code in codes])
    path = tmp_path / "film.mkv"
    write_film(path, pictures, codec="ffv1", pix_fmt="yuv420p10le", matrix="bt2020", transfer=transfer)
    white, bright, brighter, peak, grey, black = (frame.image.mean() for frame in read_video(path)[1])
    assert 222 <= white <= 236
    assert white + 5 < bright < brighter - 2 < peak - 2
    assert peak >= 253
    assert 100 <= grey <= 130
    assert black <= 1


def test_hdr_output_is_tagged_as_the_sdr_it_is(tmp_path: Path) -> None:
    film, output = tmp_path / "film.mkv", tmp_path / "out.mkv"
    write_film(film, pan(frames=2).frames, codec="ffv1", pix_fmt="yuv420p10le", matrix="bt2020", transfer=16)
    write_copy(film, output, EncoderSettings(codec="libx264", pix_fmt="yuv420p10le"))
    with av.open(str(output)) as container:
        context = container.streams.video[0].codec_context
        assert (int(context.color_primaries), int(context.color_trc)) == (1, 1)


def test_the_peak_of_hdr_is_that_of_the_mastering_display(tmp_path: Path) -> None:
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"
    options = {"x265-params": f"log-level=none:master-display={display}"}
    for name, given in (("with", options), ("without", {})):
        write_film(
            tmp_path / f"{name}.mkv", pan(frames=2).frames, codec="libx265", pix_fmt="yuv420p10le", matrix="bt2020",
            transfer=16, options=given,
        )  # fmt: skip
    assert probe(tmp_path / "with.mkv", SourceSettings()).peak_luminance == 4000
    assert probe(tmp_path / "without.mkv", SourceSettings()).peak_luminance is None
