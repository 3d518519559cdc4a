"""The other streams of a video: audio, subtitles, chapters, fonts and covers, in containers that hold them or not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from streamstyle.errors import OutputError
from streamstyle.media.probe import probe
from streamstyle.media.stream_plan import StreamAction, plan_streams
from streamstyle.ops.image import to_tensor
from streamstyle.outputs import open_writer
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from tests.films import Attachment, Extras, flat, pan, png, write_film
from tests.video_io import FAST, packets, read_video, write_copy

SUBTITLES = [(0.2, 0.8, "Good <i>morning</i>"), (1.2, 1.9, "and good night")]
CHAPTERS = [(0.0, 1.0, "Morning"), (1.0, 2.4, "Night")]
FONT = Attachment("Fancy.ttf", "font/ttf", b"\x00\x01\x00\x00 not really a font")
COVER = Attachment("cover.png", "image/png", png(flat((200, 0, 0), 1)[0]))
EVERYTHING = Extras(
    subtitles=SUBTITLES,
    attachments=[FONT, COVER],
    chapters=CHAPTERS,
    metadata={"title": "A day", "artist": "Someone"},
    audio_languages=["eng", "deu"],
    audio_titles=["Original", "Synchronfassung"],
)


@pytest.fixture(scope="module")
def rich_mkv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sources") / "rich.mkv"
    return write_film(path, pan(frames=60, width=64, height=48).frames, audio=True, extras=EVERYTHING)


@pytest.fixture(scope="module")
def rich_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sources") / "rich.mp4"
    extras = Extras(subtitles=SUBTITLES, subtitle_codec="mov_text", chapters=CHAPTERS, audio_languages=["eng"])
    return write_film(path, pan(frames=60, width=64, height=48).frames, audio=True, extras=extras)


def actions(source: Path, output: str) -> list[tuple[str, StreamAction]]:
    plan = plan_streams(probe(source, SourceSettings()), Path(output))
    assert all(planned.reason for planned in plan if planned.action is not StreamAction.copied)
    return [(planned.stream.codec, planned.action) for planned in plan]


def chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]


def test_matroska_holds_all_streams_of_matroska(rich_mkv: Path, tmp_path: Path) -> None:
    assert {action for codec, action in actions(rich_mkv, "output.mkv") if codec != "png"} == {StreamAction.copied}
    write_copy(rich_mkv, tmp_path / "output.mkv")
    for number in range(2):
        assert packets(tmp_path / "output.mkv", "audio", number) == packets(rich_mkv, "audio", number)
    assert packets(tmp_path / "output.mkv", "subtitle") == packets(rich_mkv, "subtitle")
    assert chapters(tmp_path / "output.mkv") == CHAPTERS
    with av.open(str(tmp_path / "output.mkv")) as container:
        assert container.metadata["title"] == "A day"
        assert container.metadata["ARTIST"] == "Someone"
        audio = container.streams.audio
        assert [(s.language, s.metadata["title"]) for s in audio] == [("eng", "Original"), ("deu", "Synchronfassung")]
        assert container.streams.subtitles[0].language == "eng"
        attached = {s.metadata["filename"]: s for s in container.streams if "filename" in s.metadata}
        assert attached["Fancy.ttf"].data == FONT.data
        assert attached["cover.png"].disposition == Disposition.attached_pic


def test_mp4_leaves_out_what_it_cannot_hold_and_copies_the_rest(rich_mkv: Path, tmp_path: Path) -> None:
    assert actions(rich_mkv, "output.mp4") == [
        ("aac", StreamAction.copied),
        ("aac", StreamAction.copied),
        ("subrip", StreamAction.converted),
        ("Fancy.ttf", StreamAction.left_out),
        ("png", StreamAction.copied),
    ]
    write_copy(rich_mkv, tmp_path / "output.mp4")
    assert [data for _, data in packets(tmp_path / "output.mp4", "audio", 1)] == [
        data for _, data in packets(rich_mkv, "audio", 1)
    ]
    assert chapters(tmp_path / "output.mp4") == CHAPTERS
    with av.open(str(tmp_path / "output.mp4")) as container:
        covers = [s for s in container.streams.video if s.disposition & Disposition.attached_pic]
        assert bytes(next(packet for packet in container.demux(covers) if packet.size)) == COVER.data


def test_subtitles_are_converted_between_mkv_and_mp4(rich_mkv: Path, rich_mp4: Path, tmp_path: Path) -> None:
    write_copy(rich_mkv, tmp_path / "output.mp4")
    subtitles = [(time, _mov_text(data)) for time, data in packets(tmp_path / "output.mp4", "subtitle") if data[2:]]
    assert subtitles == [(Fraction(2, 10), "Good morning"), (Fraction(12, 10), "and good night")]
    write_copy(rich_mp4, tmp_path / "output.mkv")
    subtitles = [(time, data.decode()) for time, data in packets(tmp_path / "output.mkv", "subtitle")]
    assert subtitles == [(Fraction(2, 10), "Good <i>morning</i>"), (Fraction(12, 10), "and good night")]


def _mov_text(payload: bytes) -> str:
    """Text of a packet, without the boxes after it that hold its styles (3GPP TS 26.245)."""
    return payload[2 : 2 + int.from_bytes(payload[:2], "big")].decode()


def test_subtitles_are_copied_from_mp4_to_mp4(rich_mp4: Path, tmp_path: Path) -> None:
    assert actions(rich_mp4, "output.mp4")[:2] == [("aac", StreamAction.copied), ("mov_text", StreamAction.copied)]
    write_copy(rich_mp4, tmp_path / "output.mp4")
    subtitles = [packet for packet in packets(tmp_path / "output.mp4", "subtitle") if packet[1] != b"\0\0"]
    assert subtitles == [packet for packet in packets(rich_mp4, "subtitle") if packet[1] != b"\0\0"]


def test_a_chapter_track_becomes_chapters(rich_mp4: Path, tmp_path: Path) -> None:
    assert actions(rich_mp4, "output.mkv")[-1] == ("bin_data", StreamAction.converted)
    write_copy(rich_mp4, tmp_path / "output.mkv")
    assert chapters(tmp_path / "output.mkv") == CHAPTERS


def test_a_chapter_without_length_is_kept(tmp_path: Path) -> None:
    marks = [(0.0, 0.4, "Start"), (0.4, 0.4, "Mark"), (0.8, 0.8, "Another")]
    source = write_film(tmp_path / "film.mkv", pan(30, 64, 48).frames, extras=Extras(chapters=marks))
    assert chapters(source) == marks
    write_copy(source, tmp_path / "output.mkv")
    assert chapters(tmp_path / "output.mkv") == marks
    write_copy(source, tmp_path / "part.mkv", start=0.6)
    assert [title for *_, title in chapters(tmp_path / "part.mkv")] == ["Another"]


@pytest.fixture(scope="module")
def timecode_mov(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with a timecode track, as cameras write it."""
    path = tmp_path_factory.mktemp("sources") / "timecode.mov"
    extras = Extras(metadata={"timecode": "01:00:00:00"})
    return write_film(path, pan(frames=60, width=64, height=48).frames, extras=extras)


