"""Films stylised by a script, from a file to a file."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from streamstyle.errors import OutputError, SettingsError, StyleError
from streamstyle.events import Finished, ShotStarted
from streamstyle.looks import Looks, Mask
from streamstyle.media.probe import probe
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.weights import save_weights, style_metadata
from streamstyle.settings import (
    ConsistencySettings,
    FlowSettings,
    Method,
    Settings,
    SourceSettings,
    StyleSettings,
)
from streamstyle.stages import flow
from streamstyle.styles.frame_looks import FrameLooks
from streamstyle.styles.script import read_script
from streamstyle.styles.spec import parse_style
from tests.cluster.cluster_case import InProcess, case, film
from tests.films import pan, png, texture, write_film
from tests.scenes import grain
from tests.stylise_case import StyliseCase
from tests.video_io import mean_difference

pytestmark = pytest.mark.usefixtures("home")

SCRIPT = """
style = "wave"
[[shot]]          # 0 to 5: wave, then at once
start = 0.2       # 5 to 10: the scream
style = "the_scream"
[[shot]]          # 10 to 18
start = 0.4
[[shot.key]]
time = 0.48
[[shot.key]]      # 18 to 27, over a cut of the film
time = 0.88
style = "starry_night"
"""


def read(folder: Path, text: str) -> Looks:
    (folder / "film.toml").write_text(text)
    return read_script(folder / "film.toml", None, StyleSettings())


def directed(folder: Path, text: str = SCRIPT, method: Method = Method.live) -> StyliseCase:
    """Three shots of 10, 8 and 9 frames at 25 frames a second."""
    plain = case(folder, film(folder), method)
    return replace(plain, style=parse_style("wave")).with_settings(script=read(folder, text))


def test_a_change_at_once_begins_a_shot_and_carries_nothing(tmp_path: Path) -> None:
    one = directed(tmp_path)
    result = one.stylise(tmp_path / "out.mkv")
    started = [event.frame for event in result.events if isinstance(event, ShotStarted)]
    assert started == [0, 5, 10, 18], "the cuts of the film are at 10 and 18"
    scream = replace(one, style=parse_style("the_scream")).with_settings(script=None, source=SourceSettings(start=0.2))
    assert result.hashes()[5:10] == scream.stylise(tmp_path / "scream.mkv").hashes()[:5]
    wave = one.with_settings(script=None)
    assert result.hashes()[:5] == wave.stylise(tmp_path / "wave.mkv").hashes()[:5]


def test_a_gradual_change_has_no_jump(tmp_path: Path) -> None:
    """Of a picture that stands still, no two frames of the change differ by more than a part of it."""
    video = write_film(tmp_path / "still.mkv", np.repeat(pan(frames=1, width=96, height=64).frames, 24, 0))
    text = "[[shot]]\nstart = 0\nstyle = 'wave'\n[[shot.key]]\ntime = 0.16\n[[shot.key]]\ntime = 0.64\nstrength = 0.0"
    one = replace(directed(tmp_path, text), video=video)
    images = one.stylise(tmp_path / "out.mkv").images()
    steps = [mean_difference(before, after) for before, after in pairwise(images)]
    whole = mean_difference(images[0], images[-1])
    assert whole > 20
    assert max(steps) < whole / 5, "twelve frames"
    original = one.with_settings(script=None, style=StyleSettings(strength=0.0))
    assert np.array_equal(images[-1], original.stylise(tmp_path / "original.mkv").images()[-1])


@pytest.mark.parametrize("method", [Method.live, Method.johnson])
@pytest.mark.parametrize("stop_after", [4, 13])
def test_a_stopped_run_is_resumed_bit_for_bit(tmp_path: Path, method: Method, stop_after: int) -> None:
    one = directed(tmp_path, method=method)
    whole = one.stylise(tmp_path / "whole.mkv")
    one.stylise(tmp_path / "out.mkv", stop_after)
    resumed = one.stylise(tmp_path / "out.mkv")
    assert isinstance(resumed.ended, Finished)
    assert resumed.ended.resumed_frames == stop_after
    assert resumed.hashes() == whole.hashes()


METHODS = """
style = "wave"
[[shot]]          # 0 to 5
start = 0
method = "johnson"
[[shot]]          # 5 to 14, over a cut of the film at 10
start = 0.2
method = "live"
[[shot]]          # 14 to 27, over a cut of the film at 18
start = 0.56
method = "consistent"
"""


def test_each_shot_has_its_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same frames, bit for bit, as those of a run of that part by that method."""
    calls, one_direction = list[int](), flow.optical_flow
    monkeypatch.setattr(flow, "optical_flow", lambda *pair: calls.append(1) or one_direction(*pair))
    mixed = directed(tmp_path, METHODS).with_settings(flow=FlowSettings(flow_cache=0))
    hashes = mixed.stylise(tmp_path / "mixed.mkv").hashes()
    assert len(calls) == (9 - 2) + 2 * (13 - 2), "in both directions only where a shot is optimised"
    for method, start, end in ((Method.johnson, 0, 5), (Method.live, 5, 14), (Method.consistent, 14, 27)):
        alone = mixed.with_settings(
            script=None,
            source=SourceSettings(start=start / 25, end=end / 25),
            consistency=ConsistencySettings(method, iterations=2),
        )
        assert hashes[start:end] == alone.stylise(tmp_path / f"{method}.mkv").hashes()


