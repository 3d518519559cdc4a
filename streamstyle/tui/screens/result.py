"""What came of a run, in words: how it ended, what there is, and what to do next."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamstyle.errors import EXIT_INTERRUPTED
from streamstyle.events import Failed, Finished, Stopped
from streamstyle.formatting import format_bytes, format_duration, format_speed
from streamstyle.runs.state import RunState
from streamstyle.tui.run_control import RunSnapshot

_PLAYERS = ("mpv", "vlc", "ffplay", "xdg-open", "open")


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run that has ended."""

    snapshot: RunSnapshot
    arguments: tuple[str, ...]
    """Those of `streamstyle run`; empty where they are not known."""
    film: Path
    output: Path
    """Where the film was to go."""

    @property
    def state(self) -> RunState:
        """What was heard of it."""
        return self.snapshot.state

    @property
    def exit_code(self) -> int:
        """What its process ended with; 1 where it vanished and nobody knows."""
        if self.snapshot.exit_code is not None:
            return self.snapshot.exit_code
        match self.state.end:
            case Finished():
                return 0
            case Stopped():
                return EXIT_INTERRUPTED
            case Failed(exit_code=code):
                return code
        return 1

    @property
    def output_path(self) -> Path | None:
        """The film that there is now, whole or in part; None where there is none."""
        match self.state.end:
            case Finished(output=output):
                return Path(output)
            case Stopped(output=output, frames=frames):
                return Path(output) if frames else None
        from streamstyle.media.output_file import partial_path

        partial = partial_path(self.output)
        return partial if self.state.frames_done and partial.is_file() else None


def headline(past: RunResult) -> str:
    """Return in a few words how it ended."""
    match past.state.end:
        case Finished(elapsed=elapsed):
            return f"Painted in {format_duration(elapsed)}"
        case Stopped(frames=0):
            return "Stopped before the first frame"
        case Stopped(frames=frames):
            return f"Stopped after {frames}{_of_total(past.state)} frames"
        case Failed(exit_code=70):
            return "A fault of the program"
        case Failed():
            return "That could not be done"
    return f"The painting process was ended{_signal_text(past.snapshot.exit_code)}"


def explanation(past: RunResult) -> list[str]:
    """Return what there is to say about it, in sentences."""
    match past.state.end:
        case Failed(problem=problem, next_step=next_step):
            said = [f"{problem}.", next_step]
        case None:
            said = [_explain_exit(past)]
        case Stopped(resumable_frames=kept, frames=frames) if kept:
            said = ["The same command goes on " + ("there." if kept == frames else f"after frame {kept}.")]
        case _:
            said = []
    failed = past.state.end is None or isinstance(past.state.end, Failed)
    if failed and past.output_path is not None:
        said.append(f"What was painted so far, {past.state.frames_done}{_of_total(past.state)} frames, is kept.")
    return [sentence for sentence in said if sentence]


def rows(past: RunResult) -> list[tuple[str, str]]:
    """Return names and values: the size of the film, its frames, how long they took."""
    rows = [("size", _file_size(past.output_path))] if past.output_path else []
    match past.state.end:
        case Finished() as ended:
            shots = "1 shot" if ended.shots == 1 else f"{ended.shots} shots"
            rows.append(("frames", f"{ended.frames}, in {shots}"))
            rows.append(("painted earlier", str(ended.resumed_frames or "")))
            rows.append(("pace", _speed(ended.frames - ended.resumed_frames, ended.elapsed)))
            if ended.flows_computed or ended.flows_cached:
                rows.append(("flow", f"{ended.flows_computed} computed, {ended.flows_cached} known"))
        case Stopped() as ended if ended.frames:
            rows.append(("pace", _speed(ended.frames - ended.resumed_frames, ended.elapsed)))
    return [(name, value) for name, value in rows if value]


