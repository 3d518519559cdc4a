"""The client of the preview server, a process that reads films and stylises single frames for the start screen."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from platformdirs import user_log_path

from streamstyle.errors import EXIT_INTERNAL
from streamstyle.tui.setup.state import SetupState
from streamstyle.tui.widgets.cells import Pixels

_MAX_REPLY_BYTES = 64 << 20
"""Limit of a reply in bytes, far more than two images that fill a screen."""

_CLOSE_TIMEOUT = 5.0
"""Seconds after which a server that was told to end is killed."""


@dataclass(frozen=True, slots=True)
class RequestError:
    """Why a request failed, and what to do about it."""

    problem: str
    next_step: str
    exit_code: int
    """The exit code of a run with the same arguments."""

    def __str__(self) -> str:
        return f"{self.problem}. {self.next_step}".rstrip()


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a request, or its error."""

    kind: str
    """The request: `styles`, `image`, `video`, `preview`, `check` or `estimate`."""
    parameters: Mapping[str, Any]
    result: Mapping[str, Any] = field(default_factory=dict)
    error: RequestError | None = None
    partial: bool = False
    """Whether a reply with a better result follows."""


ReplyCallback = Callable[[Reply], None]


class PreviewClient:
    """Sends requests to the server and passes on its replies; of each kind only the newest request counts.

    A request waits for the reply to the previous one of its kind; a newer one replaces it meanwhile. Estimates do not
    wait, for the server stops one when the next arrives. The first request starts the server, and so does the next one
    after it has died; requests that it has not answered then get an error.
    """

    def __init__(
        self, on_reply: ReplyCallback, command: tuple[str, ...] = (sys.executable, "-m", "streamstyle.preview_server")
    ) -> None:
        self._on_reply, self._command = on_reply, command
        self._process: Process | None = None
        self._queued: dict[str, Mapping[str, Any]] = {}
        self._sent: dict[int, tuple[str, Mapping[str, Any]]] = {}
        self._number = 0
        self._has_work = asyncio.Event()
        self._server_task: asyncio.Task[None] | None = None
        self._closed = False

    def request(self, kind: str, **parameters: Any) -> None:
        """Send a request; it replaces one of the same kind that has not been sent yet."""
        self._queued[kind] = parameters
        self._has_work.set()
        self._send_queued()

    def cancel(self, kind: str) -> None:
        """Drop a request of this kind that has not been sent yet."""
        self._queued.pop(kind, None)

    def open(self) -> None:
        """Serve requests until `close`; after that it can be opened again."""
        self._closed = False
        self._server_task = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """End the server and wait for it; asyncio would complain about a process that outlives the event loop."""
        self._closed = True
        self._has_work.set()
        if self._server_task is None:
            return
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        ended, _ = await asyncio.wait({self._server_task}, timeout=_CLOSE_TIMEOUT)
        if not ended and self._process is not None:
            self._process.kill()
            await asyncio.wait({self._server_task}, timeout=_CLOSE_TIMEOUT)
        self._server_task = self._process = None
        self._queued, self._sent = {}, {}
        self._has_work.clear()

    async def _serve(self) -> None:
        """Run the server whenever there are requests."""
        while not self._closed:
            await self._has_work.wait()
            if not self._closed:
                await self._run_process()

    async def _run_process(self) -> None:
        with _open_log() as log:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, limit=_MAX_REPLY_BYTES, start_new_session=True
            )  # a session of its own: when the terminal is closed it reads the end of its input, and cleans up
        self._process = process
        if self._closed:
            process.kill()
        self._send_queued()
        assert process.stdout is not None
        async for line in process.stdout:
            self._handle_reply(json.loads(line))
        self._process = None  # requests from now on go to the next process
        await process.wait()
        if not self._closed:
            self._process_died(process.returncode)

    def _send_queued(self) -> None:
        if self._process is None or self._process.stdin is None or self._process.returncode is not None:
            return
        busy = {kind for kind, _ in self._sent.values()}
        for kind in [kind for kind in self._queued if kind == "estimate" or kind not in busy]:
            parameters = self._queued.pop(kind)
            self._number += 1
            self._sent[self._number] = kind, parameters
            message = {"id": self._number, "request": kind, **parameters}
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
        if not self._queued:
            self._has_work.clear()

    def _handle_reply(self, message: Mapping[str, Any]) -> None:
        number, partial = message["id"], message.get("partial", False)
        kind, parameters = self._sent[number] if partial else self._sent.pop(number)
        self._send_queued()
        newer = (other for later, (other, _) in self._sent.items() if later > number)
        if kind == "estimate" and kind in newer:
            return
        error = RequestError(**message["error"]) if message.get("error") else None
        self._on_reply(Reply(kind, parameters, message.get("result", {}), error, partial))

    def _process_died(self, code: int | None) -> None:
        error = RequestError(
            f"the preview server has died (exit code {code})",
            f"Change a setting to restart it; its log is {_log_path()}.",
            EXIT_INTERNAL,
        )
        sent, self._sent = self._sent, {}
        for kind, parameters in sent.values():
            self._on_reply(Reply(kind, parameters, error=error))


