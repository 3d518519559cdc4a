"""Runs on workers in other processes, started as a user would start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Thread

import psutil
import pytest

from benchmarks.cluster_kills import HEAD, SCHEDULER, WORKER, Campaign
from streamstyle import __version__
from streamstyle.cli.main import exit_code
from streamstyle.cluster import engine
from streamstyle.cluster.address import ClusterAddress
from streamstyle.cluster.journal import pieces_folder
from streamstyle.errors import DeviceError, SettingsError
from streamstyle.events import Finished
from streamstyle.gpu.cpu_kernels import find_library
from streamstyle.gpu.dispatch import csrc_folder
from streamstyle.media.images import decode_image
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, RunReader
from streamstyle.runs.state import RunState, apply_events
from streamstyle.settings import EncoderSettings, FlowPreset, Method
from tests.cluster.cluster_case import case, film
from tests.cluster.processes import ENVIRONMENT, ClusterProcesses, is_painter, start, wait_until
from tests.video_io import frame_hashes

pytestmark = pytest.mark.usefixtures("home")


def arguments(folder: Path, cluster: str, output: Path) -> list[str]:
    style = folder / "nonsense.safetensors"
    options = ["--method", "live", "--codec", "ffv1", "--threads", "1", "--flow-cache", "0", "--json"]
    return ["run", str(folder / "film.mkv"), "--style", str(style), "--cluster", cluster, "-o", str(output), *options]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterProcesses]:
    with ClusterProcesses(tmp_path) as processes:
        yield processes


@pytest.mark.slow
def test_nothing_is_lost_when_worker_scheduler_and_head_are_killed(
    tmp_path: Path, cluster: ClusterProcesses, capfd: pytest.CaptureFixture[str]
) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.live), tmp_path / "out.mkv"
    command = arguments(tmp_path, str(cluster.scheduler_file), output)
    campaign = Campaign(cluster, command, output, Random(1))
    campaign.run([WORKER, HEAD, SCHEDULER], seconds=0.5)
    assert all(noted == resumed for noted, resumed in campaign.resumed)
    whole = one.stylise(tmp_path / "whole.mkv")
    for path in campaign.finished:
        assert frame_hashes(path) == whole.hashes()

    capfd.readouterr()
    assert exit_code(command) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (events[-1]["event"], events[-1]["frames"]) == ("finished", 27)
    sampled = [each for event in events if event["event"] == "workers_sampled" for each in event["workers"]]
    assert sampled
    assert {each["piece"] for each in sampled} <= {0, 1, 2, None}

    built = find_library(csrc_folder()) is not None  # not in a checkout that is not installed
    assert exit_code(["cluster", "check", str(cluster.scheduler_file), "--json"]) == (0 if built else 1)
    (worker,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert worker["version"] == __version__
    assert (worker["differences"] == [], worker["kernels"] == "compiled") == (built, built)
    assert worker["seconds_per_frame"] > 0


@pytest.mark.slow
def test_a_local_cluster_ends_well_when_it_is_told_to_stop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv", Method.live, EncoderSettings())
    output = tmp_path / "out.mkv"
    command = [sys.executable, "-m", "streamstyle", *arguments(tmp_path, "local:1", output)]
    head = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True)
    assert head.stdout is not None
    for line in head.stdout:
        if json.loads(line)["event"] == "started":
            os.killpg(head.pid, signal.SIGINT)  # as a terminal does: to the workers, too
            break
    rest = [json.loads(line) for line in head.stdout]
    assert head.wait() == 130
    assert rest[-1]["event"] == "stopped"
    assert capfd.readouterr().err.split("\n") == ["", "stopping; press Ctrl-C again to abort", ""]
    assert not pieces_folder(output).exists()  # nothing was finished


@pytest.mark.slow
def test_ctrl_c_while_local_workers_start_leaves_nothing_behind(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv", Method.live, EncoderSettings())
    output = tmp_path / "out.mkv"
    command = [sys.executable, "-m", "streamstyle", *arguments(tmp_path, "local:1", output)]
    head = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True)
    wait_until(lambda: any(is_painter(each) for each in psutil.Process(head.pid).children()))
    os.killpg(head.pid, signal.SIGINT)
    last = json.loads(head.communicate()[0].splitlines()[-1])
    assert (head.returncode, last["problem"]) == (130, "interrupted before anything was written")
    assert capfd.readouterr().err.strip() == "stopping; press Ctrl-C again to abort"
    assert not pieces_folder(output).exists()


def test_processes_of_local_workers_do_not_get_ctrl_c() -> None:
    processes: list[subprocess.Popen[bytes]] = []
    thread = Thread(target=lambda: processes.append(subprocess.Popen(["sleep", "60"])))
    with engine._block_interrupts():
        thread.start()
        thread.join()
    (process,) = processes
    try:
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
    finally:
        process.kill()
        process.wait()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_that_end_as_they_begin_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(**_: object) -> None:
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr("distributed.LocalCluster", end)
    with pytest.raises(DeviceError, match="no workers could be started"), engine.connect(ClusterAddress(1)):
        pass


@pytest.mark.slow
def test_flow_outlives_a_killed_worker_and_a_run_a_killed_scheduler(
    tmp_path: Path, cluster: ClusterProcesses, capfd: pytest.CaptureFixture[str]
) -> None:
    one = case(tmp_path, film(tmp_path), Method.live)
    one = one.with_settings(flow=replace(one.settings.flow, flow=FlowPreset.deepflow))  # takes seconds
    options = ["--distribute", "flow", "--flow", "deepflow"]
    whole = one.stylise(tmp_path / "whole.mkv")

    def begin(output: Path) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "streamstyle",
            *arguments(tmp_path, str(cluster.scheduler_file), output),
            *options,
        ]
        head = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True)
        assert head.stdout is not None
        while json.loads(head.stdout.readline())["event"] != "started":  # the workers may be reported first
            pass
        return head

    head = begin(tmp_path / "one.mkv")
    wait_until(lambda: bool(cluster.painters()))
    for process in cluster.painters():
        process.kill()
    last = json.loads(head.communicate()[0].splitlines()[-1])
    assert (head.returncode, last["event"], last["flows_computed"]) == (0, "finished", 24)
    assert frame_hashes(tmp_path / "one.mkv") == whole.hashes()

    head, output = begin(tmp_path / "two.mkv"), tmp_path / "two.mkv"
    cluster.scheduler.kill()
    last = json.loads(head.communicate()[0].splitlines()[-1])
    assert (head.returncode, last["event"]) == (6, "failed")
    assert last["problem"] == "the scheduler of the cluster is gone"
    assert exit_code([*arguments(tmp_path, "local:1", output), *options]) == 0
    assert frame_hashes(output) == whole.hashes()


@pytest.mark.slow
def test_workers_pause_and_show_their_frames(tmp_path: Path, cluster: ClusterProcesses) -> None:
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv")
    folder, output = RunFolder(tmp_path / "run"), tmp_path / "out.mkv"
    command = arguments(tmp_path, str(cluster.scheduler_file), output)
    head = start("streamstyle", *command, "--flow", "deepflow", "--run-folder", str(folder.path))  # takes seconds
    reader, state = RunReader(folder), RunState()

    def has(holds: Callable[[RunState], object]) -> bool:
        nonlocal state
        if folder.exists():
            folder.request_previews("test", PreviewRequest(("output", "flow"), 32, 32))
        state = apply_events(state, reader.read_events())
        return bool(holds(state))

    wait_until(lambda: has(lambda state: state.last_frame))
    folder.write_control(Control(paused=True))
    wait_until(lambda: has(lambda state: state.paused and state.previews))
    assert state.frames_done < 27
    assert state.previews is not None
    assert decode_image(Path(state.previews.images["output"]).read_bytes()).shape == (24, 32, 3)
    assert head.poll() is None
    folder.write_control(Control())
    assert head.wait() == 0
    assert has(lambda state: isinstance(state.end, Finished) and not state.paused)


@pytest.mark.parametrize("text", ["local:0", "local:many", "tcp://", "tcp://head", "http://head:1", "nothing.json"])
def test_an_address_that_cannot_be_one_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--cluster"):
        ClusterAddress.parse(text)


def test_addresses(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text('{"address": "tcp://head:1234"}')
    assert ClusterAddress.parse("local:3").workers == 3
    assert ClusterAddress.parse("tls://head:8786").url == "tls://head:8786"
    assert ClusterAddress.parse(str(file)).url == "tcp://head:1234"


def test_no_scheduler_is_an_error_with_a_next_step(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_CONNECT_SECONDS", 1)
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv")
    assert exit_code(arguments(tmp_path, "tcp://127.0.0.1:1", tmp_path / "out.mkv")) == 6
    assert "no scheduler answers at tcp://127.0.0.1:1" in capfd.readouterr().out


def test_tls_without_certificates_is_an_error_with_a_next_step(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv")
    assert exit_code(arguments(tmp_path, "tls://127.0.0.1:1", tmp_path / "out.mkv")) == 2
    assert "tls://127.0.0.1:1 cannot be used without a certificate" in capfd.readouterr().out


def test_pipes_and_sequences_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv")
    assert exit_code(arguments(tmp_path, "local:1", tmp_path / "frame%03d.png")) == 2
    assert "--cluster cannot be used with" in capfd.readouterr().out
