"""The process that reads films and paints stills for this screen, which so never waits for either."""

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

from streamstyle.tui.setup.state import SetupState
from streamstyle.tui.widgets.cells import Pixels

_MAX_REPLY_BYTES = 64 << 20
"""Bytes of an answer: far more than two pictures that fill a screen."""

_CLOSE_TIMEOUT = 5.0
"""Seconds that the process has to end by itself."""


@dataclass(frozen=True, slots=True)
class RequestError:
    """Why a question has no answer, and what to do about it."""

    problem: str
    next_step: str
    exit_code: int
    """What a run would end with."""

    def __str__(self) -> str:
        return f"{self.problem}. {self.next_step}".rstrip()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, or a refusal; the newest that there is."""

    ask: str
    question: Mapping[str, Any]
    result: Mapping[str, Any] = field(default_factory=dict)
    error: RequestError | None = None
    partial: bool = False
    """Whether more will be known."""


ReplyCallback = Callable[[Reply], None]


class PreviewClient:
    """Hands questions to the process and answers to whoever asked; of each kind only the newest question matters.

    A question that waits for one of its kind is overtaken by the next. The process begins with the first question, and
    anew with the next one after it has died; what it was asked when it died is refused.
    """

    def __init__(
        self, on_reply: ReplyCallback, command: tuple[str, ...] = (sys.executable, "-m", "streamstyle.preview_server")
    ) -> None:
        self._reply, self._command = on_reply, command
        self._process: Process | None = None
        self._queued: dict[str, Mapping[str, Any]] = {}
        self._sent: dict[int, tuple[str, Mapping[str, Any]]] = {}
        self._number = 0
        self._has_work = asyncio.Event()
        self._server_task: asyncio.Task[None] | None = None
        self._closed = False

    def request(self, ask: str, **question: Any) -> None:
        """Ask, in place of what of this kind has not been asked yet."""
        self._queued[ask] = question
        self._has_work.set()
        self._send_queued()

    def cancel(self, ask: str) -> None:
        """Take back what of this kind has not been asked yet."""
        self._queued.pop(ask, None)

    def open(self) -> None:
        """Begin, and go on until `close`."""
        self._server_task = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """Let the process end, and wait for it: what is left of it when the loop ends would complain."""
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

    async def _serve(self) -> None:
        """Keep the process going."""
        while True:
            await self._has_work.wait()
            if self._closed:
                return
            await self._run_process()

    async def _run_process(self) -> None:
        with _open_log() as log:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, limit=_MAX_REPLY_BYTES, start_new_session=True
            )  # a session of its own: a terminal that is closed ends it by its input, and it tidies up
        self._process = process
        if self._closed:
            process.kill()
        self._send_queued()
        assert process.stdout is not None
        async for line in process.stdout:
            self._handle_reply(json.loads(line))
        self._process = None  # what is asked from now on is for the next one
        await process.wait()
        if not self._closed:
            self._process_died(process.returncode)

    def _send_queued(self) -> None:
        if self._process is None or self._process.stdin is None or self._process.returncode is not None:
            return
        busy = {ask for ask, _ in self._sent.values()}
        for ask in [ask for ask in self._queued if ask == "estimate" or ask not in busy]:
            question = self._queued.pop(ask)
            self._number += 1
            self._sent[self._number] = ask, question
            self._process.stdin.write(json.dumps({"id": self._number, "request": ask, **question}).encode() + b"\n")
        if not self._queued:
            self._has_work.clear()

    def _handle_reply(self, said: Mapping[str, Any]) -> None:
        number, so_far = said["id"], said.get("partial", False)
        ask, question = self._sent[number] if so_far else self._sent.pop(number)
        self._send_queued()
        overtaken = ask == "estimate" and any(
            ask == other and number < later for later, (other, _) in self._sent.items()
        )
        if overtaken:
            return
        refused = said.get("error")
        refusal = RequestError(**refused) if refused else None
        self._reply(Reply(ask, question, said.get("result", {}), refusal, so_far))

    def _process_died(self, code: int | None) -> None:
        refusal = RequestError(
            f"the preview server has died (exit code {code})",
            f"Choose something to restart it; its log is {_log_path()}.",
            70,
        )
        asked, self._sent = self._sent, {}
        for ask, question in asked.values():
            self._reply(Reply(ask, question, error=refusal))


def decode_image(found: Mapping[str, Any] | None) -> Pixels | None:
    """Return [H, W, 3] RGB from how an answer holds a picture."""
    if found is None:
        return None
    return np.frombuffer(base64.b64decode(found["pixels"]), np.uint8).reshape(found["height"], found["width"], 3)


def _log_path() -> Path:
    return user_log_path("streamstyle", appauthor=False) / "preview-server.log"


def _open_log() -> BinaryIO:
    """Open what the process may say on standard error; where that cannot be kept, it goes nowhere."""
    try:
        _log_path().parent.mkdir(parents=True, exist_ok=True)
        return _log_path().open("wb")
    except OSError:
        return Path(os.devnull).open("wb")


class SetupQueries:
    """Asks the easel, and knows what of the answers still holds."""

    def __init__(self, client: PreviewClient) -> None:
        self.client = client
        self.film: Path | None = None
        """The film that something is known of."""
        self.film_error: RequestError | None = None
        """Why the film that was asked about last cannot be painted."""
        self._last_check: Reply | None = None
        self._last_preview: dict[str, Any] = {}
        self._thumbnail_size = (0, 0)
        self.estimated: tuple[str, ...] = ()
        """The arguments whose cost was asked for last."""

    def request_styles(self, size: tuple[int, int]) -> None:
        """Ask for the styles with pictures of that size, unless they are known."""
        if size != self._thumbnail_size:
            self._thumbnail_size = size
            self.client.request("styles", width=size[0], height=size[1])

    def request_film(self, film: Path) -> None:
        """Ask for the facts of another film."""
        self.film, self.film_error, self._last_check, self._last_preview = None, None, None, {}
        self.estimated = ()
        self.client.request("video", path=str(film))

    def request_check(self, choices: SetupState) -> None:
        """Ask whether a run could be as it is chosen."""
        if self.check_of(choices) is None:
            self.client.request("check", arguments=choices.arguments())

    def store_check(self, check: Reply) -> None:
        """Remember the answer to `check`."""
        self._last_check = check

    def check_of(self, choices: SetupState) -> Reply | None:
        """Return the answer to `check`, if there is one about these choices."""
        known = self._last_check
        return known if known and tuple(known.question["arguments"]) == choices.arguments() else None

    def is_refused(self, choices: SetupState) -> bool:
        """Return whether it is known that a run as it is chosen cannot be."""
        checked = self.check_of(choices)
        return checked is not None and checked.error is not None

    @property
    def free_bytes(self) -> int | None:
        """Bytes of room where the output goes."""
        return self._last_check.result.get("free_bytes") if self._last_check else None

    def request_draft(self, choices: SetupState, moment: Mapping[str, Any]) -> None:
        """Ask for a still, at first for a draft, unless it is the one that was asked for last."""
        question = {"arguments": choices.frame_options().arguments(), **moment}
        if question != self._last_preview:
            self._last_preview = question
            self.client.request("preview", draft=True, **question)

    def request_final(self, draft: Reply) -> None:
        """Ask for a still as it will be, if the draft of it is what is still wanted."""
        if {name: value for name, value in draft.question.items() if name != "draft"} == self._last_preview:
            self.client.request("preview", draft=False, **self._last_preview)

    def request_estimate(self, choices: SetupState) -> None:
        """Ask what a run would take."""
        self.estimated = choices.arguments()
        self.client.request("estimate", arguments=self.estimated)

    def has_estimate_request(self, choices: SetupState) -> bool:
        """Return whether the cost that was asked for last is that of these choices."""
        return self.estimated == choices.arguments()

    def is_current(self, cost: Reply, choices: SetupState) -> bool:
        """Return whether this is the cost that was asked for last, and still one of what is chosen and can be."""
        return (
            self.has_estimate_request(choices)
            and cost.question["arguments"] == self.estimated
            and not self.is_refused(choices)
        )
