"""The signature of a run: everything that determines its output. A run with another signature cannot resume it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any

from streamstyle import __version__
from streamstyle.errors import OutputError
from streamstyle.looks import Looks, Mask
from streamstyle.media.image_sequence import is_sequence, source_fingerprint
from streamstyle.record_paths import paths_in, replace_paths
from streamstyle.settings import EncoderSettings, Method, RuderSettings, Settings, SourceSettings, UpscaleSettings
from streamstyle.styles.spec import StyleBlend
from streamstyle.video_info import VideoInfo

RANGE_KEY = "range"
"""The one entry that may be known only once the whole video has been read."""

_DESCRIPTIONS = {
    "version": "another version of streamstyle",
    "video": "another film",
    RANGE_KEY: "another part of the film",
    "size": "another size",
    "deinterlacing": "another --deinterlace",
    "style": "another style",
    "script": "another script or mask",
}
"""What a message says of entries that are not options."""


def _field_names(settings: type) -> set[str]:
    return {field.name for field in fields(settings)}


_IRRELEVANT = {
    *_field_names(SourceSettings), "script", "mask", "flow_workers", "flow_cache", "device", "threads", "faststart",
}  # fmt: skip
"""Settings that change no frame, and those that have entries of their own, as the source has by its size and range."""

_RUDER = _field_names(RuderSettings)
_NETWORK = {"iterations", "perceptual_weight", "style_weight", "tv_weight", "tone", "loss_network"}
_TEMPORAL = {"flow", "lookback", "steadiness", "temporal_weight", "pixel_weight"}
_IGNORED = {
    Method.johnson: frozenset(_TEMPORAL | _NETWORK | _RUDER),
    Method.live: frozenset(_NETWORK | _RUDER),
    Method.consistent: frozenset(_RUDER),
    Method.ruder: frozenset({"pixel_weight", "perceptual_weight", "style_weight", "tv_weight", "tone"}),
}
"""Settings that a method ignores. All others count, new ones included."""


def run_signature(video: VideoInfo, style: StyleBlend, settings: Settings) -> dict[str, str]:
    """Return everything that determines the output, by name: options as they are typed, files by their content.

    The device and the number of threads are left out: a run may be resumed with others.
    """
    ignored = _IRRELEVANT | frozenset.intersection(*(_IGNORED[method] for method in settings.methods))
    options = {name: value for name, value in _flatten(settings) if name not in ignored}
    parts = " ".join(f"{_fingerprint(each.path)}:{each.weight}" for each in style.parts)
    return (
        _video_entries(video)
        | {"style": parts}
        | _script_entry(settings.script, settings.mask)
        | _option_entries(options)
    )


def run_inputs(video: VideoInfo, style: StyleBlend, settings: Settings) -> list[Path]:
    """Return every file that the output of a run is made from."""
    return [video.path, *(part.path for part in style.parts), *paths_in(settings)]


def upscale_signature(video: VideoInfo, settings: UpscaleSettings, encoder: EncoderSettings) -> dict[str, str]:
    """Return the signature of a run that upscales a video without stylising it."""
    options = {name: value for name, value in _flatten(encoder) if name not in _IRRELEVANT}
    return _video_entries(video) | _option_entries({"factor": settings.upscale, **options})


def check_unchanged(earlier: Mapping[str, str], wanted: Mapping[str, str], partial: Path) -> None:
    """Raise OutputError if the signatures differ; it names up to three settings that the earlier run had."""
    names = [name for name in {**earlier, **wanted} if earlier.get(name) != wanted.get(name)]
    if "--method" in names:  # it determines which other options count
        names = [name for name in names if name == "--method" or not name.startswith("--")]
    if names:
        described = " and ".join(_describe(name, earlier.get(name, "")) for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise OutputError(
            f"{partial.name} was started with {described}{more}",
            "Use the same to resume, give --restart to start from the beginning, or choose another output with -o.",
        )


def _describe(name: str, value: str) -> str:
    if not name.startswith("--"):
        return _DESCRIPTIONS.get(name, f"another {name}")
    if value in ("True", "False"):
        return name if value == "True" else f"no {name}"
    return f"another {name}" if not value or "/" in value else f"{name} {value}"


def _video_entries(video: VideoInfo) -> dict[str, str]:
    return {
        "version": __version__,
        "video": f"{_fingerprint(video.path)} {video.video_stream} {video.rotation}{_sequence_rate(video)}",
        RANGE_KEY: f"{video.start_pts} {video.end_pts}",
        "size": f"{video.width}x{video.height}",
        **({"deinterlacing": video.deinterlacing} if video.deinterlacing else {}),
    }


def _sequence_rate(video: VideoInfo) -> str:
    """Return the frame rate of an image sequence, which is a setting; empty for other films, which have their own."""
    return f" {video.frame_rate}" if is_sequence(video.path) else ""


def _script_entry(*parts: Looks | Mask | None) -> dict[str, str]:
    """Return the digest of script and mask, in which files count by their content."""
    if not any(parts):
        return {}
    contents = {path: Path(_fingerprint(path)) for path in set(paths_in(parts))}
    return {"script": blake2b(repr(replace_paths(parts, contents)).encode(), digest_size=16).hexdigest()}


def _option_entries(options: Mapping[str, Any]) -> dict[str, str]:
    return {f"--{name.replace('_', '-')}": _as_typed(value) for name, value in options.items()}


def _flatten(settings: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every setting, those of all stages in one row."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value) and not isinstance(value, Looks | Mask):
            yield from _flatten(value)
        else:
            yield field.name, value


def _as_typed(value: Any) -> str:
    """Return a value as it is typed, a file by its content."""
    match value:
        case Path():
            return f"file/{_fingerprint(value)}"
        case StrEnum():
            return value.value
        case tuple():
            return ",".join(map(str, value))
        case float():
            return repr(value).removesuffix(".0")
    return "" if value is None else str(value)


def _fingerprint(path: Path) -> str:
    """Return the fingerprint of a file; empty if it cannot be read, which is reported where the file is opened."""
    try:
        return source_fingerprint(path)
    except OSError:
        return ""
