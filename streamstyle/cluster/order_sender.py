"""Sends the head's orders to the workers; nothing of it waits long for a worker that is frozen or gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from streamstyle.cluster.engine import ask_workers
from streamstyle.cluster.orders import PAUSE_SECONDS, View
from streamstyle.cluster.worker import pause_run, show_frame, stop_run

if TYPE_CHECKING:
    from distributed import Client

_STOP_SECONDS = 2.0
"""The order to stop is waited for so long at most: the head leaves next."""

_ANSWER_SECONDS = 10.0
"""After so long without an answer the worker that paints the earliest piece then is asked."""


class OrderSender:
    """Sends the orders of one run."""

    def __init__(self, client: Client, run: str, first_painter: Callable[[Collection[int]], str | None]) -> None:
        """`first_painter` returns the address of the worker that paints the earliest of some pieces."""
        self._client, self._run, self._first_painter = client, run, first_painter
        self._repeat_pause_at = 0.0
        self._asked: Future[dict[str, Any]] | None = None
        self._give_up_at = 0.0
        self.pieces: Collection[int] = ()
        """In work."""

    def stop(self) -> None:
        """Make all workers leave their pieces."""
        with suppress(Exception):  # the scheduler may be gone
            ask_workers(self._client, stop_run, self._run).result(_STOP_SECONDS)

    def pause(self, paused: bool) -> None:
        """Make all workers pause, or continue; the order to pause is repeated before it ends by itself."""
        now = time.monotonic()
        if paused and now < self._repeat_pause_at:
            return
        self._repeat_pause_at = now + PAUSE_SECONDS / 4 if paused else 0.0
        with suppress(RuntimeError):  # the scheduler is gone
            ask_workers(self._client, pause_run, self._run, paused)

    def show(self, view: View) -> Any:
        """Order a view of the earliest piece in work; return what the last order has shown, None if nothing yet."""
        shown = None
        if self._asked is not None:
            if not self._asked.done() and time.monotonic() < self._give_up_at:
                return None
            with suppress(Exception):  # the worker or the scheduler may be gone
                shown = next((each for each in self._asked.result(0).values()), None)
            self._asked = None
        if worker := self._first_painter(self.pieces):
            with suppress(RuntimeError):
                self._asked = ask_workers(self._client, show_frame, self._run, view, workers=[worker])
                self._give_up_at = time.monotonic() + _ANSWER_SECONDS
        return None if isinstance(shown, Exception) else shown
