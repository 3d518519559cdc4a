"""Doing with less memory where a GPU has not enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from streamstyle.ops.trouble import out_of_memory_error, is_out_of_memory

W = TypeVar("W")
T = TypeVar("T")

Warn = Callable[[str], None]
"""Told what is not as asked for, while the work goes on."""


def ignore_warning(message: str) -> None:
    """Be told and say nothing."""


@dataclass(frozen=True, slots=True)
class Fallback(Generic[W]):
    """One way of doing something."""

    value: W
    message: str = ""
    """What is done to need less memory than the way before."""


class MemoryFallback(Generic[W]):
    """Ways of doing the same with less and less memory. One that did not suffice is not tried again."""

    def __init__(self, fallbacks: Sequence[Fallback[W]], warn: Warn) -> None:
        """Take the ways, the one that needs the most memory first."""
        self._fallbacks, self._warn = list(fallbacks), warn

    def __call__(self, do: Callable[[W], T]) -> T:
        """Return `do(way)` by the first way that there is memory for; DeviceError where there is for none."""
        while True:
            try:
                return do(self._fallbacks[0].value)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if len(self._fallbacks) == 1:
                    raise out_of_memory_error() from error
            self._use_next()  # not before the error is gone, and with it what it holds of the work that failed

    def _use_next(self) -> None:
        del self._fallbacks[0]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._warn(f"the GPU ran out of memory; {self._fallbacks[0].message}")
