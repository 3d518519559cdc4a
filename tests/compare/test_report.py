"""The report: one page that asks for nothing, whatever the film is called."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from streamstyle.compare.charts import CURVES_AREA, LogAxis, curve_path, element, format_number, text
from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.report import Excerpt, data_uri, longest_shot, render_report
from tests.films import texture

CURVE = [None, 0.002, 0.003, None, 0.001, 0.004]
PICTURES = [data_uri(texture(64, 48, seed), 960) for seed in range(2)]
NASTY = 'Tom & "Jerry" </script><script>alert(1)</script>.mkv'


def compared_film(name: str, kind: str, seconds: float | None, errors: float) -> ComparedFilm:
    measures = {"warping_error_1": errors, "warping_error_5": 2 * errors, "sharpness": 0.07}
    relative = {key: value / {"warping_error_1": 0.002, "warping_error_5": 0.004}.get(key, 0.07)
                for key, value in measures.items()}  # fmt: skip
    curves = {"warping_error_1": CURVE, "warping_error_5": CURVE, "sharpness": [0.07] * 6}
    time = None if seconds is None else seconds / 0.05
    return ComparedFilm(
        name, kind, seconds, time, measures, relative, curves, f"{name}.mkv", "2026-11-24T12:00:00+00:00", {}
    )


def comparison(film: str = "lake.mkv") -> Compared:
    rows = [compared_film("source", "source", None, 0.0003), compared_film("johnson", "method", 0.05, 0.002)]
    rows += [compared_film("live", "method", 0.06, 0.0004), compared_film("blurred", "control", None, 0.0005)]
    machine = {"processor": "a processor", "cores": 2, "load": "0.1", "gpu": "none", "kernels": "torch", "threads": 1,
               "python": "3", "torch": "2", "av": "18", "opencv-contrib-python": "5", "streamstyle": "0"}  # fmt: skip
    return Compared(
        video=film, style="wave", output="", report="", width=64, height=48, frames=6, frame_rate=25.0,
        flow_reference="true flow", same_flow_methods=["live"], loss_network="an eye", baseline="johnson", films=rows,
        date="2026-11-24T12:00:00+00:00", machine=machine, command="streamstyle compare 'lake & sea.mkv'",
    )  # fmt: skip


def page(film: str = "lake.mkv") -> str:
    films = [PICTURES, PICTURES[::-1], PICTURES]
    return render_report(
        comparison(film), [Excerpt("two frames", films), Excerpt("0.1 s", [each[:1] for each in films])]
    )


class Reader(HTMLParser):
    """What a browser would fetch, and the words of each table cell."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts = 0
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "poster")]


def test_the_page_asks_for_nothing_outside_itself() -> None:
    whole = page()
    reader = Reader()
    reader.feed(whole)
    assert reader.fetched == []
    assert not re.search(r"https?:|@import|url\(|//cdn|fetch\(|XMLHttpRequest|WebSocket|import\(", whole)
    assert {"link", "iframe", "object", "embed", "base"}.isdisjoint(reader.tags)


def test_a_films_name_is_shown_and_not_run() -> None:
    reader = Reader()
    reader.feed(page(NASTY))
    assert reader.tags.count("script") == 2
    assert "Tom &amp; &quot;Jerry&quot;" in page(NASTY)


def test_every_figure_is_in_the_table_as_a_multiple_and_as_it_is() -> None:
    live = re.search(r"<tr[^>]*><th[^>]*>live</th>(.*?)</tr>", page())
    assert live is not None
    assert re.sub(r"<[^>]*>", " ", live[1]).split() == [
        "1.20", "0.0600", "s", "0.200", "0.000400", "0.200", "0.000800", "1.00", "0.0700",
    ]  # fmt: skip
    assert live[1].count('class="best"') == 2
    blurred = re.search(r"<tr[^>]*><th[^>]*>blurred</th>(.*?)</tr>", page())
    assert blurred is not None
    assert "best" not in blurred[1]


def test_a_method_that_is_judged_by_its_own_flow_is_named() -> None:
    assert "true flow. Made along it, too, and less steady than they look: live." in page()