@pytest.mark.parametrize(("masked", "computed"), [("", 4), ("mask = 'mask.mkv'\n", 8)])
def test_flow_is_not_computed_for_johnson_and_nothing_changes(
    tmp_path: Path, mask: Path, monkeypatch: pytest.MonkeyPatch, masked: str, computed: int
) -> None:
    """Unless the mask of its shot is steadied along it."""
    text = f"style = 'wave'\nmethod = 'live'\n[[shot]]\nstart = 0\nend = 0.2\nmethod = 'johnson'\n{masked}"
    one = directed(tmp_path, text).with_settings(source=SourceSettings(end=0.4), flow=FlowSettings(flow_cache=0))
    without = one.stylise(tmp_path / "without.mkv")
    monkeypatch.setattr(FrameLooks, "needs_motion", lambda looks, frame: True)
    everywhere = one.stylise(tmp_path / "everywhere.mkv")
    assert isinstance(without.ended, Finished)
    assert isinstance(everywhere.ended, Finished)
    assert (without.ended.flows_computed, everywhere.ended.flows_computed) == (computed, 8)
    assert without.hashes() == everywhere.hashes()


@pytest.mark.parametrize("stop_after", [3, 5, 14, 16])
def test_a_run_of_several_methods_is_resumed_bit_for_bit(tmp_path: Path, stop_after: int) -> None:
    """Within a shot, and where the method changes: what was carried by the one is nothing to the other."""
    one = directed(tmp_path, METHODS)
    whole = one.stylise(tmp_path / "whole.mkv")
    one.stylise(tmp_path / "out.mkv", stop_after)
    resumed = one.stylise(tmp_path / "out.mkv")
    assert isinstance(resumed.ended, Finished)
    assert resumed.ended.resumed_frames == stop_after
    assert resumed.hashes() == whole.hashes()


def test_another_script_does_not_resume_a_run(tmp_path: Path) -> None:
    one = directed(tmp_path)
    one.stylise(tmp_path / "out.mkv", 4)
    for script in (None, read(tmp_path, SCRIPT.replace("0.88", "0.92"))):
        with pytest.raises(OutputError, match="was started with another script"):
            one.with_settings(script=script).stylise(tmp_path / "out.mkv")


@pytest.mark.parametrize(("text", "shots"), [(SCRIPT, 4), (METHODS, 5)])
def test_pieces_of_a_cluster_are_the_same_film(tmp_path: Path, text: str, shots: int) -> None:
    one = directed(tmp_path, text)
    pieces = InProcess().run(one, tmp_path / "pieces.mkv")
    assert isinstance(pieces.ended, Finished)
    assert pieces.ended.shots == shots
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_times_count_from_the_start_of_a_film_whose_clock_does_not(tmp_path: Path) -> None:
    frames = pan(frames=12, width=64, height=48).frames
    late = write_film(tmp_path / "late.mkv", frames, rate=25, pts=[3000 + number for number in range(12)])
    one = replace(directed(tmp_path), video=late)
    started = [event.frame for event in one.stylise(tmp_path / "out.mkv").events if isinstance(event, ShotStarted)]
    assert started == [0, 5, 10]
    part = one.with_settings(source=SourceSettings(start=0.12))
    started = [event.frame for event in part.stylise(tmp_path / "part.mkv").events if isinstance(event, ShotStarted)]
    assert started == [0, 2, 7], "and of a range, too"
    assert probe(late, SourceSettings(start=0.12)).film_time(3003 * 40) == pytest.approx(0.12)