def next_steps(past: RunResult) -> list[tuple[str, str]]:
    """Return what to do next: names, and commands to copy."""
    if past.output_path is None:
        return [("again", _same_command(past))] if past.state.end is None and past.arguments else []
    result = _shell_path(past.output_path)
    steps = [("play", f"{_find_player()} {result}")]
    if isinstance(past.state.end, Finished):
        film, where = _shell_path(past.film), _range_option(past)
        steps.append(("measure", f"streamstyle measure {result} --source {film}{where}"))
        if style := _option_value(past.arguments, "--style"):
            methods = f"streamstyle compare {film} --style {shlex.quote(style)} --sample 5s"
            steps.append(("the methods side by side", methods))
    elif past.arguments:
        steps.append(("go on" if _is_resumable(past) else "again", _same_command(past)))
    return steps


def exit_message(past: RunResult) -> str:
    """Return what stays in the terminal once the screen has gone."""
    match past.state.end:
        case Finished(output=output, frames=frames, elapsed=elapsed):
            now = format_speed(frames - past.state.resumed_frames, elapsed)
            return f"{output}: {frames} frames in {format_duration(elapsed)}" + (f" ({now})" if now else "")
        case Failed(problem=problem, next_step=next_step):
            return f"streamstyle: error: {problem}. {next_step}".rstrip()
    where = f"; they play from {past.output_path}" if past.output_path else ""
    return f"{headline(past)}{where}" + ("; the same command goes on" if _is_resumable(past) else "")


def display_path(path: Path) -> str:
    """Return the path as a person would type it: from the folder at hand, or from home."""
    whole = path.absolute()
    if whole.is_relative_to(Path.cwd()):
        return str(whole.relative_to(Path.cwd()))
    return f"~/{whole.relative_to(Path.home())}" if whole.is_relative_to(Path.home()) else str(whole)


def _of_total(story: RunState) -> str:
    return f" of {story.frames}" if story.frames else ""


def _speed(frames: int, elapsed: float) -> str:
    each = f"{elapsed / frames:.2g} s a frame" if frames and elapsed else ""
    return f"{format_speed(frames, elapsed)}, {each}" if each and frames > elapsed else each


def _file_size(path: Path | None) -> str:
    try:
        return format_bytes(path.stat().st_size) if path else ""
    except OSError:
        return "it is not there any more"


def _signal_text(code: int | None) -> str:
    if code is None or code <= 128:
        return "" if not code else f", with exit code {code}"
    try:
        return f" by {signal.Signals(code - 128).name}"
    except ValueError:
        return f", with exit code {code}"


def _explain_exit(past: RunResult) -> str:
    if past.snapshot.exit_code == 128 + signal.SIGKILL:
        return "Somebody killed it, or the system did for want of memory."
    return (
        "It said no last word; what it printed is in the log." if past.snapshot.stderr_tail else "It said no last word."
    )


def _shell_path(path: Path) -> str:
    """A path for a command line; a shell knows ~ only where it is not quoted."""
    name = display_path(path)
    return f"~/{shlex.quote(name[2:])}" if name.startswith("~/") else shlex.quote(name)


def _find_player() -> str:
    here = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) or sys.platform == "darwin"
    players = _PLAYERS if here else _PLAYERS[:1]  # over SSH there is no screen here to play on
    return next((player for player in players if shutil.which(player)), "mpv")


def _is_resumable(past: RunResult) -> bool:
    return isinstance(past.state.end, Stopped) and past.state.end.resumable_frames > 0


def _same_command(past: RunResult) -> str:
    return f"streamstyle run {shlex.join(_user_arguments(past.arguments))}"


def _user_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without those that the terminal UI adds, and without what is to be done once."""
    words = [word for word in arguments if word not in ("--json", "--restart")]
    if "--run-folder" in words:
        at = words.index("--run-folder")
        del words[at : at + 2]
    return words


def _range_option(past: RunResult) -> str:
    """The part of the film that was painted, where it was not the whole."""
    if part := _option_value(past.arguments, "--range"):
        return f" --range {shlex.quote(part)}"
    if (
        _option_value(past.arguments, "--sample")
        and past.state.shots
        and past.state.last_frame
        and not past.state.resumed_frames
    ):
        return f" --range {past.state.shots[0].time:.3f}-{past.state.last_frame.time + 0.001:.3f}"
    return ""


def _option_value(arguments: Sequence[str], name: str) -> str:
    """Return the value of an option, as `--name value` or `--name=value`; empty where it is not given."""
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=True):
        if argument == name:
            return following
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return ""
