"""Drawing a thing in its own measure: x to the right and y upwards from its foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.colour import rgb

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Stencil:
    """A place on a sheet with a measure of its own. `light` makes a colour brighter or darker."""

    sheet: Canvas
    x: float
    """Design units from the frame's left edge to the thing's foot."""
    y: float
    """Design units from the frame's top edge to the thing's foot."""
    unit: float
    """Design units that one unit of the thing is long."""

    def polygon(self, corners: Points, colour: str, light: float = 1.0) -> None:
        """Fill the shape between `corners`."""
        self.sheet.polygon(self._placed(corners), rgb(colour) * light)

    def box(self, left: float, right: float, low: float, high: float, colour: str, light: float = 1.0) -> None:
        """Fill an upright rectangle."""
        self.polygon([(left, low), (right, low), (right, high), (left, high)], colour, light)

    def stroke(self, points: Points, colour: str, width: float, light: float = 1.0) -> None:
        """Draw a line through `points`."""
        self.sheet.stroke(self._placed(points), rgb(colour) * light, width * self.unit)

    def dab(self, x: float, y: float, radii: tuple[float, float], colour: str, light: float = 1.0) -> None:
        """Fill an ellipse."""
        centre = self._placed([(x, y)])[0]
        self.sheet.dab(*centre, (radii[0] * self.unit, radii[1] * self.unit), rgb(colour) * light)

    def _placed(self, points: Points) -> list[tuple[float, float]]:
        return [(self.x + x * self.unit, self.y - y * self.unit) for x, y in points]
