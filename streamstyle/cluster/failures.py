"""Pieces that failed: how often each is tried, and what is said once it is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from streamstyle.cluster.pieces import Piece
from streamstyle.errors import DeviceError, StreamstyleError
from streamstyle.formatting import format_duration
from streamstyle.video_info import VideoInfo

ATTEMPTS = 3
"""Times that a piece is painted before it is given up."""


@dataclass(slots=True)
class _Attempts:
    """Failures of one piece."""

    piece: Piece
    count: int = 0
    last: str = ""


class Failures:
    """Counts the failures of pieces that have not been painted since."""

    def __init__(self, video: VideoInfo, warn: Callable[[str], None]) -> None:
        self._video, self._warn = video, warn
        self._attempts = dict[int, _Attempts]()

    def note(self, piece: Piece, error: Exception) -> bool:
        """Count a failure; return whether the piece is to be tried again. Warns of one that is given up."""
        attempts = self._attempts.setdefault(piece.number, _Attempts(piece))
        attempts.count += 1
        attempts.last = error.problem if isinstance(error, StreamstyleError) else f"{type(error).__name__}: {error}"
        if attempts.count < ATTEMPTS:
            return True
        self._warn(f"{self._describe(piece)} failed {ATTEMPTS} times: {attempts.last}")
        return False

    def forget(self, piece: Piece) -> None:
        """Forget the failures of a piece that has been painted."""
        self._attempts.pop(piece.number, None)

    def error(self) -> DeviceError | None:
        """Return the error that names the pieces that were given up; None if there are none."""
        if not self._attempts:
            return None
        first = self._attempts[min(self._attempts)]
        others = len(self._attempts) - 1
        more = f" and {others} more" if others else ""
        return DeviceError(
            f"{self._describe(first.piece)}{more} could not be painted: {first.last}",
            "The other pieces are done; the same command tries again what is missing.",
        )

    def _describe(self, piece: Piece) -> str:
        begin, end = (format_duration(self._video.seconds(each.pts)) for each in (piece.first, piece.last))
        return f"piece {piece.number + 1} ({begin} to {end})"