def test_styles_that_cannot_go_over_are_refused_before_the_run(tmp_path: Path) -> None:
    other = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    save_weights(tmp_path / "other.safetensors", other, style_metadata(other))
    text = "[[shot]]\nstart = 0\nstyle = 'wave'\n[[shot]]\nstart = 0.2\n{}style = 'other.safetensors'"
    one = directed(tmp_path, text.format("style = 'wave'\n[[shot.key]]\ntime = 0.5\n"))
    with pytest.raises(StyleError, match=r"differ in shape \(from 0:00.200 on\)"):
        one.stylise(tmp_path / "out.mkv")
    assert not (tmp_path / "out.partial.mkv").exists()
    directed(tmp_path, text.format("")).stylise(tmp_path / "out.mkv")  # at once they can


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("style = 'wave'\n[[shot]]\nstart = 0.2\nstyle = 'bad.jpg'", 'line 4: style = "bad.jpg": '),
        ("style = 'wave'\n[[shot]]\nstart = 0.2\n[[shot.key]]\ntime = 1\nstyle = 'wave,bad.jpg'", "line 6: style = "),
        ("style = 'bad.jpg'\n[[shot]]\nstart = 0.2\nstyle = 'bad.jpg'", 'line 1: style = "bad.jpg": '),
        ("mask = 'mask.png'\noutside = 'bad.jpg'\nstyle = 'wave'", 'line 2: outside = "bad.jpg": '),
        (
            "style = 'wave'\n[[shot]]\nstart = 0\nmask = 'bad.jpg'",
            'line 4: mask = "bad.jpg": the mask cannot be used: ',
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_with_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    (tmp_path / "mask.png").write_bytes(png(texture(32, 24)))
    with pytest.raises(StyleError) as raised:
        directed(tmp_path, text).stylise(tmp_path / "out.mkv")
    assert raised.value.problem.startswith(f"{tmp_path / 'film.toml'}, {said}")
    assert raised.value.problem.endswith(f"{tmp_path / 'bad.jpg'} is not an image, or is damaged")


# ---------------------------------------------------------------------------------------------------------------- masks


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """White left of an edge that moves to the right, for 27 frames of 32x24."""
    frames = np.zeros((27, 24, 32, 3), np.uint8)
    for index, frame in enumerate(frames):
        frame[:, : 8 + index // 2] = 255
    return write_film(tmp_path / "mask.mkv", frames)


def masked(folder: Path, mask: Path, outside: str | None = None, method: Method = Method.live) -> StyliseCase:
    plain = replace(case(folder, film(folder), method), style=parse_style("wave"))
    other = None if outside is None else parse_style(outside)
    return plain.with_settings(mask=Mask(mask, other))


@pytest.mark.parametrize("method", [Method.live, Method.johnson, Method.consistent])
def test_inside_a_mask_is_the_style_and_outside_the_other_or_the_film(
    tmp_path: Path, mask: Path, method: Method
) -> None:
    """Each painting is the one of a film without a mask, bit for bit."""
    whole = masked(tmp_path, mask, "the_scream", method)
    original = whole.with_settings(mask=Mask(mask))
    mixed, on_film = (one.stylise(tmp_path / f"{n}.mkv").images() for n, one in enumerate((whole, original)))
    wave = whole.with_settings(mask=None)
    scream = replace(wave, style=parse_style("the_scream"))
    film_itself = wave.with_settings(style=StyleSettings(strength=0.0))
    plain = [one.stylise(tmp_path / f"plain{n}.mkv").images() for n, one in enumerate((wave, scream, film_itself))]
    for index in range(27):
        left, right = slice(0, 8), slice(56, 64)
        assert np.array_equal(mixed[index][:, left], plain[0][index][:, left])
        assert np.array_equal(mixed[index][:, right], plain[1][index][:, right])
        assert np.array_equal(on_film[index][:, left], plain[0][index][:, left])
        assert np.array_equal(on_film[index][:, right], plain[2][index][:, right])


@pytest.mark.parametrize("jitter", [0, 1])
def test_an_edge_flickers_no_more_than_the_film_without_a_mask(tmp_path: Path, jitter: int) -> None:
    """The mask goes with a camera that pans; where it was made frame by frame, its outline jitters by a pixel of 96.

    The film has grain: without it, a pan by whole pixels does not flicker at all.
    """
    frames, height, width, step = 12, 96, 160, 2
    random, (down, across) = np.random.default_rng(1), np.mgrid[:height, :width]
    distances = [np.hypot(across - 60 - step * t, down - 48) - 30 for t in range(frames)]
    moved = [distance + jitter * (2 * random.random() - 1) for distance in distances]
    inside = [np.where(distance < 0, 255, 0).astype(np.uint8) for distance in moved]
    mask = write_film(tmp_path / "mask.mkv", np.repeat(np.stack(inside)[..., None], 3, -1))
    video = write_film(tmp_path / "pan.mkv", grain(pan(frames, width, height, step=(step, 0))).frames)
    plain = replace(directed(tmp_path), video=video).with_settings(script=None)
    one = plain.with_settings(mask=Mask(mask, parse_style("the_scream")))

    def warping_error(of: StyliseCase, name: str) -> float:
        """Root mean square along the true motion, within 6 pixels of the edge, over the second half of the film."""
        images = [image.astype(float) for image in of.stylise(tmp_path / name).images()]
        squares = []
        for t in range(frames // 2, frames):
            change = (images[t][:, step:] - images[t - 1][:, :-step]) ** 2
            squares.append(change[np.abs(distances[t][:, step:]) < 6].mean())
        return float(np.mean(squares)) ** 0.5

    assert warping_error(one, "masked.mkv") < 1.2 * warping_error(plain, "plain.mkv")


@pytest.mark.parametrize("stop_after", [4, 13])
@pytest.mark.parametrize("outside", [None, "the_scream"])
def test_a_stopped_run_with_a_mask_is_resumed_bit_for_bit(
    tmp_path: Path, mask: Path, outside: str | None, stop_after: int
) -> None:
    one = masked(tmp_path, mask, outside)
    whole = one.stylise(tmp_path / "whole.mkv")
    one.stylise(tmp_path / "out.mkv", stop_after)
    resumed = one.stylise(tmp_path / "out.mkv")
    assert isinstance(resumed.ended, Finished)
    assert resumed.ended.resumed_frames == stop_after
    assert resumed.hashes() == whole.hashes()


def test_another_mask_does_not_resume_a_run(tmp_path: Path, mask: Path) -> None:
    one = masked(tmp_path, mask)
    one.stylise(tmp_path / "out.mkv", 4)
    write_film(mask, np.full((27, 24, 32, 3), 255, np.uint8))
    with pytest.raises(OutputError, match="was started with another script or mask"):
        one.stylise(tmp_path / "out.mkv")


def test_a_mask_goes_to_the_workers_of_a_cluster(tmp_path: Path, mask: Path) -> None:
    one = masked(tmp_path, mask, "the_scream")
    pieces = InProcess().run(one, tmp_path / "pieces.mkv")
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").write_bytes(png(texture(32, 24)))
    with pytest.raises(SettingsError, match="images of the mask"):
        InProcess().run(masked(tmp_path, tmp_path / "images"), tmp_path / "out.mkv")


def test_a_run_does_not_overwrite_its_mask(tmp_path: Path, mask: Path) -> None:
    with pytest.raises(OutputError, match="would overwrite"):
        masked(tmp_path, mask).stylise(mask)


def test_a_script_names_masks(tmp_path: Path, mask: Path) -> None:
    """In the first shot of the film only; the second is painted all over."""
    text = f"style = 'wave'\n[[shot]]\nstart = 0\nmask = '{mask.name}'\n[[shot]]\nstart = 0.4\n"
    images = directed(tmp_path, text).stylise(tmp_path / "out.mkv").images()
    wave = directed(tmp_path).with_settings(script=None)
    plain = wave.stylise(tmp_path / "wave.mkv").images()
    original = wave.with_settings(style=StyleSettings(strength=0.0)).stylise(tmp_path / "original.mkv").images()
    assert np.array_equal(images[9][:, :8], plain[9][:, :8])
    assert np.array_equal(images[9][:, 56:], original[9][:, 56:])
    assert all(np.array_equal(images[index], plain[index]) for index in range(10, 27))


def test_ruder_has_no_script(tmp_path: Path) -> None:
    looks = read(tmp_path, SCRIPT)
    with pytest.raises(SettingsError, match="--script and --mask work with every --method but ruder"):
        Settings(consistency=ConsistencySettings(method=Method.ruder), script=looks)
