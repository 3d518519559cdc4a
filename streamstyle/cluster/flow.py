"""Flow from a cluster for a run that paints here: computed ahead of its use, into the same flow cache.

Grey images travel there and encoded motions back. Of packets, a worker would need those of five seconds before what it
computes, too, and would have to decode the film as this machine does (docs/cluster.md has figures).
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

import cv2
import torch
from torch import Tensor

from streamstyle import __version__
from streamstyle.cluster.painting import usable_cores
from streamstyle.errors import DeviceError, SettingsError, StreamstyleError
from streamstyle.frames import Frame, Motion, with_lookback
from streamstyle.gpu.device import set_threads
from streamstyle.gpu.memory import first_line
from streamstyle.media import flow_codec
from streamstyle.media.flow_cache import FlowCache
from streamstyle.prefetch import prefetch
from streamstyle.settings import FlowCheck, FlowPreset, Settings
from streamstyle.stages.flow import CheckOf, MotionStore, estimate_motion_of_grey, pairs_at_once, to_grey
from streamstyle.video_info import VideoInfo

FrameAndEarlier: TypeAlias = tuple[Frame, dict[int, Frame]]
"""A frame, and the earlier frames whose motion to it is needed, by frames back."""

_BYTES_AHEAD = 512 << 20
"""Memory for frames whose flow is computed on the cluster."""

_BYTES_OF_TASK = 8 << 20
"""Grey pixels of one task at least, up to `_MAX_FRAMES` frames: each task has one picture more than motions."""

_MAX_FRAMES = 16

_POLL_SECONDS = 0.5
"""Between two looks at whether the cluster is still there."""


@dataclass(frozen=True, slots=True)
class FlowTask:
    """Pairs of pictures whose motion is to be computed."""

    pictures: tuple[bytes, ...] = field(repr=False)
    """Grey images, encoded."""
    height: int
    width: int
    pairs: tuple[tuple[int, int], ...]
    """(earlier, later) picture of each pair."""
    preset: FlowPreset
    check: FlowCheck
    threads: int
    """0 for one per core."""

    @property
    def frames(self) -> int:
        """Frames that motions are computed for."""
        return len({later for _, later in self.pairs})


@dataclass(frozen=True, slots=True)
class ComputedFlow:
    """The answer to a FlowTask."""

    motions: tuple[bytes, ...] = field(repr=False)
    """Of its pairs, encoded."""
    versions: str
    """Of what decides which flow it is; it has to be the same here."""
    arithmetic: str
    """What decides how results are rounded."""


@dataclass(frozen=True, slots=True)
class FlowHands:
    """Who computes flow."""

    executor: Executor
    compute: Callable[[FlowTask], ComputedFlow]
    """What the executor runs for each task: `compute_flow`, perhaps with reports."""
    count: Callable[[], int] = lambda: 1
    """Returns the number of workers there are now."""
    check: Callable[[], None] = lambda: None
    """Called while a result is waited for. Raises DeviceError once the cluster is gone."""
    threads: int = 0
    """Threads of a worker; 0 for one per core of its machine."""
    report: Callable[[], None] = lambda: None
    """Called now and then, in any thread."""


def compute_flow(task: FlowTask) -> ComputedFlow:
    """Compute the motions of a task, several at once. ValueError for pictures that arrived damaged."""
    set_threads(task.threads or usable_cores())
    pictures = [flow_codec.decode_grey(data, task.height, task.width) for data in task.pictures]

    def compute(pair: tuple[int, int]) -> bytes:
        earlier, later = pair
        return flow_codec.encode(estimate_motion_of_grey(pictures[earlier], pictures[later], task.preset, task.check))

    with prefetch(task.pairs, compute, workers=pairs_at_once(), ahead=len(task.pairs)) as motions:
        return ComputedFlow(tuple(motions), _versions(), _arithmetic())


class FlowOnCluster:
    """Asks a cluster for the flow of a run, ahead of the flow stage, which then finds it computed."""

    def __init__(
        self, hands: FlowHands, warn: Callable[[str], None], stop: threading.Event, *, exact: bool = False
    ) -> None:
        """Once `stop` is set nothing is waited for; with `exact`, workers whose arithmetic differs are refused."""
        self._hands, self._warn, self._stop, self._exact = hands, warn, stop, exact

    @contextmanager
    def __call__(
        self,
        video: VideoInfo,
        frames: Iterable[Frame],
        settings: Settings,
        cache: FlowCache,
        check_of: CheckOf = lambda frame: FlowCheck.forward_backward,
    ) -> Iterator[tuple[Iterator[Frame], MotionStore]]:
        """Yield the frames, each once the cluster has been asked for its motions, and where these are read."""
        store = _ComputedMotions(self._hands, cache, self._warn, self._stop, self._exact)
        grey_bytes = video.width * video.height
        size = min(_MAX_FRAMES, max(1, _BYTES_OF_TASK // grey_bytes))

        def ask(batch: list[FrameAndEarlier]) -> list[Frame]:
            for check in FlowCheck:
                store.ask([each for each in batch if check_of(each[0]) is check], settings, check)
            return [frame for frame, _ in batch]

        lookback = settings.consistency.lookback
        batches = _batches(with_lookback(frames, lookback, lambda frame: check_of(frame) is not None), size)
        ahead = max(2, _BYTES_AHEAD // (3 * grey_bytes * size))
        try:
            with prefetch(batches, ask, workers=pairs_at_once(), ahead=ahead) as asked:
                yield (frame for batch in asked for frame in batch), store
        finally:
            store.cancel()


class _ComputedMotions:
    """Motions from the cache, or from the cluster, whose are then cached; any thread may ask, read and write."""

    def __init__(
        self,
        hands: FlowHands,
        cache: FlowCache,
        warn: Callable[[str], None],
        stop: threading.Event,
        exact: bool,
    ) -> None:
        self._hands, self._cache, self._warn, self._stop, self._exact = hands, cache, warn, stop, exact
        self._pending = dict[tuple[int, int], tuple[Future[ComputedFlow], int]]()
        self._said = set[str]()
        self._arithmetic = _arithmetic()

    def ask(self, batch: Iterable[FrameAndEarlier], settings: Settings, check: FlowCheck) -> None:
        """Ask the cluster for the motions of frames that are not cached."""
        pairs = list[tuple[Frame, Frame]]()
        for frame, by_gap in batch:
            pairs += [(earlier, frame) for earlier in by_gap.values()]
            if settings.is_multi_pass and by_gap:
                pairs.append((frame, by_gap[1]))
        pairs = [pair for pair in pairs if not self._cache.holds(*_times(pair), check)]
        if not pairs:
            return
        pictures = {each.pts: each.image for pair in pairs for each in pair}
        numbers = {pts: number for number, pts in enumerate(pictures)}
        height, width = pairs[0][0].image.shape[:2]
        task = FlowTask(
            tuple(flow_codec.encode_grey(to_grey(image)) for image in pictures.values()),
            height,
            width,
            tuple((numbers[earlier.pts], numbers[later.pts]) for earlier, later in pairs),
            settings.flow.flow,
            check,
            self._hands.threads,
        )
        future = self._hands.executor.submit(self._hands.compute, task)
        self._pending |= {_times(pair): (future, number) for number, pair in enumerate(pairs)}

    def read(self, previous_pts: int, pts: int, check: FlowCheck) -> Motion | None:
        """Return the motion between two frames, once it is there; None if it has to be computed here.

        Raises DeviceError if the cluster is gone, and for a worker that cannot compute it.
        """
        self._hands.report()
        pending = self._pending.pop((previous_pts, pts), None)
        if pending is None:
            return self._cache.read(previous_pts, pts, check)
        future, number = pending
        computed = self._await(future)
        if computed is None:
            return None
        self._check(computed)
        try:
            motion = flow_codec.decode(computed.motions[number], *self._cache.size)
        except ValueError:  # damaged on its way
            return None
        self._cache.write(previous_pts, pts, check, motion)
        return motion

    def read_backward(self, previous_pts: int, pts: int) -> Tensor | None:
        """Return the backward flow alone, where the cache has that of both directions."""
        return self._cache.read_backward(previous_pts, pts)

    def write(self, previous_pts: int, pts: int, check: FlowCheck, motion: Motion) -> None:
        """Cache a motion that was computed here."""
        self._cache.write(previous_pts, pts, check, motion)

    def cancel(self) -> None:
        """Take back what nobody waits for any more."""
        for future, _ in self._pending.values():
            future.cancel()

    def _await(self, future: Future[ComputedFlow]) -> ComputedFlow | None:
        """Return the answer; None once the run is to stop, and while there is no worker."""
        while not self._stop.is_set():
            try:
                return future.result(_POLL_SECONDS)
            except CancelledError:
                self._hands.check()
                return None
            except StreamstyleError:
                raise
            except TimeoutError:
                self._hands.check()
                if not self._hands.count():
                    self._warn_once("the cluster has no worker: flow is computed here meanwhile")
                    return None
            except Exception as error:  # whatever a worker may raise, after the engine's retries
                problem = f"a worker could not compute the flow ({type(error).__name__}: {first_line(error)})"
                raise DeviceError(problem, "Run without --distribute flow; it resumes.") from error
        return None

    def _check(self, computed: ComputedFlow) -> None:
        if computed.versions != _versions():
            problem = f"a worker has {computed.versions}, and this machine {_versions()}"
            raise DeviceError(problem, "Install the same versions on all machines.")
        if computed.arithmetic != self._arithmetic:
            unlike = f"a worker computes with {computed.arithmetic}, this machine with {self._arithmetic}"
            if self._exact:
                raise SettingsError(f"the flow might differ: {unlike}", "Leave out --exact.")
            self._warn_once(f"{unlike}; flow may differ slightly")

    def _warn_once(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._warn(message)


def _times(pair: tuple[Frame, Frame]) -> tuple[int, int]:
    earlier, later = pair
    return earlier.pts, later.pts


def _batches(items: Iterable[FrameAndEarlier], size: int) -> Iterator[list[FrameAndEarlier]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _versions() -> str:
    """Return what decides which flow a motion is; the flow cache knows it by these, too."""
    return f"streamstyle {__version__}, OpenCV {cv2.__version__}"


def _arithmetic() -> str:
    """Return what decides how results are rounded."""
    return f"{platform.machine()} ({torch.backends.cpu.get_cpu_capability()})"
