"""Less of the painting: mixed with the film, or in the film's colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from streamstyle.frame import StylisedFrame
from streamstyle.ops.pixels import preserve_colour
from streamstyle.ops.transfer import image_to_device
from streamstyle.settings import StyleSettings


def apply_strength(frames: Iterable[StylisedFrame], settings: StyleSettings) -> Iterator[StylisedFrame]:
    """Yield every frame with as much of the painting as is asked for; none of it is carried to the next frame."""
    for painted in frames:
        film, image = image_to_device(painted.flowed.frame.image, painted.image.device), painted.image
        if settings.strength < 1:
            image = film.lerp(image, settings.strength)
        image = preserve_colour(film, image) if settings.preserve_colour else image
        yield replace(painted, image=image, before_strength=painted.image)
