"""The folder of a run: where the run reports its progress, and where viewers leave their requests.

The protocol is described in docs/protocol.md; this module is both sides of it.
"""

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

from streamstyle.errors import OutputError
from streamstyle.files import (
    atomic_write,
    create_private_folder,
    is_own,
    parse_json_object,
    read_json,
    shorten_name,
    state_folder,
)
from streamstyle.process_identity import ProcessIdentity

VIEWS = ("output", "source", "per_frame", "flow", "weight")
"""What a preview can show: the output, the source, the per-frame stylisation, the flow, the consistency weight."""

VIEWER_TIMEOUT = 5.0
"""Seconds after which the request of a viewer expires unless it is repeated."""

_END_EVENTS = frozenset({"finished", "stopped", "failed"})
_MAX_ENDED_RUNS = 20
"""Folders of ended runs that are kept."""

_MAX_STEM = 100
"""Bytes of the film's name that the name of its run folder has."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """The previews that a viewer wants; repeated every second or two, since it expires."""

    views: tuple[str, ...] = ()
    """Of `VIEWS`."""
    width: int = 0
    """Largest useful width in pixels."""
    height: int = 0
    """Largest useful height in pixels."""

    @classmethod
    def from_json(cls, value: Any) -> PreviewRequest:
        """Return the request that a JSON object describes, whatever else it contains; an empty one if it does not."""
        try:
            return cls(tuple(map(str, value["views"])), int(value["width"]), int(value["height"]))
        except (KeyError, TypeError, ValueError):
            return cls()


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """A request to save a view of the current frame in full size."""

    number: int
    """Counts up, so that each request is carried out once."""
    view: str
    path: str
    """Ends in .png."""

    @classmethod
    def from_json(cls, value: Any) -> SaveRequest | None:
        """Return the request that a JSON object describes, whatever else it contains; None if it does not."""
        try:
            return cls(int(value["number"]), str(value["view"]), str(value["path"]))
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Control:
    """What the owner of a run orders it to do."""

    paused: bool = False
    stop: bool = False
    save: SaveRequest | None = None
    owner: ProcessIdentity | None = None
    """The process that controls the run. A pause ends when its owner has exited; without an owner it lasts."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def events(self) -> Path:
        """JSON Lines: every event except the transient ones."""
        return self.path / "events.jsonl"

    @property
    def status(self) -> Path:
        """One JSON object: the latest transient event of each kind, by name."""
        return self.path / "status.json"

    @property
    def control(self) -> Path:
        """Written by the owner of the run, read by the run."""
        return self.path / "control.json"

    @property
    def previews(self) -> Path:
        """Folder of small images of the current frame."""
        return self.path / "previews"

    @property
    def stdout_log(self) -> Path:
        """Standard output of a run that was started by `start_run`."""
        return self.path / "stdout.log"

    @property
    def stderr_log(self) -> Path:
        """Standard error of a run that was started by `start_run`."""
        return self.path / "stderr.log"

    def create(self, command: list[str]) -> None:
        """Create the folder of a run by this process with that command line. Raises OSError."""
        self.make_private()
        for folder in (self.previews, self._viewers_folder):
            folder.mkdir(exist_ok=True)
        write_json(self._run_file, {**asdict(ProcessIdentity.current()), "command": command})

    def make_private(self) -> None:
        """Create the folder, or check it, so that no other user can read it or leave orders in it. Raises OSError."""
        if self.path.parent == runs_folder():
            create_private_folder(self.path.parent)
        create_private_folder(self.path)

    def check_owner(self) -> None:
        """Raise OutputError if the folder exists and is not this user's, so that others could leave orders in it."""
        try:
            found = is_own(self.path)
        except OSError:
            return
        if not found:
            raise OutputError(f"{self.path} belongs to another user", "Give a folder of yours with --run-folder.")

    def exists(self) -> bool:
        """Return whether `create` has been called. Raises PermissionError for a folder of another user."""
        return self._run_file.is_file()

    def start_time(self) -> float:
        """Return when the run was started, in seconds since the epoch; 0 if it is not known."""
        process = self.process()
        if process is not None and process.create_time > 0:
            return process.create_time
        try:
            return self._run_file.stat().st_mtime
        except OSError:
            return 0.0

    def command(self) -> list[str]:
        """Return the command line of the run, without the program's name; empty if it is not known."""
        return list(read_json(self._run_file).get("command", []))

    def process(self) -> ProcessIdentity | None:
        """Return the process of the run, which may have exited; None if it is not known."""
        return ProcessIdentity.from_json(read_json(self._run_file))

    def name(self) -> str:
        """Return the name of the run in the user interface: its pid, or its path outside `runs_folder()`."""
        process = self.process()
        return str(process.pid) if process is not None and self.path.parent == runs_folder() else str(self.path)

    def is_alive(self) -> bool:
        """Return whether the process of the run is running."""
        process = self.process()
        return process is not None and process.is_running()

    def write_control(self, control: Control) -> None:
        """Order the run to do something; an order to stop cannot be withdrawn. Raises OSError."""
        write_json(self.control, asdict(replace(control, stop=control.stop or self.read_control().stop)))

    def read_control(self) -> Control:
        """Return the current orders; what the file lacks, or what cannot be read of it, orders nothing."""
        content = read_json(self.control)
        owner = ProcessIdentity.from_json(content.get("owner"))
        paused = bool(content.get("paused")) and (owner is None or owner.is_running())
        return Control(paused, bool(content.get("stop")), SaveRequest.from_json(content.get("save")), owner)

    def request_previews(self, viewer: str, request: PreviewRequest) -> None:
        """Replace the request of the viewer of that name. Raises OSError."""
        write_json(self._viewers_folder / f"{viewer}.json", asdict(request))

    def remove_viewer(self, viewer: str) -> None:
        """Withdraw the request of a viewer. Raises OSError."""
        (self._viewers_folder / f"{viewer}.json").unlink(missing_ok=True)

    def merged_preview_request(self) -> PreviewRequest:
        """Return the views that any viewer wants, at the largest size that any of them wants."""
        requests = list(self._active_requests())
        views = tuple(view for view in VIEWS if any(view in request.views for request in requests))
        width = max((request.width for request in requests), default=0)
        height = max((request.height for request in requests), default=0)
        return PreviewRequest(views, width, height)

    def _active_requests(self) -> Iterator[PreviewRequest]:
        for path in self._viewers_folder.glob("*.json"):
            with suppress(OSError):
                if abs(time.time() - path.stat().st_mtime) < VIEWER_TIMEOUT:
                    yield PreviewRequest.from_json(read_json(path))

    @property
    def _run_file(self) -> Path:
        return self.path / "run.json"

    @property
    def _viewers_folder(self) -> Path:
        return self.path / "viewers"


