from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from streamstyle import doctor as checks
from streamstyle.cli.main import exit_code
from streamstyle.doctor import CHECKS, Finding, State, run_checks
from streamstyle.styles import library


def looked_at(topic: str) -> dict[str, tuple[State, str]]:
    return {finding.name: (finding.state, finding.detail) for finding in run_checks({topic: CHECKS[topic]})}


def test_the_packages_we_stand_on_are_there_with_their_versions() -> None:
    found = looked_at("versions")
    assert all(state is State.ok for state, _ in found.values()), found
    assert found["av"][1] == importlib.metadata.version("av")


def test_a_package_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    state, detail = looked_at("versions")["safetensors"]
    assert state is State.broken
    assert "cannot be imported" in detail


def test_two_opencv_wheels_overwrite_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at("OpenCV")["deepflow"][0] is State.ok
    wheels = [SimpleNamespace(metadata={"Name": name}) for name in ("opencv-python", "opencv-contrib-python", "numpy")]
    monkeypatch.setattr(checks.importlib.metadata, "distributions", lambda: wheels)
    state, detail = looked_at("OpenCV")["wheels"]
    assert state is State.broken
    assert "opencv-contrib-python, opencv-python" in detail


def test_the_default_encoder_is_among_the_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "libx264" in looked_at("codecs")["encoders"][1]
    monkeypatch.setattr(checks, "_can_encode", lambda name: name != "libx264")
    assert looked_at("codecs")["libx264"][0] is State.broken


def test_the_processors_cores_and_memory_are_told() -> None:
    found = looked_at("processor")
    assert int(found["cores"][1].split()[0]) >= 1
    assert "threads" in found["torch"][1]


def test_a_gpu_that_torch_was_not_built_for_is_worth_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.version.cuda", None)
    for driver, state in ((None, State.ok), ("/usr/bin/nvidia-smi", State.note)):
        monkeypatch.setattr(checks.shutil, "which", lambda name, there=driver: there)
        found, detail = looked_at("graphics")["gpu"]
        assert (found, "a CPU build" in detail) == (state, True)


def test_a_gpu_that_torch_finds_and_cannot_use_is_worth_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    monkeypatch.setattr("streamstyle.gpu.device.gpu_fault", lambda: "CUDA error: no kernel image is available")
    state, detail = looked_at("graphics")["use"]
    assert state is State.note
    assert "no kernel image" in detail


def test_tmux_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in checks._TERMINAL_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    assert looked_at("terminal")["inside"][1] == "neither tmux nor ssh"
    monkeypatch.setenv("TMUX", "/tmp/tmux-1000/default,1,0")
    assert looked_at("terminal")["inside"][1] == "tmux"


def test_a_style_that_cannot_be_loaded_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamstyle.doctor.all_styles", lambda: [style])
    style = library.Style("torn", tmp_path / "torn.safetensors", "", "", builtin=False)
    style.path.write_bytes(b"torn")
    state, detail = looked_at("styles")["torn"]
    assert state is State.broken
    assert "torn.safetensors" in detail


def test_a_look_that_fails_is_a_finding_and_the_others_go_on() -> None:
    def fails() -> Iterator[Finding]:
        yield Finding("first", State.ok, "there")
        raise RuntimeError("no driver")

    found = list(run_checks({"one": fails, "two": lambda: [Finding("other", State.ok, "there")]}))
    assert [(finding.topic, finding.state) for finding in found] == [
        ("one", State.ok), ("one", State.broken), ("two", State.ok),
    ]  # fmt: skip
    assert "no driver" in found[1].detail


def test_as_json_each_finding_is_one_line_and_something_broken_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "_can_encode", lambda name: False)
    assert exit_code(["doctor", "--json"]) == 1
    findings = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {finding["topic"] for finding in findings} == set(CHECKS)
    assert {finding["schema"] for finding in findings} == {"streamstyle.doctor/1"}
    exit_code(["doctor"])
    text = capfd.readouterr().out
    assert "! libx264" in text
    assert "pip install --force-reinstall av" in text
