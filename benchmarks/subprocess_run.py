"""A run in its own process, so that its memory and CPU time can be measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class SubprocessRun:
    """Time and memory of the process, sampled whenever a frame was written."""

    times: list[float] = field(default_factory=list)
    """Wall-clock seconds."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of CPU time of all threads (Linux only)."""
    peak: float = 0.0
    """Peak memory in MiB (Linux only); `ru_maxrss` would include the parent's memory at the fork."""

    def sample(self, process: int, elapsed: float) -> None:
        """Record time and memory of the process."""
        self.times.append(elapsed)
        folder = Path(f"/proc/{process}")
        if (folder / "stat").exists():
            ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
            self.cpu.append(sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"))
            lines = (folder / "status").read_text().splitlines()
            self.peak = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), self.peak)


def run_in_subprocess(film: Path, style: str, iterations: int, output: Path) -> SubprocessRun:
    """Stylise a film with the method consistent, without the flow cache."""
    options = ["--method", "consistent", "--iterations", str(iterations), "--flow-cache", "0", "--json", "-y"]
    command = [sys.executable, "-m", "streamstyle", "run", str(film), "--style", style, "-o", str(output), *options]
    measured = SubprocessRun()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            event = json.loads(line)
            if event["event"] == "frame_written":
                measured.sample(running.pid, event["elapsed"])
    assert running.returncode == 0, event
    return measured
