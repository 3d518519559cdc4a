"""The beginning of a run: may it write its film, where does it keep its folder, and off it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from streamstyle.tui import leaving
from streamstyle.tui.engine import Engine, folder_for, start
from streamstyle.tui.question import Question
from streamstyle.tui.request import RunRequest

Ask = Callable[[Question], Awaitable[str]]
"""Shows a question and returns the name of the answer."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that has just been started."""

    request: RunRequest
    """As it became through the answer."""
    engine: Engine
    warning: str
    """What is not as it should be, and is no reason not to paint; empty where there is nothing."""


async def begin(request: RunRequest, program: Sequence[str], ask: Ask) -> Begun | None:
    """Start a run, after a question if its film is there already; return None if it is not to be.

    Raises OSError where the process cannot be started.
    """
    if request.output.exists() and not request.replaces:
        wanted = await _instead(request, ask)
        if wanted is None:
            return None
        request = wanted
    folder, warning = await asyncio.to_thread(folder_for, request)
    return Begun(request, await asyncio.to_thread(start, request, folder, program), warning)


async def _instead(request: RunRequest, ask: Ask) -> RunRequest | None:
    other = leaving.free_name(request.output)
    answer = await ask(leaving.replace(request.output, other))
    if answer == leaving.REPLACE:
        return replace(request, arguments=(*request.arguments, "--yes"))
    if answer == leaving.BESIDE:
        return replace(request, arguments=(*request.arguments, "-o", str(other)), output=other)
    return None
