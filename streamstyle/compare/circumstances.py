"""What decides about speed: the machine, its load, and the versions of what does the work."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch

import streamstyle
from streamstyle.compare.events import Circumstances
from streamstyle.cores import cores
from streamstyle.ops.kernels import kernels_for


def circumstances() -> Circumstances:
    """Return them as they are now."""
    there = "cuda" if torch.cuda.is_available() else "cpu"
    return {
        "streamstyle": streamstyle.__version__,
        "processor": _processor(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "kernels": "torch" if kernels_for(torch.zeros(1, device=there)) is None else "compiled",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "av", "numpy", "opencv-contrib-python")},
    }


def described(here: Circumstances) -> str:
    """Return the circumstances as one line to put under a table."""
    gpu = "" if here["gpu"] == "none" else f", {here['gpu']}"
    return (
        f"{here['processor']}, {here['cores']} cores (load {here['load']}, {here['threads']} threads){gpu}, "
        f"{here['kernels']} kernels, Python {here['python']}, torch {here['torch']}, "
        f"OpenCV {here['opencv-contrib-python']}, PyAV {here['av']}, streamstyle {here['streamstyle']}"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
