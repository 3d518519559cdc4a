"""`python -m benchmarks.reliability`: run the cases, and print what they showed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks.reliability import damages, hostile, kills, mutants
from benchmarks.reliability.results import CaseResult, table
from streamstyle.machine_info import describe_machine, machine_info

CASES: dict[str, Callable[[int, Path], CaseResult]] = {
    "kills": kills.run_case,
    "damage": damages.run_case,
    "mutants": mutants.run_case,
    "hostile": hostile.run_case,
}
_TARGETS = {"kills": 200, "damage": 100, "mutants": 300, "hostile": 60}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", type=click.Choice(list(CASES)), multiple=True, help="Kinds; default: all.")
@click.option("--count", type=int, help=f"Kills, or cases of each kind. Default: {_TARGETS}.")
@click.option("--seed", type=int, default=0, show_default=True, help="The first seed.")
@click.option("--jobs", type=int, default=2, show_default=True, help="Cases at once.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the files of cases that failed.")
def main(only: tuple[str, ...], count: int | None, seed: int, jobs: int, keep: Path | None) -> None:
    """Kill runs, damage what they left, and give them broken input; exit with 1 if a case was not as promised."""
    results: list[CaseResult] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamstyle-reliability-")))
        for kind in only or CASES:
            results += run_kind(kind, count or _TARGETS[kind], seed, jobs, folder, keep)
    click.echo(f"\n{table(results)}\n")
    click.echo(f"{time.strftime('%Y-%m-%d')}, {describe_machine(machine_info())}")
    failed = [result for result in results if not result.is_right]
    for result in failed:
        click.echo(describe(result))
    raise SystemExit(bool(failed))


def run_kind(kind: str, target: int, seed: int, jobs: int, folder: Path, keep: Path | None) -> Iterator[CaseResult]:
    """Yield the results of as many cases, or of as many as it takes to kill so many processes."""
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        while done < target:
            batch = min(target - done, 4 * jobs)
            for future in as_completed([pool.submit(_run, kind, seed + n, folder, keep) for n in range(batch)]):
                result = future.result()
                click.echo(describe(result))
                done += result.kills if kind == "kills" else 1
                yield result
            seed += batch


def _run(kind: str, seed: int, folder: Path, keep: Path | None) -> CaseResult:
    result = CASES[kind](seed, folder)
    name = f"{kind.rstrip('s')}-{seed}"
    if keep is not None and not result.is_right:
        shutil.copytree(folder / name, keep / name, dirs_exist_ok=True)
    shutil.rmtree(folder / name, ignore_errors=True)
    return result


def describe(result: CaseResult) -> str:
    """Return one line about a case."""
    mark = "ok" if result.is_right else "FAILED"
    return f"{mark:<7}{result.kind} {result.seed}: {result.verdict}: {result.about} ({result.seconds:.1f} s)"


if __name__ == "__main__":
    main()
