"""`streamstyle run` of several films: one after the other; one that fails or is done does not hold up the rest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from streamstyle.cli.console import print_json
from streamstyle.cli.dry_run import plan_film, plan_rows
from streamstyle.cli.errors import report_failed, stop_on_signal, to_failed
from streamstyle.cli.film_run import Reporting, run_film
from streamstyle.cli.media_args import probe_stated_range
from streamstyle.cli.run_arguments import RunArguments, run_arguments
from streamstyle.errors import EXIT_INTERRUPTED, CommandError, SettingsError, StreamstyleError
from streamstyle.events import Event, Failed, StopEvent, Stopped
from streamstyle.files import VIDEO_SUFFIXES
from streamstyle.formatting import format_bytes, format_duration, format_rough_duration, sanitise
from streamstyle.media.image_sequence import IMAGE_SUFFIXES, natural_order
from streamstyle.media.standard_streams import STDIN
from streamstyle.styles.library import all_styles

FINISHED, EXISTS, FAILED, STOPPED, WAITING = "finished", "exists", "failed", "stopped", "waiting"
"""States of `FilmResult`."""

_STATE_TEXTS = {EXISTS: "there already", WAITING: "not begun"}

MakeArguments = Callable[[Path], RunArguments]


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What became of one of several films."""

    video: str
    output: str = ""
    """Path of the output, of a stopped run the partial one; empty if it is not known."""
    state: str = "waiting"
    """`finished`, `exists` (the output did before), `failed`, `stopped` or `waiting`."""
    problem: str = ""
    """Why it failed, or how far it got."""


@dataclass(frozen=True, slots=True)
class FilmsEnded(Event):
    """The run of several films has ended; the runs of each have had events of their own."""

    films: tuple[FilmResult, ...]
    elapsed: float


def find_films(paths: Sequence[Path], name_style: Callable[[], str]) -> list[Path]:
    """Return the films that paths stand for, each once: a folder of films for those in it, by name.

    A folder with more images than films is an image sequence, and as such one film. What is called as an output of
    another film in its folder, in the style of that name or any known one, is left out.
    """
    found = [film for path in paths for film in (_films_in(path, name_style) or [path])]
    return list({film.absolute(): film for film in found}.values())


def _films_in(folder: Path, name_style: Callable[[], str]) -> list[Path]:
    try:
        files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    except OSError:  # no folder, or one that cannot be read: whoever reads it says so
        return []
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES and ".partial" not in path.suffixes]
    if sum(path.suffix.lower() in IMAGE_SUFFIXES for path in files) > len(videos):
        return []
    style = name_style() if videos else ""
    known = {*style.split("+"), *(each.name for each in all_styles())} if videos else set()
    films = [video for video in videos if not any(_is_output_of(video, other, style, known) for other in videos)]
    return sorted(films, key=lambda film: natural_order(film.name))


def _is_output_of(film: Path, other: Path, style: str, known: set[str]) -> bool:
    """Whether a film is called as if it had been made from another: `a.wave.live.mkv` from `a.mkv`."""
    if film.stem == other.stem or not film.name.startswith(f"{other.stem}."):
        return False
    rest = film.stem.removeprefix(f"{other.stem}.")
    first = rest.split(".")[0]
    return first == "compare" or set(first.split("+")) <= known or bool(style and f"{rest}.".startswith(f"{style}."))


def run_films(
    films: Sequence[Path], make_arguments: MakeArguments, reporting: Reporting, options: Sequence[str]
) -> int:
    """Stylise one film after the other and return the exit code: that of the first that failed, or 0.

    `options` are those of the command line; each film's folder records them with that film alone.
    """
    outputs = _find_outputs(films, make_arguments)
    began, results, exit_code = time.monotonic(), [FilmResult(str(film)) for film in films], 0
    for number, film in enumerate(films):
        _say(f"film {number + 1} of {len(films)}", reporting)
        alone = [*options, f"./{film}" if str(film).startswith("-") else str(film)]
        results[number], code = _run_one(film, outputs[number], make_arguments, replace(reporting, command_line=alone))
        exit_code = exit_code or code
        if code == EXIT_INTERRUPTED:
            exit_code = code
            break
    ended = FilmsEnded(tuple(results), time.monotonic() - began)
    if reporting.as_json:
        print_json(ended)
    for line in summary(ended, [option for option in ("--yes", "--restart") if option in options]):
        _say(line, reporting)
    return exit_code


def _run_one(
    film: Path, output: Path | None, make_arguments: MakeArguments, reporting: Reporting
) -> tuple[FilmResult, int]:
    """Return what became of a film, and the exit code of its run."""
    from streamstyle.media.output_names import exists_already

    stop = StopEvent()
    try:
        if output is not None and exists_already(output) and not make_arguments(film).replaces:
            _say(f"{output} exists already; -y replaces it", reporting)
            return FilmResult(str(film), str(output), EXISTS), 0
        with stop_on_signal(stop):  # from the first moment on, so that none is lost between two films
            end = run_film(film, lambda: make_arguments(film), replace(reporting, stop=stop))
    except BrokenPipeError:
        raise
    except Exception as error:
        failed = to_failed(error, "--debug" in reporting.command_line)
        report_failed(failed, as_json=reporting.as_json)
        if isinstance(error, CommandError):
            state = FINISHED  # the same command would leave the film alone
        else:
            state = STOPPED if failed.exit_code == EXIT_INTERRUPTED else FAILED
        return FilmResult(str(film), str(output or ""), state, failed.problem), failed.exit_code
    if isinstance(end, Stopped):
        return FilmResult(str(film), end.output, STOPPED, f"after {end.frames} frames"), EXIT_INTERRUPTED
    return FilmResult(str(film), end.output, FINISHED), 0


