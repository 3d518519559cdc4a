"""The arguments of `streamstyle run`, declared once: the command, the TUI and the preview server parse them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.media_args import TimeRange, require_one_range
from streamstyle.cli.options import (
    FILE,
    HELP_NAMES,
    Decorated,
    combine,
    complete_style,
    console_options,
    grouped_option,
    output_options,
    settings_options,
    style_option,
    time_range_options,
)
from streamstyle.cli.purposes import purpose_option, quality_option, suffix_for
from streamstyle.errors import OutputError, SettingsError
from streamstyle.looks import Mask
from streamstyle.option_values import parse_keyframe, parse_seconds, settings_from
from streamstyle.output_template import OutputName
from streamstyle.settings import (
    ClusterSettings,
    ConsistencySettings,
    Device,
    EncoderSettings,
    FlowSettings,
    Method,
    RuderSettings,
    Settings,
    SourceSettings,
    StyleSettings,
    UpscaleSettings,
)
from streamstyle.styles.adaptation import KEYFRAME_SECONDS, Adaptation, find_adapted
from streamstyle.styles.keyframes import parse_paintings
from streamstyle.styles.spec import StyleBlend, find_mask, parse_outside, parse_style

if TYPE_CHECKING:
    from streamstyle.video_info import VideoInfo

_run_option, _after_option = grouped_option("Run"), grouped_option("At the end")

_OPTIONS = (
    quality_option,
    style_option("Style"),
    settings_options(StyleSettings, "Style"),
    grouped_option("Style")(
        "--script",
        type=FILE,
        metavar="FILE",
        help="What each shot is stylised in, as a TOML file, which `streamstyle shots` begins; --style and the options "
        "above hold where it says nothing.",
    ),
    grouped_option("Style")(
        "--mask",
        type=FILE,
        metavar="PATH",
        help="Image, film or folder of images, of any size, which begins with the film: white is painted in the style.",
    ),
    grouped_option("Style")(
        "--outside",
        metavar="STYLE",
        shell_complete=complete_style,
        help="What is painted where the mask is black: a style as after --style, or original.  [default: original]",
    ),
    grouped_option("Style")(
        "--adapt",
        type=parse_seconds,
        metavar="TIME",
        help="Before the run, train the style for so long on frames of this film, such as 5m; kept for the next run.",
    ),
    grouped_option("Style")(
        "--keyframe",
        "keyframes",
        type=parse_keyframe,
        multiple=True,
        metavar="TIME=IMAGE",
        help="Paint the film as you painted its frame at TIME, such as 0:12.5=painted.png; give it again for further "
        "frames. Learned before the run, in 5m or the time of --adapt, from --style or the style of the painting.",
    ),
    time_range_options("Input"),
    settings_options(SourceSettings, "Input"),
    output_options(
        "Output",
        "Output file or folder; its suffix selects the container, and fields such as {stem}, {style}, {method} and "
        "{height} are filled in. Default: MOVIE.STYLE.mkv beside MOVIE, with what tells trials apart, such as 360p.",
        restart=True,
    ),
    purpose_option,
    settings_options(UpscaleSettings, "Output"),
    settings_options(EncoderSettings, "Output"),
    settings_options(ConsistencySettings, "Method"),
    settings_options(RuderSettings, "Method ruder"),
    settings_options(FlowSettings, "Optical flow"),
    settings_options(ClusterSettings, "Cluster"),
    settings_options(Settings, "Run"),
    _run_option(
        "--dry-run", is_flag=True, help="Estimate time and disk space from a few frames and exit; write nothing."
    ),
    _run_option("--count", is_flag=True, help="With --dry-run, read the whole film: count its frames, find its cuts."),
    _run_option("--run-folder", type=FILE, help="Folder for the state of the run, which `tui --attach PATH` reads."),
    _after_option(
        "--exec",
        "command",
        metavar="CMD",
        help="Shell command to run when the output is complete; {} is its path, {movie} that of the film, both quoted.",
    ),
    _after_option("--notify", is_flag=True, help="Ring the bell and show a notification at the end."),
    config_options,
    console_options,
)


def run_options(command: Decorated) -> Decorated:
    """Decorate a command with the options of `streamstyle run`."""
    return combine(_OPTIONS)(command)


@dataclass(frozen=True, slots=True)
class RunArguments:
    """The arguments of a run, parsed but not yet checked against the video."""

    movie: Path
    output_name: OutputName
    blend: StyleBlend
    settings: Settings
    cluster: ClusterSettings
    sample: float | None = None
    """Seconds from the middle of the video; None for the time range in the settings."""
    time_range: TimeRange | None = None
    adaptation: Adaptation | None = None
    """What the style is trained on before; None if it is used as it is."""
    replaces: bool = False
    """Whether an existing output is replaced."""
    restart: bool = False
    """Start at the first frame even if an earlier run can be resumed."""

    @property
    def needs_video(self) -> bool:
        """Whether `find_output` needs the video, because of its size or of an earlier run."""
        from streamstyle.media.output_names import checkpoint_path

        earlier = None if self.restart else self.output_name.plain_path()
        return self.output_name.needs_video or (earlier is not None and checkpoint_path(earlier).exists())

    def find_output(self, video: VideoInfo | None) -> Path:
        """Return the path of the output of the video, at its working size; it may be None unless `needs_video`.

        Where no name is given, a run that an earlier version began keeps the name that it gave.
        """
        from streamstyle.media.output_names import checkpoint_path

        output, earlier = self.output_name.path(video), self.output_name.plain_path()
        if self.restart or earlier in (None, output) or video is None or checkpoint_path(output).exists():
            return output
        assert earlier is not None
        return earlier if self._is_begun(earlier, video) else output

    def _is_begun(self, output: Path, video: VideoInfo) -> bool:
        """Whether this very run has been begun with that output."""
        from streamstyle.media.output_names import checkpoint_path

        if not checkpoint_path(output).exists():
            return False
        from streamstyle.resume.earlier_run import resumable_frames
        from streamstyle.resume.signature import run_signature

        try:
            signature = run_signature(video, self.blend, self.settings)
            return resumable_frames(output, signature, range_is_known=False) > 0
        except OutputError:
            return False


def run_arguments(movie: Path, values: Mapping[str, Any]) -> RunArguments:
    """Return the arguments of a run of one film; raises the StreamstyleError that the run would end with."""
    blend, settings = _direct(values, settings_from_options(values, values["time_range"]))
    extension = suffix_for(values["purpose"]).lstrip(".")
    return RunArguments(
        movie,
        OutputName(values["output"], movie, blend.name, settings, values["sample"], extension),
        blend,
        settings,
        settings_from(ClusterSettings, values),
        values["sample"],
        values["time_range"],
        _wanted_adaptation(movie, blend, settings, values),
        values["yes"],
        values["restart"],
    )


def parse_run_arguments(arguments: Sequence[str]) -> RunArguments:
    """Parse the arguments of `streamstyle run` of one film; raises the StreamstyleError that the run would end with.

    The style is the one adapted to the film, or learned from key frames, if that is asked for and has been done.
    """
    try:
        values = _parser.make_context("run", list(arguments), help_option_names=HELP_NAMES).params
    except click.ClickException as error:
        raise SettingsError(error.format_message().rstrip("."), "See `streamstyle run --help`.") from error
    require_one_range(values["sample"], values["time_range"])
    parsed = run_arguments(values["movie"], values)
    adapted = None if parsed.adaptation is None else find_adapted(parsed.adaptation)
    return parsed if adapted is None else replace(parsed, blend=adapted)


def _direct(values: Mapping[str, Any], settings: Settings) -> tuple[StyleBlend, Settings]:
    """Return the style of a run and its settings, with what its script states; the style has the script's name then.

    Without both it is that of painted key frames. Raises SettingsError if all are missing, or the script cannot be.
    """
    style = None if values["style"] is None else parse_style(values["style"])
    script: Path | None = values["script"]
    mask = None if values["mask"] is None else find_mask(values["mask"])
    outside = None if values["outside"] is None else parse_outside(values["outside"])
    if values["outside"] is not None and mask is None and script is None:
        raise SettingsError("--outside is of no use without a mask", "Give --mask PATH, too.")
    if script is None:
        painted = parse_paintings(values["keyframes"]) if values["keyframes"] else None
        chosen = style or painted
        if chosen is None:
            raise SettingsError("no style is given", "Give --style STYLE, --script FILE or --keyframe TIME=IMAGE.")
        return chosen, settings if mask is None else replace(settings, mask=Mask(mask, outside))
    for option, parameter in (("--adapt", "adapt"), ("--keyframe", "keyframes")):
        if values[parameter]:
            raise SettingsError(f"{option} trains one style, not those of a --script", "Leave out one of them.")
    from streamstyle.styles.script import read_script

    looks = read_script(script, style, settings.style, mask, outside, settings.consistency.method)
    if len(looks.methods) == 1:
        only = Method(next(iter(looks.methods)))
        settings = replace(settings, consistency=replace(settings.consistency, method=only))
    first, name = looks.stretches[0].keys[0].look.style, re.sub(r"\s+", "_", script.stem)
    return replace(first, name=name), replace(settings, script=looks)


def _wanted_adaptation(
    movie: Path, blend: StyleBlend, settings: Settings, values: Mapping[str, Any]
) -> Adaptation | None:
    """Return what the style is to be trained on before the run. Raises SettingsError if that cannot be."""
    seconds, keyframes = values["adapt"], values["keyframes"]
    if seconds is None and not keyframes:
        return None
    if settings.consistency.method is Method.ruder:
        option = "--keyframe" if keyframes else "--adapt"
        raise SettingsError(
            f"{option} trains the style network, and --method ruder has none", "Give another method, such as live."
        )
    return Adaptation(movie, settings.source, blend, KEYFRAME_SECONDS if seconds is None else seconds, keyframes)


@click.command("run", cls=ConfiguredCommand)
@click.argument("movie", type=FILE)
@run_options
def _parser(**_: Any) -> None:
    """Does nothing: only its parser is used."""


def settings_from_options(values: Mapping[str, Any], time_range: TimeRange | None) -> Settings:
    """Return the settings given by the options of a run; raises SettingsError for a value that cannot work."""
    start, end = time_range or (None, None)
    return Settings(
        source=settings_from(SourceSettings, values, start=start, end=end),
        flow=settings_from(FlowSettings, values),
        consistency=settings_from(ConsistencySettings, values),
        ruder=settings_from(RuderSettings, values),
        style=settings_from(StyleSettings, values),
        upscale=settings_from(UpscaleSettings, values),
        encoder=settings_from(EncoderSettings, values),
        device=Device(values["device"]),
        threads=values["threads"],
    )
