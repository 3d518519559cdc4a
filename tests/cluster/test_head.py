"""A film painted in pieces is the film that one run paints."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from streamstyle.cluster import head
from streamstyle.cluster.at_address import check_can_be_cut
from streamstyle.cluster.failures import ATTEMPTS
from streamstyle.cluster.head import Paint
from streamstyle.cluster.journal import pieces_folder
from streamstyle.cluster.painting import FilmMissing, PaintedPiece, PieceTask, paint
from streamstyle.cluster.reporter import HeadContext
from streamstyle.errors import DeviceError, OutputError, SettingsError
from streamstyle.events import Finished, FrameWritten, Started, Stopped, Warned
from streamstyle.media.probe import probe
from streamstyle.settings import EncoderSettings, Method, SourceSettings
from streamstyle.stages.writer import VideoWriter
from streamstyle.video_info import VideoInfo
from tests.cluster.cluster_case import InProcess, case, film
from tests.films import Extras
from tests.video_io import frame_hashes, packets

pytestmark = pytest.mark.usefixtures("home")


def display_times(path: Path) -> list[object]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def streams(path: Path) -> list[tuple[str, str, dict[str, str]]]:
    with av.open(str(path)) as container:
        kept = [
            {name: text for name, text in stream.metadata.items() if name != "DURATION"} for stream in container.streams
        ]
        return [
            (each.type, each.codec_context.name, tags) for each, tags in zip(container.streams, kept, strict=True)
        ] + [("chapters", str(container.chapters()), {})]


@pytest.mark.parametrize("method", [Method.live, Method.johnson, Method.consistent])
def test_a_film_in_pieces_is_the_same_film(tmp_path: Path, method: Method) -> None:
    one = case(tmp_path, film(tmp_path), method)
    whole = one.stylise(tmp_path / "whole.mkv")
    pieces = InProcess().run(one, tmp_path / "pieces.mkv")
    assert isinstance(pieces.ended, Finished)
    assert (pieces.ended.frames, pieces.ended.shots) == (27, 3)
    assert pieces.hashes() == whole.hashes()
    assert display_times(tmp_path / "pieces.mkv") == display_times(tmp_path / "whole.mkv")
    assert streams(tmp_path / "pieces.mkv") == streams(tmp_path / "whole.mkv")
    for kind in ("audio", "subtitle"):
        assert packets(tmp_path / "pieces.mkv", kind) == packets(tmp_path / "whole.mkv", kind)
    assert not pieces_folder(tmp_path / "pieces.mkv").exists()


@pytest.mark.parametrize(("height", "waiting", "expected"), [(48, 5, 5), (32, 5, 5), (48, 1, 2), (48, 1000, 22)])
def test_frames_that_the_head_decodes_ahead_are_bounded_by_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, height: int, waiting: int, expected: int
) -> None:
    """Those of the film itself, at its own size, since that is how they wait; two at least."""
    source = SourceSettings(height=height, queue_bytes=waiting * 64 * 48 * 3)
    one = case(tmp_path, film(tmp_path), Method.johnson).with_settings(source=source)
    asked, decode = list[tuple[int, int]](), head.decode_in_threads

    def noted(video: VideoInfo, work: Any, *, workers: int, ahead: int) -> Any:
        asked.append((workers, ahead))
        return decode(video, work, workers=workers, ahead=ahead)

    monkeypatch.setattr(head, "decode_in_threads", noted)
    monkeypatch.setattr(head, "usable_cpus", lambda: 16)
    pieces = InProcess().run(one, tmp_path / "pieces.mkv")
    assert isinstance(pieces.ended, Finished)
    assert asked == [(min(8, expected), expected)]


@pytest.mark.parametrize(("source", "target"), [("mp4", "mp4"), ("ts", "mkv"), ("mkv", "ts"), ("mp4", "webm")])
def test_frames_and_times_are_the_same_in_other_containers(tmp_path: Path, source: str, target: str) -> None:
    codec = "libvpx-vp9" if target == "webm" else "libx264"
    encoder = EncoderSettings(codec=codec, crf=0, preset="ultrafast" if codec == "libx264" else "medium")
    video = film(tmp_path, f"film.{source}", codec="libx264", extras=Extras())
    one = case(tmp_path, video, Method.johnson, encoder)
    whole = one.stylise(tmp_path / f"whole.{target}")
    pieces = InProcess().run(one, tmp_path / f"pieces.{target}")
    assert display_times(tmp_path / f"pieces.{target}") == display_times(tmp_path / f"whole.{target}")
    assert streams(tmp_path / f"pieces.{target}") == streams(tmp_path / f"whole.{target}")
    if codec == "libx264":  # lossless
        assert pieces.hashes() == whole.hashes()


def test_a_long_take_is_split_and_painted_the_same_where_nothing_is_carried_over(tmp_path: Path) -> None:
    one = case(tmp_path, film(tmp_path), Method.johnson)
    counted = list[int]()

    def count(task: PieceTask) -> PaintedPiece:
        counted.append(len(task.piece.frames))
        return _painted(paint(task))

    pieces = InProcess(paint=count).run(one, tmp_path / "pieces.mkv", piece_seconds=0.2)
    assert sorted(counted) == [3, 4, 5, 5, 5, 5]  # of 10, 8 and 9
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_progress_reaches_every_frame_and_is_never_less_than_before(tmp_path: Path) -> None:
    pieces = InProcess().run(case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv")
    frames = [event.frame for event in pieces.events if isinstance(event, FrameWritten)]
    assert frames == sorted(set(frames))
    assert frames[-1] == 27
    assert isinstance(pieces.events[0], Started)
    assert pieces.events[-1] == pieces.ended


def test_a_stopped_run_is_resumed_with_what_is_missing(tmp_path: Path) -> None:
    one, output = case(tmp_path, film(tmp_path)), tmp_path / "out.mkv"
    stop, painted = threading.Event(), list[int]()

    def stop_after_one(task: PieceTask) -> PaintedPiece:
        if task.piece.number != 0:  # the first piece, and the longest, is done
            stop.set()
        return _painted(paint(task))

    def note(task: PieceTask) -> PaintedPiece:
        painted.append(task.piece.number)
        return _painted(paint(task))

    first = InProcess(paint=stop_after_one).run(one, output, stop)
    assert isinstance(first.ended, Stopped)
    done = first.ended.frames
    assert 10 <= done == first.ended.resumable_frames < 27
    assert not output.exists()
    begun, whole = Path(first.ended.output), one.stylise(tmp_path / "whole.mkv").hashes()
    assert begun == pieces_folder(output) / "out.partial.mkv"
    assert frame_hashes(begun) == whole[: len(frame_hashes(begun))]
    assert len(frame_hashes(begun)) in {10, 18}
    sound = packets(begun, "audio")
    assert sound == packets(tmp_path / "whole.mkv", "audio")[: len(sound)]
    assert abs(float(sound[-1][0]) - len(frame_hashes(begun)) / 25) < 0.1
    second = InProcess(paint=note).run(one, output)
    assert isinstance(second.events[0], Started)
    assert second.events[0].resumed_frames == second.ended.resumed_frames == done
    assert len(painted) < 3
    assert second.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_nothing_is_handed_out_during_a_pause(tmp_path: Path) -> None:
    one, polls, ordered = case(tmp_path, film(tmp_path), Method.johnson), list[int](), list[bool]()

    def on_poll(context: HeadContext) -> bool:
        polls.append(context.frames)
        return len(polls) <= 3

    def note(task: PieceTask) -> PaintedPiece:
        assert len(polls) > 3
        return _painted(paint(task))

    orders = {"pause": ordered.append}
    pieces = InProcess(paint=note).run(one, tmp_path / "out.mkv", on_poll=on_poll, orders=orders)
    assert polls[:4] == [0, 0, 0, 0]
    assert ordered == [True, True, True, False]
    assert isinstance(pieces.ended, Finished)


def test_a_run_that_ends_before_a_piece_is_done_leaves_no_folder(tmp_path: Path) -> None:
    one, output, stop = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv", threading.Event()

    def refuse(task: PieceTask) -> PaintedPiece:
        raise RuntimeError("no hands")

    with pytest.raises(DeviceError, match="no hands"):
        InProcess(paint=refuse).run(one, output)
    assert not pieces_folder(output).exists()
    stop.set()
    stopped = InProcess(paint=refuse).run(one, output, stop).ended
    assert isinstance(stopped, Stopped)
    assert stopped.frames == 0
    assert not pieces_folder(output).exists()


def test_only_what_is_as_it_was_written_is_used_again(tmp_path: Path) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv"
    with pytest.raises(DeviceError):
        InProcess(paint=_all_but(2)).run(one, output)
    folder, painted = pieces_folder(output), list[int]()
    damaged = folder / "000000.mkv"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"piece": 2, "frames": 9')  # as a kill leaves it

    def note(task: PieceTask) -> PaintedPiece:
        painted.append(task.piece.number)
        return _painted(paint(task))

    again = InProcess(paint=note).run(one, output)
    assert sorted(painted) == [0, 2]
    assert again.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_a_piece_that_fails_three_times_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv"
    tried = list[int]()
    with pytest.raises(DeviceError, match=r"piece 2 \(.*\) could not be painted: RuntimeError: no hands"):
        InProcess(paint=_all_but(1, tried)).run(one, output)
    assert tried.count(1) == ATTEMPTS
    lines = (pieces_folder(output) / "journal.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["piece"] for line in lines[1:]) == [0, 2]


def test_other_settings_do_not_use_the_pieces(tmp_path: Path) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv"
    with pytest.raises(DeviceError):
        InProcess(paint=_all_but(1)).run(one, output)
    with pytest.raises(OutputError, match="was started with --piece-length 60"):
        InProcess().run(one, output, piece_seconds=30)
    assert isinstance(InProcess().run(one, output, piece_seconds=30, restart=True).ended, Finished)


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv"
    pieces_folder(output).mkdir()
    (pieces_folder(output) / "thesis.txt").write_text("mine")
    for restart in (False, True):
        with pytest.raises(OutputError, match="is of no run"):
            InProcess().run(one, output, restart=restart)
    assert (pieces_folder(output) / "thesis.txt").read_text() == "mine"


def test_a_worker_without_the_film_is_sent_packets(tmp_path: Path) -> None:
    one, sent = case(tmp_path, film(tmp_path), Method.johnson), list[bool]()

    def without_film(task: PieceTask) -> PaintedPiece | FilmMissing:
        sent.append(task.packets is not None)
        moved = replace(task.commission.video, path=tmp_path / "elsewhere.mkv")
        return paint(replace(task, commission=replace(task.commission, video=moved)))

    pieces = InProcess(have_film=True, paint=without_film).run(one, tmp_path / "out.mkv")
    assert False in sent
    assert sent.count(True) == 3
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_a_worker_with_the_film_reads_it(tmp_path: Path) -> None:
    one = case(tmp_path, film(tmp_path))
    pieces = InProcess(have_film=True).run(one, tmp_path / "out.mkv")
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_a_damaged_answer_is_painted_again(tmp_path: Path) -> None:
    one, answers = case(tmp_path, film(tmp_path), Method.johnson), list[int]()

    def damage_first(task: PieceTask) -> PaintedPiece:
        painted = _painted(paint(task))
        answers.append(painted.number)
        return replace(painted, content=painted.content[:-1]) if len(answers) == 1 else painted

    pieces = InProcess(paint=damage_first).run(one, tmp_path / "out.mkv")
    assert len(answers) == 4
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_a_run_that_ends_while_it_joins_paints_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv"

    publish = VideoWriter.publish

    def fail(writer: VideoWriter, *arguments: Any) -> None:
        if writer.partial.parent == tmp_path:  # not that of a piece
            raise OutputError("no space is left", "Free some.")
        publish(writer, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(VideoWriter, "publish", fail)
        with pytest.raises(OutputError, match="no space"):
            InProcess().run(one, output)

    def refuse(task: PieceTask) -> PaintedPiece:
        raise AssertionError

    again = InProcess(paint=refuse).run(one, output)
    assert again.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.mkv"]


def test_what_one_machine_has_begun_is_not_painted_on_a_cluster(tmp_path: Path) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.johnson), tmp_path / "out.mkv"
    one.stylise(output, stop_after=5)
    video = probe(one.video, one.settings.source)
    with pytest.raises(OutputError, match=r"out.partial.mkv is of a run without --cluster"):
        check_can_be_cut(video, output, restart=False)
    check_can_be_cut(video, output, restart=True)


def test_unlike_machines_are_warned_of_once_and_refused_with_exact(tmp_path: Path) -> None:
    one = case(tmp_path, film(tmp_path), Method.johnson)

    def unlike(task: PieceTask) -> PaintedPiece:
        return replace(_painted(paint(task)), arithmetic=f"cpu {task.piece.number}")

    pieces = InProcess(paint=unlike).run(one, tmp_path / "out.mkv")
    warnings = [event.message for event in pieces.events if isinstance(event, Warned)]
    assert sum("unlike machines" in warning for warning in warnings) == 1
    with pytest.raises(SettingsError, match="unlike machines"):
        InProcess(paint=unlike).run(one, tmp_path / "exact.mkv", exact=True)


def _painted(answer: PaintedPiece | FilmMissing) -> PaintedPiece:
    assert isinstance(answer, PaintedPiece)
    return answer


def _all_but(failing: int, tried: list[int] | None = None) -> Paint:
    def attempt(task: PieceTask) -> PaintedPiece | FilmMissing:
        if tried is not None:
            tried.append(task.piece.number)
        if task.piece.number == failing:
            raise RuntimeError("no hands")
        return paint(task)

    return attempt
