"""`python -m streamstyle.preview_server`: requests on standard input, replies on standard output, as JSON Lines.

    {"id": 7, "request": "preview", "arguments": ["movie.mkv", "--style", "wave"], "time": 3.2, ...}
    {"id": 7, "result": {...}}
    {"id": 7, "error": {"problem": "...", "next_step": "...", "exit_code": 3}}

A reply with `"partial": true` is followed by another one. An `estimate` runs in parallel with all other requests; a new
one stops the previous one, which then replies with what it has measured. The process ends at the end of its input.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

from streamstyle.errors import EXIT_INTERNAL, StreamstyleError
from streamstyle.files import temporary_folder
from streamstyle.preview_server.handlers import Handlers, Request, Result


class Server:
    """Reads requests and writes replies; requests are handled in order, estimates in a thread of their own."""

    def __init__(self, replies: TextIO) -> None:
        self._replies, self._write_lock = replies, threading.Lock()
        self._handlers = Handlers()
        self._stop_estimate = threading.Event()
        self._request_thread, self._estimate_thread = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def serve(self, lines: Iterator[str]) -> None:
        """Handle requests until the end of the input."""
        for line in lines:
            request = json.loads(line)
            if request["request"] == "estimate":
                self._stop_estimate.set()
                self._stop_estimate = threading.Event()
                self._estimate_thread.submit(self._handle, request, self._estimate_handler(self._stop_estimate))
            else:
                self._request_thread.submit(self._handle, request, getattr(self._handlers, request["request"]))

    def _estimate_handler(self, stop: threading.Event) -> Callable[[Request], Result]:
        def estimate(request: Request) -> Result:
            return self._handlers.estimate(
                request, lambda result: self._reply(request, result=result, partial=True), stop
            )

        return estimate

    def _handle(self, request: Request, handler: Callable[[Request], Result]) -> None:
        try:
            self._reply(request, result=handler(request))
        except StreamstyleError as error:
            self._reply(request, error=_error(error.problem, error.next_step, error.exit_code))
        except Exception as error:  # the client reports it, and other requests may still succeed
            problem = f"internal error: {type(error).__name__}: {error}".rstrip(". ")
            self._reply(request, error=_error(problem, "Change the selection, or report this error.", EXIT_INTERNAL))
            traceback.print_exc()

    def _reply(self, request: Request, **reply: Any) -> None:
        with self._write_lock:
            print(json.dumps({"id": request["id"], **reply}), file=self._replies, flush=True)


def _error(problem: str, next_step: str, exit_code: int) -> Result:
    return {"problem": problem, "next_step": next_step, "exit_code": exit_code}


def main() -> None:
    """Serve requests. Standard output is for replies alone: what libraries print there goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with temporary_folder() as folder:
        tempfile.tempdir = str(folder)
        Server(replies).serve(iter(sys.stdin))
    os._exit(0)  # the client is gone, perhaps to start the run: no thread needs to finish


if __name__ == "__main__":
    main()
