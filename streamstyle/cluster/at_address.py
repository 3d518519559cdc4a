"""A run at the address of a cluster: painted there in pieces, or here with flow from there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from streamstyle import __version__
from streamstyle.cluster.activity import WorkerActivity
from streamstyle.cluster.address import ClusterAddress
from streamstyle.cluster.engine import (
    addresses_of_workers,
    check_scheduler,
    connect_to_workers,
    count_workers,
    facts_of_workers,
)
from streamstyle.cluster.flow import FlowHands, FlowOnCluster
from streamstyle.cluster.head import Hands, run_on_cluster
from streamstyle.cluster.painting import usable_cores
from streamstyle.cluster.pieces import Piece
from streamstyle.cluster.reporter import OnPoll
from streamstyle.errors import DeviceError, OutputError, SettingsError
from streamstyle.events import Finished, Observer, Stopped, Warned, WorkersSampled
from streamstyle.media.image_sequence import is_sequence
from streamstyle.media.output_names import partial_path
from streamstyle.media.standard_streams import STDIN, is_stdout
from streamstyle.resume.checkpoint import read_checkpoint
from streamstyle.settings import ClusterSettings, Settings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from distributed import Client


def run_at_address(
    video: VideoInfo,
    output: Path,
    style: StyleBlend,
    settings: Settings,
    cluster: ClusterSettings,
    observe: Observer,
    stop: threading.Event,
    on_poll: OnPoll,
    restart: bool,
) -> Finished | Stopped:
    """Write the video in a style to `output`, painted at the address in `cluster`; see `run_on_cluster`."""
    address = ClusterAddress.parse(cluster.cluster or "local")
    check_can_be_cut(video, output, restart=restart)

    def warn(message: str) -> None:
        observe(Warned(message))

    with _open_hands(address, video, settings, stop, warn) as (hands, settings_there):
        return run_on_cluster(
            video, output, style, settings_there, hands, observe, stop,
            piece_seconds=cluster.piece_length, exact=cluster.exact, restart=restart, on_poll=on_poll,
        )  # fmt: skip


@contextmanager
def flow_at_address(
    video: VideoInfo, settings: Settings, cluster: ClusterSettings, observe: Observer, stop: threading.Event
) -> Iterator[FlowOnCluster]:
    """Yield what computes the flow of a run that paints here at the address in `cluster`. Raises StreamstyleError."""
    address = ClusterAddress.parse(cluster.cluster or "local")

    def warn(message: str) -> None:
        observe(Warned(message))

    with connect_to_workers(address, stop, warn) as client:
        from streamstyle.cluster.worker import compute_flow_on_worker  # noqa: PLC0415

        run, activity = _watch(client, video)

        def report() -> None:
            if sample := activity.sample({}):
                observe(sample)

        hands = FlowHands(
            executor=client.get_executor(pure=False, retries=2),
            compute=partial(compute_flow_on_worker, run=run),
            count=lambda: count_workers(client),
            check=lambda: check_scheduler(client),
            threads=_threads_of_worker(address, settings),
            report=report,
        )
        yield FlowOnCluster(hands, warn, stop, exact=cluster.exact)


@contextmanager
def _open_hands(
    address: ClusterAddress,
    video: VideoInfo,
    settings: Settings,
    stop: threading.Event,
    warn: Callable[[str], None],
) -> Iterator[tuple[Hands, Settings]]:
    """Yield the workers at an address and the settings for them, once there is a worker. Raises StreamstyleError."""
    settings = replace(settings, threads=_threads_of_worker(address, settings))
    with connect_to_workers(address, stop, warn) as client:
        from streamstyle.cluster.order_sender import OrderSender  # noqa: PLC0415
        from streamstyle.cluster.worker import paint_on_worker  # noqa: PLC0415

        facts = list(facts_of_workers(client, video).values())
        for other in {each["version"] for each in facts} - {__version__}:
            problem = f"a worker has streamstyle {other}, and this machine {__version__}"
            raise DeviceError(problem, "Install the same version on all machines.")
        run, activity = _watch(client, video)
        orders = OrderSender(client, run, activity.first_painter)

        def poll(pieces: Mapping[int, Piece]) -> tuple[int, WorkersSampled | None]:
            check_scheduler(client)
            orders.pieces = pieces
            return activity.frames_done(pieces), activity.sample(pieces)

        hands = Hands(
            executor=client.get_executor(pure=False),
            paint=partial(paint_on_worker, run=run),
            count=lambda: count_workers(client),
            have_film=bool(facts) and all(each["has_film"] for each in facts),
            description=_describe(len(facts), sorted({each["host"] for each in facts})),
            poll=poll,
            pause=orders.pause,
            show=orders.show,
        )
        try:
            yield hands, settings
        finally:
            orders.stop()


def _watch(client: Client, video: VideoInfo) -> tuple[str, WorkerActivity]:
    """Return a name for the run, under which workers report, and what becomes of their reports."""
    run, activity = f"streamstyle-{token_hex(8)}", WorkerActivity(video, lambda: addresses_of_workers(client))
    client.subscribe_topic(run, activity.handle)
    return run, activity


def check_can_be_cut(video: VideoInfo, output: Path, *, restart: bool) -> None:
    """Raise SettingsError where input or output is no single file, OutputError where one machine has begun it."""
    for path in (video.path, output):
        if path == STDIN or is_stdout(output) or is_sequence(path):
            raise SettingsError(f"--cluster cannot be used with {path}", "Give the file of a film, and one to write.")
    begun = None if restart else read_checkpoint(output)
    if begun is not None and begun.resume_point.frames:
        raise OutputError(
            f"{partial_path(output).name} is of a run without --cluster",
            "Resume it without, give --restart to start from the beginning, or choose another output with -o.",
        )


def _threads_of_worker(address: ClusterAddress, settings: Settings) -> int:
    """Return the threads that a worker computes with; 0 for one per core of its machine."""
    if address.workers is None or settings.threads:
        return settings.threads
    return max(1, usable_cores() // address.workers)


def _describe(workers: int, hosts: list[str]) -> str:
    machines = f" on {len(hosts)} machines" if len(hosts) > 1 else ""
    return f"{workers} worker{'s' * (workers != 1)}{machines}"
