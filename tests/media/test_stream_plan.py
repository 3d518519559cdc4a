"""Sound, words, chapters, fonts and covers go along; what cannot is known beforehand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from streamstyle.errors import OutputError
from streamstyle.media.probe import probe
from streamstyle.media.stream_plan import StreamAction, convert_subtitle, plan_streams
from streamstyle.ops.image import to_tensor
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import open_writer
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


def ways(source: Path, output: str) -> list[tuple[str, StreamAction]]:
    plan = plan_streams(probe(source, SourceSettings()), Path(output))
    assert all(carried.reason for carried in plan if carried.action is not StreamAction.copied)
    return [(carried.stream.codec, carried.action) for carried in plan]


def chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]


def test_all_of_a_matroska_film_fits_into_matroska(rich_mkv: Path, tmp_path: Path) -> None:
    assert {way for codec, way in ways(rich_mkv, "painted.mkv") if codec != "png"} == {StreamAction.copied}
    write_copy(rich_mkv, tmp_path / "painted.mkv")
    for number in range(2):
        assert packets(tmp_path / "painted.mkv", "audio", number) == packets(rich_mkv, "audio", number)
    assert packets(tmp_path / "painted.mkv", "subtitle") == packets(rich_mkv, "subtitle")
    assert chapters(tmp_path / "painted.mkv") == CHAPTERS
    with av.open(str(tmp_path / "painted.mkv")) as container:
        assert container.metadata["title"] == "A day"
        assert container.metadata["ARTIST"] == "Someone"
        sound = container.streams.audio
        assert [(s.language, s.metadata["title"]) for s in sound] == [("eng", "Original"), ("deu", "Synchronfassung")]
        assert container.streams.subtitles[0].language == "eng"
        attached = {s.metadata["filename"]: s for s in container.streams if "filename" in s.metadata}
        assert attached["Fancy.ttf"].data == FONT.data
        assert attached["cover.png"].disposition == Disposition.attached_pic


def test_what_mp4_cannot_hold_is_said_and_the_rest_goes_along(rich_mkv: Path, tmp_path: Path) -> None:
    assert ways(rich_mkv, "painted.mp4") == [
        ("aac", StreamAction.copied),
        ("aac", StreamAction.copied),
        ("subrip", StreamAction.converted),
        ("Fancy.ttf", StreamAction.left_out),
        ("png", StreamAction.copied),
    ]
    write_copy(rich_mkv, tmp_path / "painted.mp4")
    assert [data for _, data in packets(tmp_path / "painted.mp4", "audio", 1)] == [
        data for _, data in packets(rich_mkv, "audio", 1)
    ]
    assert chapters(tmp_path / "painted.mp4") == CHAPTERS
    with av.open(str(tmp_path / "painted.mp4")) as container:
        covers = [s for s in container.streams.video if s.disposition & Disposition.attached_pic]
        assert bytes(next(packet for packet in container.demux(covers) if packet.size)) == COVER.data


def test_words_are_the_same_words_in_the_other_container(rich_mkv: Path, rich_mp4: Path, tmp_path: Path) -> None:
    write_copy(rich_mkv, tmp_path / "painted.mp4")
    words = [(time, data[2:].decode()) for time, data in packets(tmp_path / "painted.mp4", "subtitle") if data[2:]]
    assert words == [(Fraction(2, 10), "Good morning"), (Fraction(12, 10), "and good night")]
    write_copy(rich_mp4, tmp_path / "painted.mkv")
    words = [(time, data.decode()) for time, data in packets(tmp_path / "painted.mkv", "subtitle")]
    assert words == [(Fraction(2, 10), "Good <i>morning</i>"), (Fraction(12, 10), "and good night")]


def test_words_stay_when_mp4_becomes_mp4(rich_mp4: Path, tmp_path: Path) -> None:
    assert ways(rich_mp4, "painted.mp4")[:2] == [("aac", StreamAction.copied), ("mov_text", StreamAction.copied)]
    write_copy(rich_mp4, tmp_path / "painted.mp4")
    spoken = [packet for packet in packets(tmp_path / "painted.mp4", "subtitle") if packet[1] != b"\0\0"]
    assert spoken == [packet for packet in packets(rich_mp4, "subtitle") if packet[1] != b"\0\0"]


def test_the_titles_of_chapters_are_not_lost_as_a_track(rich_mp4: Path, tmp_path: Path) -> None:
    assert ways(rich_mp4, "painted.mkv")[-1] == ("bin_data", StreamAction.converted)
    write_copy(rich_mp4, tmp_path / "painted.mkv")
    assert chapters(tmp_path / "painted.mkv") == CHAPTERS


@pytest.mark.parametrize("ending", ["webm", "avi", "ts"])
def test_lesser_containers_say_what_they_leave_out(rich_mkv: Path, ending: str) -> None:
    left_out = {codec for codec, way in ways(rich_mkv, f"painted.{ending}") if way is StreamAction.left_out}
    assert (
        left_out
        == {
            "webm": {"aac", "Fancy.ttf", "png"},
            "avi": {"subrip", "Fancy.ttf", "png"},
            "ts": {"subrip", "Fancy.ttf", "png"},
        }[ending]
    )


def test_an_ending_that_is_no_container_is_refused(rich_mkv: Path) -> None:
    with pytest.raises(OutputError, match=r"\.mkb, which is no container"):
        plan_streams(probe(rich_mkv, SourceSettings()), Path("painted.mkb"))


def test_a_range_takes_its_words_and_chapters_along(rich_mkv: Path, tmp_path: Path) -> None:
    write_copy(rich_mkv, tmp_path / "painted.mkv", start=0.6, end=1.4)
    assert chapters(tmp_path / "painted.mkv") == [(0.0, 0.4, "Morning"), (0.4, 0.8, "Night")]
    with av.open(str(tmp_path / "painted.mkv")) as container:
        words = [(p.pts, p.duration, bytes(p)) for p in container.demux(subtitles=0) if p.size]
    assert words == [(0, 200, b"Good <i>morning</i>"), (600, 200, b"and good night")]


def test_a_sparse_subtitle_does_not_hold_up_sound_and_picture(tmp_path: Path) -> None:
    """With one word at the end of a film, the muxer must not keep all before it in memory."""
    extras = Extras(subtitles=[(5.5, 5.9, "The end")])
    source = write_film(tmp_path / "film.mkv", pan(150, 64, 48, (1, 0)).frames, audio=True, extras=extras)
    film = probe(source, SourceSettings())
    with open_writer(film, tmp_path / "painted.mkv", FAST) as sink:
        for frame in decode(film):
            sink.write(to_tensor(frame.image), frame.pts)
            if frame.index == 119:
                on_the_disk = sink.partial.stat().st_size
        sink.publish()
    assert on_the_disk > 0.6 * (tmp_path / "painted.mkv").stat().st_size
    assert packets(tmp_path / "painted.mkv", "subtitle") == packets(source, "subtitle")


def test_a_title_in_an_unknown_encoding_stops_nothing(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mkv", pan(3).frames, extras=Extras(metadata={"title": "Cafe noir"}))
    source.write_bytes(source.read_bytes().replace(b"Cafe noir", b"Caf\xe9 noir"))
    write_copy(source, tmp_path / "painted.mkv")
    with av.open(str(tmp_path / "painted.mkv"), **METADATA) as container:
        assert container.metadata["title"].startswith("Caf")


def test_sound_that_nobody_knows_is_left_out_and_stops_nothing(tmp_path: Path) -> None:
    extras = Extras(audio_codec="pcm_s16le")
    source = write_film(tmp_path / "film.mov", pan(5).frames, audio=True, extras=extras)
    source.write_bytes(source.read_bytes().replace(b"sowt", b"zzzz"))
    (carried,) = plan_streams(probe(source, SourceSettings()), tmp_path / "painted.mkv")
    assert carried.action is StreamAction.left_out
    assert carried.reason == ".mkv cannot hold unknown audio"
    write_copy(source, tmp_path / "painted.mkv")
    with av.open(str(tmp_path / "painted.mkv")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


METADATA = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("hurt", [0, 30, -1])
def test_a_damaged_packet_of_a_broadcast_is_left_out_alone(tmp_path: Path, ending: str, hurt: int) -> None:
    """The muxer learns from the first packet what sound it is; a recording often begins in the middle of one."""
    source = write_film(tmp_path / "film.ts", pan(60, 64, 48).frames, audio=True)
    sound = [data for _, data in packets(source, "audio")]
    victim, data = sound[hurt], source.read_bytes()
    at = data.index(victim[:20])
    source.write_bytes(data[:at] + bytes(7) + data[at + 7 :])
    sink = write_copy(source, tmp_path / f"painted.{ending}")
    assert len(read_video(tmp_path / f"painted.{ending}")[1]) == 60
    read_from_it = len(packets(source, "audio"))
    assert read_from_it > 90
    assert (
        read_from_it - 2 <= len(packets(tmp_path / f"painted.{ending}", "audio")) == read_from_it - sink.dropped_packets
    )


@pytest.mark.parametrize(
    ("payload", "source", "target", "expected"),
    [
        (b"Hello", "subrip", "mov_text", b"\x00\x05Hello"),
        ("Grüße <b>an</b> alle".encode(), "subrip", "mov_text", b"\x00\x0f" + "Grüße an alle".encode()),
        (b"1 < 2 and 3 > 2", "subrip", "mov_text", b"\x00\x0f1 < 2 and 3 > 2"),
        (b"\x00\x05Hello\x00\x00\x00\x0cstyl\x00\x00\x00\x00", "mov_text", "subrip", b"Hello"),
        (rb"0,0,Default,,0,0,0,,{\i1}Well,{\i0}\Nhello", "ass", "subrip", b"Well,\nhello"),
        (b"<i>Hello</i>", "subrip", "webvtt", b"<i>Hello</i>"),
        (b"Caf\xe9", "subrip", "subrip", "Caf\ufffd".encode()),
    ],
)
def test_words_survive(payload: bytes, source: str, target: str, expected: bytes) -> None:
    assert convert_subtitle(payload, source, target) == expected
