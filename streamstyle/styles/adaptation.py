"""What a style is trained on for one film before it is stylised: frames of the film, or painted key frames.

The result is kept, by film, size, style, paintings and time, so that the same command finds it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from streamstyle.errors import SettingsError
from streamstyle.files import data_folder, fingerprint
from streamstyle.media.image_sequence import source_fingerprint
from streamstyle.media.standard_streams import STDIN
from streamstyle.settings import SourceSettings
from streamstyle.styles.keyframes import Keyframe
from streamstyle.styles.spec import BlendPart, StyleBlend

MIN_SECONDS = 5.0

KEYFRAME_SECONDS = 300.0
"""Time for which is learned from key frames, if `--adapt` gives none."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What a network is trained on before a run, and for how long. Raises SettingsError if that cannot be."""

    movie: Path
    source: SourceSettings
    """Its range does not matter: a style is adapted to the whole film, for a sample, too."""
    blend: StyleBlend
    """What training starts from."""
    seconds: float
    keyframes: tuple[Keyframe, ...] = ()
    """What is learned from, in place of frames alone."""

    def __post_init__(self) -> None:
        option = "--keyframe" if self.keyframes else "--adapt"
        if self.movie == STDIN:
            raise SettingsError(f"{option} reads the film before the run, and a piped one only once", "Give a file.")
        if len(self.blend.parts) > 1 and not self.keyframes:
            raise SettingsError("--adapt takes one style, not a blend", "Leave out --adapt, or give one --style.")
        if self.seconds < MIN_SECONDS:
            raise SettingsError(f"--adapt cannot be {self.seconds:g} s", f"Give {MIN_SECONDS:g}s or more, such as 5m.")


def adapted_path(adaptation: Adaptation) -> Path:
    """Return the weights file of the adapted style; it may not exist yet. OSError if a file cannot be read."""
    blend, source = adaptation.blend, adaptation.source
    styles = [(fingerprint(part.path), f"{part.weight:g}") for part in blend.parts]
    paintings = sorted((f"{keyframe.seconds:g}", fingerprint(keyframe.painting)) for keyframe in adaptation.keyframes)
    size = (source.size, source.height, source.max_height, source.frame_rate)
    parts = (source_fingerprint(adaptation.movie), size, styles, paintings, f"{adaptation.seconds:g}")
    digest = sha256(repr(parts).encode()).hexdigest()
    return data_folder() / "adapted" / f"{blend.name}-{digest[:16]}.safetensors"


def find_adapted(adaptation: Adaptation) -> StyleBlend | None:
    """Return the adapted style if it has been made; None otherwise."""
    try:
        path = adapted_path(adaptation)
    except OSError:  # is reported by whoever opens the film, the style or the painting
        return None
    return with_network(adaptation.blend, path) if path.is_file() else None


def seconds_to_adapt(adaptation: Adaptation | None) -> float:
    """Return how long training will take before the run; 0 if there is none, or it has been done."""
    return 0.0 if adaptation is None or find_adapted(adaptation) else adaptation.seconds


def with_network(blend: StyleBlend, path: Path) -> StyleBlend:
    """Return the style whose network is in a weights file, by the name of the one that it was made from."""
    image = blend.parts[0].image if len(blend.parts) == 1 else None
    return StyleBlend(blend.name, (BlendPart(path, image=image),))
