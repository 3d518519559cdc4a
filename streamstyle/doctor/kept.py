"""What is kept on disk: folders, styles and the loss network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from streamstyle.doctor.finding import Row, State, fine
from streamstyle.errors import StreamstyleError
from streamstyle.library import all_styles, builtin_styles, library_folder


def folders() -> Iterable[Row]:
    """Yield the folders we write to, with their sizes."""
    from streamstyle.media.flow_cache import cache_folder

    yield _folder("styles", library_folder())
    yield _folder("cache", cache_folder())


def _folder(name: str, path: Path) -> Row:
    if not path.exists():
        above = next(parent for parent in path.parents if parent.exists())
        if os.access(above, os.W_OK):
            return fine(name, f"{path}, not there yet")
        return name, State.broken, f"{path} cannot be made", f"Make {above} writable."
    if not os.access(path, os.W_OK):
        return name, State.broken, f"{path} cannot be written to", f"Make {path} writable."
    used = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return fine(name, f"{path}, {used / 1e6:.1f} MB used, {shutil.disk_usage(path).free / 1e9:.1f} GB free on its disk")


def styles() -> Iterable[Row]:
    """Yield each style and the network for any other, loaded."""
    from streamstyle.nets.weights import load_any_style, load_style

    for style in all_styles():
        try:
            load_style(style.path)
            yield fine(style.name, "readable" if style.builtin else f"readable, learned here ({style.path})")
        except StreamstyleError as error:
            yield style.name, State.broken, error.problem, error.next_step
    if not builtin_styles():
        yield "built in", State.broken, "none is there", "Install streamstyle anew."
    load_any_style()
    yield fine("any image", "readable")


def loss_network() -> Iterable[Row]:
    """Yield the built-in loss network, loaded."""
    from streamstyle.nets.weights import load_loss_network

    load_loss_network()
    yield fine("built in", "readable")