def summary(ended: FilmsEnded, without: Sequence[str] = ()) -> list[str]:
    """Return the lines that say what became of each film, and how to go on: by the same command `without` options."""
    counts = Counter(film.state for film in ended.films)
    parts = [f"{number} {_STATE_TEXTS.get(state, state)}" for state, number in counts.items()]
    lines = ["", f"{_films_text(len(ended.films))} in {format_duration(ended.elapsed)}: {', '.join(parts)}"]
    for film in ended.films:
        to = f" → {Path(film.output).name}" if film.output and film.state in (FINISHED, EXISTS, STOPPED) else ""
        state = _STATE_TEXTS.get(film.state, film.state)
        why = f"{' ' if film.state == STOPPED else ': '}{film.problem}" if film.problem else ""
        lines.append(f"  {Path(film.video).name}{to}: {state}{why}")
    left = [film for film in ended.films if film.state not in (FINISHED, EXISTS)]
    if left:
        hint = f" without {' and '.join(without)}" if without else ""
        lines.append(f"the same command{hint} goes on with {Path(left[0].video).name}")
    return lines


def plan_films(films: Sequence[Path], make_arguments: MakeArguments, *, count: bool, as_json: bool) -> int:
    """Print what a run of each film would do and take, and the sum; return the exit code, as `run_films` does."""
    from streamstyle.media.output_names import exists_already

    plans, exit_code = [], 0
    for film, output in zip(films, _find_outputs(films, make_arguments), strict=True):
        arguments = make_arguments(film)
        if output is not None and exists_already(output) and not arguments.replaces:
            click.echo(f"{output} exists already; -y replaces it\n", err=as_json)
            continue
        try:
            planned = plan_film(arguments, count=count)
        except StreamstyleError as error:
            report_failed(Failed(error.problem, error.next_step, error.exit_code), as_json=as_json)
            exit_code = exit_code or error.exit_code
            continue
        plans.append(planned)
        if as_json:
            print_json(planned)
        else:
            click.echo("\n".join([*plan_rows(planned), ""]))
    if not (plans or exit_code):
        click.echo("nothing to do: every output exists already", err=as_json)
    if plans and not as_json:
        seconds, size = sum(each.seconds + each.adaptation_seconds for each in plans), sum(each.bytes for each in plans)
        click.echo(f"{_films_text(len(plans))}   about {format_rough_duration(seconds)}, {format_bytes(size)}")
    return exit_code


def check_many(films: Sequence[Path], values: Mapping[str, Any], run_folder: Path | None) -> None:
    """Raise SettingsError for what makes no sense with several films; `values` are the options of the run."""
    if STDIN in films:
        raise SettingsError("standard input is one film among several", "Give it alone, or leave it out.")
    if run_folder is not None:
        raise SettingsError("--run-folder is for one film", f"Leave it out: each of {len(films)} has its own.")
    for option, parameter in (("--script", "script"), ("--keyframe", "keyframes")):
        if values[parameter]:
            raise SettingsError(f"{option} is about one film, not {len(films)}", "Give that film alone.")
    if run_arguments(films[0], values).output_name.is_for_one_film:
        problem = f"-o {values['output']} is one name for {len(films)} films"
        raise SettingsError(problem, "Give a folder that exists, or a name with {stem}.")


def _find_outputs(films: Sequence[Path], make_arguments: MakeArguments) -> list[Path | None]:
    """Return the output of each film, None where it cannot be read. SettingsError if two would have the same."""
    outputs = [_find_output(make_arguments(film)) for film in films]
    sources: dict[Path, Path] = {}
    for film, output in zip(films, outputs, strict=True):
        if output is not None and (other := sources.setdefault(output.absolute(), film)) != film:
            problem = f"{other} and {film} would both be written to {output}"
            raise SettingsError(problem, "Use {folder} or {stem} in -o.")
    return outputs


def _find_output(arguments: RunArguments) -> Path | None:
    if not arguments.needs_video:
        return arguments.find_output(None)
    try:
        source = arguments.settings.source
        video, _ = probe_stated_range(arguments.movie, source, arguments.sample, arguments.time_range)
    except StreamstyleError:  # its run will say so
        return None
    return arguments.find_output(video)


def _films_text(number: int) -> str:
    return "1 film" if number == 1 else f"{number} films"


def _say(text: str, reporting: Reporting) -> None:
    if not (reporting.as_json or reporting.quiet):
        click.echo(sanitise(text), err=True)
