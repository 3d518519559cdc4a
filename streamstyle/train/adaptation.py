"""Adapt a style to one film: before the film is stylised, the style's network is trained on frames of it.

The result is kept, by film, size, style and time, so that the same command finds it again.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from streamstyle.errors import SettingsError
from streamstyle.events import Observer
from streamstyle.files import data_folder, fingerprint
from streamstyle.media.probe import probe
from streamstyle.models.metadata import NetworkShape
from streamstyle.models.style_net import SHAPES
from streamstyle.models.weights import load_style_net
from streamstyle.settings import Device, SourceSettings
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.train.film_images import read_film_images
from streamstyle.train.settings import StyleTrainingSettings
from streamstyle.train.style import StartFrom, train_style

LEARNING_RATE = 1e-3
"""Half of that of `learn`: the network has been trained before."""

MIN_SECONDS = 5.0


def check_adaptation(blend: StyleBlend, seconds: float) -> None:
    """Raise SettingsError if the style cannot be adapted."""
    if len(blend.parts) > 1:
        raise SettingsError("--adapt takes one style, not a blend", "Leave out --adapt, or give one --style.")
    if seconds < MIN_SECONDS:
        raise SettingsError(f"--adapt cannot be {seconds:g} s", f"Give {MIN_SECONDS:g}s or more, such as 5m.")


def adapted_path(movie: Path, source: SourceSettings, blend: StyleBlend, seconds: float) -> Path:
    """Return the weights file of the adapted style; it may not exist yet. OSError if a file cannot be read.

    The range of the film does not matter: a style is adapted to the whole film, for a sample, too.
    """
    parts = (
        fingerprint(movie),
        source.size,
        source.height,
        source.max_height,
        fingerprint(blend.parts[0].path),
        f"{seconds:g}",
    )
    digest = sha256(repr(parts).encode()).hexdigest()
    return data_folder() / "adapted" / f"{blend.name}-{digest[:16]}.safetensors"


def find_adapted(movie: Path, source: SourceSettings, blend: StyleBlend, seconds: float) -> StyleBlend | None:
    """Return the adapted style if it has been made; None otherwise."""
    try:
        path = adapted_path(movie, source, blend, seconds)
    except OSError:  # is reported by whoever opens the film or the style
        return None
    return _with_network(blend, path) if path.is_file() else None


def adapt_style(
    movie: Path,
    source: SourceSettings,
    blend: StyleBlend,
    seconds: float,
    device: Device,
    observe: Observer,
    stop: threading.Event,
) -> StyleBlend | None:
    """Return the style adapted to the film, trained now for so many seconds if it has not been before.

    Returns None if `stop` was set; the next call resumes the training. Raises StyleError if the style does not contain
    its style image.
    """
    if found := find_adapted(movie, source, blend, seconds):
        return found
    path, part = adapted_path(movie, source, blend, seconds), blend.parts[0]
    film = read_film_images(probe(movie, replace(source, start=None, end=None)))
    settings = StyleTrainingSettings(minutes=seconds / 60, batch=1, learning_rate=LEARNING_RATE, shape=_shape(part))
    start = part.path if _has_network(part) else StartFrom.style_predictor
    image = part.image or part.path
    completed = train_style(image, path, settings, device, observe, stop, start, film)
    return _with_network(blend, path) if completed else None


def _with_network(blend: StyleBlend, path: Path) -> StyleBlend:
    part = blend.parts[0]
    return replace(blend, parts=(BlendPart(path, part.weight, part.image),))


def _has_network(part: BlendPart) -> bool:
    return part.path.suffix == ".safetensors"


def _shape(part: BlendPart) -> NetworkShape:
    """Return the shape of the style's network, or of that which the style predictor makes."""
    if not _has_network(part):
        return NetworkShape.fast
    config = load_style_net(part.path).config
    return next(shape for shape, known in SHAPES.items() if known == config)
