"""A method with its settings, as one of those that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from streamstyle import __version__
from streamstyle.files import fingerprint
from streamstyle.film import Film
from streamstyle.mix import Mix
from streamstyle.settings import FlowSettings, Method, Settings, SinkSettings

KEPT_AS = SinkSettings(crf=10, preset="fast")
"""How a method's film is encoded: finer than a film to watch, for the encoder smooths what is to be measured."""


@dataclass(frozen=True, slots=True)
class Contender:
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


def ready(contender: Contender) -> Contender:
    """Return it as it is run here: encoded finely, and paying for its own flow."""
    flow = FlowSettings(contender.settings.flow.flow, contender.settings.flow.flow_workers, flow_cache=0.0)
    return replace(contender, settings=replace(contender.settings, flow=flow, sink=KEPT_AS))


def reference_of(contenders: Sequence[Contender]) -> int:
    """Return the place of the one that the others are given as multiples of: the first johnson, or the first of all."""
    found = (place for place, contender in enumerate(contenders) if contender.method is Method.johnson)
    return next(found, 0)


def kept_name(contender: Contender, film: Film, mix: Mix) -> str:
    """Return a file's name without ending that differs wherever anything differs that the result depends on.

    Raises OSError where the film, a style or the loss network cannot be read.
    """
    how = contender.settings
    weights = how.consistency.loss_network
    painting = how.ruder.style_image
    ruder = (replace(how.ruder, style_image=None), _content(painting) if painting else None)
    all_of_it = (
        __version__,
        fingerprint(film.path),
        (film.video_stream, film.rotation, film.width, film.height, film.start_pts, film.end_pts),
        tuple((_content(ingredient.path), ingredient.share) for ingredient in mix.ingredients),
        ruder if contender.method is Method.ruder else None,
        replace(how.consistency, loss_network=None),
        _content(weights) if weights else None,
        (how.style, how.flow.flow, how.sink, how.device),
    )
    digest = blake2b(repr(all_of_it).encode(), digest_size=8).hexdigest()
    return f"{_plain(contender.text)}-{digest}"


def _content(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _plain(text: str) -> str:
    """Return the text as any file system takes it, not too long."""
    return "".join(sign if sign.isalnum() or sign in "-=." else "_" for sign in text)[:60]
