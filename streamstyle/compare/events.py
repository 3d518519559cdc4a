"""The events of a comparison; the last, `Compared`, holds all results and is what the report is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streamstyle.events import Event
from streamstyle.machine_info import MachineInfo

if TYPE_CHECKING:
    from streamstyle.evaluate.metrics import Curve


@dataclass(frozen=True, slots=True)
class MethodFinished(Event):
    """A method's film exists: made just now, or reused from an earlier comparison."""

    method: str
    output: str
    seconds_per_frame: float
    reused: bool


@dataclass(frozen=True, slots=True)
class FrameMeasured(Event):
    """A frame of every film has been measured."""

    frame: int
    frames: int | None


@dataclass(frozen=True, slots=True)
class SideBySideFrameWritten(Event):
    """A frame of the side-by-side film has reached the encoder."""

    frame: int
    frames: int | None


@dataclass(frozen=True, slots=True)
class ComparisonStopped(Event):
    """The comparison was stopped early; the next one reuses the finished films."""

    folder: str
    finished: int
    methods: int


@dataclass(frozen=True, slots=True)
class ComparedFilm:
    """One film of a comparison."""

    name: str
    kind: str
    """`source`, `method` or `control`."""
    seconds_per_frame: float | None
    """None for a film that was not made here."""
    time_ratio: float | None
    """Seconds per frame, relative to the baseline."""
    metrics: dict[str, float]
    """Each metric by its name (docs/metrics.md)."""
    ratios: dict[str, float]
    """The same, relative to the baseline."""
    curves: dict[str, Curve]
    """Warping errors, sharpness and artefacts of every frame."""
    output: str = ""
    created: str = ""
    """UTC, ISO 8601; empty for a film that was not made here."""
    machine: MachineInfo = field(default_factory=dict)
    """The machine it was made on, with its load at that time."""


@dataclass(frozen=True, slots=True)
class Compared(Event):
    """All methods have been run and measured."""

    video: str
    style: str
    output: str
    """The side-by-side film; empty if it was not requested."""
    report: str
    width: int
    height: int
    frames: int
    frame_rate: float
    flow_reference: str
    same_flow_methods: list[str]
    """Names of the films that were made along the flow reference, and look steadier than they are."""
    loss_network: str
    baseline: str
    """Name of the film that the others are related to."""
    films: list[ComparedFilm]
    """The source, the methods in the order requested, and the control films: the first method's, blurred and frozen."""
    date: str
    machine: MachineInfo
    command: str
