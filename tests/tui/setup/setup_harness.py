"""The start screen with a fake client, which replies at once."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from textual.pilot import Pilot

import streamstyle.tui.app
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.setup.client import PreviewClient, Reply, ReplyCallback, RequestError
from streamstyle.tui.setup.fields import Field
from streamstyle.tui.setup.screen import SetupScreen
from streamstyle.tui.setup.state import SetupState
from tests.tui.pilot import run_app

FILM = Path("film.mp4")

STYLE_SHEET = Path(streamstyle.tui.app.__file__).with_name("streamstyle.tcss")

STYLES = [("scream", "The Scream", "Edvard Munch"), ("wave", "The Great Wave", "Hokusai"), ("night", "", "")]


def plain_image(colour: tuple[int, int, int], width: int, height: int) -> dict[str, Any]:
    """An image of one colour in the format of a reply."""
    pixels = np.broadcast_to(np.array(colour, np.uint8), (height, width, 3))
    return {"width": width, "height": height, "pixels": base64.b64encode(pixels.tobytes()).decode()}


class FakePreviewClient(PreviewClient):
    """Records requests and replies at once: with an error to kinds in `errors`, not at all to those in `silent`."""

    def __init__(self, on_reply: ReplyCallback) -> None:
        super().__init__(on_reply)
        self.requests: list[tuple[str, Mapping[str, Any]]] = []
        self.errors: dict[str, RequestError] = {}
        self.silent: set[str] = set()
        self.output_exists = False
        self.resume_problem = ""

    def open(self) -> None:
        """Start no process."""

    def request(self, kind: str, **parameters: Any) -> None:
        self.requests.append((kind, parameters))
        if kind in self.silent:
            return
        if kind in self.errors:
            self.reply(Reply(kind, parameters, error=self.errors[kind]))
        else:
            self.reply(Reply(kind, parameters, getattr(self, f"answer_{kind}")(parameters)))

    def reply(self, reply: Reply) -> None:
        self._on_reply(reply)

    def last_request(self, kind: str) -> Mapping[str, Any]:
        """The parameters of the last request of a kind."""
        return [parameters for other, parameters in self.requests if other == kind][-1]

    def request_count(self, kind: str) -> int:
        return sum(other == kind for other, _ in self.requests)

    def answer_styles(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        small = plain_image((120, 90, 60), parameters["width"], parameters["height"])
        keys = ("name", "title", "artist")
        return {
            "styles": [dict(zip(keys, style, strict=True)) | {"builtin": True, "thumbnail": small} for style in STYLES]
        }

    def answer_image(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "path": parameters["path"],
            "thumbnail": plain_image((9, 9, 9), parameters["width"], parameters["height"]),
        }

    def answer_video(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "path": parameters["path"], "file_bytes": 1_100_000, "width": 1280, "height": 720, "codec": "h264",
            "frame_rate": 25.0, "frames": 8200, "frames_exact": True, "duration": 328.0, "streams": ["audio aac eng"],
            "notes": ["turned by 90° to stand upright"],
        }  # fmt: skip

    def answer_check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        arguments = parameters["arguments"]
        given = dict(pairwise(arguments)).get("-o")
        return {
            "output": given or "film.wave.mkv", "output_exists": self.output_exists,
            "resume_problem": self.resume_problem,
            "free_bytes": 80_000_000_000, "width": 1280, "height": 720, "frames": 8200, "warnings": [],
        }  # fmt: skip

    def answer_preview(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        size = parameters["width"], parameters["width"] * 9 // 16
        return {
            "time": parameters["time"], "draft": parameters["draft"],
            "source": plain_image((40, 120, 40), *size), "stylised": plain_image((200, 120, 40), *size),
        }  # fmt: skip

    def answer_estimate(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "trial_frames": 9,
            "seconds_per_frame": 0.09,
            "seconds": 738.0,
            "output_bytes": 42_000_000,
            "adaptation_seconds": 0.0,
        }


class SetupApp(StreamstyleApp):
    """The app with a fake client; it exits when the start screen closes, and keeps the request."""

    CSS_PATH = STYLE_SHEET

    def __init__(
        self,
        film: Path | None = None,
        prepare: Callable[[FakePreviewClient], None] = lambda _: None,
        initial: SetupState | None = None,
    ) -> None:
        super().__init__(video=film, initial=initial)
        self.prepare = prepare
        self.request: RunRequest | None = None
        self.copied = ""
        self.notes: list[str] = []

    def _show_setup(self, film: Path | None) -> None:
        def make_client(on_reply: ReplyCallback) -> PreviewClient:
            self.client = FakePreviewClient(on_reply)
            self.prepare(self.client)
            return self.client

        self.push_screen(SetupScreen(film, make_client=make_client, initial=self._initial), self._on_setup_closed)

    def on_setup_screen_run_chosen(self, message: SetupScreen.RunChosen) -> None:
        message.prevent_default()
        self.request = message.request
        self.exit(0)

    def notify(self, message: str, **_: Any) -> None:
        self.notes.append(message)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text


def run_setup(
    steps: Callable[[Pilot[Any], SetupApp], Any], film: Path | None = FILM, size: tuple[int, int] = (120, 40),
    prepare: Callable[[FakePreviewClient], None] = lambda _: None, initial: SetupState | None = None,
) -> SetupApp:  # fmt: skip
    """The app after the steps."""
    app = SetupApp(film, prepare, initial)
    run_app(app, lambda pilot: steps(pilot, app), size)
    return app


async def fill_in(pilot: Pilot[Any], name: str, *keys: str) -> None:
    """Focus a field and press keys."""
    pilot.app.screen.query_one(f"#field-{name}", Field).control.focus()
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


def copied_options(app: SetupApp) -> str:
    """The options of the copied command line."""
    return app.copied.removeprefix("streamstyle run film.mp4 ")
