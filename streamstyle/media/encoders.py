"""The video encoders of FFmpeg: found by name, the pixel format each gets, its options for quality and preset."""

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

CAPTIONS = "a53cc"
"""The option of encoders that store closed captions; libx265 does so only if asked to."""

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
_LOOKAHEAD_PRESETS = PRESETS[PRESETS.index("fast") :]
_SVT_PRESETS = ("10", "10", "9", "9", "8", "8", "6", "4", "3", "2")
"""Of SVT-AV1, for each of `PRESETS`: their times relate about as x264's."""

_SUGGESTED_ENCODERS = (
    "libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks", "dnxhd", "mpeg4", "mjpeg", "libx264rgb",
    "h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_qsv", "hevc_qsv", "av1_qsv", "h264_amf", "hevc_amf", "av1_amf",
    "h264_vaapi", "hevc_vaapi", "av1_vaapi", "h264_videotoolbox", "hevc_videotoolbox", "prores_videotoolbox",
)  # fmt: skip
"""Suggested in error messages; any other video encoder is accepted too."""

_PREFERRED_PIX_FMTS = ("yuv420p", "yuv422p", "yuv422p10le", "yuv444p", "gbrp", "rgb24", "bgr0", "bgra")
"""In order: what most players support comes first."""

_ALPHA_ENCODERS = ("prores_ks", "ffv1", "png", "qtrle", "utvideo")
"""Encoders that get the alpha of a film that has one; others only if it is asked for with --pix-fmt: of a GIF, which
always has one, an H.265 film would otherwise be one that few players show."""

_ALPHA_PIX_FMTS = ("yuva444p10le", "gbrap", "yuva420p", "rgba", "bgra", "argb")
"""In order, for films with an alpha."""

_DEEP_PIX_FMTS = {"dnxhd": "yuv422p10le", "ffv1": "yuv444p10le"}
"""Of encoders for archives and editing, which get more than players support."""

_ALIASES = {"prores": "prores_ks", "dnxhr": "dnxhd"}
"""Encoders by the names of their formats; FFmpeg's own `prores` knows neither alpha nor 4:4:4."""


def find_encoder(name: str) -> av.Codec:
    """Return the video encoder of this name. SettingsError, with the nearest names, if there is none."""
    try:
        codec = av.Codec(_ALIASES.get(name, name), "w")
    except ValueError as error:
        raise SettingsError(f"--codec {name} is not a video encoder of this FFmpeg", _nearest_encoders(name)) from error
    if codec.type != "video":
        raise SettingsError(f"--codec {name} encodes {codec.type}, not video", _nearest_encoders(name))
    if codec.name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # otherwise it prints a page to stderr
    return codec


def encoder_names(beginning: str = "") -> list[str]:
    """Return the video encoders of this FFmpeg whose names begin so, those that are suggested first."""
    known = [name for name in [*_SUGGESTED_ENCODERS, *sorted(av.codecs_available)] if name.startswith(beginning)]
    return [name for name in dict.fromkeys(known) if _is_video_encoder(name)]


def _is_video_encoder(name: str) -> bool:
    try:
        return av.Codec(name, "w").type == "video"
    except ValueError:
        return False


def pixel_formats(encoder: str) -> list[str]:
    """Return the names of the pixel formats that an encoder takes; none if there is no such encoder."""
    try:
        return [each.name for each in find_encoder(encoder).video_formats or ()]
    except SettingsError:
        return []


def _nearest_encoders(name: str) -> str:
    near = difflib.get_close_matches(name, [known for known in _SUGGESTED_ENCODERS if known in av.codecs_available], 3)
    return f"Nearest: {', '.join(near)}." if near else f"Try {', '.join(_SUGGESTED_ENCODERS[:3])}."


def pixel_format(codec: av.Codec, wanted: str | None = None, *, alpha: bool = False) -> str:
    """Return the pixel format to encode in: the wanted one, else by the encoder; with an `alpha` if that can be.

    SettingsError for a wanted one that the encoder does not take.
    """
    known = [each.name for each in codec.video_formats or ()]
    if wanted is not None:
        return _check_pix_fmt(codec, wanted, known)
    if (
        alpha
        and codec.name in _ALPHA_ENCODERS
        and (chosen := next((name for name in _ALPHA_PIX_FMTS if name in known), None))
    ):
        return chosen
    if codec.name == "mjpeg":
        return "yuvj420p"  # it accepts yuv420p too, but only in full range
    if codec.name in _DEEP_PIX_FMTS:
        return _DEEP_PIX_FMTS[codec.name]
    return next(
        (name for name in _PREFERRED_PIX_FMTS if not known or name in known),
        known[0] if known else _PREFERRED_PIX_FMTS[0],
    )


def _check_pix_fmt(codec: av.Codec, wanted: str, known: list[str]) -> str:
    try:
        name: str = av.VideoFormat(wanted).name
    except ValueError as error:
        near = difflib.get_close_matches(wanted, known or _PREFERRED_PIX_FMTS, 3, 0.5)
        advice = f"Nearest: {', '.join(near)}." if near else "Try yuv420p."
        raise SettingsError(f"--pix-fmt {wanted} is no pixel format of this FFmpeg", advice) from error
    if known and name not in known:
        raise SettingsError(f"--codec {codec.name} does not take --pix-fmt {wanted}", f"It takes {', '.join(known)}.")
    return name


def encoder_options(
    codec: av.Codec, supported: tuple[CodecOption, ...], settings: EncoderSettings, rate: Fraction
) -> dict[str, str]:
    """Return quality and preset by the encoder's own option names; without `crf` or `cq` it takes only a quantiser."""
    by_name = {option.name: option for option in supported}
    options = {"x265-params": "log-level=error"} if codec.name == "libx265" else {}
    if "forced-idr" in by_name:
        options["forced-idr"] = "1"  # a forced keyframe is one that no later frame refers back across
    if CAPTIONS in by_name:
        options[CAPTIONS] = "1"
    if codec.name == "ffv1":
        options["g"] = "1"  # all frames: it cannot be asked for single keyframes
    quality = next((name for name in ("crf", "cq") if name in by_name), None)
    if quality is not None:
        options[quality] = str(min(settings.crf, int(min(by_name[quality].max, 63))))
    if "preset" in by_name:
        options["preset"] = _preset_option(by_name["preset"], settings.preset)
    if codec.name == "libx264" and settings.preset in _LOOKAHEAD_PRESETS:
        options["rc-lookahead"] = str(min(40, math.ceil(rate)))  # a killed run then loses only about a second
    return options


def _preset_option(option: CodecOption, name: str) -> str:
    numbered = option.type == OptionType.INT and not option.choices
    allowed = [choice.name for choice in option.choices] or list(PRESETS)
    if numbered and name.isdigit():
        return name
    if name not in allowed:
        raise SettingsError(f"--preset {name} is not known", f"Known presets: {', '.join(allowed)}.")
    return _SVT_PRESETS[PRESETS.index(name)] if numbered else name
