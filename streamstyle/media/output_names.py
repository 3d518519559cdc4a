"""The names that an output needs until it is complete, and the check that writing them overwrites no input.

Every file that a run may write, rename or remove beside its output is in `side_paths`. Side names that would be too
long for the file system begin with a shortened stem, the same in every run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import combinations, count
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.files import max_name_length, shorten_name
from streamstyle.media.image_sequence import WRITTEN_SUFFIXES, is_pattern, is_sequence, written_images
from streamstyle.media.standard_streams import is_stdout

_LONGEST_ENDING = len(".partial.damaged-999.safetensors.new")
"""Bytes that a side name has after the stem, besides the suffix."""


def partial_path(output: Path) -> Path:
    """Return the name of an unfinished output: `film.partial.mkv` for `film.mkv`."""
    return _beside(output, f".partial{output.suffix}")


def set_aside_path(output: Path) -> Path:
    """Return the name of an earlier partial output while its frames are copied: `film.partial.earlier.mkv`."""
    return _beside(output, f".partial.earlier{output.suffix}")


def checkpoint_path(output: Path) -> Path:
    """Return the path of the checkpoint: `film.partial.mkv.safetensors` for `film.mkv`."""
    return _beside(output, f".partial{output.suffix}.safetensors")  # film.mp4 has a checkpoint of its own


def unfinished_checkpoint_path(output: Path) -> Path:
    """Return the name of a checkpoint while it is written: `film.partial.mkv.new`."""
    return _beside(output, f".partial{output.suffix}.new")


def faststart_path(output: Path) -> Path:
    """Return the name of a finished output while its index is put in front: `film.partial.faststart.mp4`."""
    return _beside(output, f".partial.faststart{output.suffix}")


def damaged_path(output: Path) -> Path:
    """Return a free name under which a partial output that cannot be resumed is kept: `film.partial.damaged.mkv`."""
    numbers = (f"-{number}" if number > 1 else "" for number in count(1))
    names = (_beside(output, f".partial.damaged{number}{output.suffix}") for number in numbers)
    return next(name for name in names if not os.path.lexists(name))


def side_paths(output: Path) -> tuple[Path, ...]:
    """Return every file that a run may write, rename or remove beside its output."""
    return (
        partial_path(output),
        set_aside_path(output),
        checkpoint_path(output),
        unfinished_checkpoint_path(output),
        faststart_path(output),
    )


def check_output(output: Path, inputs: Iterable[Path] = (), *, is_film: bool = True) -> None:
    """Raise OutputError if `output` cannot be written, or if writing it would overwrite one of the `inputs`.

    A film is written under side names first: they are checked, too.
    """
    if is_film and is_stdout(output):
        return
    if is_film and is_pattern(output):
        _check_sequence(output, inputs)
        return
    if is_folder(output):
        raise OutputError(f"{output} is a folder", "Give a file name in it, such as output.mkv.")
    if not is_folder(output.parent):
        raise OutputError(f"the folder {output.parent} does not exist", "Create it, or choose another with -o.")
    if not os.access(output.parent, os.W_OK):
        raise OutputError(f"the folder {output.parent} cannot be written to", "Choose another folder with -o.")
    if (size := len(os.fsencode(output.name))) > (limit := max_name_length(output.parent)):
        raise OutputError(f"{output.name} is too long a name: {size} bytes of {limit}", "Give a shorter one with -o.")
    if is_film and not output.suffix:
        raise OutputError(f"{output} has no extension, so its container is unknown", "Add one, such as .mkv.")
    written = (output, *side_paths(output)) if is_film else (output,)
    _check_not_overwritten(output, written, inputs)
    for path in written[1:]:
        _check_regular(path)
    for path, other in combinations(written, 2):
        if _is_same_file(path, other):
            raise OutputError(f"{path} and {other} are the same file", "Remove one, or choose another name with -o.")


def exists_already(output: Path, *, is_film: bool = True) -> bool:
    """Return whether there is something that the output would replace, other than what an unfinished run has left."""
    return not is_stdout(output) and (_holds_images(output) if is_film and is_pattern(output) else output.exists())


def _holds_images(pattern: Path) -> bool:
    """Whether there are images by this pattern that no unfinished run has written."""
    return bool(written_images(pattern)) and not checkpoint_path(pattern).exists()


def _check_sequence(output: Path, inputs: Iterable[Path]) -> None:
    """Raise OutputError if images cannot be written by this pattern; their folder may be created."""
    if output.suffix.lower() not in WRITTEN_SUFFIXES:
        raise OutputError(
            f"{output.name} is the name of images, and {output.suffix or 'nothing'} is no kind that can be written",
            f"Use {', '.join(WRITTEN_SUFFIXES)}, or a name without %.",
        )
    folder = output.parent
    for source in inputs:
        if is_sequence(source) and _is_same_file(source.parent if is_pattern(source) else source, folder):
            raise OutputError(
                f"{output} would be among the images of {source}, which it is made from",
                "Choose another folder with -o.",
            )
    if not is_folder(folder):
        check_output(folder, is_film=False)
        if os.path.lexists(folder):
            raise OutputError(f"{folder} is a file, not a folder", "Choose another folder with -o.")
    elif not os.access(folder, os.W_OK):
        raise OutputError(f"the folder {folder} cannot be written to", "Choose another folder with -o.")


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; a name that cannot be is none."""
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a folder that cannot be entered
        return False


def _check_not_overwritten(output: Path, written: Iterable[Path], inputs: Iterable[Path]) -> None:
    for source in inputs:
        for path in written:
            if _is_same_file(path, source):
                needs = "" if path == output else f" needs the name {path.name} meanwhile, and"
                raise OutputError(
                    f"{output}{needs} would overwrite {source}, which it is made from", "Choose another name with -o."
                )


def _check_regular(path: Path) -> None:
    """Raise OutputError for a link, folder or device on a side name: writing there would change something else."""
    with suppress(OSError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise OutputError(f"{path} is in the way: it is no file", "Remove it, or choose another output with -o.")


def _is_same_file(path: Path, other: Path) -> bool:
    """Return whether two names are of one file, by links of either kind too, or will be once it exists."""
    try:
        return path.samefile(other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


def _beside(output: Path, ending: str) -> Path:
    room = max_name_length(output.parent) - _LONGEST_ENDING - len(os.fsencode(output.suffix))
    return output.with_name(f"{shorten_name(output.stem, room)}{ending}")
