"""The values of settings that are chosen from a list."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """How the frames of the output are made consistent in time."""

    johnson = "johnson"
    live = "live"
    consistent = "consistent"
    ruder = "ruder"


class Init(StrEnum):
    """Initial image of the optimisation of a frame."""

    random = "random"
    image = "image"
    previous = "previous"
    previous_warped = "previous-warped"


class FlowPreset(StrEnum):
    """Optical flow algorithms, fastest first."""

    ultrafast = "ultrafast"
    fast = "fast"
    medium = "medium"
    deepflow = "deepflow"


class FlowCheck(StrEnum):
    """How it is told where the previous frame shows the same thing."""

    forward_backward = "forward-backward"
    """Where the flows of both directions cancel."""
    photometric = "photometric"
    """Where the previous frame looks the same along the flow; the flow of the other direction is not computed."""


class Device(StrEnum):
    """Device to run the networks on."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Deinterlace(StrEnum):
    """Whether frames are deinterlaced."""

    auto = "auto"
    on = "on"
    off = "off"


class Distribute(StrEnum):
    """What a cluster does of a run."""

    pieces = "pieces"
    flow = "flow"
