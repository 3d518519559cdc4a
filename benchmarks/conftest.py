"""Options and fixtures of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.report import Report
from streamstyle.demo import render_demo
from streamstyle.library import Style, builtin_styles, known_style
from streamstyle.settings import FlowPreset, SourceSettings


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("streamstyle")
    group.addoption("--film", type=Path, default=None, help="Film to work on; the demo film by default.")
    group.addoption("--style", action="append", default=None, help="Style, by name, file or image; may be repeated.")
    group.addoption("--size", default=None, metavar="WxH", help="Working size; the film's own by default.")
    group.addoption("--seconds", type=float, default=1.0, help="Length worked on, from the film's beginning.")
    group.addoption("--whole", action="store_true", help="Work on the whole film.")
    group.addoption("--iterations", type=int, default=30, help="Iterations of the method consistent.")
    group.addoption(
        "--judge", type=FlowPreset, default=FlowPreset.fast, help="Source flow that stability is judged by."
    )
    group.addoption("--vgg", type=Path, default=None, help="VGG-16 weights that styles are judged by.")
    group.addoption("--style-images", type=Path, default=None, help="Folder of the paintings, named after the styles.")
    group.addoption("--photos", type=Path, default=None, help="Folder of pictures to paint; else frames of the film.")
    group.addoption("--paintings", type=Path, default=None, help="Folder of paintings to judge loss networks on.")
    group.addoption("--frames", type=int, default=1000, help="Length of the film whose memory is watched.")


@dataclass(frozen=True)
class Work:
    """What a benchmark works on."""

    film: Path
    part: SourceSettings
    styles: list[Style]
    iterations: int
    frames: int
    judge: FlowPreset

    @property
    def style(self) -> Style:
        return self.styles[0]


@pytest.fixture(scope="session")
def work(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Work:
    option = pytestconfig.getoption
    end = None if option("--whole") else option("--seconds")
    film = option("--film")
    if film is None:
        film = tmp_path_factory.mktemp("demo") / "landscape.mkv"
        render_demo(film, seconds=5.0 if end is None else end)
        end = None
    width, _, height = (option("--size") or "").partition("x")
    size = (int(width), int(height)) if width else None
    names = option("--style")
    styles = [known_style(name) for name in names] if names else builtin_styles()
    if not styles:
        pytest.skip("there is no built-in style; name one with --style")
    return Work(
        film, SourceSettings(size=size, end=end), styles, option("--iterations"), option("--frames"), option("--judge")
    )


@pytest.fixture
def report(request: pytest.FixtureRequest, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]) -> Report:
    """A report that a benchmark fills in, named after it; it is printed even where pytest keeps output to itself."""
    name = request.node.name.removeprefix("test_")
    return Report(name, pytestconfig.rootpath / ".benchmarks", capsys.disabled)