@pytest.mark.parametrize(("start", "expected"), [(0.0, "01:00:00:00"), (1.0, "01:00:01:00"), (1.48, "01:00:01:12")])
@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
def test_a_timecode_is_that_of_the_first_frame(
    timecode_mov: Path, tmp_path: Path, suffix: str, start: float, expected: str
) -> None:
    write_copy(timecode_mov, tmp_path / f"output.{suffix}", start=start)
    with av.open(str(tmp_path / f"output.{suffix}")) as container:
        found = {
            tags[name]
            for tags in (s.metadata for s in container.streams)
            for name in tags
            if name.lower() == "timecode"
        }
        assert found == {expected}
        assert len([s for s in container.streams if "timecode" in s.metadata and s.type == "data"]) == (suffix != "mkv")


def test_a_timecode_track_is_not_taken_for_chapters(timecode_mov: Path) -> None:
    (planned,) = plan_streams(probe(timecode_mov, SourceSettings()), Path("output.mkv"))
    assert (planned.action, planned.reason) == (StreamAction.converted, "its timecode becomes a tag")
    (planned,) = plan_streams(probe(timecode_mov, SourceSettings()), Path("output.mov"))
    assert (planned.action, planned.reason) == (StreamAction.copied, None)


@pytest.mark.parametrize("ending", ["webm", "avi", "ts"])
def test_other_containers_leave_out_what_they_cannot_hold(rich_mkv: Path, ending: str) -> None:
    left_out = {codec for codec, action in actions(rich_mkv, f"output.{ending}") if action is StreamAction.left_out}
    assert (
        left_out
        == {
            "webm": {"Fancy.ttf", "png"},
            "avi": {"subrip", "Fancy.ttf", "png"},
            "ts": {"subrip", "Fancy.ttf", "png"},
        }[ending]
    )


