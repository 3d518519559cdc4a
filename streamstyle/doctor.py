"""Checks of this installation: versions, codecs, processor, GPU, terminal, folders, styles and networks.

A check that raises an exception is itself a finding, so that one defect does not hide the others.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from streamstyle import __version__
from streamstyle.errors import StreamstyleError
from streamstyle.files import cache_folder
from streamstyle.machine_info import cpu_features, cpu_model, memory_bytes
from streamstyle.prefetch import usable_cpus
from streamstyle.styles.library import all_styles, builtin_styles, library_folder

_PACKAGES = {
    "torch": "torch",
    "av": "av",
    "numpy": "numpy",
    "cv2": "opencv-contrib-python",
    "safetensors": "safetensors",
    "click": "click",
    "platformdirs": "platformdirs",
    "rich": "rich",
    "textual": "textual",
}
"""Module to import, and the distribution it comes from."""

_ENCODERS = ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "h264_nvenc", "hevc_nvenc", "av1_nvenc", "ffv1")
_REQUIRED_ENCODER = "libx264"

_TERMINAL_VARIABLES = {"tmux": "TMUX", "screen": "STY", "ssh": "SSH_TTY"}
"""Environment variables by which terminal multiplexers and SSH are recognised."""


class State(StrEnum):
    """Severity of a finding."""

    ok = "ok"
    note = "note"
    """Worth knowing, but nothing will fail."""
    broken = "broken"
    """Something will fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    state: State
    detail: str
    next_step: str = ""
    topic: str = ""
    """Set by `run_checks`."""


Check = Callable[[], Iterable[Finding]]


def run_checks(checks: Mapping[str, Check] | None = None) -> Iterator[Finding]:
    """Run all checks (`CHECKS` by default), topic by topic; an exception in a check becomes a finding."""
    for topic, check in (CHECKS if checks is None else checks).items():
        try:
            for finding in check():
                yield replace(finding, topic=topic)
        except StreamstyleError as error:
            yield Finding(topic, State.broken, error.problem, error.next_step, topic)
        except Exception as error:  # the remaining checks are still useful
            yield Finding(topic, State.broken, f"{type(error).__name__}: {error}", "Reinstall streamstyle.", topic)


def _ok(name: str, detail: str) -> Finding:
    return Finding(name, State.ok, detail)


def check_versions() -> Iterable[Finding]:
    """Yield the versions of Python, streamstyle and the packages it needs."""
    yield _ok("streamstyle", __version__)
    yield _ok("python", f"{platform.python_version()} on {platform.platform()}")
    for module, distribution in _PACKAGES.items():
        try:
            importlib.import_module(module)
            yield _ok(distribution, importlib.metadata.version(distribution))
        except (ImportError, OSError) as error:
            yield Finding(distribution, State.broken, f"cannot be imported ({error})", f"pip install {distribution}")


def check_opencv() -> Iterable[Finding]:
    """Yield the OpenCV wheels, several of which overwrite each other, and whether they contain DeepFlow."""
    names = {str(found.metadata["Name"]).lower() for found in importlib.metadata.distributions()}
    wheels = sorted(name for name in names if name.startswith("opencv-"))
    if len(wheels) > 1:
        repair = f"pip uninstall -y {' '.join(wheels)} && pip install opencv-contrib-python"
        yield Finding("wheels", State.broken, f"several overwrite each other: {', '.join(wheels)}", repair)
    else:
        yield _ok("wheels", ", ".join(wheels) or "none")
    import cv2

    if hasattr(cv2, "optflow") and hasattr(cv2.optflow, "createOptFlow_DeepFlow"):
        yield _ok("deepflow", "available")
    else:
        repair = "pip install opencv-contrib-python"
        yield Finding("deepflow", State.note, "missing; --flow deepflow will fail", repair)


def check_codecs() -> Iterable[Finding]:
    """Yield the versions of FFmpeg's libraries and the video encoders they contain."""
    import av

    yield _ok("ffmpeg", " ".join(f"{name} {'.'.join(map(str, v))}" for name, v in av.library_versions.items()))
    available = [name for name in _ENCODERS if _can_encode(name)]
    missing = [name for name in _ENCODERS if name not in available]
    yield _ok("encoders", ", ".join(available))
    if missing:
        yield _ok("unavailable", ", ".join(missing))
    if _REQUIRED_ENCODER not in available:
        repair = "pip install --force-reinstall av"
        yield Finding(_REQUIRED_ENCODER, State.broken, "the default encoder is missing", repair)


def _can_encode(name: str) -> bool:
    import av

    try:
        return av.codec.Codec(name, "w").is_encoder
    except (ValueError, av.FFmpegError):
        return False


def check_processor() -> Iterable[Finding]:
    """Yield the processor, its cores and features, torch's use of them, the kernels and the memory."""
    import torch

    from streamstyle.gpu.dispatch import find_kernels

    yield _ok("model", cpu_model())
    yield _ok("cores", f"{usable_cpus()} for this process, of {os.cpu_count()}")
    yield _ok("features", " ".join(cpu_features()) or "unknown")
    yield _ok("torch", f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}")
    if find_kernels(torch.zeros(1)) is not None:
        yield _ok("kernels", "compiled library (warping, consistency weight)")
    else:
        yield _ok("kernels", "torch only: the compiled library was not built, or STREAMSTYLE_KERNELS=torch is set")
    if (memory := memory_bytes()) is not None:
        yield _ok("memory", f"{memory / 1e9:.1f} GB")


