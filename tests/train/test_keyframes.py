"""A film of a square that moves over grass, and a painter who makes it all red and white."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.errors import SettingsError, StyleError
from streamstyle.media.images import RgbImage
from streamstyle.media.probe import probe
from streamstyle.models.metadata import read_metadata
from streamstyle.models.vgg import STYLE_LAYERS
from streamstyle.models.weights import load_loss_network, load_style_net
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import style_grams
from streamstyle.settings import Device, SourceSettings
from streamstyle.styles.adaptation import Adaptation, adapted_path
from streamstyle.styles.blending import load_blend
from streamstyle.styles.keyframes import Keyframe, parse_paintings
from streamstyle.styles.spec import parse_style
from streamstyle.train.adaptation import adapt_style, check_paintings
from streamstyle.train.film_images import read_film_images
from streamstyle.train.keyframes import tiled_grams
from streamstyle.train.painted_frames import read_painted_frames, split_by_painting
from tests.films import png, write_film
from tests.scenes import texture
from tests.train.listener import Listener

SOURCE = SourceSettings()


def scene(index: int) -> RgbImage:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:] = np.random.default_rng(0).integers(40, 120, (48, 64, 1)) * np.array([0.3, 1, 0.3])
    image[14:34, 4 + 2 * index : 24 + 2 * index] = (30, 60, 220)
    return image


def paint(image: RgbImage) -> RgbImage:
    is_square = image[..., 2:] > image[..., 1:2]
    return np.where(is_square, (250, 250, 240), (200, 20, 10)).astype(np.uint8)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mkv", [scene(index) for index in range(16)])


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    path = tmp_path / "my painting.png"
    path.write_bytes(png(paint(scene(4))))
    return path


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamstyle.styles.adaptation.data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr("streamstyle.styles.adaptation.MIN_SECONDS", 0.01)


def plan(film: Path, *keyframes: Keyframe, seconds: float = 0.01) -> Adaptation:
    return Adaptation(film, SOURCE, parse_paintings(keyframes), seconds, keyframes)


@pytest.mark.slow
def test_a_film_is_painted_as_its_key_frame_is(film: Path, painting: Path) -> None:
    wanted, listener = plan(film, Keyframe(0.16, painting), seconds=10_000), Listener(stop_after=40)
    adapt_style(wanted, Device.cpu, listener.observe, listener.stop)
    snapshot = adapted_path(wanted).with_suffix(".learning.safetensors")

    def error(network: torch.nn.Module) -> float:
        """Mean difference from what the painter would have made of a frame eight frames later."""
        with torch.inference_mode():
            painted = network(to_tensor(scene(12))[None])
        return float((painted[0] - to_tensor(paint(scene(12)))).abs().mean())

    assert error(load_style_net(snapshot)) < 0.7 * error(load_blend(wanted.blend, 1.0))


@pytest.mark.slow
def test_what_was_learned_is_kept_and_found_again(film: Path, painting: Path) -> None:
    keyframe, first, second = Keyframe(0.16, painting), Listener(), Listener()
    learned = adapt_style(plan(film, keyframe), Device.cpu, first.observe, first.stop)
    assert learned is not None
    assert learned.name == "my_painting"
    assert first.events
    assert adapt_style(plan(film, keyframe), Device.cpu, second.observe, second.stop) == learned
    assert not second.events
    metadata = read_metadata(learned.parts[0].path)
    assert metadata["command"] == "streamstyle run film.mkv --keyframe '0.16=my painting.png' --adapt 0.01s"
    assert metadata["trained_on"] == "frames of film.mkv: 1 painted, 16 others"


@pytest.mark.slow
def test_learning_that_was_stopped_resumes_from_the_given_style(film: Path, painting: Path) -> None:
    wanted = plan(film, Keyframe(0.16, painting), seconds=1000)
    wave = replace(wanted, blend=parse_style("wave:0.5,the_scream:0.5"))
    steps = []
    for _ in range(2):
        listener = Listener(stop_after=1)
        assert adapt_style(wave, Device.cpu, listener.observe, listener.stop) is None
        steps += [event.step for event in listener.events]
    assert steps == [1, 2]
    snapshot = adapted_path(wave).with_suffix(".learning.safetensors")
    started = load_blend(wave.blend, 1.0).state_dict()
    changes = [(started[name] - tensor).abs().mean() for name, tensor in load_style_net(snapshot).state_dict().items()]
    assert max(changes) < 0.01


def test_the_gram_matrices_of_a_painting_are_those_of_its_tiles() -> None:
    network, tile = load_loss_network(), to_tensor(texture(140, 130))
    expected, grams = style_grams(network, tile), tiled_grams(network, tile.repeat(1, 2, 1))
    for name in STYLE_LAYERS:
        torch.testing.assert_close(grams[name], expected[name])


def test_the_frame_at_a_time_is_the_nearest_one(film: Path, painting: Path) -> None:
    video = probe(film, SOURCE)
    times = {0.0: 0, 0.15: 4, 0.17: 4, 0.16: 4, 0.63: 15}
    for seconds, index in times.items():
        (painted,) = read_painted_frames(video, [Keyframe(seconds, painting)])
        assert video.seconds(painted.pts) == pytest.approx(index / 25)


def test_a_painting_of_another_size_is_resized(film: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(png(np.kron(paint(scene(4)), np.ones((3, 3, 1), np.uint8))))
    (painted,) = read_painted_frames(probe(film, SOURCE), [Keyframe(0.16, large)])
    np.testing.assert_array_equal(painted.painting, paint(scene(4)))


def test_other_frames_go_with_the_painting_that_is_nearest_in_time(film: Path, painting: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(painting.read_bytes())
    video = probe(film, SOURCE)
    painted = read_painted_frames(video, [Keyframe(0.6, other), Keyframe(0.0, painting)])
    early, late = split_by_painting(read_film_images(video), painted)
    assert (len(early), len(late)) == (1 + 8, 1 + 8)
    assert [video.seconds(each.pts) for each in painted] == pytest.approx([0, 0.6])


@pytest.mark.parametrize("seconds", [0.64, 100.0])
def test_a_time_outside_the_film_is_refused(film: Path, painting: Path, seconds: float) -> None:
    with pytest.raises(SettingsError, match=r"--keyframe .* is not in film.mkv, which is 0.64 s long"):
        check_paintings(plan(film, Keyframe(seconds, painting)))


def test_two_paintings_of_one_frame_are_refused(film: Path, painting: Path) -> None:
    with pytest.raises(SettingsError, match=r"the frame at 0\.16 s twice"):
        check_paintings(plan(film, Keyframe(0.16, painting), Keyframe(0.165, painting)))


def test_a_painting_of_another_shape_is_refused(film: Path, painting: Path) -> None:
    painting.write_bytes(png(paint(scene(4))[:, :40]))
    with pytest.raises(StyleError, match=r"is 40x48, and the frames of film\.mkv are 64x48"):
        check_paintings(plan(film, Keyframe(0.16, painting)))


def test_a_painting_that_is_no_image_is_refused(film: Path, painting: Path) -> None:
    painting.write_bytes(b"no image")
    with pytest.raises(StyleError, match="is not an image"):
        check_paintings(plan(film, Keyframe(0.16, painting)))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--keyframe", "0.16"], "is not a key frame"),
        (["--keyframe", "painting.png=0.16"], "is not a key frame"),
        (["--keyframe", "0.16=missing.png"], "there is no painting missing.png"),
        (["--style", "wave", "--keyframe", "0.16=missing.png"], "there is no painting missing.png"),
        (["--style", "wave", "--keyframe", "0.16=/"], "there is no painting /"),
        (["--keyframe", "0.16=wave"], "there is no painting wave"),
        (["--style", "wave", "--adapt", "5m", "--method", "ruder"], "--adapt trains the style network"),
        (["--keyframe", "0.16={painting}", "--method", "ruder"], "--method ruder has none"),
        ([], "no style is given"),
    ],
)
def test_what_cannot_be_learned_is_refused(film: Path, painting: Path, arguments: list[str], problem: str) -> None:
    given = [argument.format(painting=painting) for argument in arguments]
    with pytest.raises((SettingsError, StyleError), match=problem):
        parse_run_arguments([str(film), *given])
