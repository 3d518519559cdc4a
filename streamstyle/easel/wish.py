"""What is meant by the arguments of `streamstyle run`, and the part of a film that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from streamstyle.commands.output import default_output
from streamstyle.commands.part import Span, middle
from streamstyle.commands.run import run, settings_of
from streamstyle.errors import SettingsError
from streamstyle.film import Film
from streamstyle.media.part import outside
from streamstyle.media.shape import Shape, working_shape
from streamstyle.mix import Mix
from streamstyle.settings import Settings, SourceSettings
from streamstyle.styles.spec import parse_style


@dataclass(frozen=True, slots=True)
class Wish:
    """A run as it is asked for, before anything of the film is known."""

    movie: Path
    output: Path
    mix: Mix
    settings: Settings
    sample: float | None
    """Seconds from the film's middle; None for the part that the settings say."""
    restart: bool = False
    """Whether it begins anew where an earlier run was stopped."""


def wish_of(arguments: Sequence[str]) -> Wish:
    """Return what `streamstyle run ARGUMENTS` would do; raises the StreamstyleError that it would end with."""
    try:
        values = run.make_context(
            "run", list(arguments), help_option_names=["-h", "--help"]
        ).params  # click keeps these
    except click.ClickException as error:
        raise SettingsError(error.format_message().rstrip("."), "See `streamstyle run --help`.") from error
    if values["sample"] is not None and values["part"] is not None:
        raise SettingsError("--sample and --range cannot be given together", "Give one of them.")
    mix = parse_style(values["style"])
    return Wish(
        movie=values["movie"],
        output=values["output"] or default_output(values["movie"], mix.name),
        mix=mix,
        settings=settings_of(values, values["part"] or (None, None)),
        sample=values["sample"],
        restart=values["restart"],
    )


def part_of(film: Film, wish: Wish) -> Film:
    """Return the part of a whole film that is asked for, at the size that is asked for; its frames are a guess."""
    return _within(sized(film, wish.settings.source), *_bounds(film, wish), wish.settings.source)


def sized(film: Film, settings: SourceSettings) -> Film:
    """Return a whole film at the size that is asked for."""
    shape = working_shape(Shape(film.width, film.height, film.sample_aspect_ratio), settings, film.path)
    return replace(film, width=shape.width, height=shape.height, sample_aspect_ratio=shape.sample_aspect_ratio)


def _bounds(film: Film, wish: Wish) -> Span:
    if wish.sample is None:
        return wish.settings.source.start, wish.settings.source.end
    return middle(film, wish.sample)


def _within(film: Film, start: float | None, end: float | None, settings: SourceSettings) -> Film:
    if film.duration is None or (start is None and end is None):
        return film
    begin = start or 0.0
    length = min(film.duration, film.duration if end is None else end) - begin
    if length <= 0:
        raise outside(film.path, settings, film.duration)
    return replace(
        film,
        start_pts=film.start_pts + round(begin / float(film.time_base)),
        end_pts=None if end is None else film.start_pts + round(end / float(film.time_base)),
        duration=length,
        frames=None if film.frames is None else max(1, round(film.frames * length / film.duration)),
    )
