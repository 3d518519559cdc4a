"""The engine that lends the hands: dask.distributed, on this machine or behind the address of a scheduler.

It only lends hands: what is done is in the journal (`journal.py`) or in the flow cache.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from streamstyle import __version__
from streamstyle.cluster.address import ClusterAddress
from streamstyle.errors import DeviceError, SettingsError
from streamstyle.files import fingerprint
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


@contextmanager
def connect(address: ClusterAddress, stop: threading.Event | None = None) -> Iterator[Client]:
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
        else:
            _check_security(url, dask.config.get)
            from streamstyle.cluster.answer import check_answer  # noqa: PLC0415  # it needs the extra

            check_answer(url, _CONNECT_SECONDS)
        _check_stop(stop)
        try:
            client = Client(url, timeout=_CONNECT_SECONDS, set_as_default=False, name="streamstyle")
        except (OSError, ValueError, TypeError) as error:
            raise DeviceError(
                f"no scheduler answers at {url} ({error or type(error).__name__})",
                "Start it with `dask scheduler`; docs/cluster.md has the commands.",
            ) from error
        stack.callback(_close, client)
        yield client


@contextmanager
def connect_to_workers(address: ClusterAddress, stop: threading.Event, warn: Callable[[str], None]) -> Iterator[Client]:
    """Yield a client once there is a worker, or `stop` is set; warn where others could listen."""
    if (url := urlsplit(address.url)).scheme == "tcp" and url.hostname not in _LOOPBACK:
        warn(f"{address.url} is without TLS: who reaches it can see the film and run programs on the workers")
    with connect(address, stop) as client:
        _await_worker(client, stop, warn)
        _check_stop(stop)
        yield client


def addresses_of_workers(client: Client) -> list[str]:
    """Return the addresses of the workers there are now. DeviceError once the scheduler is gone."""
    try:
        return list(client.nthreads())
    except (OSError, RuntimeError) as error:  # it is being lost, or closed
        raise scheduler_gone() from error


def count_workers(client: Client) -> int:
    """Return the number of workers there are now. DeviceError once the scheduler is gone."""
    return len(addresses_of_workers(client))


def check_scheduler(client: Client) -> None:
    """DeviceError once the scheduler is gone."""
    if client.status != "running":
        raise scheduler_gone()


def scheduler_gone() -> DeviceError:
    """Return the error."""
    return DeviceError("the scheduler of the cluster is gone", "Start it again; the same command resumes.")


def ask_workers(
    client: Client, function: Callable[..., Any], *arguments: Any, workers: Sequence[str] | None = None
) -> Future[dict[str, Any]]:
    """Call a function in workers, of all or those at these addresses, beside what they paint; returns at once.

    What they return comes by address, or the exception that they raise. Of a worker that is frozen nothing comes.
    """
    asked = client._run(function, *arguments, workers=workers, on_error="return")  # `run` would wait for that worker
    return asyncio.run_coroutine_threadsafe(asked, client.loop.asyncio_loop)


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
def _start_workers(cluster: type[LocalCluster], workers: int) -> Iterator[str]:
    """Start workers on this machine, each a process that does one task at a time, and yield the scheduler's address.

    Ctrl-C, which a terminal sends to all of them, is left to this process. DeviceError if they cannot be started.
    """
    from distributed.utils import LoopRunner  # noqa: PLC0415

    with ExitStack() as stack:
        loop = LoopRunner()
        with _block_interrupts():
            loop.start()
        stack.callback(loop.stop)
        try:
            started = cluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=0,
                silence_logs=logging.CRITICAL,
                loop=loop.loop,
            )
        except RuntimeError as error:  # a worker ended as it began
            problem = f"no workers could be started on this machine ({error})"
            raise DeviceError(problem, "Try fewer with --cluster local:N, or none.") from error
        stack.enter_context(started)
        yield started.scheduler_address


@contextmanager
def _block_interrupts() -> Iterator[None]:
    """Let threads that are started in the block, and the processes that they start, never get Ctrl-C."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # otherwise the thread that starts it would get signals again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _check_security(url: str, setting: Callable[[str], Any]) -> None:
    """SettingsError where the address and the engine's settings contradict each other."""
    if url.startswith("tls://") and not setting("distributed.comm.tls.client.cert"):
        problem = f"{url} cannot be used without a certificate of this machine"
        raise SettingsError(problem, "Make one and name it in the environment; docs/cluster.md has the commands.")
    if url.startswith("tcp://") and setting("distributed.comm.require-encryption"):
        problem = f"{url} is without TLS, which DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION asks for"
        raise SettingsError(problem, "Give an address that begins with tls://, or unset the variable.")


def _check_stop(stop: threading.Event | None) -> None:
    """KeyboardInterrupt if the run is to stop before it has begun."""
    if stop is not None and stop.is_set():
        raise KeyboardInterrupt


def _await_worker(client: Client, stop: threading.Event, warn: Callable[[str], None]) -> None:
    if not count_workers(client):
        warn("the cluster has no worker yet; waiting for one")
    while not count_workers(client) and not stop.wait(_POLL_SECONDS):
        pass


def _close(client: Client) -> None:
    with suppress(Exception):  # whatever state it is in after its scheduler has died
        client.close(timeout=2)
