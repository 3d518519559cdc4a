"""How the runs of this machine stand, and which of them is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamstyle.errors import SettingsError
from streamstyle.events import Failed, Finished, Stopped
from streamstyle.runs.folder import RunFolder, RunReader, all_runs, runs_folder
from streamstyle.runs.state import RunState, apply_events


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run as it stands."""

    run: str
    """What it is called: the number of its process, or its folder where that lies elsewhere."""
    folder: RunFolder
    state: str
    """`starting`, `running`, `paused` or `stopping`; once it has ended `finished`, `stopped`, `failed` or `died`."""
    alive: bool
    start_time: float
    """Seconds since the epoch."""
    run_state: RunState

    @property
    def video(self) -> str:
        """The film's path; empty before it is open."""
        return self.run_state.started.video if self.run_state.started else ""

    @property
    def output(self) -> str:
        """Where the painting is, or is to be."""
        if isinstance(self.run_state.end, Finished | Stopped):
            return self.run_state.end.output
        return self.run_state.started.output if self.run_state.started else ""

    @property
    def seconds_left(self) -> float | None:
        """How long it will still take; None where that cannot be told."""
        return self.run_state.seconds_left if self.alive else None


def read_status(folder: RunFolder) -> RunStatus:
    """Return how a run stands."""
    goes_on, life = folder.is_alive(), folder.process()
    story = apply_events(RunState(), RunReader(folder).read_events())
    state = _active_state(folder, story) if goes_on else _end_state(story)
    return RunStatus(folder.name(), folder, state, goes_on, life.create_time if life else 0.0, story)


def active_runs() -> list[RunStatus]:
    """Return them, the youngest first."""
    return [read_status(folder) for folder in all_runs() if folder.is_alive()]


def find_run(name: str) -> RunFolder:
    """Return the run of that number, folder or film: where there are several one that goes on, or else the youngest."""
    for path in (Path(name), runs_folder() / name):
        if (path / "run.json").is_file():
            return RunFolder(path)
    runs = sorted((read_status(folder) for folder in all_runs()), key=lambda run: not run.alive)
    found = [run for run in runs if run.run == name or Path(run.video).name == Path(name).name]
    if not found:
        raise SettingsError(f"there is no run {name}", "See `streamstyle runs --all`.")
    return found[0].folder


def single_active_run() -> RunFolder:
    """Return the one run that goes on."""
    going = active_runs()
    if not going:
        raise SettingsError("no run goes on", "See `streamstyle runs --all` for those that did.")
    if len(going) > 1:
        names = ", ".join(f"{run.run} ({Path(run.video).name or run.state})" for run in going)
        raise SettingsError(f"{len(going)} runs go on: {names}", "Say which one.")
    return going[0].folder


def _active_state(folder: RunFolder, state: RunState) -> str:
    if folder.read_control().stop:
        return "stopping"
    if state.paused:
        return "paused"
    return "running" if state.started else "starting"


def _end_state(state: RunState) -> str:
    match state.end:
        case Finished():
            return "finished"
        case Stopped():
            return "stopped"
        case Failed():
            return "failed"
    return "died"
