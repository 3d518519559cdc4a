"""What an earlier run left beside its output: found, verified, and put out of the way of the next run.

A file that no run has written is never touched: that is known by its content. What an earlier run wrote and is damaged
now is kept under another name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.media.image_sequence import is_pattern
from streamstyle.media.output_file import PartialFile, lock_existing, output_errors
from streamstyle.media.output_names import (
    check_output,
    checkpoint_path,
    damaged_path,
    partial_path,
    set_aside_path,
    unfinished_checkpoint_path,
)
from streamstyle.resume.checkpoint import (
    MOVE_HINT,
    Checkpoint,
    DamagedError,
    FileIdentity,
    ResumePoint,
    has_content,
    is_checkpoint,
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)
from streamstyle.resume.packet_digest import Digest
from streamstyle.resume.partial_video import PartialVideo
from streamstyle.resume.signature import RANGE_KEY, check_unchanged


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """What a run takes over from an earlier one with the same output; by default nothing."""

    video: PartialVideo | None = None
    """Its frames, if the run resumes after them."""
    damaged: bool = False
    """Whether its files are not as it left them, so that they are kept under other names."""


def find_earlier_run(
    output: Path,
    inputs: Iterable[Path],
    signature: Mapping[str, str],
    warn: Callable[[str], None],
    *,
    restart: bool,
) -> EarlierRun:
    """Return what a run with this signature resumes; nothing with `restart`. No file is changed.

    Raises OutputError if the earlier run had another signature or is still running, and if the output, or what is
    written beside it, would overwrite an input or a file that no run has written. `warn` is told of damaged files.
    """
    check_output(output, inputs)
    for path in (partial_path(output), set_aside_path(output)):
        with lock_existing(path):
            pass
    check_own(output)
    if restart:
        return EarlierRun()
    try:
        checkpoint = find_checkpoint(output, signature)
        return EarlierRun(PartialVideo(output.with_name(checkpoint.file), checkpoint)) if checkpoint else EarlierRun()
    except DamagedError as error:
        warn(_damage_text(error, output))
        return EarlierRun(damaged=True)


def find_checkpoint(output: Path, signature: Mapping[str, str]) -> Checkpoint | None:
    """Return the checkpoint that a run with this signature resumes from; None if there is none.

    Raises OutputError if the earlier run had another signature, or its checkpoint cannot be used.
    """
    checkpoint = read_checkpoint(output)
    if checkpoint is None or checkpoint.resume_point.frames == 0:
        return None
    check_unchanged(checkpoint.signature, signature, partial_path(output))
    return checkpoint


def _damage_text(error: DamagedError, output: Path) -> str:
    if is_pattern(output):  # whose images are written anew
        return f"{error.problem}; the run starts from the beginning"
    kept = damaged_path(output).name
    return f"{error.problem}; what is there is kept as {kept}, and the run starts from the beginning"


def resumable_frames(
    output: Path,
    signature: Mapping[str, str],
    warn: Callable[[str], None] = lambda warning: None,
    *,
    range_is_known: bool = True,
) -> int:
    """Return how many frames a run with this signature would resume after, which it verifies only when it begins.

    Raises OutputError if it could not; `warn` is told of damaged files. Where the video has not been read, so that its
    exact range is not known, that of the earlier run is taken to be the same.
    """
    try:
        if not range_is_known and (earlier := read_checkpoint(output)) is not None:
            signature = {**signature, RANGE_KEY: earlier.signature.get(RANGE_KEY, "")}
        checkpoint = find_checkpoint(output, signature)
    except DamagedError as error:
        warn(_damage_text(error, output))
        return 0
    return checkpoint.resume_point.frames if checkpoint else 0


def check_own(output: Path) -> None:
    """Raise OutputError if a file that no run has written has one of the names beside the output."""
    for path in (checkpoint_path(output), unfinished_checkpoint_path(output)):
        if has_content(path) and not is_checkpoint(path):
            raise OutputError(f"{path} is no checkpoint of streamstyle, or it is damaged", MOVE_HINT)
    for path in (partial_path(output), set_aside_path(output)):
        if has_content(path) and not has_content(checkpoint_path(output)):
            raise OutputError(
                f"{path} exists already, and there is no checkpoint by which it would be of an earlier run", MOVE_HINT
            )


def remove_orphan_checkpoint(output: Path) -> None:
    """Remove a checkpoint whose run was killed after it had published its output."""
    partials = (partial_path(output), set_aside_path(output))
    if output.is_file() and not any(os.path.lexists(path) for path in partials):
        with suppress(OSError):
            remove_checkpoint(output)


@contextmanager
def set_aside(output: Path, earlier: EarlierRun) -> Iterator[SideFiles]:
    """Put what an earlier run left out of the way and yield what is written instead; OutputError if that fails.

    On leaving, a partial output that was set aside has its name again, unless it was copied or replaced. A kill at any
    moment leaves a checkpoint whose frames can be found.
    """
    check_own(output)
    files = SideFiles(output, earlier)
    with output_errors(partial_path(output)):
        files.make_room()
    try:
        yield files
    finally:
        files.put_back()


class SideFiles:
    """The files beside an output while it is written."""

    def __init__(self, output: Path, earlier: EarlierRun) -> None:
        self._output, self._earlier = output, earlier
        self._partial, self._aside = partial_path(output), set_aside_path(output)
        self._aside_identity: FileIdentity | None = None
        self._is_replaced = False
        self.kept: list[str] = []
        """Warnings of files that are kept under other names, unless the user has been told already."""

    def make_room(self) -> None:
        """Free the name of the partial output. Raises OSError."""
        video, checkpoint = self._earlier.video, _readable_checkpoint(self._output)
        known = checkpoint.files.values() if checkpoint and not self._earlier.damaged else ()
        own = []
        for path in filter(os.path.lexists, (self._aside, self._partial)):
            if not has_content(path):
                path.unlink()
            elif (video and path == video.path) or any(identity.matches(path) for identity in known):
                own.append(path)
            else:
                self._keep(path)
        unfinished_checkpoint_path(self._output).unlink(missing_ok=True)
        self._set_aside(own, video.path if video else self._output.with_name(checkpoint.file) if checkpoint else None)

    def begin(self, head: bytes | None = None) -> None:
        """Note in the checkpoint, before the partial output gets any content, that it is written. Raises OSError.

        `head` is what it is about to begin with; without it the file is read.
        """
        files = {self._partial.name: FileIdentity.of(self._partial, head), **self.aside()}
        if self._earlier.video:
            resumed = self._earlier.video.checkpoint
            write_checkpoint(self._output, replace(resumed, file=self._aside.name, files=files))
        else:
            begun = Checkpoint(ResumePoint(), self._partial.name, {}, "", "", Digest("", ""), files)
            write_checkpoint(self._output, begun)
            self.remove_aside()

    def note_closing(self) -> None:
        """Note that what the partial output begins with may be rewritten, as muxers do when they close a file."""
        with suppress(OSError):
            self.begin(b"")

    def aside(self) -> dict[str, FileIdentity]:
        """Return the earlier partial output, by name, while there is one."""
        return {self._aside.name: self._aside_identity} if self._aside_identity else {}

    def finish(self) -> None:
        """Remove what is not needed once the output is published or given up. Raises OSError."""
        self.remove_aside()
        remove_checkpoint(self._output)

    def remove_aside(self) -> None:
        """Remove the earlier partial output: its frames are no longer needed. Raises OSError."""
        self._is_replaced = True
        if self._aside_identity and self._aside_identity.matches(self._aside):
            self._aside.unlink()
        self._aside_identity = None

    def put_back(self) -> None:
        """Give the earlier partial output its name again, unless it was copied or replaced."""
        is_needed = self._aside_identity is not None and not self._is_replaced
        if is_needed and not (self._earlier.video and self._earlier.video.copied):
            with suppress(OSError):
                if not os.path.lexists(self._partial):
                    self._aside.rename(self._partial)

    def _set_aside(self, own: list[Path], holder: Path | None) -> None:
        """Set aside the one of our files that holds the frames, and remove the others."""
        if not own:
            return
        kept = holder if holder in own else own[0]
        for path in own:
            if path != kept:
                path.unlink()
        if kept != self._aside:
            kept.rename(self._aside)
        self._aside_identity = FileIdentity.of(self._aside)
        if self._earlier.video:
            self._earlier.video.path = self._aside

    def _keep(self, path: Path) -> None:
        """Rename a file that is not known to be as a run has written it, and its checkpoint with it."""
        kept, checkpoint = damaged_path(self._output), checkpoint_path(self._output)
        path.rename(kept)
        if checkpoint.exists():
            checkpoint.rename(kept.with_name(f"{kept.name}.safetensors"))
        if not self._earlier.damaged:
            self.kept.append(f"{path.name} is not as a run has left it; it is kept as {kept.name}")


class NoSideFiles:
    """Stands in for `SideFiles` where the output is standard output, beside which there are none."""

    kept: tuple[str, ...] = ()

    def begin(self, head: bytes | None = None) -> None:
        """Do nothing."""

    def note_closing(self) -> None:
        """Do nothing."""

    def aside(self) -> dict[str, FileIdentity]:
        """Return nothing."""
        return {}

    def finish(self) -> None:
        """Do nothing."""

    def remove_aside(self) -> None:
        """Do nothing."""


def _readable_checkpoint(output: Path) -> Checkpoint | None:
    try:
        return read_checkpoint(output)
    except OutputError:
        return None


def open_partial(output: Path, side_files: SideFiles) -> PartialFile:
    """Return the new partial output, locked and empty."""
    file = PartialFile(partial_path(output))
    file.before_first_write = side_files.begin
    return file
