"""A benchmark's table, printed as Markdown and kept as JSON with what it was measured on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

import streamstyle

Value = str | float | int | None
Row = dict[str, Value]


@dataclass(frozen=True)
class Report:
    """Where a benchmark's result goes."""

    name: str
    folder: Path
    aloud: Callable[[], AbstractContextManager[None]]
    """Makes what is printed inside it reach the terminal."""

    def show(self, title: str, rows: Sequence[Row]) -> None:
        """Print the rows as a table under `title`, and write them to a JSON file named after the benchmark and now."""
        now, here = datetime.now(UTC), circumstances()
        with self.aloud():
            print(f"\n\n### {title}\n\n{markdown(rows)}\n\n{now:%Y-%m-%d %H:%M} UTC, {described(here)}\n")
        self.folder.mkdir(exist_ok=True)
        kept = {"benchmark": self.name, "title": title, "date": now.isoformat(), "on": here, "rows": list(rows)}
        (self.folder / f"{self.name}-{now:%Y%m%d-%H%M%S}.json").write_text(json.dumps(kept, indent=2) + "\n")


def markdown(rows: Sequence[Row]) -> str:
    """Return a Markdown table with the keys of the first row as its head."""
    head = list(rows[0])
    lines = [head, ["---", *("---:" for _ in head[1:])], *([_cell(row[key]) for key in head] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Value) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def circumstances() -> dict[str, str | int]:
    """Return what decides about speed: the machine, its load, and the versions of what does the work."""
    return {
        "streamstyle": streamstyle.__version__,
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "av", "numpy", "opencv-contrib-python")},
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def described(here: dict[str, str | int]) -> str:
    """Return the circumstances as one line to put under a table."""
    gpu = "" if here["gpu"] == "none" else f", {here['gpu']}"
    return (
        f"{here['processor']}, {here['cores']} cores (load {here['load']}){gpu}, Python {here['python']}, "
        f"torch {here['torch']}, OpenCV {here['opencv-contrib-python']}, PyAV {here['av']}, "
        f"streamstyle {here['streamstyle']}"
    )
