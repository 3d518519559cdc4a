"""A method with its settings, as one of those that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from streamstyle import __version__
from streamstyle.files import fingerprint
from streamstyle.film import VideoInfo
from streamstyle.mix import StyleBlend
from streamstyle.settings import FlowSettings, Method, Settings, EncoderSettings

ARCHIVE_ENCODER = EncoderSettings(crf=10, preset="fast")
"""How a method's film is encoded: finer than a film to watch, for the encoder smooths what is to be measured."""


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One of the films to make."""

    text: str
    """As it was asked for, such as `consistent:pixel-weight=0`."""
    settings: Settings

    @property
    def label(self) -> str:
        """For people: `consistent, pixel-weight 0`."""
        return self.text.replace(":", ", ").replace("=", " ")

    @property
    def method(self) -> Method:
        """The method alone."""
        return self.settings.consistency.method


def prepare_spec(spec: MethodSpec) -> MethodSpec:
    """Return it as it is run here: encoded finely, and paying for its own flow."""
    flow = FlowSettings(spec.settings.flow.flow, spec.settings.flow.flow_workers, flow_cache=0.0)
    return replace(spec, settings=replace(spec.settings, flow=flow, encoder=ARCHIVE_ENCODER))


def baseline_index(specs: Sequence[MethodSpec]) -> int:
    """Return the place of the one that the others are given as multiples of: the first johnson, or the first of all."""
    found = (place for place, contender in enumerate(specs) if contender.method is Method.johnson)
    return next(found, 0)


def archive_name(spec: MethodSpec, film: VideoInfo, mix: StyleBlend) -> str:
    """Return a file's name without ending that differs wherever anything differs that the result depends on.

    Raises OSError where the film, a style or the loss network cannot be read.
    """
    how = spec.settings
    weights = how.consistency.loss_network
    painting = how.ruder.style_image
    ruder = (replace(how.ruder, style_image=None), _file_digest(painting) if painting else None)
    all_of_it = (
        __version__,
        fingerprint(film.path),
        (film.video_stream, film.rotation, film.width, film.height, film.start_pts, film.end_pts),
        tuple((_file_digest(ingredient.path), ingredient.weight) for ingredient in mix.parts),
        ruder if spec.method is Method.ruder else None,
        replace(how.consistency, loss_network=None),
        _file_digest(weights) if weights else None,
        (how.style, how.flow.flow, how.encoder, how.device),
    )
    digest = blake2b(repr(all_of_it).encode(), digest_size=8).hexdigest()
    return f"{_safe_name(spec.text)}-{digest}"


def _file_digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _safe_name(text: str) -> str:
    """Return the text as any file system takes it, not too long."""
    return "".join(sign if sign.isalnum() or sign in "-=." else "_" for sign in text)[:60]
