"""What a case showed, and the table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a case ended; the first three are right."""

    same = "whole"
    as_ffmpeg = "as FFmpeg"
    """A damaged film of as many frames as FFmpeg decodes, which are fewer than it had."""
    said = "said"
    """Refused, or made with a warning that something is missing."""
    lost = "lost in silence"
    wrong = "wrong in silence"
    crash = "crash"
    hang = "hang"
    untidy = "files left"


RIGHT = (Verdict.same, Verdict.as_ffmpeg, Verdict.said)


@dataclass(frozen=True)
class CaseResult:
    """One case."""

    kind: str
    seed: int
    verdict: Verdict
    about: str
    """What was done, and what came of it."""
    seconds: float = 0.0
    kills: int = 0
    """Processes that were ended by a signal before they had finished."""

    @property
    def is_right(self) -> bool:
        """Whether the program kept its promise."""
        return self.verdict in RIGHT


def table(results: Sequence[CaseResult]) -> str:
    """Return the results as a Markdown table, a row for each kind."""
    head = ["", "cases", "kills", *Verdict]
    lines = [head, ["---", *("---:" for _ in head[1:])]]
    for kind in dict.fromkeys(result.kind for result in results):
        of_kind = [result for result in results if result.kind == kind]
        counts = Counter(result.verdict for result in of_kind)
        kills = sum(result.kills for result in of_kind)
        lines.append([kind, str(len(of_kind)), str(kills or "-"), *(str(counts[verdict]) for verdict in Verdict)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
