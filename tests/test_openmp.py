"""OpenMP's threads sleep while they wait, in every process of the program, unless the user decides otherwise."""

import os
import subprocess
import sys
from collections.abc import Mapping

_NAMES = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME")


def reported(code: str, given: Mapping[str, str]) -> str:
    """What a new process prints after `code`: both variables, and whether torch has been imported."""
    environment = {name: value for name, value in os.environ.items() if name not in _NAMES}
    report = f"print([os.environ.get(name) for name in {_NAMES}], 'torch' in sys.modules)"
    command = [sys.executable, "-c", f"import os, sys; {code}; {report}"]
    return subprocess.run(command, env=environment | given, check=True, capture_output=True, text=True).stdout.strip()


def test_threads_sleep_while_they_wait_and_it_is_set_before_torch_is_imported() -> None:
    assert reported("import streamstyle", {}) == "['PASSIVE', '0'] False"


def test_what_the_user_has_set_is_kept() -> None:
    assert reported("import streamstyle", {"OMP_WAIT_POLICY": "ACTIVE"}) == "['ACTIVE', None] False"
    assert reported("import streamstyle", {"KMP_BLOCKTIME": "7"}) == "['PASSIVE', '7'] False"


def test_child_processes_inherit_it() -> None:
    child = [sys.executable, "-c", "import os; print(os.environ['OMP_WAIT_POLICY'])"]
    assert reported(f"import subprocess, streamstyle; subprocess.run({child!r})", {}).splitlines()[0] == "PASSIVE"
