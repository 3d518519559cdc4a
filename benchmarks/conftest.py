"""Options and fixtures of the benchmarks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.report import Report, Results
from streamstyle.evaluate.reference_flow import ReferenceFlow, parse_reference_flow
from streamstyle.settings import SourceSettings
from streamstyle.styles.library import Style, builtin_styles, get_style
from tools.demo_film import render_demo
from tools.demo_film.reference import demo_film_flow


def pytest_xdist_auto_num_workers() -> int:
    """Run the benchmarks one after the other: in parallel they would slow down each other."""
    return 0


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("streamstyle")
    group.addoption(
        "--film", type=Path, action="append", default=None, help="Film; may be repeated; default: the demo."
    )
    group.addoption("--full", action="store_true", help="All sizes, methods and lengths: hours.")
    group.addoption("--style", action="append", default=None, help="Style, by name, file or image; may be repeated.")
    group.addoption("--size", default=None, metavar="WxH", help="Working size; the film's own by default.")
    group.addoption("--seconds", type=float, default=1.0, help="Length used, from the start of the film.")
    group.addoption("--whole", action="store_true", help="Use the whole film.")
    group.addoption("--methods", default=None, help="As for `compare`; default: all.")
    group.addoption("--iterations", type=int, default=30, help="Iterations of the method consistent.")
    group.addoption("--flow-reference", default=None, help="As for `measure`, or `true` for the demo film.")
    group.addoption("--flows", type=Path, default=None, help="Folder of folders with two frames and their true flow.")
    group.addoption("--vgg", type=Path, default=None, help="VGG-16 weights for content and style loss.")
    group.addoption("--style-images", type=Path, default=None, help="Folder of style images, named after the styles.")
    group.addoption(
        "--photos", type=Path, default=None, help="Folder of photos to stylise; default: frames of the film."
    )
    group.addoption("--paintings", type=Path, default=None, help="Folder of paintings to test networks on.")
    group.addoption(
        "--style-predictor", type=Path, action="append", default=None, help="Style predictor; may be repeated."
    )
    group.addoption("--keyframe", default=None, metavar="TIME=IMAGE", help="A painted frame of the film.")
    group.addoption("--keep", type=Path, default=None, help="Folder for the methods' films, which are reused.")
    group.addoption("--frames", type=int, default=1000, help="Length of the film in the memory benchmark.")


@dataclass(frozen=True)
class Work:
    """Films, styles and options of a benchmark."""

    films: list[Path]
    source_settings: SourceSettings
    styles: list[Style]
    iterations: int
    frames: int
    methods: str | None
    flow_reference: ReferenceFlow
    full: bool
    styles_named: bool
    """Whether styles were given with --style."""
    style_images: Path | None
    vgg: Path | None

    @property
    def film(self) -> Path:
        return self.films[0]

    @property
    def style(self) -> Style:
        return self.styles[0]

    @property
    def some_styles(self) -> list[Style]:
        """The styles given with --style; without it the first one, or with --full all of them."""
        return self.styles if self.full or self.styles_named else self.styles[:1]

    def style_image(self, style: str) -> Path | None:
        """The image that a style was trained on, if `--style-images` has it."""
        found = sorted(self.style_images.glob(f"{style}.*")) if self.style_images else []
        return found[0] if found else None


@pytest.fixture(scope="session")
def work(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Work:
    option = pytestconfig.getoption
    end = None if option("--whole") else option("--seconds")
    width, _, height = (option("--size") or "").partition("x")
    size = (int(width), int(height)) if width else None
    films = option("--film")
    reference = option("--flow-reference") or ("true" if films is None else "deepflow")
    if films is None:
        films = [tmp_path_factory.mktemp("demo") / "landscape.mkv"]
        render_demo(films[0], *(size or (480, 270)), seconds=5.0 if end is None else end)
        end = None
    names = option("--style")
    styles = [get_style(name) for name in names] if names else builtin_styles()
    if not styles:
        pytest.skip("there is no built-in style; give one with --style")
    return Work(
        films=films,
        source_settings=SourceSettings(size=size, end=end),
        styles=styles,
        iterations=option("--iterations"),
        frames=option("--frames"),
        methods=option("--methods"),
        flow_reference=demo_film_flow() if reference == "true" else parse_reference_flow(reference),
        full=option("--full"),
        styles_named=bool(names),
        style_images=option("--style-images"),
        vgg=option("--vgg"),
    )


@pytest.fixture(scope="session")
def results(pytestconfig: pytest.Config) -> Results:
    """The tables of this session."""
    command = shlex.join(["pytest", *map(str, pytestconfig.invocation_params.args)])
    return Results(pytestconfig.rootpath / ".benchmarks", command)


@pytest.fixture
def report(request: pytest.FixtureRequest, results: Results, capsys: pytest.CaptureFixture[str]) -> Report:
    """The report of one benchmark, printed even where pytest captures output."""
    name = request.node.name.removeprefix("test_")
    return Report(name, results, capsys.disabled)
