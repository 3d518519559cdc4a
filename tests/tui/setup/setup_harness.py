"""The start screen with an easel that knows the answers beforehand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from textual.app import App
from textual.pilot import Pilot

import streamstyle.tui.app
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.setup.client import PreviewClient, Reply, ReplyCallback, RequestError
from streamstyle.tui.setup.screen import SetupScreen

Act = Callable[[Pilot[Any]], Awaitable[None]]

STYLE_SHEET = Path(streamstyle.tui.app.__file__).with_name("streamstyle.tcss")

STYLES = [("scream", "The Scream", "Edvard Munch"), ("wave", "The Great Wave", "Hokusai"), ("night", "", "")]


def plain_image(colour: tuple[int, int, int], width: int, height: int) -> dict[str, Any]:
    """A picture of one colour, as an answer holds it."""
    pixels = np.broadcast_to(np.array(colour, np.uint8), (height, width, 3))
    return {"width": width, "height": height, "pixels": base64.b64encode(pixels.tobytes()).decode()}


class FakePreviewClient(PreviewClient):
    """Answers at once, and remembers what it was asked; what is in `refused` it refuses."""

    def __init__(self, answered: ReplyCallback) -> None:
        super().__init__(answered)
        self.requests: list[tuple[str, Mapping[str, Any]]] = []
        self.errors: dict[str, RequestError] = {}
        self.silent: set[str] = set()
        self.exists = False
        self.begun = ""

    def open(self) -> None:
        """Begin no process."""

    def request(self, ask: str, **question: Any) -> None:
        self.requests.append((ask, question))
        if ask in self.silent:
            return
        if ask in self.errors:
            self.reply(Reply(ask, question, error=self.errors[ask]))
        else:
            self.reply(Reply(ask, question, getattr(self, f"answer_{ask}")(question)))

    def reply(self, answer: Reply) -> None:
        self._reply(answer)

    def last_request(self, ask: str) -> Mapping[str, Any]:
        """The last question of a kind."""
        return [question for kind, question in self.requests if kind == ask][-1]

    def request_count(self, ask: str) -> int:
        return sum(kind == ask for kind, _ in self.requests)

    def answer_styles(self, question: Mapping[str, Any]) -> dict[str, Any]:
        small = plain_image((120, 90, 60), question["width"], question["height"])
        keys = ("name", "title", "artist")
        return {
            "styles": [dict(zip(keys, style, strict=True)) | {"builtin": True, "thumbnail": small} for style in STYLES]
        }

    def answer_image(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {"path": question["path"], "thumbnail": plain_image((9, 9, 9), question["width"], question["height"])}

    def answer_video(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "path": question["path"], "file_bytes": 1_100_000, "width": 1280, "height": 720, "codec": "h264",
            "frame_rate": 25.0, "frames": 8200, "frames_exact": True, "duration": 328.0, "streams": ["audio aac eng"],
            "notes": ["turned by 90° to stand upright"],
        }  # fmt: skip

    def answer_check(self, question: Mapping[str, Any]) -> dict[str, Any]:
        arguments = question["arguments"]
        given = dict(pairwise(arguments)).get("-o")
        return {
            "output": given or "film.wave.mkv", "output_exists": self.exists, "resume_problem": self.begun,
            "free_bytes": 80_000_000_000, "width": 1280, "height": 720, "frames": 8200, "warnings": [],
        }  # fmt: skip

    def answer_preview(self, question: Mapping[str, Any]) -> dict[str, Any]:
        size = question["width"], question["width"] * 9 // 16
        return {
            "time": question["time"], "draft": question["draft"],
            "source": plain_image((40, 120, 40), *size), "stylised": plain_image((200, 120, 40), *size),
        }  # fmt: skip

    def answer_estimate(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {"trial_frames": 9, "seconds_per_frame": 0.09, "seconds": 738.0, "output_bytes": 42_000_000}


class SetupApp(StreamstyleApp):
    """The app, with that easel, which ends where a run would begin."""

    CSS_PATH = STYLE_SHEET

    def __init__(self, film: Path | None = None, prepare: Callable[[FakePreviewClient], None] = lambda _: None) -> None:
        super().__init__(film=film)
        self.prepare = prepare
        self.request: RunRequest | None = None
        self.copied = ""
        self.notes: list[str] = []

    def _show_setup(self, film: Path | None) -> None:
        def easel(answered: ReplyCallback) -> PreviewClient:
            self.client = FakePreviewClient(answered)
            self.prepare(self.client)
            return self.client

        self.push_screen(SetupScreen(film, make_client=easel), self._on_setup_closed)

    def _on_setup_closed(self, request: RunRequest | None) -> None:
        self.request = request
        self.exit(0)

    def notify(self, message: str, **_: Any) -> None:
        self.notes.append(message)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text


def perform(desk: App[int], act: Act, size: tuple[int, int] = (120, 40)) -> None:
    """Run the screen for as long as the act takes."""

    async def run() -> None:
        async with desk.run_test(size=size) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())
