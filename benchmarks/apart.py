"""A run in a process of its own, so that its memory is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def run_apart(film: Path, style: str, iterations: int, output: Path) -> tuple[float, float]:
    """Return seconds a frame, without the first, and the largest memory of the process in MiB (on Linux)."""
    options = ["--method", "consistent", "--iterations", str(iterations), "--flow-cache", "0", "--json", "-y"]
    command = [sys.executable, "-m", "streamstyle", "run", str(film), "--style", style, "-o", str(output), *options]
    times, peak = [], 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            event = json.loads(line)
            if event["event"] == "frame_written":
                times.append(event["elapsed"])
                peak = max(peak, _peak(running.pid))
    assert running.returncode == 0, event
    return (times[-1] - times[0]) / (len(times) - 1), peak


def _peak(process: int) -> float:
    """Return the largest memory so far; `ru_maxrss` would count what the parent held when it forked."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
