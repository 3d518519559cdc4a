"""The tables of the benchmarks: printed as Markdown, and written to files with the machine they were measured on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from streamstyle.machine_info import describe_machine, machine_info

Value = str | float | int | None
Row = dict[str, Value]


@dataclass
class Results:
    """All tables of a pytest session, in a JSON and a Markdown file."""

    folder: Path
    command: str
    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    tables: list[dict[str, Any]] = field(default_factory=list)

    def add(self, benchmark: str, title: str, rows: Sequence[Row]) -> str:
        """Add a table, and return it as Markdown with the machine it was measured on."""
        now, machine = datetime.now(UTC), machine_info()
        provenance = f"{now:%Y-%m-%d %H:%M} UTC, {describe_machine(machine)}"
        table = f"### {title}\n\n{markdown(rows)}\n\n{provenance}\n"
        self.tables.append(
            {"benchmark": benchmark, "title": title, "date": now.isoformat(), "on": machine, "rows": list(rows)}
            | {"markdown": table}
        )
        self._write()
        return table

    def _write(self) -> None:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"results-{self.start:%Y%m%d-%H%M%S}.json"
        tables = [{key: value for key, value in table.items() if key != "markdown"} for table in self.tables]
        path.write_text(json.dumps({"command": self.command, "tables": tables}, indent=2) + "\n")
        text = "\n".join(table["markdown"] for table in self.tables)
        path.with_suffix(".md").write_text(f"    {self.command}\n\n{text}")


@dataclass(frozen=True)
class Report:
    """Prints and keeps the tables of one benchmark."""

    name: str
    results: Results
    uncaptured: Callable[[], AbstractContextManager[None]]
    """Suspends the capturing of output."""

    def show(self, title: str, rows: Sequence[Row]) -> None:
        """Print the rows as a table, and add them to the results."""
        table = self.results.add(self.name, title, rows)
        with self.uncaptured():
            print(f"\n\n{table}")


def markdown(rows: Sequence[Row]) -> str:
    """Return a Markdown table with the keys of the first row as its header."""
    head = list(rows[0])
    lines = [head, ["---", *("---:" for _ in head[1:])], *([_cell(row[key]) for key in head] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Value) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
