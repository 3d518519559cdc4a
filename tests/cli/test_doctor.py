"""`streamstyle doctor`: findings as text and as JSON."""

from __future__ import annotations

import json

import pytest

from streamstyle.cli.main import exit_code
from streamstyle.doctor import CHECKS


def test_findings_are_json_lines_and_a_broken_one_sets_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def no_codec(name: str, mode: str) -> None:
        raise ValueError(name)

    monkeypatch.setattr("av.codec.Codec", no_codec)
    assert exit_code(["doctor", "--json"]) == 1
    findings = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {finding["topic"] for finding in findings} == set(CHECKS)
    assert {finding["schema"] for finding in findings} == {"streamstyle.doctor/1"}
    exit_code(["doctor"])
    text = capfd.readouterr().out
    assert "! libx264" in text
    assert "pip install --force-reinstall av" in text