def test_a_suffix_that_is_not_a_container_is_an_error(rich_mkv: Path) -> None:
    with pytest.raises(OutputError, match=r"\.mkb, which is no container"):
        plan_streams(probe(rich_mkv, SourceSettings()), Path("output.mkb"))


def test_subtitles_and_chapters_are_cut_to_the_range(rich_mkv: Path, tmp_path: Path) -> None:
    write_copy(rich_mkv, tmp_path / "output.mkv", start=0.6, end=1.4)
    assert chapters(tmp_path / "output.mkv") == [(0.0, 0.4, "Morning"), (0.4, 0.8, "Night")]
    with av.open(str(tmp_path / "output.mkv")) as container:
        subtitles = [(p.pts, p.duration, bytes(p)) for p in container.demux(subtitles=0) if p.size]
    assert subtitles == [(0, 200, b"Good <i>morning</i>"), (600, 200, b"and good night")]


def test_a_sparse_subtitle_does_not_delay_audio_and_video(tmp_path: Path) -> None:
    """With a single subtitle at the end of a video, the muxer must not hold all before it in memory."""
    extras = Extras(subtitles=[(5.5, 5.9, "The end")])
    source = write_film(tmp_path / "film.mkv", pan(150, 64, 48, (1, 0)).frames, audio=True, extras=extras)
    film = probe(source, SourceSettings())
    with open_writer(film, tmp_path / "output.mkv", FAST) as writer:
        for frame in decode(film):
            writer.write(to_tensor(frame.image), frame.pts)
            if frame.index == 119:
                bytes_on_disk = writer.partial.stat().st_size
        writer.publish()
    assert bytes_on_disk > 0.6 * (tmp_path / "output.mkv").stat().st_size
    assert packets(tmp_path / "output.mkv", "subtitle") == packets(source, "subtitle")


def test_a_title_that_is_not_utf_8_is_no_obstacle(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mkv", pan(3).frames, extras=Extras(metadata={"title": "Cafe noir"}))
    source.write_bytes(source.read_bytes().replace(b"Cafe noir", b"Caf\xe9 noir"))
    write_copy(source, tmp_path / "output.mkv")
    with av.open(str(tmp_path / "output.mkv"), **METADATA) as container:
        assert container.metadata["title"].startswith("Caf")


def test_audio_of_an_unknown_codec_is_left_out(tmp_path: Path) -> None:
    extras = Extras(audio_codec="pcm_s16le")
    source = write_film(tmp_path / "film.mov", pan(5).frames, audio=True, extras=extras)
    source.write_bytes(source.read_bytes().replace(b"sowt", b"zzzz"))
    (planned,) = plan_streams(probe(source, SourceSettings()), tmp_path / "output.mkv")
    assert planned.action is StreamAction.left_out
    assert planned.reason == ".mkv cannot hold unknown audio"
    write_copy(source, tmp_path / "output.mkv")
    with av.open(str(tmp_path / "output.mkv")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


METADATA = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("damaged", [0, 30, -1])
def test_a_damaged_packet_of_a_broadcast_is_left_out_alone(tmp_path: Path, ending: str, damaged: int) -> None:
    """The muxer takes the audio parameters from the first packet; a recording often starts in the middle of one."""
    source = write_film(tmp_path / "film.ts", pan(60, 64, 48).frames, audio=True)
    audio = [data for _, data in packets(source, "audio")]
    packet, data = audio[damaged], source.read_bytes()
    at = data.index(packet[:20])
    source.write_bytes(data[:at] + bytes(7) + data[at + 7 :])
    writer = write_copy(source, tmp_path / f"output.{ending}")
    assert len(read_video(tmp_path / f"output.{ending}")[1]) == 60
    read_packets = len(packets(source, "audio"))
    assert read_packets > 90
    assert (
        read_packets - 2
        <= len(packets(tmp_path / f"output.{ending}", "audio"))
        == read_packets - writer.dropped_packets
    )
