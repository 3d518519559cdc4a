"""A process in the easel's place: it echoes questions, and dies, talks or keeps silent when told to."""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        question = json.loads(line)
        if question.get("path") == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        print("a library says something", file=sys.stderr)
        if question["request"] == "estimate":
            print(json.dumps({"id": question["id"], "result": {"trial_frames": 1}, "partial": True}), flush=True)
            continue
        print(json.dumps({"id": question["id"], "result": {"heard": question["path"]}}), flush=True)


if __name__ == "__main__":
    main()
