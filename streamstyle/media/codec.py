"""A video encoder by its FFmpeg name, and what the settings mean to it."""

from __future__ import annotations

import difflib
import math
import os
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.codec.context import OptionType

from streamstyle.errors import SettingsError

if TYPE_CHECKING:
    from av.codec.context import CodecOption

    from streamstyle.settings import EncoderSettings

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
_LOOKAHEAD_PRESETS = PRESETS[PRESETS.index("fast") :]
_SVT_PRESETS = ("10", "10", "9", "9", "8", "8", "6", "4", "3", "2")
"""SVT-AV1 numbers its presets; these take about as long, against each other, as x264's."""

_SUGGESTED_ENCODERS = (
    "libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks", "mpeg4", "mjpeg", "libx264rgb",
    "h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_qsv", "hevc_qsv", "av1_qsv", "h264_amf", "hevc_amf", "av1_amf",
    "h264_vaapi", "hevc_vaapi", "av1_vaapi", "h264_videotoolbox", "hevc_videotoolbox", "prores_videotoolbox",
)  # fmt: skip
"""What is suggested; any other video encoder is taken too."""

_PREFERRED_PIX_FMTS = ("yuv420p", "yuv422p", "yuv422p10le", "yuv444p", "gbrp", "rgb24", "bgr0", "bgra")
"""What to encode, what most players know first."""


def find_encoder(name: str) -> av.Codec:
    """Return the video encoder of that name; SettingsError with the nearest names when there is none."""
    try:
        codec = av.Codec(name, "w")
    except ValueError as error:
        raise SettingsError(f"--codec {name} is no video encoder here", _nearest_encoders(name)) from error
    if codec.type != "video":
        raise SettingsError(f"--codec {name} encodes {codec.type}, not video", _nearest_encoders(name))
    if codec.name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # it prints a page to stderr, and knows no other way to be told not to
    return codec


def _nearest_encoders(name: str) -> str:
    near = difflib.get_close_matches(name, [known for known in _SUGGESTED_ENCODERS if known in av.codecs_available], 3)
    return f"Nearest: {', '.join(near)}." if near else f"Try {', '.join(_SUGGESTED_ENCODERS[:3])}."


def pixel_format(codec: av.Codec) -> str:
    """Return the pixel format to feed the encoder."""
    if codec.name == "mjpeg":
        return "yuvj420p"  # it takes yuv420p too, but only as full range
    known = [known.name for known in codec.video_formats or ()]
    return next(
        (name for name in _PREFERRED_PIX_FMTS if not known or name in known),
        known[0] if known else _PREFERRED_PIX_FMTS[0],
    )


def encoder_options(
    codec: av.Codec, known: tuple[CodecOption, ...], settings: EncoderSettings, rate: Fraction
) -> dict[str, str]:
    """Return quality and preset under the names this encoder has for them; without `crf` or `cq` it has no quality."""
    named = {option.name: option for option in known}
    options = {"x265-params": "log-level=error"} if codec.name == "libx265" else {}
    if "forced-idr" in named:
        options["forced-idr"] = "1"  # a frame that is to be a key frame is one that nothing looks back across
    if codec.name == "ffv1":
        options["g"] = "1"  # it listens to no such wish
    quality = next((name for name in ("crf", "cq") if name in named), None)
    if quality is not None:
        options[quality] = str(min(settings.crf, int(min(named[quality].max, 63))))
    if "preset" in named:
        options["preset"] = _preset_option(named["preset"], settings.preset)
    if codec.name == "libx264" and settings.preset in _LOOKAHEAD_PRESETS:
        options["rc-lookahead"] = str(min(40, math.ceil(rate)))  # a killed run then loses about a second
    return options


def _preset_option(option: CodecOption, name: str) -> str:
    numbered = option.type == OptionType.INT and not option.choices
    allowed = [choice.name for choice in option.choices] or list(PRESETS)
    if numbered and name.isdigit():
        return name
    if name not in allowed:
        raise SettingsError(f"--preset {name} is not known", f"Known are {', '.join(allowed)}.")
    return _SVT_PRESETS[PRESETS.index(name)] if numbered else name
