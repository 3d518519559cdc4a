"""The folder a run keeps while it goes on, through which others watch it; the protocol is docs/protocol.md."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from streamstyle.process_identity import ProcessIdentity

VIEWS = ("output", "source", "per_frame", "flow", "weight")
"""What a preview can show: the result, the film, the frame painted alone, optical flow, and the consistency weight."""

VIEWER_TIMEOUT = 5.0
"""Seconds after which a viewer that has not repeated its wishes is taken to have gone."""

_END_EVENTS = frozenset({"finished", "stopped", "failed"})
_MAX_ENDED_RUNS = 20
"""Folders of ended runs that are kept."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What a viewer would like to see; it says so anew every second or two."""

    views: tuple[str, ...] = ()
    """Of `VIEWS`."""
    width: int = 0
    """The most pixels across that it can show."""
    height: int = 0


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """A view of the frame at hand that is to be kept, in full size."""

    number: int
    """Counts up, so that a wish is fulfilled once."""
    view: str
    path: str
    """Ends in .png."""


@dataclass(frozen=True, slots=True)
class Control:
    """What is wanted of a run."""

    paused: bool = False
    stop: bool = False
    save: SaveRequest | None = None
    owner: ProcessIdentity | None = None
    """Who holds the run: whose orders these are. A pause is over when its holder has gone; without one it stands."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where everything of one run lies."""

    path: Path

    @property
    def events(self) -> Path:
        """JSON Lines: every event that is not soon overtaken by another of its kind."""
        return self.path / "events.jsonl"

    @property
    def status(self) -> Path:
        """One JSON object: by name, the latest event of each kind that overtakes the one before."""
        return self.path / "status.json"

    @property
    def control(self) -> Path:
        """Written by whoever holds the run, read by the run."""
        return self.path / "control.json"

    @property
    def previews(self) -> Path:
        """Small pictures of the frame at hand."""
        return self.path / "previews"

    @property
    def stderr_log(self) -> Path:
        """What a run that a viewer started prints on standard error."""
        return self.path / "stderr.log"

    def create(self, command: list[str]) -> None:
        """Make the folder and say which process the run is: this one."""
        for folder in (self.path, self.previews, self._viewers_folder):
            folder.mkdir(parents=True, exist_ok=True)
        replace_json(self._run_file, {**asdict(ProcessIdentity.current()), "command": command})

    def command(self) -> list[str]:
        """Return the command line of the run, without the program's name; empty where there is none."""
        return list(read_json(self._run_file).get("command", []))

    def process(self) -> ProcessIdentity | None:
        """Return which process the run is, or was; None where it does not say."""
        return ProcessIdentity.from_json(read_json(self._run_file))

    def name(self) -> str:
        """Return what people call the run: its process's number, or its folder where that is not among the others."""
        life = self.process()
        return str(life.pid) if life is not None and self.path.parent == runs_folder() else str(self.path)

    def is_alive(self) -> bool:
        """Return whether the process of the run is there."""
        life = self.process()
        return life is not None and life.is_running()

    def write_control(self, control: Control) -> None:
        """Tell the run what is wanted; a stop that somebody ordered is never taken back."""
        replace_json(self.control, asdict(replace(control, stop=control.stop or self.read_control().stop)))

    def read_control(self) -> Control:
        """Return what is wanted now."""
        wanted = read_json(self.control)
        save, owner = wanted.get("save"), ProcessIdentity.from_json(wanted.get("owner"))
        paused = bool(wanted.get("paused")) and (owner is None or owner.is_running())
        with suppress(TypeError):
            return Control(paused, bool(wanted.get("stop")), SaveRequest(**save) if save else None, owner)
        return Control()

    def request_previews(self, viewer: str, request: PreviewRequest) -> None:
        """Say what a viewer, known by a name of its own, would like to see."""
        replace_json(self._viewers_folder / f"{viewer}.json", asdict(request))

    def remove_viewer(self, viewer: str) -> None:
        """Say that a viewer has gone."""
        (self._viewers_folder / f"{viewer}.json").unlink(missing_ok=True)

    def preview_requests(self) -> PreviewRequest:
        """Return all that the viewers who are there would like to see, at the largest size of any."""
        found = [
            PreviewRequest(tuple(wish["views"]), wish["width"], wish["height"]) for wish in self._active_requests()
        ]
        views = tuple(view for view in VIEWS if any(view in wish.views for wish in found))
        width, height = (max((getattr(wish, side) for wish in found), default=0) for side in ("width", "height"))
        return PreviewRequest(views, width, height)

    def _active_requests(self) -> Iterator[Mapping[str, Any]]:
        for path in self._viewers_folder.glob("*.json"):
            with suppress(OSError):
                if abs(time.time() - path.stat().st_mtime) < VIEWER_TIMEOUT and (wish := read_json(path)):
                    yield wish

    @property
    def _run_file(self) -> Path:
        return self.path / "run.json"

    @property
    def _viewers_folder(self) -> Path:
        return self.path / "viewers"


def runs_folder() -> Path:
    """Return the folder that the folders of runs lie in; it need not exist yet."""
    return user_state_path("streamstyle", appauthor=False) / "runs"


def new_run_folder(video: Path) -> RunFolder:
    """Return where a run that begins now keeps its folder; those of runs that ended long ago are removed."""
    for ended in [run for run in all_runs() if not run.is_alive()][_MAX_ENDED_RUNS - 1 :]:
        shutil.rmtree(ended.path, ignore_errors=True)
    return RunFolder(runs_folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{video.stem}-{os.getpid()}")


def all_runs() -> list[RunFolder]:
    """Return the runs there is a folder of, the youngest first."""
    folders = [path for path in runs_folder().glob("*") if (path / "run.json").is_file()]
    return [RunFolder(path) for path in sorted(folders, reverse=True)]


class RunReader:
    """Follows what a run says, from its beginning, as often as it is asked."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.ended = False
        """Whether the run has said its last word."""
        self._offset = 0
        self._status: dict[str, Any] = {}

    def read_events(self) -> list[dict[str, Any]]:
        """Return the events since the last call, as JSON objects; of those that overtake each other, the latest."""
        latest = read_json(self.folder.status)  # first: an ending is never followed by an older status
        lasting = self._read_lines()
        self.ended = self.ended or any(event.get("event") in _END_EVENTS for event in lasting)
        fleeting = [event for name, event in latest.items() if event != self._status.get(name)]
        self._status.update(latest)
        return fleeting + lasting if self.ended else lasting + fleeting

    def _read_lines(self) -> list[dict[str, Any]]:
        try:
            with self.folder.events.open("rb") as file:
                file.seek(self._offset)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._offset += len(whole) + len(end)
        return [event for line in whole.splitlines() if isinstance(event := _parse_json(line), dict)]


def replace_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object in such a way that a reader sees the old or the new one, whole."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one where there is none."""
    with suppress(OSError):
        content = _parse_json(path.read_bytes())
        return content if isinstance(content, dict) else {}
    return {}


def _parse_json(text: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(text)
    return None
