"""What `--cluster` names: workers on this machine, or a scheduler."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from streamstyle.cluster.painting import usable_cores
from streamstyle.errors import SettingsError
from streamstyle.files import read_json


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """What `--cluster` names."""

    workers: int | None = None
    """Workers on this machine; None for the scheduler at `url`."""
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> ClusterAddress:
        """Return what `local`, `local:N`, the address of a scheduler or the name of a scheduler file names.

        Raises SettingsError.
        """
        kind, _, rest = text.partition(":")
        if kind == "local":
            if rest and not (rest.isdigit() and 1 <= int(rest) <= 1024):
                raise SettingsError(f"--cluster cannot be {text}", "Give local, or local:N with N from 1 to 1024.")
            return cls(int(rest) if rest else max(1, usable_cores() // 4))
        if text.startswith(("tcp://", "tls://")):
            with suppress(ValueError):
                if urlsplit(text).hostname and urlsplit(text).port:
                    return cls(url=text)
            raise SettingsError(f"--cluster {text} has no host and port", "Give an address such as tcp://head:8786.")
        if isinstance(url := read_json(Path(text)).get("address"), str):
            return cls(url=url)
        raise SettingsError(
            f"--cluster {text} is neither local, an address nor a scheduler file",
            "Give local:N, tcp://HOST:PORT, tls://HOST:PORT, or the file that `dask scheduler --scheduler-file` wrote.",
        )
