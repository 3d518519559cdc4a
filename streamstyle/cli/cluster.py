"""`streamstyle cluster check`: what the workers of a cluster are, how fast, and what differs that matters."""

from __future__ import annotations

import json
from typing import Any

import click

from streamstyle.cli.options import GroupedCommand, debug_option, json_option
from streamstyle.formatting import format_bytes

SCHEMA = "streamstyle.cluster/1"

_PACKAGES = (("streamstyle", "version"), ("torch", "torch"), ("OpenCV", "opencv"), ("Python", "python"))


@click.group(short_help="Check the workers of a cluster.")
def cluster() -> None:
    """Check the workers of a cluster, on which `streamstyle run --cluster` paints."""


@cluster.command(cls=GroupedCommand, short_help="List the workers and what differs.")
@click.argument("address")
@json_option
@debug_option
def check(address: str, as_json: bool) -> int:
    """List the workers at ADDRESS, which is that of `run --cluster`; exit code 1 if something differs that matters."""
    from streamstyle.cluster.address import ClusterAddress
    from streamstyle.cluster.check import check_workers

    workers = check_workers(ClusterAddress.parse(address))
    for worker in workers:
        click.echo(json.dumps({"schema": SCHEMA, **worker}) if as_json else _describe(worker))
    differences = sum(len(worker["differences"]) for worker in workers)
    if not as_json:
        summary = f"{differences} difference{'s' * (differences != 1)}" if differences else "no differences"
        click.echo(f"\n{len(workers)} worker{'s' * (len(workers) != 1)}, {summary}")
    return 1 if differences else 0


def _describe(worker: dict[str, Any]) -> str:
    speed = worker["seconds_per_frame"]
    rows = [
        ("versions", ", ".join(f"{name} {worker[key]}" for name, key in _PACKAGES)),
        ("machine", f"{worker['cores']} cores, {format_bytes(worker['memory'])}, {worker['gpu'] or 'no GPU'}"),
        ("arithmetic", worker["arithmetic"]),
        ("kernels", worker["kernels"]),
        ("speed", "not measured" if speed is None else f"{speed:.2f} s for a frame of 640x360, stylised"),
    ]
    lines = [click.style(f"{worker['host']}  {worker['address']}", bold=True)]
    lines += [f"  {name:<11}{text}" for name, text in rows]
    return "\n".join([*lines, *(f"! {difference}" for difference in worker["differences"])])
