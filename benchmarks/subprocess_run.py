"""A run in a process of its own, so that its memory and its processor time are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class SubprocessRun:
    """What was seen of the process when each frame was written."""

    times: list[float] = field(default_factory=list)
    """Seconds by the clock."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time, all threads together (on Linux)."""
    peak: float = 0.0
    """Largest memory so far, MiB (on Linux); `ru_maxrss` would count what the parent held when it forked."""

    def sample_memory(self, process: int, elapsed: float) -> None:
        """Note how the process stands."""
        self.times.append(elapsed)
        folder = Path(f"/proc/{process}")
        if (folder / "stat").exists():
            spent = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
            self.cpu.append(sum(map(int, spent)) / os.sysconf("SC_CLK_TCK"))
            lines = (folder / "status").read_text().splitlines()
            self.peak = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), self.peak)


def run_in_subprocess(film: Path, style: str, iterations: int, output: Path) -> SubprocessRun:
    """Paint a film by `consistent`, without the flow cache."""
    options = ["--method", "consistent", "--iterations", str(iterations), "--flow-cache", "0", "--json", "-y"]
    command = [sys.executable, "-m", "streamstyle", "run", str(film), "--style", style, "-o", str(output), *options]
    seen = SubprocessRun()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            event = json.loads(line)
            if event["event"] == "frame_written":
                seen.sample_memory(running.pid, event["elapsed"])
    assert running.returncode == 0, event
    return seen
