"""The report: one page that loads nothing, whatever the film is called."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.excerpts import Excerpt, data_uri
from streamstyle.compare.report import render_report
from tests.films import texture

CURVE = [None, 0.002, 0.003, None, 0.001, 0.004]
IMAGES = [data_uri(texture(64, 48, seed), 960) for seed in range(2)]
HOSTILE_NAME = 'Tom & "Jerry" </script><script>alert(1)</script>.mkv'


def compared_film(name: str, kind: str, seconds: float | None, errors: float) -> ComparedFilm:
    metrics = {"warping_error_1": errors, "warping_error_5": 2 * errors, "sharpness": 0.07}
    ratios = {key: value / {"warping_error_1": 0.002, "warping_error_5": 0.004}.get(key, 0.07)
                for key, value in metrics.items()}  # fmt: skip
    curves = {"warping_error_1": CURVE, "warping_error_5": CURVE, "seam": CURVE, "sharpness": [0.07] * 6}
    time = None if seconds is None else seconds / 0.05
    return ComparedFilm(
        name, kind, seconds, time, metrics, ratios, curves, f"{name}.mkv", "2026-11-24T12:00:00+00:00", {}
    )


def comparison(film: str = "lake.mkv") -> Compared:
    films = [compared_film("source", "source", None, 0.0003), compared_film("johnson", "method", 0.05, 0.002)]
    films += [compared_film("live", "method", 0.06, 0.0004), compared_film("blurred", "control", None, 0.0005)]
    machine = {"processor": "a processor", "cores": 2, "load": "0.1", "gpu": "none", "kernels": "torch", "threads": 1,
               "python": "3", "torch": "2", "av": "18", "opencv-contrib-python": "5", "streamstyle": "0"}  # fmt: skip
    return Compared(
        video=film, style="wave", output="", report="", width=64, height=48, frames=6, frame_rate=25.0,
        flow_reference="true flow", same_flow_methods=["live"], loss_network="a network", baseline="johnson",
        films=films, date="2026-11-24T12:00:00+00:00", machine=machine, command="streamstyle compare 'lake & sea.mkv'",
    )  # fmt: skip


def page(film: str = "lake.mkv") -> str:
    films = [IMAGES, IMAGES[::-1], IMAGES]
    return render_report(
        comparison(film), [Excerpt("two frames", films), Excerpt("0.1 s", [each[:1] for each in films])]
    )


class Reader(HTMLParser):
    """The tags of a page, and what a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "poster")]


def test_the_page_loads_nothing_from_elsewhere() -> None:
    html = page()
    reader = Reader()
    reader.feed(html)
    assert reader.loaded == []
    assert not re.search(r"https?:|@import|url\(|//cdn|fetch\(|XMLHttpRequest|WebSocket|import\(", html)
    assert {"link", "iframe", "object", "embed", "base"}.isdisjoint(reader.tags)


def test_a_films_name_is_shown_as_text_and_not_run() -> None:
    reader = Reader()
    reader.feed(page(HOSTILE_NAME))
    assert reader.tags.count("script") == 2
    assert "Tom &amp; &quot;Jerry&quot;" in page(HOSTILE_NAME)


def test_the_table_has_every_measure_as_ratio_and_value() -> None:
    live = re.search(r"<tr[^>]*><th[^>]*>live</th>(.*?)</tr>", page())
    assert live is not None
    assert re.sub(r"<[^>]*>", " ", live[1]).split() == [
        "1.20", "0.0600", "s", "0.200", "0.000400", "0.200", "0.000800", "1.00", "0.0700",
    ]  # fmt: skip
    assert live[1].count('class="best"') == 2
    blurred = re.search(r"<tr[^>]*><th[^>]*>blurred</th>(.*?)</tr>", page())
    assert blurred is not None
    assert "best" not in blurred[1]


def test_methods_along_the_reference_flow_are_named() -> None:
    assert "true flow. Made along the same flow, and less steady than they look: live." in page()


def test_the_data_of_the_script_is_valid_json() -> None:
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page(HOSTILE_NAME), re.DOTALL)
    assert data is not None
    values = json.loads(data[1])
    assert [film["name"] for film in values["films"]] == ["source", "johnson", "live"]
    assert values["curves"]["1"][2] == values["curves"]["seam"][2] == CURVE
    assert values["excerpts"][0]["films"][1] == IMAGES[::-1]


@pytest.fixture
def browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("needs chromium: apt-get install chromium")
    return found


def dump_dom(browser: str, html: str, folder: Path) -> str:
    """The page after its scripts have run in a browser without network."""
    path = folder / "report.html"
    path.write_text(html, encoding="utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    done = subprocess.run(
        [browser, *flags, f"--user-data-dir={folder}", "--virtual-time-budget=2000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return re.sub(r'<script type="application/json".*?</script>', "", done.stdout, flags=re.DOTALL)


def test_the_page_works_in_a_browser_without_network(tmp_path: Path, browser: str) -> None:
    """Films and excerpts can be chosen, the canvas has the size of a frame, one gap is shown."""
    dom = dump_dom(browser, page(HOSTILE_NAME), tmp_path)
    assert dom.count("<option") == 6
    assert re.search(r"<canvas[^>]*width=\"64\" height=\"48\"", dom)
    assert ">two frames</button>" in dom
    assert re.search(r'data-show="1"[^>]*aria-pressed="true"', dom)


def test_the_controls_of_the_page_work(tmp_path: Path, browser: str) -> None:
    """The other gap, a line hidden, the second frame by its arrow key, the slider moved, the films swapped."""
    actions = """
        document.querySelector('[data-show="5"]').click();
        document.querySelector('[data-film="1"]').click();
        const chart = document.getElementById("curves"), slider = document.getElementById("slider");
        for (const step of [1, 2]) chart.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        slider.value = 200;
        slider.dispatchEvent(new Event("input"));
        document.getElementById("swap").click();
    """
    dom = dump_dom(browser, page().replace("</body>", f"<script>{actions}</script></body>"), tmp_path)
    assert re.findall(r'<g data-gap="(\w+)" class="([^"]*)"', dom) == [("1", "off"), ("5", ""), ("seam", "off")]
    assert dom.count('data-of="1"') == len(re.findall(r'class="curve off"[^>]*data-of="1"', dom)) == 3
    assert "frame 2, 0.04 s" in dom
    assert "live<output>0.0020</output>" in dom
    assert 'style="left: 20%;"' in dom
    tags = re.findall(r'<span class="tag (\w+)"[^>]*>([^<]*)<', dom)
    assert tags == [("left", "live"), ("right", "johnson")]
