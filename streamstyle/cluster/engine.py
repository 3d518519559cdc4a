"""The engine that lends the hands: dask.distributed, on this machine or behind the address of a scheduler.

It only lends hands: what is done is in the journal (`journal.py`).
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from streamstyle import __version__
from streamstyle.cluster.head import Hands, check_can_be_cut, run_on_cluster
from streamstyle.cluster.painting import usable_cores
from streamstyle.cluster.pieces import Piece
from streamstyle.errors import DeviceError, SettingsError
from streamstyle.events import Finished, Observer, Stopped, Warned
from streamstyle.files import fingerprint, read_json
from streamstyle.settings import ClusterSettings, Settings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_CONNECT_SECONDS = 10
_POLL_SECONDS = 0.5

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_CONFIG: dict[str, Any] = {
    "distributed.scheduler.work-stealing": False,  # tasks are long, and moving one moves its packets
    "distributed.scheduler.worker-saturation": 1.0,  # no worker holds a task that another could begin
    "distributed.scheduler.allowed-failures": 100,  # of workers that die: pieces are counted by the head
    "distributed.scheduler.worker-ttl": None,  # a worker whose threads hold the GIL for long is not dead
    "distributed.worker.memory.target": False,  # the engine counts torch's memory as its own and would stop the worker
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.admin.large-graph-warning-threshold": "1GB",  # packets are sent with their task
}
"""For a cluster on this machine; docs/cluster.md says how others are started so."""


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """What `--cluster` names."""

    workers: int | None = None
    """Workers on this machine; None for the scheduler at `url`."""
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> ClusterAddress:
        """Return what `local`, `local:N`, the address of a scheduler or the name of a scheduler file names.

        Raises SettingsError.
        """
        kind, _, rest = text.partition(":")
        if kind == "local":
            if rest and not (rest.isdigit() and 1 <= int(rest) <= 1024):
                raise SettingsError(f"--cluster cannot be {text}", "Give local, or local:N with N from 1 to 1024.")
            return cls(int(rest) if rest else max(1, usable_cores() // 4))
        if text.startswith(("tcp://", "tls://")):
            with suppress(ValueError):
                if urlsplit(text).hostname and urlsplit(text).port:
                    return cls(url=text)
            raise SettingsError(f"--cluster {text} has no host and port", "Give an address such as tcp://head:8786.")
        if isinstance(url := read_json(Path(text)).get("address"), str):
            return cls(url=url)
        raise SettingsError(
            f"--cluster {text} is neither local, an address nor a scheduler file",
            "Give local:N, tcp://HOST:PORT, tls://HOST:PORT, or the file that `dask scheduler --scheduler-file` wrote.",
        )


@contextmanager
def connect(address: ClusterAddress) -> Iterator[Client]:
    """Yield a client of the scheduler, which is started here if the address is local. Raises StreamstyleError."""
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")  # of local workers too
    try:
        import dask  # noqa: PLC0415  # an extra
        from distributed import Client, LocalCluster  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "--cluster needs the package distributed, which is not installed",
            'Install it with: pip install "streamstyle[cluster]"',
        ) from error
    for name in ("distributed", "distributed.client"):  # the engine gives both a level as it is imported
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_CONFIG))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        url = address.url
        if address.workers is not None:
            url = stack.enter_context(_start_workers(LocalCluster, address.workers))
        try:
            client = Client(url, timeout=_CONNECT_SECONDS, set_as_default=False, name="streamstyle")
        except (OSError, ValueError, TypeError) as error:  # refused, or TLS without certificates
            raise DeviceError(
                f"no scheduler answers at {url} ({error or type(error).__name__})",
                "Start it with `dask scheduler`; docs/cluster.md has the commands.",
            ) from error
        stack.callback(_close, client)
        yield client


def facts_of_workers(client: Client, video: VideoInfo | None = None) -> dict[str, dict[str, Any]]:
    """Return the `WorkerFacts` of every worker by its address. DeviceError for one without streamstyle."""
    from streamstyle.cluster.worker import worker_facts  # noqa: PLC0415  # it needs the extra

    digest = fingerprint(video.path) if video is not None else ""
    facts: dict[str, dict[str, Any]] = {}
    for worker, found in client.run(worker_facts, video, digest, on_error="return").items():
        if not isinstance(found, dict):
            raise DeviceError(
                f"the worker at {worker} cannot run streamstyle ({type(found).__name__}: {found})",
                f"Install streamstyle {__version__} there.",
            )
        facts[worker] = found
    return facts


@contextmanager
def open_hands(
    address: ClusterAddress,
    video: VideoInfo,
    settings: Settings,
    stop: threading.Event,
    warn: Callable[[str], None],
) -> Iterator[tuple[Hands, Settings]]:
    """Yield the workers at an address and the settings for them, once there is a worker. Raises StreamstyleError."""
    from_here = address.workers is not None
    if from_here and settings.threads == 0:
        settings = replace(settings, threads=max(1, usable_cores() // (address.workers or 1)))
    if (url := urlsplit(address.url)).scheme == "tcp" and url.hostname not in _LOOPBACK:
        warn(f"{address.url} is without TLS: who reaches it can see the film and run programs on the workers")
    with connect(address) as client:
        from streamstyle.cluster.worker import paint_on_worker, stop_run  # noqa: PLC0415

        _await_worker(client, stop, warn)
        facts = list(facts_of_workers(client, video).values())
        for other in {each["version"] for each in facts} - {__version__}:
            problem = f"a worker has streamstyle {other}, and this machine {__version__}"
            raise DeviceError(problem, "Install the same version on all machines.")
        run, progress = f"streamstyle-{token_hex(8)}", _Progress(client)
        client.subscribe_topic(run, progress.handle)
        hands = Hands(
            executor=client.get_executor(pure=False),
            paint=partial(paint_on_worker, run=run),
            count=lambda: _count(client),
            have_film=bool(facts) and all(each["has_film"] for each in facts),
            description=_describe(len(facts), sorted({each["host"] for each in facts})),
            poll=progress.poll,
        )
        try:
            yield hands, settings
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.run(stop_run, run, wait=False)


def run_at_address(
    video: VideoInfo,
    output: Path,
    style: StyleBlend,
    settings: Settings,
    cluster: ClusterSettings,
    observe: Observer,
    stop: threading.Event,
    on_poll: Callable[[], None],
    restart: bool,
) -> Finished | Stopped:
    """Write the video in a style to `output`, painted at the address in `cluster`; see `run_on_cluster`."""
    address = ClusterAddress.parse(cluster.cluster or "local")
    check_can_be_cut(video, output, restart=restart)

    def warn(message: str) -> None:
        observe(Warned(message))

    with open_hands(address, video, settings, stop, warn) as (hands, settings_there):
        return run_on_cluster(
            video, output, style, settings_there, hands, observe, stop,
            piece_seconds=cluster.piece_length, exact=cluster.exact, restart=restart, on_poll=on_poll,
        )  # fmt: skip


def check_workers(address: ClusterAddress) -> list[dict[str, Any]]:
    """Return what is known of every worker, `WorkerFacts` and `address`, `seconds_per_frame`, `differences`.

    Differences are from this machine and from the first worker, in words. Raises StreamstyleError.
    """
    with connect(address) as client:
        from streamstyle.cluster.worker import seconds_per_frame  # noqa: PLC0415

        if not _count(client):
            raise DeviceError("the cluster has no worker", "Start some with `dask worker`; see docs/cluster.md.")
        facts, speed = facts_of_workers(client), client.run(seconds_per_frame, on_error="return")
    first = next(iter(facts.values()))
    return [
        {
            "address": address,
            **each,
            "seconds_per_frame": speed[address] if isinstance(speed[address], float) else None,
            "differences": _differences(each, first),
        }
        for address, each in facts.items()
    ]


def _differences(facts: Mapping[str, Any], first: Mapping[str, Any]) -> list[str]:
    differences = []
    if facts["version"] != __version__:
        differences.append(f"streamstyle {facts['version']}, here {__version__}: a run refuses it")
    if facts["arithmetic"] != first["arithmetic"]:
        differences.append(f"arithmetic differs from that of {first['host']}: frames may differ slightly")
    if facts["kernels"] != "compiled":
        differences.append(f"{facts['kernels']}: slower")
    return differences


class _Progress:
    """Frames done of the pieces in work, as the workers report them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._frames = dict[int, int]()

    def handle(self, event: tuple[float, Mapping[str, int]]) -> None:
        """Take a report; called in the thread of the client."""
        self._frames[event[1]["piece"]] = event[1]["frames"]

    def poll(self, pieces: Mapping[int, Piece]) -> int:
        """Return the number of frames done of these pieces. DeviceError once the scheduler is gone."""
        if self._client.status != "running":
            raise _scheduler_gone()
        return sum(self._frames.get(number, 0) for number in pieces)


