"""Doing with less memory where a GPU has not enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from streamstyle.ops.trouble import no_memory, out_of_memory

W = TypeVar("W")
T = TypeVar("T")

Warn = Callable[[str], None]
"""Told what is not as asked for, while the work goes on."""


def unheard(message: str) -> None:
    """Be told and say nothing."""


@dataclass(frozen=True, slots=True)
class Way(Generic[W]):
    """One way of doing something."""

    by: W
    saving: str = ""
    """What is done to need less memory than the way before."""


class Thrift(Generic[W]):
    """Ways of doing the same with less and less memory. One that did not suffice is not tried again."""

    def __init__(self, ways: Sequence[Way[W]], warn: Warn) -> None:
        """Take the ways, the one that needs the most memory first."""
        self._ways, self._warn = list(ways), warn

    def __call__(self, do: Callable[[W], T]) -> T:
        """Return `do(way)` by the first way that there is memory for; DeviceError where there is for none."""
        while True:
            try:
                return do(self._ways[0].by)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if len(self._ways) == 1:
                    raise no_memory() from error
            self._save()  # not before the error is gone, and with it what it holds of the work that failed

    def _save(self) -> None:
        del self._ways[0]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._warn(f"the GPU ran out of memory; {self._ways[0].saving}")
