"""A process is told apart from a later one with the same number."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import psutil
import pytest

from streamstyle.process_identity import ProcessIdentity


def test_this_process_is_running_and_one_that_ended_is_not() -> None:
    assert ProcessIdentity.current().is_running()
    with subprocess.Popen(["sleep", "60"]) as other:
        identity = ProcessIdentity(other.pid, psutil.Process(other.pid).create_time())
        assert identity.is_running()
        other.kill()
        while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        assert not identity.is_running(), "a zombie has ended"
    assert not identity.is_running()


def test_a_reused_number_is_another_process() -> None:
    own = ProcessIdentity.current()
    assert not replace(own, create_time=own.create_time - 3600).is_running()
    assert replace(own, create_time=own.create_time - 1).is_running()


@pytest.mark.parametrize("value", [None, 7, {}, {"pid": "x", "create_time": 1}, {"pid": None, "create_time": None}])
def test_values_without_an_identity_give_none(value: object) -> None:
    assert ProcessIdentity.from_json(value) is None


@pytest.mark.parametrize("pid", [-1, 2**70])
def test_a_process_with_an_impossible_number_is_not_running(pid: int) -> None:
    assert not ProcessIdentity(pid, 0.0).is_running()
