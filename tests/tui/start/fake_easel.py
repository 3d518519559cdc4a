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
        if question["ask"] == "cost":
            print(json.dumps({"number": question["number"], "answer": {"tried": 1}, "so_far": True}), flush=True)
            continue
        print(json.dumps({"number": question["number"], "answer": {"heard": question["path"]}}), flush=True)


if __name__ == "__main__":
    main()
