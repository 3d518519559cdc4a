"""Where the networks run, and in which arithmetic."""

from __future__ import annotations

import torch

from streamstyle.errors import DeviceError
from streamstyle.settings import Device


def select_device(device: Device) -> torch.device:
    """Return torch's device; raises DeviceError where a GPU is asked for and none is there."""
    if device is Device.cpu or (device is Device.auto and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DeviceError("there is no CUDA device for --device cuda", "Use --device cpu, or see `streamstyle doctor`.")
    return torch.device("cuda")


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware multiplies it faster than float32, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if _cpu_multiplies_bfloat16() else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    get_capabilities = getattr(torch.cpu, "get_capabilities", dict)  # torch 2.11 may lack it
    capabilities: dict[str, object] = get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