def test_what_the_script_works_with_is_whole() -> None:
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page(NASTY), re.DOTALL)
    assert data is not None
    known = json.loads(data[1])
    assert [film["name"] for film in known["films"]] == ["source", "johnson", "live"]
    assert known["curves"]["1"][2] == CURVE
    assert known["scenes"][0]["films"][1] == PICTURES[::-1]


def test_a_line_breaks_where_there_is_no_value() -> None:
    path = curve_path(CURVE, LogAxis(0.001, 0.004, CURVES_AREA.bottom, CURVES_AREA.top))
    assert [step[0] for step in re.findall(r"[ML][\d. ]+", path)] == ["M", "L", "M", "L"]
    assert path.endswith(f" {CURVES_AREA.top:.1f}")


def test_a_logarithmic_axis_has_its_middle_at_the_geometric_mean() -> None:
    axis = LogAxis(0.01, 1.0, 0.0, 100.0)
    assert axis.position(0.1) == pytest.approx(50)
    assert (axis.position(0), axis.position(7)) == (0, 100)
    assert axis.ticks() == pytest.approx([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])


def test_the_longest_shot_is_found() -> None:
    assert longest_shot([None, 1.0, None, 1.0, 1.0, None]) == (2, 3)
    assert longest_shot([None]) == (0, 1)
    assert longest_shot([]) == (0, 1)


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (0.002612, "0.00261"), (1.0, "1.00"), (23.44, "23.4"), (1280.4, "1280")]
)
def test_figures_have_three_digits_that_count(value: float, said: str) -> None:
    assert format_number(value) == said


def test_markup_is_escaped() -> None:
    assert element("td", text("a < b"), title='"') == '<td title="&quot;">a &lt; b</td>'


def test_a_picture_in_the_page_is_no_wider_than_asked_for() -> None:
    assert len(data_uri(texture(640, 360), 64)) < len(data_uri(texture(640, 360), 640)) / 10
    assert data_uri(np.zeros((4, 4, 3), np.uint8), 8).startswith("data:image/webp;base64,")


@pytest.fixture
def browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no chromium to look with: apt-get install chromium")
    return found


def dump_dom(browser: str, whole: str, folder: Path) -> str:
    """What a page has become once its scripts have run, where no name can be looked up."""
    path = folder / "report.html"
    path.write_text(whole, encoding="utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    done = subprocess.run(
        [browser, *flags, f"--user-data-dir={folder}", "--virtual-time-budget=2000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return re.sub(r'<script type="application/json".*?</script>', "", done.stdout, flags=re.DOTALL)


def test_a_browser_draws_it_without_a_network(tmp_path: Path, browser: str) -> None:
    """The script has run: films can be chosen, moments too, the canvas has a picture's size, one gap is shown."""
    seen = dump_dom(browser, page(NASTY), tmp_path)
    assert seen.count("<option") == 6
    assert re.search(r"<canvas[^>]*width=\"64\" height=\"48\"", seen)
    assert ">two frames</button>" in seen
    assert re.search(r'data-show="1"[^>]*aria-pressed="true"', seen)


def test_what_is_pressed_answers(tmp_path: Path, browser: str) -> None:
    """The other gap, a film's line taken away, the second frame by its arrow key, the line moved, the films swapped."""
    pressed = """
        document.querySelector('[data-show="5"]').click();
        document.querySelector('[data-film="1"]').click();
        const chart = document.getElementById("curves"), slider = document.getElementById("slider");
        for (const step of [1, 2]) chart.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        slider.value = 200;
        slider.dispatchEvent(new Event("input"));
        document.getElementById("swap").click();
    """
    seen = dump_dom(browser, page().replace("</body>", f"<script>{pressed}</script></body>"), tmp_path)
    assert re.findall(r'<g data-gap="(\d)" class="([^"]*)"', seen) == [("1", "off"), ("5", "")]
    assert seen.count('data-of="1"') == len(re.findall(r'class="curve off"[^>]*data-of="1"', seen)) == 2
    assert "frame 2, 0.04 s" in seen
    assert "live<output>0.0020</output>" in seen
    assert 'style="left: 20%;"' in seen
    tags = re.findall(r'<span class="tag (\w+)"[^>]*>([^<]*)<', seen)
    assert tags == [("left", "live"), ("right", "johnson")]
