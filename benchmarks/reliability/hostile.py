"""Style files and images from anywhere: each is used, or refused in words, in bounded time and memory."""

from __future__ import annotations

import json
import struct
import time
import zlib
from functools import cache
from pathlib import Path
from random import Random
from threading import Lock

import torch
from safetensors import safe_open
from safetensors.torch import save

from benchmarks.reliability.mutations import MUTATIONS
from benchmarks.reliability.process import Ended, run_program
from benchmarks.reliability.results import CaseResult, Verdict
from streamstyle.styles.library import get_style
from tests.films import pan, png, write_film

_COMMAND = ("--method", "johnson", "--codec", "ffv1", "--threads", "1", "-y", "--json")
_VALUES = (-1, 0, 1 << 40, 100_000, 1.5, "16", None, [[8]], True, float("nan"))
_SIDES = ((60_000, 1), (1, 60_000), (30_000, 30_000), (1 << 31, 1 << 31), (0, 0))
_lock = Lock()


@cache
def _film(folder: Path) -> Path:
    return write_film(folder / "hostile.mkv", pan(4, 64, 48).frames)


def run_case(seed: int, folder: Path) -> CaseResult:
    """Make a hostile style file or image, and stylise four frames with it."""
    random = Random(f"hostile {seed}")
    with _lock:
        film = _film(folder)
    case = folder / f"hostile-{seed}"
    case.mkdir()
    makers = (_mutated_style, _changed_metadata, _wrong_weight, _mutated_image, _huge_image)
    name, content, how, refused = makers[seed % len(makers)](random)
    style, output = case / name, case / "output.mkv"
    style.write_bytes(content)
    start = time.monotonic()
    ended = run_program(["run", str(film), "--style", str(style), *_COMMAND, "-o", str(output)], case / "home")
    verdict, told = _judge(ended, refused=refused)
    return CaseResult("hostile", seed, verdict, f"{how}; {told}", time.monotonic() - start)


def _judge(ended: Ended, *, refused: bool) -> tuple[Verdict, str]:
    if ended.hung:
        return Verdict.hang, "ran for a minute"
    last = ended.words[-1] if ended.words else "without a word"
    if ended.crashed or ended.code < 0:
        return Verdict.crash, last
    if ended.code == 0:
        return (Verdict.wrong if refused else Verdict.same), "was used"
    return (Verdict.said if ended.words else Verdict.wrong), last


def _style() -> bytes:
    return get_style("wave").path.read_bytes()


def _mutated_style(random: Random) -> tuple[str, bytes, str, bool]:
    content, how = random.choice(MUTATIONS)(_style(), random)
    return "style.safetensors", content, f"style {how}", False


def _changed_metadata(random: Random) -> tuple[str, bytes, str, bool]:
    """A style whose metadata asks for another network."""
    with safe_open(get_style("wave").path, "pt") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    network = json.loads(metadata["network"])
    name, value = random.choice(list(network)), random.choice(_VALUES)
    text = "[" * 100_000 if random.random() < 0.2 else json.dumps(network | {name: value})
    how = "style with a nested network" if text.startswith("[[") else f"style with {name} = {value}"
    same = network.get(name) == value and isinstance(value, type(network[name]))
    return "style.safetensors", save(tensors, metadata | {"network": text}), how, not same


def _wrong_weight(random: Random) -> tuple[str, bytes, str, bool]:
    """A style with one weight that is no finite number."""
    with safe_open(get_style("wave").path, "pt") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    name = random.choice([name for name, tensor in tensors.items() if tensor.is_floating_point()])
    value = random.choice((float("nan"), float("inf"), -float("inf")))
    changed = tensors[name].clone().view(-1)
    changed[random.randrange(changed.numel())] = value
    tensors[name] = torch.reshape(changed, tensors[name].shape)
    return "style.safetensors", save(tensors, metadata), f"style with {value} in {name}", True


def _mutated_image(random: Random) -> tuple[str, bytes, str, bool]:
    suffix = random.choice((".png", ".jpg", ".webp", ".gif"))  # whatever the name says, it is a PNG
    content, how = random.choice(MUTATIONS)(png(pan(1, 96, 64, seed=3).frames[0]), random)
    return f"image{suffix}", content, f"image{suffix} {how}", False


def _huge_image(random: Random) -> tuple[str, bytes, str, bool]:
    """A PNG of a few bytes that says it has many pixels."""
    width, height = random.choice(_SIDES)
    header = struct.pack(">IIBBBBB", min(width, 0xFFFFFFFF), min(height, 0xFFFFFFFF), 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(min(10_000_000, (1 + 3 * width) * height)))
    chunks = b"".join(_chunk(kind, data) for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")))
    return "image.png", b"\x89PNG\r\n\x1a\n" + chunks, f"image of {width}x{height}", True


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
