"""Kills of workers, of the scheduler and of the head of a run on a cluster, at random moments."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from streamstyle.cluster.journal import pieces_folder
from tests.cluster.processes import ClusterProcesses, start, wait_until

WORKER, SCHEDULER, HEAD = "worker", "scheduler", "head"


@dataclass
class Campaign:
    """Runs of one film that are killed and resumed until all kills are done; each that ends makes the output."""

    cluster: ClusterProcesses
    arguments: Sequence[str]
    """Of `streamstyle run`, with `--json`."""
    output: Path
    random: Random
    kills: Counter[str] = field(default_factory=Counter)
    resumed: list[tuple[int, int]] = field(default_factory=list)
    """Of each run that began where another was killed: frames in the journal, and frames that it resumed."""
    finished: list[Path] = field(default_factory=list)
    """Outputs."""
    _painted: int = 0

    def run(self, targets: Sequence[str], seconds: float) -> None:
        """Kill the targets in order, each up to so many seconds after the journal has grown, then finish the film."""
        head: subprocess.Popen[bytes] | None = None
        for target in targets:
            while head is None or not self._is_painting(head):
                head = self._go_on(head)
            time.sleep(self.random.uniform(0, seconds))
            self._kill(target, head)
        while head is None or head.poll() != 0:
            head = self._go_on(head)
            head.wait()
        self._keep_output()

    def _is_painting(self, head: subprocess.Popen[bytes]) -> bool:
        """Wait until a piece was noted, or the run has ended; return whether it goes on."""
        wait_until(lambda: head.poll() is not None or len(self._entries()) > self._painted, 300)
        self._painted = len(self._entries())
        return head.poll() is None

    def _go_on(self, head: subprocess.Popen[bytes] | None) -> subprocess.Popen[bytes]:
        """Start a run, from the beginning if the last one has finished."""
        if head is not None and (head.wait() == 0 or self.output.exists()):  # or killed when all was done
            self._keep_output()
        elif head is not None:
            assert head.returncode in (-9, 6), head.returncode
        noted = self._entries()
        self._painted = len(noted)
        with self._log.open("wb") as log:
            new = start("streamstyle", *self.arguments, stdout=log)
        wait_until(lambda: new.poll() is not None or self._started() is not None)
        started = self._started()
        if noted and started is not None:
            self.resumed.append((sum(entry["frames"] for entry in noted.values()), started["resumed_frames"]))
        return new

    @property
    def _log(self) -> Path:
        return self.output.with_suffix(".jsonl")

    def _started(self) -> dict[str, Any] | None:
        """The event of the start, once the run has written it."""
        events = map(json.loads, self._log.read_text().split("\n")[:-1])
        return next((event for event in events if event["event"] == "started"), None)

    def _keep_output(self) -> None:
        kept = self.output.with_name(f"kept{len(self.finished)}{self.output.suffix}")
        self.finished.append(self.output.replace(kept))

    def _kill(self, target: str, head: subprocess.Popen[bytes]) -> None:
        self.kills[target] += 1
        if target == HEAD:
            head.kill()
            head.wait()
        elif target == SCHEDULER:
            self.cluster.restart_after_kill()
            head.wait()
        else:
            wait_until(lambda: bool(self.cluster.painters()))
            self.random.choice(self.cluster.painters()).kill()

    def _entries(self) -> dict[int, dict[str, Any]]:
        """The journal, by piece."""
        try:
            lines = (pieces_folder(self.output) / "journal.jsonl").read_text().split("\n")[1:-1]
        except FileNotFoundError:
            return {}
        return {entry["piece"]: entry for entry in map(json.loads, lines)}
