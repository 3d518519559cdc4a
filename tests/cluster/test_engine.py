"""Runs on workers in other processes, started as a user would start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from streamstyle import __version__
from streamstyle.cli.main import exit_code
from streamstyle.cluster import engine
from streamstyle.cluster.address import ClusterAddress
from streamstyle.cluster.journal import pieces_folder
from streamstyle.errors import SettingsError
from streamstyle.gpu.cpu_kernels import find_library
from streamstyle.gpu.dispatch import csrc_folder
from streamstyle.settings import EncoderSettings, FlowPreset, Method
from tests.cluster.cluster_case import case, film
from tests.stylise_case import StyliseResult

pytestmark = pytest.mark.usefixtures("home")

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_LOGGING__DISTRIBUTED": "critical"}


def arguments(folder: Path, cluster: str, output: Path) -> list[str]:
    style = folder / "nonsense.safetensors"
    options = ["--method", "live", "--codec", "ffv1", "--threads", "1", "--flow-cache", "0", "--json"]
    return ["run", str(folder / "film.mkv"), "--style", str(style), "--cluster", cluster, "-o", str(output), *options]


def start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *command], env=ENVIRONMENT, start_new_session=True)


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    for each in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
        each.kill()
    process.kill()
    process.wait()


@pytest.fixture
def scheduler_file(tmp_path: Path) -> Iterator[Path]:
    """A scheduler and one worker on loopback, from the engine's own commands."""
    path = tmp_path / "scheduler.json"
    with ExitStack() as stack:
        scheduler = start("dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                          "--scheduler-file", str(path))  # fmt: skip
        stack.callback(end, scheduler)
        wait_until(path.exists)
        worker = start("dask", "worker", "--scheduler-file", str(path), "--nthreads", "1", "--no-dashboard")
        stack.callback(end, worker)
        yield path


def worker_processes() -> list[psutil.Process]:
    """The processes that paint, which the engine starts again where they die."""
    mine = psutil.Process().children(recursive=True)
    return [each for each in mine if each.is_running() and any("spawn_main" in part for part in each.cmdline())]


@pytest.mark.slow
def test_a_run_outlives_a_killed_worker_and_a_killed_head(
    tmp_path: Path, scheduler_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one, output = case(tmp_path, film(tmp_path), Method.live), tmp_path / "out.mkv"
    journal = pieces_folder(output) / "journal.jsonl"
    command = arguments(tmp_path, str(scheduler_file), output)

    head = start("streamstyle", *command)
    wait_until(lambda: journal.exists() and bool(worker_processes()))
    for process in worker_processes():
        process.kill()
    wait_until(lambda: len(journal.read_text().splitlines()) >= 2)
    head.send_signal(signal.SIGKILL)
    head.wait()
    capfd.readouterr()

    assert exit_code(command) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert events[0]["event"] == "started"
    assert events[0]["resumed_frames"] > 0
    assert (events[-1]["event"], events[-1]["frames"]) == ("finished", 27)
    sampled = [each for event in events if event["event"] == "workers_sampled" for each in event["workers"]]
    assert {each["piece"] for each in sampled} <= {0, 1, 2, None}
    assert sampled
    whole = one.stylise(tmp_path / "whole.mkv")
    assert StyliseResult(replace(whole.ended, output=str(output)), []).hashes() == whole.hashes()

    built = find_library(csrc_folder()) is not None  # not in a checkout that is not installed
    assert exit_code(["cluster", "check", str(scheduler_file), "--json"]) == (0 if built else 1)
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
    assert (pieces_folder(output) / "journal.jsonl").exists()


@pytest.mark.slow
def test_flow_outlives_a_killed_worker_and_a_run_a_killed_scheduler(
    tmp_path: Path, scheduler_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = case(tmp_path, film(tmp_path), Method.live)
    one = one.with_settings(flow=replace(one.settings.flow, flow=FlowPreset.deepflow))  # takes seconds
    options = ["--distribute", "flow", "--flow", "deepflow"]
    whole = one.stylise(tmp_path / "whole.mkv")

    def begin(output: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streamstyle", *arguments(tmp_path, str(scheduler_file), output), *options]
        head = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True)
        assert head.stdout is not None
        assert json.loads(head.stdout.readline())["event"] == "started"
        return head

    head = begin(tmp_path / "one.mkv")
    wait_until(lambda: bool(worker_processes()))
    for process in worker_processes():
        process.kill()
    last = json.loads(head.communicate()[0].splitlines()[-1])
    assert (head.returncode, last["event"], last["flows_computed"]) == (0, "finished", 24)
    assert StyliseResult(replace(whole.ended, output=str(tmp_path / "one.mkv")), []).hashes() == whole.hashes()

    head, output = begin(tmp_path / "two.mkv"), tmp_path / "two.mkv"
    scheduler = next(each for each in psutil.Process().children() if "scheduler" in each.cmdline())
    scheduler.kill()
    last = json.loads(head.communicate()[0].splitlines()[-1])
    assert (head.returncode, last["event"]) == (6, "failed")
    assert last["problem"] == "the scheduler of the cluster is gone"
    assert exit_code([*arguments(tmp_path, "local:1", output), *options]) == 0
    assert StyliseResult(replace(whole.ended, output=str(output)), []).hashes() == whole.hashes()


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


def test_pipes_and_sequences_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film(tmp_path)
    case(tmp_path, tmp_path / "film.mkv")
    assert exit_code(arguments(tmp_path, "local:1", tmp_path / "frame%03d.png")) == 2
    assert "--cluster cannot be used with" in capfd.readouterr().out
