"""A stand-in for the preview server: it echoes a request's path, never finishes an estimate, and dies on demand."""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("path") == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        print("noise of a library", file=sys.stderr)
        if request["request"] == "estimate":
            print(json.dumps({"id": request["id"], "result": {"trial_frames": 1}, "partial": True}), flush=True)
            continue
        print(json.dumps({"id": request["id"], "result": {"echo": request["path"]}}), flush=True)


if __name__ == "__main__":
    main()