@contextmanager
def _start_workers(cluster: type[LocalCluster], workers: int) -> Iterator[str]:
    """Start workers on this machine, each a process that does one task at a time, and yield the scheduler's address."""
    with cluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
        silence_logs=logging.CRITICAL,
        preload="streamstyle.cluster.worker",
    ) as started:
        yield started.scheduler_address


def _await_worker(client: Client, stop: threading.Event, warn: Callable[[str], None]) -> None:
    if not _count(client):
        warn("the cluster has no worker yet; waiting for one")
    while not _count(client) and not stop.wait(_POLL_SECONDS):
        pass


def _count(client: Client) -> int:
    try:
        return len(client.scheduler_info()["workers"])
    except (OSError, RuntimeError) as error:  # it is being lost, or closed
        raise _scheduler_gone() from error


def _scheduler_gone() -> DeviceError:
    return DeviceError("the scheduler of the cluster is gone", "Start it again; the same command resumes.")


def _describe(workers: int, hosts: list[str]) -> str:
    machines = f" on {len(hosts)} machines" if len(hosts) > 1 else ""
    return f"{workers} worker{'s' * (workers != 1)}{machines}"


def _close(client: Client) -> None:
    with suppress(Exception):  # whatever state it is in after its scheduler has died
        client.close(timeout=2)
