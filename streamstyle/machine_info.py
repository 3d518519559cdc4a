"""What determines the speed of a run: processor, cores, load, GPU, kernels, and versions of the software."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from streamstyle import __version__
from streamstyle.prefetch import usable_cpus

MachineInfo = dict[str, str | int]
"""Facts by name, recorded with every measured time."""

_CPU_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile", "asimd", "bf16")
"""Those by which torch selects its kernels."""


def machine_info() -> MachineInfo:
    """Return the current facts."""
    import torch

    from streamstyle.gpu.dispatch import find_kernels

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return {
        "streamstyle": __version__,
        "processor": cpu_model(),
        "cores": usable_cpus(),
        "threads": torch.get_num_threads(),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "kernels": "torch" if find_kernels(torch.zeros(1, device=device)) is None else "compiled",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "av", "numpy", "opencv-contrib-python")},
    }


def describe_machine(info: MachineInfo) -> str:
    """Return the facts in one line, for output."""
    gpu = "" if info["gpu"] == "none" else f", {info['gpu']}"
    return (
        f"{info['processor']}, {info['cores']} cores (load {info['load']}, {info['threads']} threads){gpu}, "
        f"{info['kernels']} kernels, Python {info['python']}, torch {info['torch']}, "
        f"OpenCV {info['opencv-contrib-python']}, PyAV {info['av']}, streamstyle {info['streamstyle']}"
    )


def cpu_model() -> str:
    """Return the name of the processor, or its architecture if the system gives no name."""
    return _cpuinfo_field("model name") or platform.processor() or platform.machine()


def cpu_features() -> list[str]:
    """Return the vector instruction sets of the processor that torch uses; empty if the system does not list them."""
    listed = {*_cpuinfo_field("flags").split(), *_cpuinfo_field("Features").split()}
    return [name for name in _CPU_FEATURES if name in listed]


def memory_bytes() -> int | None:
    """Return the size of the memory; None if the system does not report it."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _cpuinfo_field(name: str) -> str:
    """Return a field of /proc/cpuinfo; empty if there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == name), "")
