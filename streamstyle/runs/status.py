"""The status of the runs on this machine, and which run a name means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamstyle.errors import SettingsError
from streamstyle.events import Failed, Finished, Stopped
from streamstyle.runs.folder import RunFolder, RunReader, list_runs, runs_folder
from streamstyle.runs.launcher import user_arguments
from streamstyle.runs.state import RunState, apply_events


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run at the time of reading."""

    name: str
    """Its pid, or the path of its folder if that is not among the others."""
    folder: RunFolder
    state: str
    """`starting`, `running`, `paused` or `stopping`; once it has ended `finished`, `stopped`, `failed` or `died`."""
    alive: bool
    start_time: float
    """Seconds since the epoch."""
    run_state: RunState

    @property
    def video(self) -> str:
        """Path of the input; empty before the run has opened it."""
        return self.run_state.started.video if self.run_state.started else ""

    @property
    def output(self) -> str:
        """Path of the output, for a stopped run the partial one; empty before the run has opened it."""
        if isinstance(self.run_state.end, Finished | Stopped):
            return self.run_state.end.output
        return self.run_state.started.output if self.run_state.started else ""

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the end; None if unknown."""
        return self.run_state.seconds_left if self.alive else None


def read_status(folder: RunFolder) -> RunStatus:
    """Return the status of a run."""
    process_runs = folder.is_alive()  # before the events: once it has exited they are complete
    run_state = apply_events(RunState(), RunReader(folder).read_events())
    alive = process_runs and run_state.end is None  # a process may outlive its run
    state = _active_state(folder, run_state) if alive else _end_state(run_state)
    return RunStatus(folder.name(), folder, state, alive, folder.start_time(), run_state)


def active_runs() -> list[RunStatus]:
    """Return the runs that have not ended, the latest first."""
    runs = [read_status(folder) for folder in list_runs() if folder.is_alive()]
    return [run for run in runs if run.alive]


def find_run(name: str) -> RunFolder:
    """Return the run with that pid, folder, video or output, these also without extension.

    Of several, an active one before an ended one, then the latest.

    Raises SettingsError if there is none.
    """
    for path in (Path(name), runs_folder() / name):
        try:
            if RunFolder(path).exists():
                return RunFolder(path)
        except PermissionError as error:
            raise SettingsError(
                f"run {name} belongs to another user", "Only that user can follow and stop it."
            ) from error
    runs = sorted((read_status(folder) for folder in list_runs()), key=lambda run: not run.alive)
    found = [run for run in runs if run.name == name or name in _names(run.video)]
    found = found or [run for run in runs if Path(name).name in _names(run.video) or name in _names(run.output)]
    if not found:
        raise SettingsError(f"there is no run {name}", "See `streamstyle runs --all`.")
    return found[0].folder


def earlier_arguments(output: Path) -> tuple[str, ...]:
    """Return the arguments of the latest ended run that has written frames of that output; empty if none is known.

    They mean the same whatever the config file says by now.
    """
    for run in map(read_status, list_runs()):
        state = run.run_state
        partial = state.last_frame is not None and not isinstance(state.end, Finished)
        if not run.alive and partial and state.started and Path(state.started.output).absolute() == output.absolute():
            arguments = user_arguments(run.folder.command()[1:])  # with what the file added when the run was begun
            return tuple(arguments if "--no-config" in arguments else ["--no-config", *arguments])
    return ()


def single_active_run() -> RunFolder:
    """Return the only active run. Raises SettingsError if there is none, or more than one."""
    runs = active_runs()
    if not runs:
        raise SettingsError("no run is active", "See `streamstyle runs --all` for those that have ended.")
    if len(runs) > 1:
        names = ", ".join(f"{run.name} ({Path(run.video).name or run.state})" for run in runs)
        raise SettingsError(f"{len(runs)} runs are active: {names}", "Name one of them.")
    return runs[0].folder


def _names(path: str) -> tuple[str, ...]:
    """Return the name of a file with and without its extension."""
    return (Path(path).name, Path(path).stem) if path else ()


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
