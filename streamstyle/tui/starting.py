"""The beginning of a run: may it write its film, where does it keep its folder, and off it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streamstyle.runs.launcher import RunProcess, RunRequest, create_run_folder, start_run
from streamstyle.tui.leaving import Ask, choose_target


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that has just been started."""

    request: RunRequest
    """As it became through the answer."""
    process: RunProcess
    warning: str
    """What is not as it should be, and is no reason not to paint; empty where there is nothing."""


async def confirm_and_start(request: RunRequest, program: Sequence[str], ask: Ask) -> StartedRun | None:
    """Start a run, after a question if its film is there already; return None if it is not to be.

    Raises OSError where the process cannot be started.
    """
    if request.output.exists() and not request.overwrites:
        target = await choose_target(request.output, ask, exists=True)
        if target is None:
            return None
        options = ("--yes",) if target.replace else ("-o", str(target.path))
        request = replace(request, arguments=(*request.arguments, *options), output=target.path)
    folder, warning = await asyncio.to_thread(create_run_folder, request)
    return StartedRun(request, await asyncio.to_thread(start_run, request, folder, program), warning)
