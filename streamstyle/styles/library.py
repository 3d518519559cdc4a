"""The style library: the built-in styles, and those trained on this machine."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from streamstyle.errors import StyleError
from streamstyle.files import data_folder, special_file
from streamstyle.formatting import sanitise
from streamstyle.models.metadata import STYLE_PREDICTOR_ASSETS, THUMBNAIL, NetworkShape, read_bytes, read_metadata

_ASSETS = Path(str(files("streamstyle"))) / "assets"
_FILE_STEM = re.compile(r"(?P<name>.+)-(?P<digest>[0-9a-f]{16})")
"""A trained style's file is NAME-DIGEST.safetensors, with the first digits of its image's SHA-256."""

_MAX_TITLE = 100
"""Limit of a title and of an artist's name in characters."""

_SNAPSHOT_SUFFIX = ".learning"
"""End of the stem of a training snapshot."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style with a network of its own."""

    name: str
    path: Path
    """The weights file."""
    title: str
    artist: str
    builtin: bool
    image_sha256: str = ""
    """Of the image file that it was trained on."""


def builtin_styles() -> list[Style]:
    """Return the built-in styles, sorted by name."""
    return [
        style for path in sorted(_ASSETS.glob("*.safetensors")) if (style := _read_style(path, path.stem, builtin=True))
    ]


def trained_styles() -> list[Style]:
    """Return the styles trained on this machine, sorted by name; other files are skipped."""
    paths = [
        path for path in sorted(library_folder().glob("*.safetensors")) if not path.stem.endswith(_SNAPSHOT_SUFFIX)
    ]
    styles = [_read_style(path, style_name(path), builtin=False) for path in paths]
    return [style for style in styles if style is not None]


def all_styles() -> list[Style]:
    """Return all styles, the built-in ones first."""
    return builtin_styles() + trained_styles()


def find_style(name_or_image: str) -> Style | None:
    """Return the style of that name, in that .safetensors file, or trained on that image; None if there is none.

    Raises StyleError for a .safetensors file that is not a style.
    """
    for style in trained_styles() + builtin_styles():  # a built-in style never hides a trained one
        if style.name == name_or_image:
            return style
    path = Path(name_or_image)
    if path.suffix == ".safetensors":
        return _style_from_file(path)
    if not path.is_file():
        return None
    digest = image_digest(path)
    return next((style for style in all_styles() if style.image_sha256 == digest), None)


def style_predictor_path(shape: NetworkShape) -> Path:
    """Return the built-in style predictor of a shape; raises StyleError if there is none."""
    if shape not in STYLE_PREDICTOR_ASSETS:
        raise StyleError(
            f"there is no built-in style predictor of the shape {shape}",
            f"Give --shape {' or '.join(STYLE_PREDICTOR_ASSETS)}, or another start.",
        )
    return _ASSETS / STYLE_PREDICTOR_ASSETS[shape]


def get_style(name_or_image: str) -> Style:
    """Return the style of that name, file or image; raises StyleError, with the most similar name, if there is none."""
    style = find_style(name_or_image)
    if style is None:
        raise unknown_style_error(name_or_image)
    return style


def unknown_style_error(name: str) -> StyleError:
    """Return the error for an unknown style, with the most similar name."""
    names = [style.name for style in all_styles()]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    advice = "`streamstyle styles` lists all; any image file can be given, too."
    return StyleError(f"there is no style or image {name}", f"Did you mean {near[0]}? {advice}" if near else advice)


def thumbnail(style: Style) -> bytes | None:
    """Return a small JPEG of the image that a style was trained on; None if its file has none."""
    try:
        return read_bytes(style.path, THUMBNAIL)
    except StyleError:
        return None


def new_style_path(image: Path, name: str | None = None, digest: str | None = None) -> Path:
    """Return the path for a style trained on an image, named after it or as given; a taken name gets a number.

    `digest` is the SHA-256 of the image, if `image` is a weights file that holds it.
    """
    digest = digest or image_digest(image)
    name = name or re.sub(r"\s+", "_", style_name(image))
    taken = {style.name for style in all_styles()}
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return library_folder() / f"{free}-{digest[:16]}.safetensors"


def style_name(path: Path) -> str:
    """Return the name of the style in a file of the library."""
    named = _FILE_STEM.fullmatch(path.stem)
    return named["name"] if named else path.stem


def library_folder() -> Path:
    """Return the folder of the trained styles; it may not exist yet."""
    return data_folder() / "styles"


def image_digest(image: Path) -> str:
    """Return the SHA-256 of an image file; raises StyleError if it cannot be read."""
    try:
        if kind := special_file(image):
            raise StyleError(f"{image} is {kind}, not an image", "Give a JPEG, PNG, WebP or TIFF file.")
        with image.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise StyleError(f"there is no image {image}", "Check the name and the folder.") from error
    except OSError as error:
        raise StyleError(f"{image} cannot be read ({error.strerror})", "Check its permissions.") from error


def _style_from_file(path: Path) -> Style:
    style = _style_of(path, style_name(path), read_metadata(path), builtin=False)
    if style is None:
        raise StyleError(f"{path} is not a style", "Give a .safetensors file made by `streamstyle learn`.")
    return style


def _read_style(path: Path, name: str, *, builtin: bool) -> Style | None:
    """Return the style in a weights file; None if the file is damaged or has another kind of network."""
    try:
        return _style_of(path, name, read_metadata(path), builtin=builtin)
    except StyleError:
        return None


def _style_of(path: Path, name: str, metadata: Mapping[str, str], *, builtin: bool) -> Style | None:
    if metadata.get("kind") != "style":
        return None
    title, artist = (sanitise(metadata.get(key, ""))[:_MAX_TITLE] for key in ("title", "artist"))
    return Style(name, path, title, artist, builtin, metadata.get("image_sha256", ""))
