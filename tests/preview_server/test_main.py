"""The preview server as its client sees it: requests in, replies out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.films import flat, pan, png, texture, write_film

PREVIEW = {"width": 40, "height": 40, "detail": False, "draft": True}


class Client:
    """Sends requests and reads replies."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"TMPDIR": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamstyle.preview_server"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.id = 0

    def send(self, request: str, **fields: Any) -> int:
        assert self.process.stdin is not None
        self.id += 1
        print(json.dumps({"id": self.id, "request": request, **fields}), file=self.process.stdin, flush=True)
        return self.id

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        reply: dict[str, Any] = json.loads(self.process.stdout.readline())
        return reply

    def request(self, request: str, **fields: Any) -> dict[str, Any]:
        self.send(request, **fields)
        reply = self.read()
        assert reply["id"] == self.id
        return reply


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    """One process for all of these tests, as the start screen has one."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("DATA", "CACHE", "STATE", "CONFIG"):
            patched.setenv(f"XDG_{name}_HOME", str(folder / "home" / name.lower()))
        client = Client(folder)
    yield client
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.process.wait(90) == 0
    assert not list(folder.glob("streamstyle-*")), "temporary files are left"


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return write_film(folder / "film.mp4", pan(frames=40).frames, audio=True)


def test_styles_have_thumbnails_of_the_requested_size(client: Client) -> None:
    styles = client.request("styles", width=10, height=6)["result"]["styles"]
    assert "wave" in [style["name"] for style in styles]
    assert all((style["thumbnail"]["width"], style["thumbnail"]["height"]) == (10, 6) for style in styles)


def test_a_preview_holds_the_frame_and_the_stylised_frame(client: Client, film: Path) -> None:
    assert client.request("video", path=str(film))["result"]["frames"] == 40
    preview = client.request("preview", arguments=[str(film), "--style", "wave"], time=0.4, **PREVIEW)["result"]
    assert (preview["source"]["width"], preview["source"]["height"]) == (40, 27)
    assert preview["source"]["pixels"] != preview["stylised"]["pixels"]
    assert not preview["draft"], "a small film is stylised at its own size"


def test_an_error_has_the_exit_code_of_the_run(client: Client, film: Path, folder: Path) -> None:
    broken = folder / "broken.mp4"
    broken.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    text = folder / "text.jpg"
    text.write_text("no image")
    replies = [
        client.request("video", path=str(broken)),
        client.request("video", path=str(folder / "gone.mp4")),
        client.request("image", path=str(text), width=8, height=8),
        client.request("check", arguments=[str(film), "--style", "wave", "--codec", "libx26"]),
        client.request("check", arguments=[str(film), "--style", "wave", "-o", str(film)]),
        client.request("preview", arguments=[str(film), "--style", str(text)], time=0, **PREVIEW),
    ]
    codes = [reply["error"]["exit_code"] for reply in replies]
    assert codes == [3, 3, 5, 2, 4, 5]
    assert all(reply["error"]["problem"] and reply["error"]["next_step"] for reply in replies)


def test_a_film_that_was_deleted_is_an_error_despite_the_cache(client: Client, folder: Path) -> None:
    film = write_film(folder / "deleted.mp4", flat((9, 9, 9), 5))
    request: dict[str, Any] = {"arguments": [str(film), "--style", "wave"], "time": 0, **PREVIEW}
    assert "result" in client.request("preview", **request)
    film.unlink()
    assert client.request("preview", **request)["error"]["exit_code"] == 3


def test_any_image_can_be_previewed_as_a_style(client: Client, film: Path, folder: Path) -> None:
    image = folder / "image.png"
    image.write_bytes(png(texture(64, 64)))
    assert client.request("image", path=str(image), width=8, height=4)["result"]["thumbnail"]["width"] == 8
    assert "result" in client.request("preview", arguments=[str(film), "--style", str(image)], time=0, **PREVIEW)


def test_check_returns_the_output_and_the_number_of_frames(client: Client, film: Path) -> None:
    found = client.request("check", arguments=[str(film), "--style", "wave", "--sample", "0.8"])["result"]
    assert (found["output"], found["output_exists"], found["frames"]) == (
        str(film.with_name("film.wave.0.8s.mkv")),
        False,
        20,
    )
    assert found["warnings"] == []


def test_an_estimate_is_refined_after_each_trial_frame(client: Client, film: Path) -> None:
    client.send("estimate", arguments=[str(film), "--style", "wave", "--method", "live"])
    replies = [client.read()]
    while replies[-1].get("partial"):
        replies.append(client.read())
    trial_frames = [reply["result"]["trial_frames"] for reply in replies]
    assert trial_frames[:9] == [*range(1, 10)]
    assert trial_frames[-1] == trial_frames[-2], "the final reply is about all of them"
    last = replies[-1]["result"]
    assert last["adaptation_seconds"] == 0
    assert last["seconds"] == pytest.approx(40 * last["seconds_per_frame"])
    assert 1000 < last["output_bytes"] < 1_000_000


def test_a_new_estimate_stops_the_previous_one(client: Client, film: Path) -> None:
    arguments = [str(film), "--style", "wave", "--method", "live"]
    first = client.send("estimate", arguments=arguments)
    while client.read()["result"]["trial_frames"] < 2:
        pass
    second = client.send("estimate", arguments=[*arguments, "--crf", "30"])
    replies = [client.read()]
    while replies[-1].get("partial") or replies[-1]["id"] != second:
        replies.append(client.read())
    (stopped,) = [reply["result"] for reply in replies if reply["id"] == first and not reply.get("partial")]
    assert stopped["trial_frames"] < 9
    assert stopped["output_bytes"] is None
