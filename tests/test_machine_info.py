"""Facts of the machine, and systems that do not report them."""

from __future__ import annotations

import json

import pytest

from streamstyle import __version__, machine_info


def unreadable(*_: object, **__: object) -> str:
    raise FileNotFoundError


def test_machine_info_goes_into_json_and_into_one_line() -> None:
    info = machine_info.machine_info()
    assert info["streamstyle"] == __version__
    assert json.loads(json.dumps(info)) == info
    line = machine_info.describe_machine(info)
    assert f"{info['cores']} cores (load {info['load']}, {info['threads']} threads)" in line


def test_without_cpuinfo_the_architecture_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.read_text", unreadable)
    assert machine_info.cpu_model()
    assert machine_info.cpu_features() == []
