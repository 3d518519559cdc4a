"""What this machine has to paint films with, and what stands in the way: as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from streamstyle.doctor import kept, machine, software
from streamstyle.doctor.finding import Finding, Row, State
from streamstyle.errors import StreamstyleError

__all__ = ["TOPICS", "Finding", "State", "examine"]

Look = Callable[[], Iterable[Row]]

TOPICS: Mapping[str, Look] = {
    "versions": software.versions,
    "OpenCV": software.opencv,
    "codecs": software.codecs,
    "processor": machine.processor,
    "graphics": machine.graphics,
    "terminal": machine.terminal,
    "folders": kept.folders,
    "styles": kept.styles,
    "loss network": kept.loss_network,
}


def examine(topics: Mapping[str, Look] = TOPICS) -> Iterator[Finding]:
    """Look at everything, topic by topic; what cannot be looked at is a finding too."""
    for topic, look in topics.items():
        try:
            for name, state, detail, next_step in look():
                yield Finding(topic, name, state, detail, next_step)
        except StreamstyleError as error:
            yield Finding(topic, topic, State.broken, error.problem, error.next_step)
        except Exception as error:  # a doctor that dies of the illness tells nobody
            yield Finding(topic, topic, State.broken, f"{type(error).__name__}: {error}", "Install streamstyle anew.")
