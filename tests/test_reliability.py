"""A handful of the cases of `python -m benchmarks.reliability`, which runs them by the hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reliability.__main__ import CASES, describe, table
from benchmarks.reliability.results import CaseResult, Verdict


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where films are made that several cases share."""
    return tmp_path_factory.mktemp("reliability")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 9])
def test_a_run_that_was_killed_is_resumed_to_the_same_film(folder: Path, seed: int) -> None:
    result = CASES["kills"](seed, folder)
    assert result.verdict is Verdict.same, describe(result)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("damage", 1),
        ("damage", 8),
        *(("mutants", seed) for seed in range(5)),
        *(("hostile", seed) for seed in range(7)),
    ],
)
def test_damage_is_survived_or_said(folder: Path, kind: str, seed: int) -> None:
    result = CASES[kind](seed, folder)
    assert result.is_right, describe(result)


def test_the_table_counts_cases_and_kills_by_kind_and_verdict() -> None:
    results = [
        CaseResult("kills", 0, Verdict.same, "", kills=2),
        CaseResult("kills", 1, Verdict.wrong, "", kills=1),
        CaseResult("mutants", 0, Verdict.same, ""),
    ]
    head, _, *rows = [line.split(" | ") for line in table(results).strip("|").splitlines()]
    kills, mutants = (dict(zip((name.strip("| ") for name in head), row, strict=True)) for row in rows)
    assert (kills["cases"], kills["kills"], kills["whole"], kills["wrong in silence"]) == ("2", "3", "1", "1")
    assert (mutants["cases"], mutants["kills"], mutants["whole"]) == ("1", "-", "1")
