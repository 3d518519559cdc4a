from __future__ import annotations

import json

import pytest

from streamstyle import __version__, machine_info


def test_the_facts_of_this_machine_go_into_json_and_into_one_line() -> None:
    info = machine_info.machine_info()
    assert info["streamstyle"] == __version__
    assert json.loads(json.dumps(info)) == info
    line = machine_info.describe_machine(info)
    assert f"{info['cores']} cores (load {info['load']}, {info['threads']} threads)" in line


def test_a_system_that_says_nothing_of_its_processor_has_an_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.read_text", unreadable)
    assert machine_info.cpu_model()
    assert machine_info.cpu_features() == []


def unreadable(*_: object, **__: object) -> str:
    raise FileNotFoundError
