"""What the workers of a cluster are, how fast, and what differs that matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2

from streamstyle import __version__
from streamstyle.cluster.address import ClusterAddress
from streamstyle.cluster.engine import connect, count_workers, facts_of_workers
from streamstyle.errors import DeviceError


def check_workers(address: ClusterAddress) -> list[dict[str, Any]]:
    """Return what is known of every worker, `WorkerFacts` and `address`, `seconds_per_frame`, `differences`.

    Differences are from this machine and from the first worker, in words. Raises StreamstyleError.
    """
    with connect(address) as client:
        from streamstyle.cluster.worker import seconds_per_frame  # noqa: PLC0415

        if not count_workers(client):
            raise DeviceError("the cluster has no worker", "Start some with `dask worker`; see docs/cluster.md.")
        facts, speed = facts_of_workers(client), client.run(seconds_per_frame, on_error="return")
    first = next(iter(facts.values()))
    return [
        {
            "address": address,
            **each,
            "seconds_per_frame": speed[address] if isinstance(speed[address], float) else None,
            "differences": _differences(each, first),
        }
        for address, each in facts.items()
    ]


def _differences(facts: Mapping[str, Any], first: Mapping[str, Any]) -> list[str]:
    differences = []
    if facts["version"] != __version__:
        differences.append(f"streamstyle {facts['version']}, here {__version__}: a run refuses it")
    if facts["opencv"] != cv2.__version__:
        differences.append(f"OpenCV {facts['opencv']}, here {cv2.__version__}: --distribute flow refuses it")
    if facts["arithmetic"] != first["arithmetic"]:
        differences.append(f"arithmetic differs from that of {first['host']}: frames may differ slightly")
    if facts["kernels"] != "compiled":
        differences.append(f"{facts['kernels']}: slower")
    return differences
