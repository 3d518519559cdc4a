"""The software: versions, OpenCV's wheels, codecs."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
from collections.abc import Iterable

from streamstyle import __version__
from streamstyle.doctor.finding import Row, State, fine

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
_NEEDED_ENCODER = "libx264"


def versions() -> Iterable[Row]:
    """Yield Python's version, ours, and that of each package we stand on."""
    yield fine("streamstyle", __version__)
    yield fine("python", f"{platform.python_version()} on {platform.platform()}")
    for module, distribution in _PACKAGES.items():
        try:
            importlib.import_module(module)
            yield fine(distribution, importlib.metadata.version(distribution))
        except (ImportError, OSError) as error:
            yield distribution, State.broken, f"cannot be imported ({error})", f"pip install {distribution}"


def opencv() -> Iterable[Row]:
    """Yield the OpenCV wheels, of which more than one overwrite each other, and whether DeepFlow is in them."""
    names = {str(found.metadata["Name"]).lower() for found in importlib.metadata.distributions()}
    wheels = sorted(name for name in names if name.startswith("opencv-"))
    if len(wheels) > 1:
        others = " ".join(wheels)
        repair = f"pip uninstall -y {others} && pip install opencv-contrib-python"
        yield "wheels", State.broken, f"several overwrite each other: {', '.join(wheels)}", repair
    else:
        yield fine("wheels", ", ".join(wheels) or "none")
    import cv2

    deepflow = hasattr(cv2, "optflow") and hasattr(cv2.optflow, "createOptFlow_DeepFlow")
    if deepflow:
        yield fine("deepflow", "there")
    else:
        yield "deepflow", State.note, "missing, so --flow deepflow fails", "pip install opencv-contrib-python"


def codecs() -> Iterable[Row]:
    """Yield FFmpeg's libraries and the video encoders in them."""
    import av

    yield fine("ffmpeg", " ".join(f"{name} {'.'.join(map(str, v))}" for name, v in av.library_versions.items()))
    there = [name for name in _ENCODERS if _can_encode(name)]
    missing = [name for name in _ENCODERS if name not in there]
    yield fine("encoders", ", ".join(there))
    if missing:
        yield fine("not built in", ", ".join(missing))
    if _NEEDED_ENCODER not in there:
        yield _NEEDED_ENCODER, State.broken, "the default encoder is missing", "pip install --force-reinstall av"


def _can_encode(name: str) -> bool:
    import av

    try:
        return av.codec.Codec(name, "w").is_encoder
    except (ValueError, av.FFmpegError):
        return False
