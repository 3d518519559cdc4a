"""The result of a run as text: how it ended, its figures, and commands for what to do next."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamstyle import errors
from streamstyle.events import Failed, Finished, Stopped
from streamstyle.formatting import format_bytes, format_duration, format_speed
from streamstyle.runs.launcher import user_arguments
from streamstyle.runs.state import RunState
from streamstyle.tui.run_control import RunSnapshot

_PLAYERS = ("mpv", "vlc", "ffplay", "xdg-open", "open")


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run that has ended."""

    snapshot: RunSnapshot
    arguments: tuple[str, ...]
    """Those of `streamstyle run`; empty if they are not known."""
    video: Path
    output: Path
    """The path given by the arguments; the file exists only if the run has finished."""

    @property
    def state(self) -> RunState:
        """The last state of the run."""
        return self.snapshot.state

    @property
    def exit_code(self) -> int:
        """Exit code of its process; 1 if the process ended without an event and its exit code is not known."""
        if self.snapshot.exit_code is not None:
            return self.snapshot.exit_code
        match self.snapshot.later_failure or self.state.end:
            case Finished():
                return 0
            case Stopped():
                return errors.EXIT_INTERRUPTED
            case Failed(exit_code=code):
                return code
        return 1

    @property
    def output_path(self) -> Path | None:
        """The complete or partial output; None if there is none."""
        match self.state.end:
            case Finished(output=output):
                return Path(output)
            case Stopped(output=output, frames=frames):
                return Path(output) if frames else None
        from streamstyle.media.output_names import partial_path

        partial = partial_path(self.output)
        return partial if self.state.frames_done and partial.is_file() else None


def refusal_text(state: RunState) -> str:
    """Return why a run failed before its first frame, and what to do; empty if it did not, or had an internal error."""
    match state.end:
        case Failed(problem=problem, next_step=next_step, exit_code=code) if code != errors.EXIT_INTERNAL:
            return "" if state.last_frame else f"{problem}. {next_step}".rstrip()
    return ""


def headline(result: RunResult) -> str:
    """Return in a few words how the run ended."""
    match result.state.end:
        case Finished(elapsed=elapsed):
            return f"Finished in {format_duration(elapsed)}"
        case Stopped(frames=0):
            return "Stopped before the first frame"
        case Stopped(frames=frames):
            return f"Stopped after {frames}{_of_total(result.state)} frames"
        case Failed(exit_code=errors.EXIT_INTERNAL):
            return "Internal error"
        case Failed():
            return "The run failed"
    return f"The process ended unexpectedly{_signal_text(result.snapshot.exit_code)}"


def explanation(result: RunResult) -> list[str]:
    """Return sentences about the cause, what was kept and how to resume; none if all went well."""
    match result.snapshot.later_failure or result.state.end:
        case Failed(problem=problem, next_step=next_step):
            sentences = [f"{problem}.", next_step]
        case None:
            sentences = [_explain_exit(result)]
        case Stopped(resumable_frames=kept, frames=frames) if kept:
            sentences = ["The same command resumes it" + ("." if kept == frames else f" after frame {kept}.")]
        case _:
            sentences = []
    failed = result.state.end is None or isinstance(result.state.end, Failed)
    if failed and result.output_path is not None:
        sentences.append(_kept_text(result))
    return [sentence for sentence in sentences if sentence]


def summary_rows(result: RunResult) -> list[tuple[str, str]]:
    """Return names and values: file size, frames, speed, flow fields computed and read from the cache."""
    found = [("size", _file_size(result.output_path))] if result.output_path else []
    match result.state.end:
        case Finished() as ended:
            shots = "1 shot" if ended.shots == 1 else f"{ended.shots} shots"
            found.append(("frames", f"{ended.frames}, in {shots}"))
            found.append(("resumed", f"{ended.resumed_frames} frames" if ended.resumed_frames else ""))
            found.append(("speed", _speed(ended.frames - ended.resumed_frames, ended.elapsed)))
            if ended.flows_computed or ended.flows_cached:
                found.append(("flow", f"{ended.flows_computed} computed, {ended.flows_cached} cached"))
        case Stopped() as ended if ended.frames:
            found.append(("speed", _speed(ended.frames - ended.resumed_frames, ended.elapsed)))
    return [(name, value) for name, value in found if value]


