"""Names of outputs: templates, and names that are made up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from streamstyle.errors import SettingsError
from streamstyle.output_template import OutputName, escape
from streamstyle.settings import ConsistencySettings, Method, Settings, SourceSettings, StyleSettings, UpscaleSettings
from streamstyle.video_info import VideoInfo

FILM = Path("films/a.b.mp4")


def video(width: int, height: int, rotation: int = 0) -> VideoInfo:
    """A film of 1280x720 (720x1280 before it is turned) worked on in another size."""
    source = (1280, 720) if rotation == 0 else (720, 1280)
    return VideoInfo(
        FILM, width, height, *source, rotation, Fraction(1), Fraction(1, 25), None, None, 0, None, None, 0, ()
    )


def name(given: str | None = None, movie: Path = FILM, settings: Settings | None = None, **more: object) -> OutputName:
    return OutputName(Path(given) if given else None, movie, "wave", settings or Settings(), **more)  # type: ignore[arg-type]


def test_a_plain_run_is_named_after_film_and_style() -> None:
    plain = name()
    assert plain.path(None) == plain.plain_path() == Path("films/a.b.wave.mkv")
    assert not plain.needs_video
    assert name(extension="mp4").path(None).name == "a.b.wave.mp4"


def test_trials_in_other_methods_sizes_and_parts_have_other_names() -> None:
    johnson = Settings(consistency=ConsistencySettings(method=Method.johnson))
    small = Settings(source=SourceSettings(height=360))
    box = Settings(source=SourceSettings(size=(640, 360)))
    part = Settings(source=SourceSettings(start=60, end=70.5))
    names = [
        name().path(None).name,
        name(settings=johnson).path(None).name,
        name(settings=small).path(video(640, 360)).name,
        name(settings=box).path(video(640, 360)).name,
        name(settings=replace(small, upscale=UpscaleSettings(3))).path(video(640, 360)).name,
        name(settings=part).path(None).name,
        name(sample=10.0).path(None).name,
        name(settings=replace(small, consistency=johnson.consistency), sample=0.5).path(video(640, 360)).name,
    ]
    assert names == [
        "a.b.wave.mkv",
        "a.b.wave.johnson.mkv",
        "a.b.wave.360p.mkv",
        "a.b.wave.640x360.mkv",
        "a.b.wave.1080p.mkv",
        "a.b.wave.60-70.5s.mkv",
        "a.b.wave.10s.mkv",
        "a.b.wave.johnson.360p.0.5s.mkv",
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_size_that_is_that_of_the_film_is_not_said(rotation: int) -> None:
    at_most = name(settings=Settings(source=SourceSettings(max_height=1080)))
    assert at_most.needs_video
    assert at_most.path(video(1280, 720, rotation)).name == "a.b.wave.mkv"
    twice = Settings(source=SourceSettings(height=360), upscale=UpscaleSettings(2))
    assert name(settings=twice).path(video(640, 360, rotation)).name == "a.b.wave.mkv"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("out.mkv", "out.mkv"),
        ("{stem}.{style}.{method}.{height}.mkv", "a.b.wave.live.360.mkv"),
        ("{folder}/painted/{stem}.{ext}", "films/painted/a.b.mkv"),
        ("{stem}-{strength}-{lookback}-{crf}-{part}.mp4", "a.b-0.5-1,2-18-.mp4"),
        ("{{{stem}}}.mkv", "{a.b}.mkv"),
        ("{stem:.2}.mkv", "a..mkv"),
        ("out/{name}.{ext}", "out/a.b.wave.mkv"),
        ("{stem}/%05d.png", "a.b/%05d.png"),
        ("-", "-"),
        ("nut:-", "nut:-"),
    ],
)
def test_fields_of_a_template_are_filled_in(given: str, path: str) -> None:
    settings = Settings(style=StyleSettings(strength=0.5), consistency=ConsistencySettings(lookback=(1, 2)))
    assert name(given, settings=settings).path(video(640, 360)) == Path(path)
    assert name(given).plain_path() is None
    assert name(given).needs_video == ("height" in given)


def test_a_template_with_the_name_needs_the_size_where_it_is_in_it() -> None:
    small = Settings(source=SourceSettings(height=360))
    assert name("{name}.mov", settings=small).needs_video
    assert name("{name}.mov", settings=small).path(video(640, 360)) == Path("a.b.wave.360p.mov")


def test_a_folder_gets_a_name_that_is_made_up(tmp_path: Path) -> None:
    assert name(str(tmp_path)).path(None) == tmp_path / "a.b.wave.mkv"
    assert not name(str(tmp_path)).is_for_one_film


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{stile}.mkv", "has no field {stile}. Did you mean {style}?"),
        ("{stem.__class__}.mkv", "has no field"),
        ("{}.mkv", "has no field {}"),
        ("{stem.mkv", "brace without its partner"),
        ("stem}.mkv", "brace without its partner"),
        ("{stem:d}.mkv", "cannot be filled in"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused(given: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("{", r"\{").replace("?", r"\?")):
        name(given).path(None)


def test_an_escaped_path_stands_for_itself() -> None:
    path = Path("films/{stem}{{x}}.mkv")
    assert name(escape(path)).path(None) == path


def test_a_name_for_one_film_has_nothing_of_the_film() -> None:
    assert name("out.mkv").is_for_one_film
    assert name("{style}.mkv").is_for_one_film
    assert not name("{stem}.mkv").is_for_one_film
    assert not name().is_for_one_film


def test_folders_and_sequences_are_named_after_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name(movie=Path("shots/frames/%05d.png")).path(None) == Path("shots/frames.wave.mkv")
    (tmp_path / "frames").mkdir()
    monkeypatch.chdir(tmp_path / "frames")
    for movie in (Path(), Path("%d.png")):
        assert name(movie=movie).path(None).absolute().resolve() == (tmp_path / "frames.wave.mkv").resolve()


def test_standard_input_has_no_name() -> None:
    with pytest.raises(SettingsError, match="standard input has no name"):
        name(movie=Path("-"))
    assert name("{stem}.mkv", movie=Path("-")).path(None) == Path("stdin.mkv")


def test_a_slash_in_a_value_is_no_folder() -> None:
    assert replace(name(), style="a/b").path(None) == Path("films/a.b.a_b.mkv")
