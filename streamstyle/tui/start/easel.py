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

from streamstyle.tui.widgets.colours import Pixels

_LONGEST_LINE = 64 << 20
"""Bytes of an answer: far more than two pictures that fill a screen."""

_PATIENCE = 5.0
"""Seconds that the process has to end by itself."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question has no answer, and what to do about it."""

    problem: str
    next_step: str
    exit_code: int
    """What a run would end with."""

    def __str__(self) -> str:
        return f"{self.problem}. {self.next_step}".rstrip()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or a refusal; the newest that there is."""

    ask: str
    question: Mapping[str, Any]
    found: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    so_far: bool = False
    """Whether more will be known."""


Answered = Callable[[Answer], None]


class Easel:
    """Hands questions to the process and answers to whoever asked; of each kind only the newest question matters.

    A question that waits for one of its kind is overtaken by the next. The process begins with the first question, and
    anew with the next one after it has died; what it was asked when it died is refused.
    """

    def __init__(
        self, answered: Answered, command: tuple[str, ...] = (sys.executable, "-m", "streamstyle.preview_server")
    ) -> None:
        self._answered, self._command = answered, command
        self._process: Process | None = None
        self._waiting: dict[str, Mapping[str, Any]] = {}
        self._asked: dict[int, tuple[str, Mapping[str, Any]]] = {}
        self._number = 0
        self._wanted = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._closed = False

    def ask(self, ask: str, **question: Any) -> None:
        """Ask, in place of what of this kind has not been asked yet."""
        self._waiting[ask] = question
        self._wanted.set()
        self._send()

    def forget(self, ask: str) -> None:
        """Take back what of this kind has not been asked yet."""
        self._waiting.pop(ask, None)

    def open(self) -> None:
        """Begin, and go on until `close`."""
        self._serving = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """Let the process end, and wait for it: what is left of it when the loop ends would complain."""
        self._closed = True
        self._wanted.set()
        if self._serving is None:
            return
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        ended, _ = await asyncio.wait({self._serving}, timeout=_PATIENCE)
        if not ended and self._process is not None:
            self._process.kill()
            await asyncio.wait({self._serving}, timeout=_PATIENCE)

    async def _serve(self) -> None:
        """Keep the process going."""
        while True:
            await self._wanted.wait()
            if self._closed:
                return
            await self._live()

    async def _live(self) -> None:
        with _log() as log:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, limit=_LONGEST_LINE, start_new_session=True
            )  # a session of its own: a terminal that is closed ends it by its input, and it tidies up
        self._process = process
        if self._closed:
            process.kill()
        self._send()
        assert process.stdout is not None
        async for line in process.stdout:
            self._hear(json.loads(line))
        self._process = None  # what is asked from now on is for the next one
        await process.wait()
        if not self._closed:
            self._mourn(process.returncode)

    def _send(self) -> None:
        if self._process is None or self._process.stdin is None or self._process.returncode is not None:
            return
        busy = {ask for ask, _ in self._asked.values()}
        for ask in [ask for ask in self._waiting if ask == "estimate" or ask not in busy]:
            question = self._waiting.pop(ask)
            self._number += 1
            self._asked[self._number] = ask, question
            self._process.stdin.write(json.dumps({"id": self._number, "request": ask, **question}).encode() + b"\n")
        if not self._waiting:
            self._wanted.clear()

    def _hear(self, said: Mapping[str, Any]) -> None:
        number, so_far = said["id"], said.get("partial", False)
        ask, question = self._asked[number] if so_far else self._asked.pop(number)
        self._send()
        overtaken = ask == "estimate" and any(
            ask == other and number < later for later, (other, _) in self._asked.items()
        )
        if overtaken:
            return
        refused = said.get("error")
        refusal = Refusal(**refused) if refused else None
        self._answered(Answer(ask, question, said.get("result", {}), refusal, so_far))

    def _mourn(self, code: int | None) -> None:
        refusal = Refusal(
            f"the preview server has died (exit code {code})",
            f"Choose something to restart it; its log is {_log_path()}.",
            70,
        )
        asked, self._asked = self._asked, {}
        for ask, question in asked.values():
            self._answered(Answer(ask, question, refusal=refusal))


def picture_of(found: Mapping[str, Any] | None) -> Pixels | None:
    """Return [H, W, 3] RGB from how an answer holds a picture."""
    if found is None:
        return None
    return np.frombuffer(base64.b64decode(found["pixels"]), np.uint8).reshape(found["height"], found["width"], 3)


def _log_path() -> Path:
    return user_log_path("streamstyle", appauthor=False) / "preview-server.log"


def _log() -> BinaryIO:
    """Open what the process may say on standard error; where that cannot be kept, it goes nowhere."""
    try:
        _log_path().parent.mkdir(parents=True, exist_ok=True)
        return _log_path().open("wb")
    except OSError:
        return Path(os.devnull).open("wb")
