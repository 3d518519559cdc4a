"""The checks of the installation."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import av
import pytest

from streamstyle import doctor as checks
from streamstyle.doctor import CHECKS, Finding, State, run_checks
from streamstyle.styles import library


def findings_of(topic: str) -> dict[str, tuple[State, str]]:
    return {finding.name: (finding.state, finding.detail) for finding in run_checks({topic: CHECKS[topic]})}


def test_required_packages_are_reported_with_their_versions() -> None:
    found = findings_of("versions")
    assert all(state is State.ok for state, _ in found.values()), found
    assert found["av"][1] == importlib.metadata.version("av")


def test_a_package_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    state, detail = findings_of("versions")["safetensors"]
    assert state is State.broken
    assert "cannot be imported" in detail


def test_two_opencv_wheels_overwrite_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings_of("OpenCV")["deepflow"][0] is State.ok
    wheels = [SimpleNamespace(metadata={"Name": name}) for name in ("opencv-python", "opencv-contrib-python", "numpy")]
    monkeypatch.setattr(checks.importlib.metadata, "distributions", lambda: wheels)
    state, detail = findings_of("OpenCV")["wheels"]
    assert state is State.broken
    assert "opencv-contrib-python, opencv-python" in detail


def test_the_default_encoder_is_among_the_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "libx264" in findings_of("codecs")["encoders"][1]
    codec = av.codec.Codec

    def without_libx264(name: str, mode: Literal["r", "w"]) -> av.codec.Codec:
        return codec("unknown" if name == "libx264" else name, mode)

    monkeypatch.setattr("av.codec.Codec", without_libx264)
    assert findings_of("codecs")["libx264"][0] is State.broken


def test_cores_and_threads_are_reported() -> None:
    found = findings_of("processor")
    assert int(found["cores"][1].split()[0]) >= 1
    assert "threads" in found["torch"][1]


def test_a_gpu_that_torch_was_not_built_for_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.version.cuda", None)
    for driver, state in ((None, State.ok), ("/usr/bin/nvidia-smi", State.note)):
        monkeypatch.setattr(checks.shutil, "which", lambda name, path=driver: path)
        found, detail = findings_of("graphics")["gpu"]
        assert (found, "a CPU build" in detail) == (state, True)


def test_a_gpu_that_torch_cannot_use_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    monkeypatch.setattr("streamstyle.gpu.device.gpu_fault", lambda: "CUDA error: no kernel image is available")
    state, detail = findings_of("graphics")["use"]
    assert state is State.note
    assert "no kernel image" in detail


def test_tmux_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TMUX", "STY", "SSH_TTY"):
        monkeypatch.delenv(variable, raising=False)
    assert findings_of("terminal")["inside"][1] == "not in tmux, screen or ssh"
    monkeypatch.setenv("TMUX", "/tmp/tmux-1000/default,1,0")
    assert findings_of("terminal")["inside"][1] == "tmux"


def test_a_style_that_cannot_be_loaded_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamstyle.doctor.all_styles", lambda: [style])
    style = library.Style("torn", tmp_path / "torn.safetensors", "", "", builtin=False)
    style.path.write_bytes(b"torn")
    state, detail = findings_of("styles")["torn"]
    assert state is State.broken
    assert "torn.safetensors" in detail


def test_a_check_that_raises_is_a_finding_and_the_others_run() -> None:
    def failing_check() -> Iterator[Finding]:
        yield Finding("first", State.ok, "present")
        raise RuntimeError("no driver")

    found = list(run_checks({"one": failing_check, "two": lambda: [Finding("other", State.ok, "present")]}))
    assert [(finding.topic, finding.state) for finding in found] == [
        ("one", State.ok), ("one", State.broken), ("two", State.ok),
    ]  # fmt: skip
    assert "no driver" in found[1].detail