def next_steps(result: RunResult) -> list[tuple[str, str]]:
    """Return names and shell commands of what to do next."""
    if result.output_path is None:
        return [("run again", _same_command(result))] if result.state.end is None and result.arguments else []
    output = _shell_path(result.output_path)
    steps = [("play", f"{_find_player()} {output}")]
    if isinstance(result.state.end, Finished):
        video, range_option = _shell_path(result.video), _range_option(result)
        steps.append(("measure", f"streamstyle measure {output} --source {video}{range_option}"))
        if style := _option_value(result.arguments, "--style") or _option_value(result.arguments, "-s"):
            methods = f"streamstyle compare {video} --style {shlex.quote(style)} --sample 5s"
            steps.append(("compare methods", methods))
    elif result.arguments:
        steps.append(("resume" if _is_resumable(result) else "run again", _same_command(result)))
    return steps


def exit_message(result: RunResult) -> str:
    """Return what is printed when the terminal UI has closed."""
    match result.state.end:
        case Finished(output=output, frames=frames, elapsed=elapsed):
            speed = format_speed(frames - result.state.resumed_frames, elapsed)
            text = f"{output}: {frames} frames in {format_duration(elapsed)}" + (f" ({speed})" if speed else "")
            return f"{text}\n{_error_text(failure)}" if (failure := result.snapshot.later_failure) else text
        case Failed() as failure:
            return _error_text(failure)
    output = f"; partial output: {result.output_path}" if result.output_path else ""
    return f"{headline(result)}{output}" + ("; the same command resumes it" if _is_resumable(result) else "")


def _error_text(failure: Failed) -> str:
    return f"streamstyle: error: {failure.problem}. {failure.next_step}".rstrip()


def display_path(path: Path) -> str:
    """Return the path relative to the current folder or to ~ if it is below one of them."""
    path, cwd, home = path.absolute(), Path.cwd(), Path.home()
    if path.is_relative_to(cwd):
        return str(path.relative_to(cwd))
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _kept_text(result: RunResult) -> str:
    """Return how many frames a later run resumes after, which may be fewer than were done."""
    from streamstyle.resume.checkpoint_frames import frames_in_checkpoint

    done, kept = result.state.frames_done, frames_in_checkpoint(result.output)
    if kept and kept < done:
        return f"{done}{_of_total(result.state)} frames were done; the same command resumes after frame {kept}."
    return f"The {done}{_of_total(result.state)} frames done so far are kept."


def _of_total(state: RunState) -> str:
    return f" of {state.frames}" if state.frames else ""


def _speed(frames: int, elapsed: float) -> str:
    each = f"{elapsed / frames:.2g} s/frame" if frames and elapsed else ""
    return f"{format_speed(frames, elapsed)}, {each}" if each and frames > elapsed else each


def _file_size(path: Path | None) -> str:
    try:
        return format_bytes(path.stat().st_size) if path else ""
    except OSError:
        return "the file no longer exists"


def _signal_text(code: int | None) -> str:
    if code is None or code <= 128:
        return "" if not code else f", with exit code {code}"
    try:
        return f" by {signal.Signals(code - 128).name}"
    except ValueError:
        return f", with exit code {code}"


def _explain_exit(result: RunResult) -> str:
    if result.snapshot.exit_code == 128 + signal.SIGKILL:
        return "It was killed, by hand or by the system because memory ran out."
    return (
        "It reported no error; the log shows what it printed."
        if result.snapshot.stderr_tail
        else "It reported no error."
    )


def _shell_path(path: Path) -> str:
    """Return a quoted path for a command line; ~ stays outside the quotes, where a shell expands it."""
    name = display_path(path)
    return f"~/{shlex.quote(name[2:])}" if name.startswith("~/") else shlex.quote(name)


def _find_player() -> str:
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) or sys.platform == "darwin"
    players = _PLAYERS if has_display else _PLAYERS[:1]  # mpv can also draw in a terminal
    return next((player for player in players if shutil.which(player)), "mpv")


def _is_resumable(result: RunResult) -> bool:
    return isinstance(result.state.end, Stopped) and result.state.end.resumable_frames > 0


def _same_command(result: RunResult) -> str:
    return f"streamstyle run {shlex.join(user_arguments(result.arguments))}"


def _range_option(result: RunResult) -> str:
    """Return the `--range` option for the part of the video that was stylised; empty for all of it."""
    if part := _option_value(result.arguments, "--range"):
        return f" --range {shlex.quote(part)}"
    if (
        _option_value(result.arguments, "--sample")
        and result.state.shots
        and result.state.last_frame
        and not result.state.resumed_frames
    ):
        return f" --range {result.state.shots[0].time:.3f}-{result.state.last_frame.time + 0.001:.3f}"
    return ""


def _option_value(arguments: Sequence[str], name: str) -> str:
    """Return the value of an option, given as `--name value` or `--name=value`; empty if it is not given."""
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=True):
        if argument == name:
            return following
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return ""