def decode_image(image: Mapping[str, Any] | None) -> Pixels | None:
    """Return the [H, W, 3] RGB image in a reply."""
    if image is None:
        return None
    return np.frombuffer(base64.b64decode(image["pixels"]), np.uint8).reshape(image["height"], image["width"], 3)


def _log_path() -> Path:
    return user_log_path("streamstyle", appauthor=False) / "preview-server.log"


def _open_log() -> BinaryIO:
    """Open the file for the server's standard error; if that is not possible, the null device."""
    try:
        _log_path().parent.mkdir(parents=True, exist_ok=True)
        return _log_path().open("wb")
    except OSError:
        return Path(os.devnull).open("wb")


class SetupQueries:
    """Sends the requests of the start screen, and knows which of the replies still apply to its state."""

    def __init__(self, client: PreviewClient) -> None:
        self.client = client
        self.video: Path | None = None
        """The video whose facts have arrived."""
        self.video_error: RequestError | None = None
        """Why the video cannot be read."""
        self._last_check: Reply | None = None
        self._failed_estimate: Reply | None = None
        self._last_preview: dict[str, Any] = {}
        self._thumbnail_size = (0, 0)
        self._estimated_arguments: tuple[str, ...] = ()

    def request_styles(self, size: tuple[int, int]) -> None:
        """Request the styles with thumbnails of a (width, height) in pixels, unless they were requested before."""
        if size != self._thumbnail_size:
            self._thumbnail_size = size
            self.client.request("styles", width=size[0], height=size[1])

    def request_video(self, video: Path) -> None:
        """Request the facts of another video; replies about the previous one no longer apply."""
        self.video, self.video_error, self._last_check, self._last_preview = None, None, None, {}
        self._estimated_arguments = ()
        self.client.request("video", path=str(video))

    def forget_replies(self) -> None:
        """Request check, preview and estimate again: what they depend on may have changed."""
        self._last_check, self._failed_estimate, self._last_preview, self._estimated_arguments = None, None, {}, ()

    def request_check(self, state: SetupState) -> None:
        """Request a check of whether a run is possible, unless its reply is known."""
        if self.check_of(state) is None:
            self.client.request("check", arguments=state.arguments())

    def store_check(self, check: Reply) -> None:
        """Store the reply to a check."""
        self._last_check = check

    def check_of(self, state: SetupState) -> Reply | None:
        """Return the reply to the check of this state; None before it has arrived."""
        check = self._last_check
        return check if check and tuple(check.parameters["arguments"]) == state.arguments() else None

    def store_estimate_error(self, estimate: Reply) -> None:
        """Store why a trial run has failed."""
        self._failed_estimate = estimate

    def estimate_error(self, state: SetupState) -> RequestError | None:
        """Return why the trial run of this state has failed; None if it has not, or only the server has."""
        failed = self._failed_estimate
        known = failed is not None and tuple(failed.parameters["arguments"]) == state.arguments()
        error = failed.error if failed is not None and known else None
        return error if error is not None and error.exit_code != EXIT_INTERNAL else None

    def is_impossible(self, state: SetupState) -> bool:
        """Return whether the check of this state has failed."""
        check = self.check_of(state)
        return check is not None and check.error is not None

    @property
    def free_bytes(self) -> int | None:
        """Free space in bytes on the disk of the output; None before a check."""
        return self._last_check.result.get("free_bytes") if self._last_check else None

    def request_draft(self, state: SetupState, frame: Mapping[str, Any]) -> None:
        """Request a draft of a frame, unless the same frame was requested last; see `PreviewPanel.frame_request`."""
        parameters = {"arguments": state.frame_state().arguments(), **frame}
        if parameters != self._last_preview:
            self._last_preview = parameters
            self.client.request("preview", draft=True, **parameters)

    def request_final(self, draft: Reply) -> None:
        """Request the frame at full quality, if its draft is still the last one requested."""
        if {name: value for name, value in draft.parameters.items() if name != "draft"} == self._last_preview:
            self.client.request("preview", draft=False, **self._last_preview)

    def request_estimate(self, state: SetupState) -> None:
        """Request the time and size of a run."""
        self._estimated_arguments = state.arguments()
        self.client.request("estimate", arguments=self._estimated_arguments)

    def has_estimate_request(self, state: SetupState) -> bool:
        """Return whether the last estimate was requested for this state."""
        return self._estimated_arguments == state.arguments()

    def is_current(self, estimate: Reply, state: SetupState) -> bool:
        """Return whether an estimate is the last one requested, applies to this state, and the run is possible."""
        return (
            self.has_estimate_request(state)
            and estimate.parameters["arguments"] == self._estimated_arguments
            and not self.is_impossible(state)
        )
