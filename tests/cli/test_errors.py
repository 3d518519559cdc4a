"""Signals stop a run, and the second one ends the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from streamstyle.cli.errors import stop_on_signal
from streamstyle.errors import EXIT_INTERRUPTED

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_requests_a_stop(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    previous, stop = signal.getsignal(number), threading.Event()
    with stop_on_signal(stop):
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(60)
    assert signal.getsignal(number) is previous
    assert "stopping; press Ctrl-C again" in capfd.readouterr().err


def test_the_second_signal_ends_the_process() -> None:
    program = (
        "import os, signal, threading, time\n"
        "from streamstyle.cli.errors import stop_on_signal\n"
        "with stop_on_signal(threading.Event()):\n"
        "    os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGINT); time.sleep(30)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False)
    assert done.returncode == EXIT_INTERRUPTED
    assert b"aborted" in done.stderr


def test_signals_that_come_while_the_output_is_published_change_nothing() -> None:
    """Neither then nor on the way out: the film is whole, and the exit code says so."""
    program = (
        "import os, signal\n"
        "from streamstyle.cli.errors import stop_on_signal\n"
        "from streamstyle.events import StopEvent\n"
        "stop = StopEvent()\n"
        "with stop_on_signal(stop):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    assert stop.is_set()\n"
        "    stop.too_late = True\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0
    assert b"aborted" not in done.stderr


def test_a_signal_ignored_by_nohup_stays_ignored() -> None:
    previous, stop = signal.signal(signal.SIGHUP, signal.SIG_IGN), threading.Event()
    try:
        with stop_on_signal(stop):
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, previous)
