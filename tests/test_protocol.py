"""The JSON of a run does not change by accident: it is compared with committed files, and its fields with the docs.

To rewrite the committed files after an intended change: STREAMSTYLE_WRITE_GOLDEN=1 pytest tests/test_protocol.py
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import streamstyle.runs.folder as folder_module
import streamstyle.runs.monitor as monitor_module
from streamstyle import events
from streamstyle.cli.main import exit_code
from streamstyle.cli.many_films import FilmsEnded
from streamstyle.compare import events as compare_events
from streamstyle.estimate import Planned
from streamstyle.evaluate.evaluator import Measured
from streamstyle.events import Event
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, SaveRequest
from tests.films import cut, moving_square, pan, write_film
from tests.video_io import random_style

GOLDEN = Path(__file__).parent / "golden"
PROTOCOL = Path(__file__).parents[1] / "docs" / "protocol.md"
VARYING = {
    "elapsed", "pid", "create_time", "memory", "gpu_memory", "cpu", "bytes_written", "fps_history", "bottleneck",
    "seconds", "seconds_per_frame", "bytes", "history",
}  # fmt: skip
VARYING_VALUES = {"queues", "stages", "losses", "warping_error", "sharpness"}


def masked(value: Any, folder: Path) -> Any:
    """The value without what differs from run to run: times, sizes, speeds, and the path of the test's folder."""
    if isinstance(value, dict):
        return {key: masked_field(key, each, folder) for key, each in value.items()}
    if isinstance(value, list):
        return [masked(each, folder) for each in value]
    return value.replace(str(folder), "FOLDER") if isinstance(value, str) else value


def masked_field(key: str, value: Any, folder: Path) -> Any:
    if key in VARYING:
        return "varies"
    if key in VARYING_VALUES:
        return dict.fromkeys(value, "varies")
    return masked(value, folder)


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("STREAMSTYLE_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def parse_lines(text: str, folder: Path) -> list[Any]:
    return [masked(json.loads(line), folder) for line in text.splitlines()]


@pytest.mark.usefixtures("home")
def test_the_json_log_and_the_run_folder_are_as_committed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor_module, "SAMPLE_INTERVAL", 0.0)
    monkeypatch.setattr(monitor_module, "PREVIEW_INTERVAL", 600.0)
    monkeypatch.setattr(folder_module, "VIEWER_TIMEOUT", 600.0)
    video = write_film(tmp_path / "film.mkv", cut(pan(frames=5), moving_square(frames=4, seed=5)).frames)
    folder = RunFolder(tmp_path / "run")
    (folder.path / "viewers").mkdir(parents=True)
    folder.request_previews("viewer", PreviewRequest(("output", "source"), 200, 120))
    folder.write_control(Control(save=SaveRequest(1, "output", str(tmp_path / "frame.png"))))
    command = ["run", str(video), "--style", str(random_style(tmp_path)), "--iterations", "1", "--device", "cpu"]
    capfd.readouterr()
    assert exit_code([*command, "--json", "--run-folder", str(folder.path)]) == 0
    log = parse_lines(capfd.readouterr().out, tmp_path)
    assert_golden("run.jsonl", "".join(f"{json.dumps(event)}\n" for event in log))

    names = sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file())
    texts = {name: (folder.path / name).read_text(encoding="utf-8") for name in names if "json" in name}
    content: dict[str, Any] = {
        name: parse_lines(text, tmp_path) if name.endswith(".jsonl") else masked(json.loads(text), tmp_path)
        for name, text in texts.items()
    }
    content["other files"] = [name for name in names if name not in texts]
    assert_golden("run_folder.json", f"{json.dumps(content, indent=1, sort_keys=True)}\n")


@pytest.mark.usefixtures("home")
def test_the_json_of_a_dry_run_is_as_committed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    video = write_film(tmp_path / "film.mkv", cut(pan(frames=5), moving_square(frames=4, seed=5)).frames, audio=True)
    command = ["run", str(video), "--style", str(random_style(tmp_path)), "--method", "johnson", "--device", "cpu"]
    capfd.readouterr()
    assert exit_code([*command, "--dry-run", "--count", "--json"]) == 0
    (planned,) = parse_lines(capfd.readouterr().out, tmp_path)
    assert_golden("planned.json", f"{json.dumps(planned, indent=1)}\n")


def event_types() -> list[type[Event]]:
    members = [member for module in (events, compare_events) for member in vars(module).values()]
    kinds = [each for each in members if isinstance(each, type) and issubclass(each, Event) and each is not Event]
    return [*dict.fromkeys(kinds), Planned, Measured, FilmsEnded]


def test_the_docs_list_every_event_with_all_of_its_fields() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (.*) \|$", PROTOCOL.read_text(encoding="utf-8"), re.M)
    documented = {name: listed for names, listed in rows for name in re.findall(r"`(\w+)`", names)}
    for kind in event_types():
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
        listed = documented[name].rpartition(":")[2].partition(";")[0]
        assert re.findall(r"\w+", listed) == [field.name for field in fields(kind)], name
