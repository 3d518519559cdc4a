"""The machine: processor, GPU and the terminal one sits at."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from streamstyle.cores import cores
from streamstyle.doctor.finding import Row, State, fine

_CPU_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile", "asimd", "bf16")


_INSIDE = {"tmux": "TMUX", "screen": "STY", "ssh": "SSH_TTY"}
"""What a terminal may be inside of, and the variable that tells."""


def processor() -> Iterable[Row]:
    """Yield the processor, its cores and features, and how torch uses them."""
    import torch

    yield fine("model", _processor_model())
    yield fine("cores", f"{cores()} for this process, of {os.cpu_count()}")
    features = set(_processor_field("flags").split()) | set(_processor_field("Features").split())
    yield fine("features", " ".join(name for name in _CPU_FEATURES if name in features) or "unknown")
    yield fine("torch", f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}")
    yield _kernels()
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        yield fine("memory", f"{total / 1e9:.1f} GB")


def _kernels() -> Row:
    """Return whether warping and the temporal term are done by the compiled part or by torch."""
    import torch

    from streamstyle.ops.kernels import kernels_for

    if kernels_for(torch.zeros(1)) is not None:
        return fine("kernels", "the compiled part carries pictures along and weighs them")
    return fine("kernels", "torch's; the compiled part was not built, or STREAMSTYLE_KERNELS=torch is set")


def _processor_model() -> str:
    return _processor_field("model name") or platform.processor() or platform.machine()


def _processor_field(name: str) -> str:
    """Return a field of /proc/cpuinfo; empty where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == name), "")


def graphics() -> Iterable[Row]:
    """Yield the GPUs that torch finds, whether it can use the first, and whether our own kernels run on it."""
    import torch

    from streamstyle.nets.device import gpu_fault

    if not torch.cuda.is_available():
        yield _no_gpu()
        return
    for index in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(index)
        yield fine(f"gpu {index}", f"{gpu.name}, {gpu.total_memory / 1e9:.0f} GB, CUDA {torch.version.cuda}")
    if (fault := gpu_fault()) is not None:
        next_step = "Update its driver; torch's builds for CUDA 13 need a GPU of 2018 (Turing) or later."
        yield "use", State.note, f"torch cannot use it ({fault}); everything runs on the CPU", next_step
    else:
        yield _gpu_kernels()


def _no_gpu() -> Row:
    import torch

    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "a CPU build"
    none = f"none that torch can use (torch is {built}); everything runs on the CPU"
    if shutil.which("nvidia-smi") is None:
        return fine("gpu", none)
    next_step = "Update its driver." if torch.version.cuda else "Install torch's build for CUDA: https://pytorch.org"
    return "gpu", State.note, f"{none}, though NVIDIA's driver is here", next_step


def _gpu_kernels() -> Row:
    import torch

    from streamstyle.ops.kernels import kernels_for, missing

    if kernels_for(torch.zeros(1, device="cuda")) is not None:
        return fine("kernels", f"our own, compiled by CuPy {importlib.import_module('cupy').__version__}")
    why = missing("cuda")
    if why is None:
        return fine("kernels", "torch's: STREAMSTYLE_KERNELS=torch is set")
    installed = importlib.util.find_spec("cupy") is not None
    compare = "Compare its CUDA with the driver's, which nvidia-smi shows."
    return "kernels", State.note, f"torch's: {why}", compare if installed else 'pip install "streamstyle[cuda]"'


def terminal() -> Iterable[Row]:
    """Yield how progress is shown on this terminal."""
    on_terminal = sys.stderr.isatty()
    size = shutil.get_terminal_size()
    yield fine("progress", f"rewritten in place, {size.columns}x{size.lines}" if on_terminal else "a line now and then")
    colours = os.environ.get("COLORTERM") or os.environ.get("TERM") or "unknown"
    yield fine("colours", colours)
    inside = [
        name for name, variable in (("tmux", "TMUX"), ("screen", "STY"), ("ssh", "SSH_TTY")) if os.environ.get(variable)
    ]
    yield fine("inside", ", ".join(inside) or "neither tmux nor ssh")
    encoding = (sys.stderr.encoding or "").lower()
    if encoding.replace("-", "") == "utf8":
        yield fine("encoding", encoding)
    else:
        yield "encoding", State.note, f"{encoding}: names of films may show wrongly", "export LC_ALL=C.UTF-8"
