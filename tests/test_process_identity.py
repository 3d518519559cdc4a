"""A process is known again, and so is another that bears its number."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import psutil
import pytest

from streamstyle.process_identity import ProcessIdentity


def test_this_process_goes_on_and_one_that_ended_does_not() -> None:
    assert ProcessIdentity.current().is_running()
    with subprocess.Popen(["sleep", "60"]) as other:
        life = ProcessIdentity(other.pid, psutil.Process(other.pid).create_time())
        assert life.is_running()
        other.kill()
        while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        assert not life.is_running(), "it waits for its parent, and is dead"
    assert not life.is_running()


def test_a_number_that_came_round_is_another_process_and_a_clock_that_was_put_right_the_same() -> None:
    own = ProcessIdentity.current()
    assert not replace(own, create_time=own.create_time - 3600).is_running()
    assert replace(own, create_time=own.create_time - 1).is_running()


@pytest.mark.parametrize("said", [None, 7, {}, {"pid": "x", "create_time": 1}, {"pid": None, "create_time": None}])
def test_what_tells_of_no_life(said: object) -> None:
    assert ProcessIdentity.from_json(said) is None


@pytest.mark.parametrize("pid", [-1, 2**70])
def test_a_number_that_no_process_bears(pid: int) -> None:
    assert not ProcessIdentity(pid, 0.0).is_running()
