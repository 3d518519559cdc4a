"""`streamstyle doctor`: prints the findings of all checks of the installation."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from streamstyle.cli.options import GroupedCommand, debug_option, json_option

SCHEMA = "streamstyle.doctor/1"


@click.command(cls=GroupedCommand, short_help="Check versions, codecs, processor, GPU, terminal and folders.")
@json_option
@debug_option
def doctor(as_json: bool) -> int:
    """Check versions, codecs, processor, GPU, terminal and folders; exit code 1 if something is broken."""
    from streamstyle.doctor import Finding, State, run_checks

    def show(finding: Finding, first: bool) -> None:
        if as_json:
            click.echo(json.dumps({"schema": SCHEMA, **asdict(finding)}, ensure_ascii=False))
            return
        if first:
            click.echo(click.style(finding.topic, bold=True))
        mark, colour = {State.ok: (" ", None), State.note: ("i", "yellow"), State.broken: ("!", "red")}[finding.state]
        click.echo(click.style(f"{mark} {finding.name:<22} {finding.detail}", fg=colour))
        if finding.next_step:
            click.echo(f"  {'':<22} → {finding.next_step}")

    topic, broken = "", 0
    for finding in run_checks():
        show(finding, finding.topic != topic)
        topic = finding.topic
        broken += finding.state is State.broken
    if not as_json:
        click.echo(f"\n{broken} broken" if broken else "\nno problems found")
    return 1 if broken else 0
