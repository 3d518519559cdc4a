"""What lies beside the output is used or replaced only if a run has written it; what is damaged is said and kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from streamstyle.errors import OutputError
from streamstyle.events import Finished, FrameWritten, Warned
from streamstyle.media.output_names import checkpoint_path, partial_path, set_aside_path, side_paths
from streamstyle.resume.checkpoint import read_checkpoint, write_checkpoint
from streamstyle.resume.earlier_run import remove_orphan_checkpoint
from tests.films import pan, write_film
from tests.stylise_case import StyliseCase, StyliseResult
from tests.video_io import read_video

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    return tmp_path / "films" / "film.mkv"


def names(output: Path) -> set[str]:
    return {path.name for path in output.parent.iterdir()}


def warnings(result: StyliseResult) -> list[str]:
    return [event.message for event in result.events if isinstance(event, Warned)]


# ------------------------------------------------------------------------------------------------------------ not ours


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("restart", [False, True])
def test_a_file_that_no_run_has_written_is_never_touched(
    output: Path, case: StyliseCase, number: int, restart: bool
) -> None:
    somebodys = side_paths(output)[number]
    somebodys.write_bytes(b"of somebody else")
    with pytest.raises(OutputError) as refused:
        case.stylise(output, restart=restart)
    assert somebodys.name in refused.value.problem
    assert "Move it away" in refused.value.next_step
    assert somebodys.read_bytes() == b"of somebody else"
    assert names(output) == {somebodys.name}


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_an_input_is_never_overwritten_by_any_of_its_names(
    output: Path, case: StyliseCase, number: int, link: Callable[[Path, Path], None]
) -> None:
    """The film or the style image may have the name of a side file, or be linked to it."""
    for source in (case.video, case.style.parts[0].path):
        before = source.read_bytes()
        side = side_paths(output)[number]
        link(source, side)
        with pytest.raises(OutputError, match="would overwrite"):
            case.stylise(output)
        assert source.read_bytes() == side.read_bytes() == before
        side.unlink()


def test_a_film_with_the_name_of_a_side_file_is_refused(output: Path, case: StyliseCase) -> None:
    video = write_film(set_aside_path(output), pan(3, 96, 64).frames)
    with pytest.raises(OutputError, match=r"film\.mkv needs the name film\.partial\.earlier\.mkv meanwhile"):
        replace(case, video=video).stylise(output)
    assert len(read_video(video)[1]) == 3


def test_a_planted_link_is_not_followed(output: Path, case: StyliseCase, tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    partial_path(output).symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="it is no file"):
        case.stylise(output)
    assert (tmp_path / "precious").read_bytes() == b"precious"


# ------------------------------------------------------------------------------------------------- damaged or exchanged


def flip(path: Path, position: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * position)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["flipped", "cut", "exchanged"])
def test_a_damaged_partial_output_is_kept_and_the_run_starts_from_the_beginning(
    output: Path, case: StyliseCase, damage: str
) -> None:
    case.stylise(output, stop_after=20)
    partial = partial_path(output)
    if damage == "flipped":
        flip(partial, 0.5)
    elif damage == "cut":
        partial.write_bytes(partial.read_bytes()[: partial.stat().st_size // 2])
    else:
        write_film(partial, pan(25, 96, 64, seed=9).frames)
    left = partial.read_bytes()
    result = case.stylise(output)
    assert isinstance(result.ended, Finished)
    assert (result.ended.frames, result.ended.resumed_frames) == (40, 0)
    assert warnings(result) == [
        "film.partial.mkv is damaged or another file: it does not hold the 20 frames that were written to it; what is "
        "there is kept as film.partial.damaged.mkv, and the run starts from the beginning"
    ]
    assert (output.parent / "film.partial.damaged.mkv").read_bytes() == left
    assert names(output) == {
        "film.mkv", "film.partial.damaged.mkv", "film.partial.damaged.mkv.safetensors"
    }  # fmt: skip


def test_every_damage_to_a_checkpoint_is_noticed(output: Path, case: StyliseCase) -> None:
    case.stylise(output, stop_after=5)
    whole = checkpoint_path(output).read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 200)):
        checkpoint_path(output).write_bytes(whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :])
        with pytest.raises(OutputError):
            read_checkpoint(output)
    checkpoint_path(output).write_bytes(whole)
    assert read_checkpoint(output) is not None


def test_a_damaged_checkpoint_is_kept_and_the_run_starts_from_the_beginning(output: Path, case: StyliseCase) -> None:
    case.stylise(output, stop_after=5)
    flip(checkpoint_path(output), 0.9)
    result = case.stylise(output)
    assert (result.ended.frames, result.ended.resumed_frames) == (40, 0)
    assert "film.partial.mkv.safetensors is damaged" in warnings(result)[0]
    assert len(read_video(output.parent / "film.partial.damaged.mkv")[1]) == 5
    assert "film.partial.damaged.mkv.safetensors" in names(output)


def test_damaged_outputs_do_not_replace_each_other(output: Path, case: StyliseCase) -> None:
    for _ in range(2):
        case.stylise(output, stop_after=5)
        flip(partial_path(output), 0.5)
    case.stylise(output)
    assert {"film.partial.damaged.mkv", "film.partial.damaged-2.mkv"} < names(output)


def test_a_restart_keeps_a_file_that_is_not_as_the_run_left_it(output: Path, case: StyliseCase) -> None:
    case.stylise(output, stop_after=5)
    partial_path(output).unlink()
    partial_path(output).write_bytes(b"of somebody else")
    result = case.stylise(output, restart=True)
    assert warnings(result) == ["film.partial.mkv is not as a run has left it; it is kept as film.partial.damaged.mkv"]
    assert (output.parent / "film.partial.damaged.mkv").read_bytes() == b"of somebody else"


# -------------------------------------------------------------------------------------------------- while it is written


@pytest.mark.parametrize("change", ["removed", "folder removed", "replaced"])
def test_an_output_that_loses_its_name_ends_the_run_at_once(output: Path, case: StyliseCase, change: str) -> None:
    frames: list[int] = []

    def meddle(_: object) -> None:
        frames.append(len(frames))
        if len(frames) != 5:
            return
        if change == "folder removed":
            output.parent.rename(output.parent.with_name("elsewhere"))
        else:
            partial_path(output).unlink()
            if change == "replaced":
                partial_path(output).write_bytes(b"evil")

    with pytest.raises(OutputError, match=r"film\.partial\.mkv was removed, renamed or replaced"):
        case.stylise(output, on_frame=meddle)
    assert len(frames) == 5
    assert not output.exists()
    assert change != "replaced" or partial_path(output).read_bytes() == b"evil"


def test_only_the_file_that_was_written_is_published(output: Path, case: StyliseCase) -> None:
    """Replaced after the last frame was written."""

    def meddle(context: object) -> None:
        if getattr(context, "frames", 0) == 40:
            partial_path(output).unlink()
            partial_path(output).write_bytes(b"evil")

    with pytest.raises(OutputError, match="replaced"):
        case.stylise(output, on_frame=meddle)
    assert not output.exists()


# --------------------------------------------------------------------------------------------------------------- killed


def test_a_run_killed_before_its_first_checkpoint_is_started_again(output: Path, case: StyliseCase) -> None:
    """The partial output is known to be ours by what was noted before it was written."""
    left: dict[Path, bytes] = {}

    def look(_: object) -> None:
        left.update({path: path.read_bytes() for path in output.parent.iterdir()})

    case.stylise(output, on_frame=look, stop_after=3)
    noted = read_checkpoint(output)
    assert set(left) == {partial_path(output), checkpoint_path(output)}
    checkpoint_path(output).write_bytes(left[checkpoint_path(output)])
    with partial_path(output).open("rb+") as file:  # the same file, as the kill leaves it
        file.truncate(0)
        file.write(left[partial_path(output)])
    assert noted is not None
    result = case.stylise(output)
    assert (result.ended.frames, result.ended.resumed_frames) == (40, 0)
    assert warnings(result) == []
    assert names(output) == {"film.mkv"}


def test_a_checkpoint_that_outlived_its_run_is_removed(output: Path, case: StyliseCase) -> None:
    """The run was killed between publishing its output and removing its checkpoint."""
    case.stylise(output, stop_after=40)
    checkpoint = read_checkpoint(output)
    assert checkpoint is not None
    remove_orphan_checkpoint(output)
    assert checkpoint_path(output).exists()
    partial_path(output).rename(output)
    remove_orphan_checkpoint(output)
    assert names(output) == {"film.mkv"}
    write_checkpoint(output, checkpoint)
    case.stylise(output)
    assert names(output) == {"film.mkv"}


def test_long_names_are_shortened_and_found_again(output: Path, case: StyliseCase) -> None:
    output = output.with_name(f"{'映' * 83}.mkv")  # 253 bytes
    case.stylise(output, stop_after=5)
    assert max(len(os.fsencode(name)) for name in names(output)) <= 255
    result = case.stylise(output)
    assert (result.ended.frames, result.ended.resumed_frames) == (40, 5)
    assert next(event.frame for event in result.events if isinstance(event, FrameWritten)) == 6
    assert names(output) == {output.name}


def test_a_name_that_is_too_long_is_refused(output: Path, case: StyliseCase) -> None:
    with pytest.raises(OutputError, match="too long a name: 304 bytes of 255"):
        case.stylise(output.with_name(f"{'x' * 300}.mkv"))
