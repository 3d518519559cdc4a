"""Adapt a style to one film: before the film is stylised, a network is trained on its frames or on painted ones."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from streamstyle.events import Observer
from streamstyle.media.image_sequence import is_sequence
from streamstyle.media.probe import probe, probe_header
from streamstyle.media.stated_range import at_working_size
from streamstyle.models.metadata import NetworkShape
from streamstyle.models.style_net import SHAPES
from streamstyle.models.weights import load_style_net
from streamstyle.settings import Device
from streamstyle.styles.adaptation import Adaptation, adapted_path, find_adapted, with_network
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.train.film_images import read_film_images
from streamstyle.train.keyframes import KeyframeTraining, learn_keyframes
from streamstyle.train.painted_frames import read_painted_frames, split_by_painting
from streamstyle.train.provenance import training_metadata
from streamstyle.train.settings import StyleTrainingSettings
from streamstyle.train.style import StartFrom, create_folder, train_style
from streamstyle.video_info import VideoInfo

LEARNING_RATE = 1e-3
"""Half of that of `learn`: the network has been trained before."""


def check_paintings(adaptation: Adaptation) -> None:
    """Raise the StreamstyleError that training would end with if a painting cannot be used; reads little of a film."""
    if adaptation.keyframes:
        movie, source = adaptation.movie, replace(adaptation.source, start=None, end=None)
        video = probe(movie, source) if is_sequence(movie) else at_working_size(probe_header(movie), source)
        read_painted_frames(video, adaptation.keyframes)


def adapt_style(adaptation: Adaptation, device: Device, observe: Observer, stop: threading.Event) -> StyleBlend | None:
    """Return the adapted style, trained now if it has not been before.

    Returns None if `stop` was set; the next call resumes the training. Raises StyleError if a style that is adapted
    without paintings does not contain its style image, or if a painting cannot be used.
    """
    if found := find_adapted(adaptation):
        return found
    path = adapted_path(adaptation)
    video = probe(adaptation.movie, replace(adaptation.source, start=None, end=None))
    if adaptation.keyframes:
        completed = _learn_keyframes(adaptation, video, path, device, observe, stop)
    else:
        completed = _train_on_film(adaptation, video, path, device, observe, stop)
    return with_network(adaptation.blend, path) if completed else None


def _learn_keyframes(
    adaptation: Adaptation, video: VideoInfo, path: Path, device: Device, observe: Observer, stop: threading.Event
) -> bool:
    painted = read_painted_frames(video, adaptation.keyframes)
    film = read_film_images(video)
    options = [
        option for each in adaptation.keyframes for option in ("--keyframe", f"{each.seconds:g}={each.painting.name}")
    ]
    command = ["streamstyle", "run", video.path.name, *options, "--adapt", f"{adaptation.seconds:g}s"]
    facts = training_metadata(
        command, f"frames of {video.path.name}: {len(painted)} painted, {len(film.images)} others"
    )
    training = KeyframeTraining(painted, split_by_painting(film, painted), adaptation.blend, adaptation.seconds, facts)
    create_folder(path.parent)
    return learn_keyframes(training, path, device, observe, stop)


def _train_on_film(
    adaptation: Adaptation, video: VideoInfo, path: Path, device: Device, observe: Observer, stop: threading.Event
) -> bool:
    (part,) = adaptation.blend.parts
    settings = StyleTrainingSettings(
        minutes=adaptation.seconds / 60, batch=1, learning_rate=LEARNING_RATE, shape=_shape(part)
    )
    start = part.path if _has_network(part) else StartFrom.style_predictor
    image = part.image or part.path
    return train_style(image, path, settings, device, observe, stop, start, read_film_images(video))


def _has_network(part: BlendPart) -> bool:
    return part.path.suffix == ".safetensors"


def _shape(part: BlendPart) -> NetworkShape:
    """Return the shape of the style's network, or of that which the style predictor makes."""
    if not _has_network(part):
        return NetworkShape.separable
    config = load_style_net(part.path).config
    return next(shape for shape, known in SHAPES.items() if known == config)
