"""One film, stylised: its run folder, its output, its events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.cli.after_run import run_command
from streamstyle.cli.console import report_to, resume_hint
from streamstyle.cli.errors import to_failed
from streamstyle.cli.media_args import confirm_output, probe_range
from streamstyle.cli.run_arguments import RunArguments
from streamstyle.cli.run_warnings import film_warnings, stream_warnings
from streamstyle.errors import SettingsError
from streamstyle.events import Finished, Observer, StopEvent, Stopped, Warned
from streamstyle.resume.signature import run_inputs
from streamstyle.settings import ClusterSettings, Distribute, Settings
from streamstyle.styles.adaptation import Adaptation
from streamstyle.styles.spec import StyleBlend

if TYPE_CHECKING:
    from streamstyle.pipeline import FlowAhead
    from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class Reporting:
    """Where a run reports, and whether it may ask."""

    as_json: bool = False
    quiet: bool = False
    command_line: Sequence[str] = ()
    """What is recorded in the run's folder."""
    run_folder: Path | None = None
    """None for a new one among the others."""
    command: str | None = None
    """Shell command to run on the complete output."""
    stop: StopEvent | None = None
    """Set to stop the run; None for one of its own."""


def run_film(movie: Path, make_arguments: Callable[[], RunArguments], reporting: Reporting) -> Finished | Stopped:
    """Stylise one film, and run the command on its output.

    An error that ends the run, also of `make_arguments`, is logged in its folder and raised.
    """
    end = _run_in_folder(movie, make_arguments, reporting)
    if isinstance(end, Finished) and reporting.command is not None:
        run_command(reporting.command, end.output, str(movie))
    return end


def _run_in_folder(movie: Path, make_arguments: Callable[[], RunArguments], reporting: Reporting) -> Finished | Stopped:
    from streamstyle.runs.folder import RunFolder, new_run_folder
    from streamstyle.runs.monitor import open_session

    folder = RunFolder(reporting.run_folder) if reporting.run_folder else new_run_folder(movie)
    folder.check_owner()
    with open_session(folder, list(reporting.command_line), lambda error: to_failed(error, debug=False)) as session:
        arguments = make_arguments()
        blend, cluster, restart = arguments.blend, arguments.cluster, arguments.restart
        video, source = probe_range(movie, arguments.settings.source, arguments.sample, arguments.time_range)
        settings = replace(arguments.settings, source=source)
        output = arguments.find_output(video)
        keyframes = arguments.adaptation.keyframes if arguments.adaptation else ()
        inputs = [*run_inputs(video, blend, settings), *(keyframe.painting for keyframe in keyframes)]
        confirm_output(output, inputs, replace=arguments.replaces, can_ask=not reporting.as_json)
        from streamstyle.pipeline import stylise_video

        with report_to(reporting.as_json, reporting.quiet, resume_hint(restart), reporting.stop) as (
            observe_console,
            stop,
        ):
            in_pieces = cluster.cluster is not None and cluster.distribute is Distribute.pieces
            if in_pieces:
                observe, on_poll = session.attach_head(observe_console, stop)
            else:
                observe, on_frame = session.attach(observe_console, stop)
            for warning in (*stream_warnings(video, output), *film_warnings(video, output, source, settings.script)):
                observe(Warned(warning))
            if arguments.adaptation is not None:
                adapted = _adapt(arguments.adaptation, settings, observe, stop)
                if adapted is None:
                    stopped = Stopped(str(output), 0, 0.0)
                    observe(stopped)
                    return stopped
                blend = adapted
            if in_pieces:
                from streamstyle.cluster.at_address import run_at_address

                return run_at_address(video, output, blend, settings, cluster, observe, stop, on_poll, restart)
            with _flow_ahead(video, settings, cluster, observe, stop) as ahead:
                return stylise_video(video, output, blend, settings, observe, stop, on_frame, restart, flow_ahead=ahead)


@contextmanager
def _flow_ahead(
    video: VideoInfo, settings: Settings, cluster: ClusterSettings, observe: Observer, stop: threading.Event
) -> Iterator[FlowAhead | None]:
    """Yield what computes flow on the cluster; None if there is none."""
    if cluster.cluster is None:
        yield None
        return
    if not settings.needs_flow:
        raise SettingsError("--distribute flow is for runs that need flow; this one needs none", "Leave it out.")
    from streamstyle.cluster.at_address import flow_at_address

    with flow_at_address(video, settings, cluster, observe, stop) as ahead:
        yield ahead


def _adapt(adaptation: Adaptation, settings: Settings, observe: Observer, stop: threading.Event) -> StyleBlend | None:
    """Return the adapted style; None if the training was stopped."""
    from streamstyle.gpu.device import set_threads
    from streamstyle.train.adaptation import adapt_style

    set_threads(settings.threads)
    return adapt_style(adaptation, settings.device, observe, stop)