def check_gpu() -> Iterable[Finding]:
    """Yield the GPUs that torch finds, whether it can use the first one, and whether the CUDA kernels run on it."""
    import torch

    from streamstyle.gpu.device import gpu_fault

    if not torch.cuda.is_available():
        yield _no_gpu()
        return
    for index in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(index)
        yield _ok(f"gpu {index}", f"{gpu.name}, {gpu.total_memory / 1e9:.0f} GB, CUDA {torch.version.cuda}")
    if (fault := gpu_fault()) is not None:
        next_step = "Update the driver; torch's builds for CUDA 13 need a GPU from 2018 (Turing) or later."
        yield Finding("use", State.note, f"torch cannot use it ({fault}); everything runs on the CPU", next_step)
    else:
        yield _cuda_kernels()


def _no_gpu() -> Finding:
    import torch

    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "a CPU build"
    none = f"none that torch can use (torch is {built}); everything runs on the CPU"
    if shutil.which("nvidia-smi") is None:
        return _ok("gpu", none)
    next_step = "Update the driver." if torch.version.cuda else "Install torch's build for CUDA: https://pytorch.org"
    return Finding("gpu", State.note, f"{none}, although NVIDIA's driver is installed", next_step)


def _cuda_kernels() -> Finding:
    import torch

    from streamstyle.gpu.dispatch import find_kernels, why_unavailable

    if find_kernels(torch.zeros(1, device="cuda")) is not None:
        return _ok("kernels", f"streamstyle's own, compiled with CuPy {importlib.import_module('cupy').__version__}")
    why = why_unavailable("cuda")
    if why is None:
        return _ok("kernels", "torch only: STREAMSTYLE_KERNELS=torch is set")
    installed = importlib.util.find_spec("cupy") is not None
    next_step = "Compare its CUDA version with the driver's, which nvidia-smi shows."
    return Finding(
        "kernels", State.note, f"torch only: {why}", next_step if installed else 'pip install "streamstyle[cuda]"'
    )


def check_terminal() -> Iterable[Finding]:
    """Yield how progress is displayed on this terminal."""
    size = shutil.get_terminal_size()
    in_place = f"rewritten in place, {size.columns}x{size.lines}"
    yield _ok("progress", in_place if sys.stderr.isatty() else "not a terminal: a line at intervals")
    yield _ok("colours", os.environ.get("COLORTERM") or os.environ.get("TERM") or "unknown")
    inside = [name for name, variable in _TERMINAL_VARIABLES.items() if os.environ.get(variable)]
    yield _ok("inside", ", ".join(inside) or "not in tmux, screen or ssh")
    encoding = (sys.stderr.encoding or "").lower()
    if encoding.replace("-", "") == "utf8":
        yield _ok("encoding", encoding)
    else:
        yield Finding(
            "encoding", State.note, f"{encoding}: file names may be displayed wrongly", "export LC_ALL=C.UTF-8"
        )


def check_folders() -> Iterable[Finding]:
    """Yield the folders that streamstyle writes to, with their sizes."""
    yield _check_folder("styles", library_folder())
    yield _check_folder("cache", cache_folder())


def _check_folder(name: str, path: Path) -> Finding:
    if not path.exists():
        above = next(parent for parent in path.parents if parent.exists())
        if os.access(above, os.W_OK):
            return _ok(name, f"{path}, does not exist yet")
        return Finding(name, State.broken, f"{path} cannot be created", f"Make {above} writable.")
    if not os.access(path, os.W_OK):
        return Finding(name, State.broken, f"{path} cannot be written to", f"Make {path} writable.")
    used = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return _ok(name, f"{path}, {used / 1e6:.1f} MB used, {shutil.disk_usage(path).free / 1e9:.1f} GB free on its disk")


def check_styles() -> Iterable[Finding]:
    """Yield whether each style, and the network for any image, can be loaded."""
    from streamstyle.models.weights import load_style_net, load_style_predictor

    for style in all_styles():
        try:
            load_style_net(style.path)
            yield _ok(style.name, "readable" if style.builtin else f"readable, learned ({style.path})")
        except StreamstyleError as error:
            yield Finding(style.name, State.broken, error.problem, error.next_step)
    if not builtin_styles():
        yield Finding("built in", State.broken, "missing", "Reinstall streamstyle.")
    load_style_predictor()
    yield _ok("any image", "readable")


def check_loss_network() -> Iterable[Finding]:
    """Yield whether the built-in loss network can be loaded."""
    from streamstyle.models.weights import load_loss_network

    load_loss_network()
    yield _ok("built in", "readable")


CHECKS: Mapping[str, Check] = {
    "versions": check_versions,
    "OpenCV": check_opencv,
    "codecs": check_codecs,
    "processor": check_processor,
    "graphics": check_gpu,
    "terminal": check_terminal,
    "folders": check_folders,
    "styles": check_styles,
    "loss network": check_loss_network,
}
"""Every check by topic, in the order of output."""
