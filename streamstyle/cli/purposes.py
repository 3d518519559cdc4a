"""`--for` and `--quality`: one word in place of several options; options that are given count for more.

`--for` says what the output is for (codec, quality, container), `--quality` how much time may be spent (method, size,
encoder preset); where both have a value, that of `--for` counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from streamstyle.cli.options import grouped_option
from streamstyle.quality import QUALITIES


@dataclass(frozen=True, slots=True)
class Purpose:
    """Defaults of options, by the names of their settings, and the container."""

    suffix: str
    options: Mapping[str, Any]


PURPOSES = {
    "web": Purpose(".mp4", {"codec": "libx264", "crf": 20, "preset": "slow", "pix_fmt": "yuv420p", "faststart": True}),
    "archive": Purpose(".mkv", {"codec": "ffv1"}),
    "edit": Purpose(".mov", {"codec": "prores_ks"}),
}
"""FFV1 and ProRes have ten bits by themselves, and an alpha if the film has one."""


purpose_option = grouped_option("Output")(
    "--for",
    "purpose",
    type=click.Choice(list(PURPOSES)),
    help="web: MP4 that plays everywhere; archive: lossless FFV1, ten bits 4:4:4, in Matroska; edit: ProRes 422 HQ or "
    "4444 in MOV. Options that are given count for more.",
)
"""Decorates a command with `--for`."""


quality_option = grouped_option("Quality and time")(
    "--quality",
    type=click.Choice(list(QUALITIES)),
    help="; ".join(f"{name}: {quality.summary}" for name, quality in QUALITIES.items())
    + ". Sets --method, --max-height and --preset, a fast one for a fast method; those that are given count for more.",
)
"""Decorates a command with `--quality`."""


def preset_options(quality: str | None, purpose: str | None) -> dict[str, Any]:
    """Return the options that `--quality` and `--for` stand for, by the names of their settings; none for others."""
    options = QUALITIES[quality].options if quality in QUALITIES else {}
    return {**options, **(PURPOSES[purpose].options if purpose in PURPOSES else {})}


def suffix_for(purpose: str | None) -> str:
    """Return the suffix of the default output for what `--for` has."""
    return PURPOSES[purpose].suffix if purpose else ".mkv"
