"""The process as its client sees it: requests in, replies out."""

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
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def request(self, request: str, **fields: Any) -> dict[str, Any]:
        self.send(request, **fields)
        said = self.read()
        assert said["id"] == self.id
        return said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    """One process for all of these tests, as a screen has one."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("DATA", "CACHE", "STATE", "CONFIG"):
            patched.setenv(f"XDG_{name}_HOME", str(folder / "home" / name.lower()))
        client = Client(folder)
    yield client
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.process.wait(20) == 0
    assert not list(folder.glob("streamstyle-*")), "what was tried is still on the disk"


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return write_film(folder / "film.mp4", pan(frames=40).frames, audio=True)


def test_styles_come_with_small_pictures(client: Client) -> None:
    styles = client.request("styles", width=10, height=6)["result"]["styles"]
    assert "wave" in [style["name"] for style in styles]
    assert all((style["thumbnail"]["width"], style["thumbnail"]["height"]) == (10, 6) for style in styles)


def test_a_film_is_known_and_shown_and_painted(client: Client, film: Path) -> None:
    assert client.request("video", path=str(film))["result"]["frames"] == 40
    answer = client.request("preview", arguments=[str(film), "--style", "wave"], time=0.4, **PREVIEW)["result"]
    assert (answer["source"]["width"], answer["source"]["height"]) == (40, 27)
    assert answer["source"]["pixels"] != answer["stylised"]["pixels"]
    assert not answer["draft"], "a film as small as this is painted as it will be at once"


def test_what_a_run_would_refuse_is_refused(client: Client, film: Path, folder: Path) -> None:
    broken = folder / "broken.mp4"
    broken.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    words = folder / "words.jpg"
    words.write_text("no image")
    refusals = [
        client.request("video", path=str(broken)),
        client.request("video", path=str(folder / "gone.mp4")),
        client.request("image", path=str(words), width=8, height=8),
        client.request("check", arguments=[str(film), "--style", "wave", "--codec", "libx26"]),
        client.request("check", arguments=[str(film), "--style", "wave", "-o", str(film)]),
        client.request("preview", arguments=[str(film), "--style", str(words)], time=0, **PREVIEW),
    ]
    codes = [said["error"]["exit_code"] for said in refusals]
    assert codes == [3, 3, 5, 2, 4, 5]
    assert all(said["error"]["problem"] and said["error"]["next_step"] for said in refusals)


def test_a_film_that_vanishes_is_refused_though_it_was_known(client: Client, folder: Path) -> None:
    film = write_film(folder / "fleeting.mp4", flat((9, 9, 9), 5))
    question = {"arguments": [str(film), "--style", "wave"], "time": 0, **PREVIEW}
    assert "result" in client.request("preview", **question)
    film.unlink()
    assert client.request("preview", **question)["error"]["exit_code"] == 3


def test_an_image_is_a_style(client: Client, film: Path, folder: Path) -> None:
    image = folder / "image.png"
    image.write_bytes(png(texture(64, 64)))
    assert client.request("image", path=str(image), width=8, height=4)["result"]["thumbnail"]["width"] == 8
    assert "result" in client.request("preview", arguments=[str(film), "--style", str(image)], time=0, **PREVIEW)


def test_a_check_says_where_the_painting_goes_and_what_stays_behind(client: Client, film: Path) -> None:
    found = client.request("check", arguments=[str(film), "--style", "wave", "--sample", "0.8"])["result"]
    assert (found["output"], found["output_exists"], found["frames"]) == (
        str(film.with_name("film.wave.mkv")),
        False,
        20,
    )
    assert found["warnings"] == []


def test_the_cost_is_said_frame_by_frame_until_it_is_known(client: Client, film: Path) -> None:
    client.send("estimate", arguments=[str(film), "--style", "wave", "--method", "live"])
    said = [client.read()]
    while said[-1].get("partial"):
        said.append(client.read())
    tried = [each["result"]["trial_frames"] for each in said]
    assert tried[:9] == [*range(1, 10)]
    assert tried[-1] == tried[-2], "the last word is about all of them"
    last = said[-1]["result"]
    assert last["seconds"] == pytest.approx(40 * last["seconds_per_frame"])
    assert 1000 < last["output_bytes"] < 1_000_000


def test_another_cost_ends_the_trial_before(client: Client, film: Path) -> None:
    arguments = [str(film), "--style", "wave", "--method", "live"]
    first = client.send("estimate", arguments=arguments)
    while client.read()["result"]["trial_frames"] < 2:
        pass
    second = client.send("estimate", arguments=[*arguments, "--crf", "30"])
    said = [client.read()]
    while said[-1].get("partial") or said[-1]["id"] != second:
        said.append(client.read())
    ended = [each["result"] for each in said if each["id"] == first and not each.get("partial")]
    assert ended[0]["trial_frames"] < 9
    assert ended[0]["output_bytes"] is None