class RunReader:
    """Reads the events of a run as they arrive, from the first one on."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.ended = False
        """Whether the event that ends the run has been read."""
        self._offset = 0
        self._status: dict[str, Any] = {}

    def read_events(self) -> list[dict[str, Any]]:
        """Return the events since the last call as JSON objects; of transient ones the latest of each kind."""
        status = read_json(self.folder.status)  # before the log, so that no older status follows the end of the run
        logged = self._read_log()
        self.ended = self.ended or any(event.get("event") in _END_EVENTS for event in logged)
        transient = [event for name, event in status.items() if event != self._status.get(name)]
        self._status.update(status)
        return transient + logged if self.ended else logged + transient

    def _read_log(self) -> list[dict[str, Any]]:
        try:
            with self.folder.events.open("rb") as file:
                file.seek(self._offset)
                whole_lines, line_end, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._offset += len(whole_lines) + len(line_end)
        return [event for line in whole_lines.splitlines() if (event := parse_json_object(line))]


def runs_folder() -> Path:
    """Return the folder that contains the folders of runs; it need not exist yet."""
    return state_folder() / "runs"


def new_run_folder(video: Path) -> RunFolder:
    """Return the folder for a new run, not yet created; removes those of the oldest ended runs."""
    for ended in [run for run in list_runs() if not run.is_alive()][_MAX_ENDED_RUNS - 1 :]:
        shutil.rmtree(ended.path, ignore_errors=True)
    stem = shorten_name(video.stem, _MAX_STEM)
    return RunFolder(runs_folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{stem}-{os.getpid()}")


def list_runs() -> list[RunFolder]:
    """Return the runs that have a folder, the latest first."""
    runs = [RunFolder(path) for path in sorted(runs_folder().glob("*"), reverse=True)]
    return [run for run in runs if _is_readable(run)]


def _is_readable(run: RunFolder) -> bool:
    try:
        return run.exists()
    except PermissionError:
        return False


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file by a JSON object; a reader sees the old or the new content, whole. Raises OSError."""
    atomic_write(path, json.dumps(content))
