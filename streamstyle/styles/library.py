"""The styles there are: those that come with the program, and those learned on this machine."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from streamstyle.errors import StyleError
from streamstyle.files import data_folder
from streamstyle.models.metadata import STYLE_PREDICTOR_ASSET, THUMBNAIL, read_bytes, read_metadata

_ASSETS = Path(str(files("streamstyle"))) / "assets"
STYLE_PREDICTOR_PATH = _ASSETS / STYLE_PREDICTOR_ASSET
"""The network for any style."""
_TRAINED = re.compile(r"(?P<name>.+)-(?P<digest>[0-9a-f]{16})")
"""A learned style's file is NAME-DIGEST.safetensors, with the first digits of its image's SHA-256."""

_SNAPSHOT_ENDING = ".learning"
"""End of the name of a snapshot that learning goes on from."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style that a film can be painted in."""

    name: str
    path: Path
    """The weights file."""
    title: str
    artist: str
    builtin: bool
    image_sha256: str = ""
    """Of the file of the image it was learned from."""


def builtin_styles() -> list[Style]:
    """Return the styles that come with the program, by name."""
    return [
        style for path in sorted(_ASSETS.glob("*.safetensors")) if (style := _read_style(path, path.stem, builtin=True))
    ]


def trained_styles() -> list[Style]:
    """Return the styles learned on this machine, by name; files that are no style are passed over."""
    kept = [path for path in sorted(library_folder().glob("*.safetensors")) if not path.stem.endswith(_SNAPSHOT_ENDING)]
    found = [_read_style(path, style_name(path), builtin=False) for path in kept]
    return [style for style in found if style is not None]


def all_styles() -> list[Style]:
    """Return all styles, those of the program first."""
    return builtin_styles() + trained_styles()


def find_style(name_or_image: str) -> Style | None:
    """Return the style of that name, in that .safetensors file, or learned from that image; None where there is none.

    Raises StyleError for a .safetensors file that is no style.
    """
    for style in trained_styles() + builtin_styles():  # a style that comes with an update takes nobody's name away
        if style.name == name_or_image:
            return style
    path = Path(name_or_image)
    if path.suffix == ".safetensors":
        return _style_from_file(path)
    if not path.is_file():
        return None
    digest = image_digest(path)
    return next((style for style in all_styles() if style.image_sha256 == digest), None)


def get_style(name_or_image: str) -> Style:
    """Return the style of that name, file or image; raises StyleError, with the nearest names, where there is none."""
    style = find_style(name_or_image)
    if style is None:
        raise unknown_style_error(name_or_image)
    return style


def unknown_style_error(name: str) -> StyleError:
    """Return the error that says there is no such style, and which are near."""
    names = [style.name for style in all_styles()]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names
    return StyleError(
        f"there is no style or image {name}",
        f"Did you mean {' or '.join(near)}? `streamstyle styles` lists all; any image file can be given, too."
        if near
        else "Give an image file to learn the style from.",
    )


def thumbnail(style: Style) -> bytes | None:
    """Return a small JPEG of what a style was learned from; None where its file holds none."""
    try:
        return read_bytes(style.path, THUMBNAIL)
    except StyleError:
        return None


def new_style_path(image: Path, name: str | None = None) -> Path:
    """Return where the weights learned from an image go: under its name, or the given one, unless that is taken."""
    digest = image_digest(image)
    name = name or re.sub(r"\s+", "_", image.stem)
    taken = {style.name for style in all_styles()}
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return library_folder() / f"{free}-{digest[:16]}.safetensors"


def style_name(path: Path) -> str:
    """Return the name of a style by the file it is kept in."""
    named = _TRAINED.fullmatch(path.stem)
    return named["name"] if named else path.stem


def library_folder() -> Path:
    """Return the folder of the learned styles; it need not exist yet."""
    return data_folder() / "styles"


def image_digest(image: Path) -> str:
    """Return the SHA-256 of an image's file; raises StyleError where it cannot be read."""
    try:
        with image.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StyleError(f"{image} cannot be read ({error.strerror})", "Give an image file.") from error


def _style_from_file(path: Path) -> Style:
    style = _read_style(path, style_name(path), builtin=False) if path.is_file() else None
    if style is None:
        problem = f"{path} is no style" if path.is_file() else f"there is no file {path}"
        raise StyleError(problem, "Give a .safetensors file made by `streamstyle learn`.")
    return style


def _read_style(path: Path, name: str, *, builtin: bool) -> Style | None:
    """Return the style in a weights file; None where the file is broken or holds another kind of network."""
    try:
        said = read_metadata(path)
    except StyleError:
        return None
    if said.get("kind") != "style":
        return None
    return Style(name, path, said.get("title", ""), said.get("artist", ""), builtin, said.get("image_sha256", ""))
