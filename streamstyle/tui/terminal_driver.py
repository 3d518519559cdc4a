"""Writes an update to the terminal only if it differs from the one before.

Textual draws a screen that opens up to three times, each of which takes half a second on a line of 30 kB/s.
"""

from __future__ import annotations

from textual.driver import Driver

from streamstyle.tui.output_pace import REQUEST

_LEAST_LENGTH = 200
"""Characters of an update that is worth leaving out; bells and the like are always written."""

_CHANGES_NOTHING = ("\x1b[?2026h", "\x1b[?2026l", REQUEST)
"""Start and end of an update, and the request for an answer."""


def without_repetitions(driver: type[Driver]) -> type[Driver]:
    """Return a driver that leaves out an update which equals the one before it."""

    class DriverWithoutRepetitions(driver):  # type: ignore[valid-type, misc]
        _last = ""

        def write(self, data: str) -> None:
            """Write, unless the terminal shows that already."""
            if data not in _CHANGES_NOTHING:
                if data == self._last and len(data) >= _LEAST_LENGTH:
                    return
                self._last = data
            super().write(data)

        def forget_screen(self) -> None:
            """Write the next update in any case."""
            self._last = ""

    return DriverWithoutRepetitions
