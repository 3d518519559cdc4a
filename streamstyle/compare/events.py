"""What a comparison says of itself, and at the end of the films compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streamstyle.events import Event
from streamstyle.machine_info import MachineInfo

if TYPE_CHECKING:
    from streamstyle.evaluate.metrics import Curve


@dataclass(frozen=True, slots=True)
class MethodFinished(Event):
    """A method's film is there, made just now or found where an earlier comparison kept it."""

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
    """A frame of the film of all methods has reached the encoder."""

    frame: int
    frames: int | None


@dataclass(frozen=True, slots=True)
class ComparisonStopped(Event):
    """The comparison ended early on request; the next time it goes on from the films that are kept."""

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
    time_ratio: float | None
    """Seconds a frame as a multiple of the reference's."""
    metrics: dict[str, float]
    """Each figure by its name (docs/metrics.md)."""
    ratios: dict[str, float]
    """The same as multiples of the reference's."""
    curves: dict[str, Curve]
    """Warping errors and sharpness of every frame."""
    output: str = ""
    created: str = ""
    """UTC; empty for what was not made here."""
    machine: MachineInfo = field(default_factory=dict)
    """That it was made on, with the load it had."""


@dataclass(frozen=True, slots=True)
class Compared(Event):
    """All methods have been made and measured."""

    video: str
    style: str
    output: str
    """The films side by side; empty where that was not asked for."""
    report: str
    width: int
    height: int
    frames: int
    frame_rate: float
    flow_reference: str
    same_flow_methods: list[str]
    """Names of the rows that were made along the flow they are judged by, and look steadier than they are."""
    loss_network: str
    baseline: str
    """Name of the row that the others are multiples of."""
    films: list[ComparedFilm]
    """The source, the methods in the order asked for, and the first method's blurred and frozen twins."""
    date: str
    machine: MachineInfo
    command: str
