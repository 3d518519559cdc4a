"""`streamstyle run` stylises films; `run --dry-run` estimates."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from streamstyle.cli.after_run import notify_at_end
from streamstyle.cli.config import ConfiguredCommand, option_arguments
from streamstyle.cli.dry_run import plan_one
from streamstyle.cli.film_run import Reporting, run_film
from streamstyle.cli.many_films import check_many, find_films, plan_films, run_films
from streamstyle.cli.media_args import require_free_stdout
from streamstyle.cli.options import FILE
from streamstyle.cli.run_arguments import run_arguments, run_options
from streamstyle.errors import EXIT_INTERRUPTED, SettingsError
from streamstyle.events import Stopped
from streamstyle.media.standard_streams import STDOUT_FORMATS
from streamstyle.styles.spec import parse_style

_RUN_EPILOG = """
Any image can be used as a style at once; `streamstyle learn IMAGE` trains a network for it, used from then on.
Ctrl-C stops after the current frame and leaves a playable output under a partial name; a second Ctrl-C aborts at once.
The same command resumes the run, also after a crash. With several films, one that fails does not hold up the rest, and
one whose output is there already is left alone.

Exit codes: 0 done, 2 usage or setting, 3 film, 4 output, 5 style, 6 device, 7 command of --exec, 70 internal error,
130 stopped.
"""


@click.command(cls=ConfiguredCommand, epilog=_RUN_EPILOG, short_help="Stylise a film, or several.")
@click.argument("movies", type=FILE, nargs=-1, required=True, metavar="MOVIE...")
@run_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    movies: tuple[Path, ...],
    dry_run: bool,
    count: bool,
    quiet: bool,
    as_json: bool,
    run_folder: Path | None,
    command: str | None,
    notify: bool,
    **values: Any,
) -> int:
    """Stylise the film MOVIE so that it does not flicker: what stands still in the scene stands still in the output.

    Sound, subtitles, chapters and metadata are copied. Several films, or a folder of them, are stylised one after the
    other.
    """
    require_free_stdout(values["output"], as_json=as_json)
    if count and not dry_run:
        raise SettingsError("--count counts the frames for --dry-run", "Give both, or leave it out.")
    if command is not None and str(values["output"]) in STDOUT_FORMATS:
        raise SettingsError("--exec needs an output that is a file", f"Give another than -o {values['output']}.")
    reporting = Reporting(as_json, quiet, ctx.obj or [], run_folder, command)
    films = find_films(movies, lambda: parse_style(values["style"]).name if values["style"] else "")
    is_one = films == list(movies) and len(films) == 1
    make_arguments = partial(run_arguments, values=values)
    if not is_one:
        check_many(films, values, run_folder)
    if dry_run and is_one:
        return plan_one(films[0], make_arguments, count=count, as_json=as_json)
    if dry_run:
        return plan_films(films, make_arguments, count=count, as_json=as_json)
    with notify_at_end(films[0].name if is_one else f"{len(films)} films", wanted=notify) as ended:
        if not is_one:
            return ended(run_films(films, make_arguments, reporting, option_arguments(ctx)))
        end = run_film(films[0], partial(make_arguments, films[0]), reporting)
        return ended(EXIT_INTERRUPTED if isinstance(end, Stopped) else 0)
