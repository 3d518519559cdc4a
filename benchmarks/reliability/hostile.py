"""Style files, loss networks and images from anywhere: used, or refused in words, in bounded time and memory."""

from __future__ import annotations

import json
import struct
import time
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from threading import Lock

import torch
from safetensors import safe_open
from safetensors.torch import load, save

from benchmarks.reliability.mutations import MUTATIONS
from benchmarks.reliability.process import Ended, run_program
from benchmarks.reliability.results import CaseResult, Verdict
from streamstyle.media.images import encode_image
from streamstyle.styles.library import get_style
from tests.films import pan, write_film

_RUN = ("--codec", "ffv1", "--threads", "1", "-y", "--json")
_VALUES = (-1, 0, 1 << 40, 100_000, 1.5, "16", None, [[8]], True, float("nan"))
_SIDES = ((60_000, 1), (1, 60_000), (30_000, 30_000), (1 << 31, 1 << 31), (0, 0))
_SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".bmp", ".jp2")
_STYLE_ERROR = 5
_lock = Lock()


@dataclass(frozen=True)
class HostileFile:
    """A file that somebody might be given."""

    name: str
    content: bytes
    how: str
    """What is wrong with it."""
    refused: bool
    """Whether it cannot be used; otherwise it may be either."""
    arguments: tuple[str, ...] = ("--method", "johnson", "--style")
    """What the command is given, followed by the file."""


@cache
def _film(folder: Path) -> Path:
    return write_film(folder / "hostile.mkv", pan(4, 64, 48).frames)


def run_case(seed: int, folder: Path) -> CaseResult:
    """Make a hostile file, and stylise four frames with it."""
    random = Random(f"hostile {seed}")
    with _lock:
        film = _film(folder)
    case = folder / f"hostile-{seed}"
    case.mkdir()
    makers = (
        _mutated_style,
        _changed_metadata,
        _wrong_weight,
        _mutated_image,
        _huge_image,
        _mutated_loss_network,
        _bomb,
    )
    made = makers[seed % len(makers)](random)
    (case / made.name).write_bytes(made.content)
    start = time.monotonic()
    arguments = [*made.arguments, str(case / made.name), *_RUN, "-o", str(case / "output.mkv")]
    ended = run_program(["run", str(film), *arguments], case / "home")
    verdict, told = _judge(ended, refused=made.refused)
    return CaseResult("hostile", seed, verdict, f"{made.how}; {told}", time.monotonic() - start)


def _judge(ended: Ended, *, refused: bool) -> tuple[Verdict, str]:
    """Return whether the file was used, or refused in one line with a next step and the exit code of styles."""
    if ended.hung:
        return Verdict.hang, "ran for a minute"
    last = ended.words[-1] if ended.words else "without a word"
    if ended.code == 0:
        return (Verdict.wrong if refused else Verdict.same), "was used"
    if ended.code != _STYLE_ERROR:
        return Verdict.crash, f"exit code {ended.code}: {last}"
    one_line = len(ended.words) == 1 and len(last.splitlines()) == 1 and ended.events[-1].get("next_step")
    return (Verdict.said if one_line else Verdict.wrong), last


def _style() -> bytes:
    return get_style("wave").path.read_bytes()


def _read_style() -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(get_style("wave").path, "pt") as file:
        return dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _mutated_style(random: Random) -> HostileFile:
    content, how = random.choice(MUTATIONS)(_style(), random)
    return HostileFile("style.safetensors", content, f"style {how}", refused=False)


def _changed_metadata(random: Random) -> HostileFile:
    """A style whose metadata asks for another network."""
    metadata, tensors = _read_style()
    network = json.loads(metadata["network"])
    name, value = random.choice(list(network)), random.choice(_VALUES)
    text = "[" * 100_000 if random.random() < 0.2 else json.dumps(network | {name: value})
    how = "style with a nested network" if text.startswith("[[") else f"style with {name} = {value}"
    same = network.get(name) == value and isinstance(value, type(network[name]))
    return HostileFile("style.safetensors", save(tensors, metadata | {"network": text}), how, refused=not same)


def _wrong_weight(random: Random) -> HostileFile:
    """A style with one weight that is no finite number."""
    metadata, tensors = _read_style()
    name = random.choice([name for name, tensor in tensors.items() if tensor.is_floating_point()])
    value = random.choice((float("nan"), float("inf"), -float("inf")))
    changed = tensors[name].clone().view(-1)
    changed[random.randrange(changed.numel())] = value
    tensors[name] = torch.reshape(changed, tensors[name].shape)
    return HostileFile("style.safetensors", save(tensors, metadata), f"style with {value} in {name}", refused=True)


def _mutated_loss_network(random: Random) -> HostileFile:
    """The built-in loss network with changed bytes, without a tensor, or with another file's tensors."""
    path = files("streamstyle") / "assets" / "loss_network.safetensors"
    arguments = ("--method", "consistent", "--iterations", "2", "--style", "wave", "--loss-network")
    if random.random() < 0.5:
        content, how = random.choice(MUTATIONS)(path.read_bytes(), random)
        return HostileFile("vgg.safetensors", content, f"loss network {how}", False, arguments)
    tensors = load(path.read_bytes())
    missing = random.choice(list(tensors))
    del tensors[missing]
    return HostileFile("vgg.safetensors", save(tensors), f"loss network without {missing}", True, arguments)


def _mutated_image(random: Random) -> HostileFile:
    suffix = random.choice(_SUFFIXES)
    content, how = random.choice(MUTATIONS)(encode_image(pan(1, 96, 64, seed=3).frames[0], suffix), random)
    return HostileFile(f"image{suffix}", content, f"image{suffix} {how}", refused=False)


def _huge_image(random: Random) -> HostileFile:
    """A PNG of a few bytes that says it has many pixels."""
    width, height = random.choice(_SIDES)
    rows = zlib.compress(bytes(min(10_000_000, (1 + 3 * width) * height)))
    content = _png(width, height, 8, 2, rows)
    return HostileFile("image.png", content, f"image of {width}x{height}", refused=True)


def _bomb(random: Random) -> HostileFile:
    """A whole PNG of some hundred kilobytes that decodes to gigabytes."""
    side = random.randrange(15_000, 40_000)
    compressor, row = zlib.compressobj(1), bytes(1 + (side + 7) // 8)
    rows = b"".join([*(compressor.compress(row) for _ in range(side)), compressor.flush()])
    return HostileFile("image.png", _png(side, side, 1, 0, rows), f"whole image of {side}x{side}", refused=True)


def _png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", min(width, 0xFFFFFFFF), min(height, 0xFFFFFFFF), depth, colour, 0, 0, 0)
    chunks = b"".join(_chunk(kind, data) for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
