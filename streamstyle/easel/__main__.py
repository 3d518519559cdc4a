"""`python -m streamstyle.easel`: questions on standard input, answers on standard output, a JSON object a line.

    {"number": 7, "ask": "still", "arguments": ["movie.mkv", "--style", "wave"], "time": 3.2, ...}
    {"number": 7, "answer": {...}}
    {"number": 7, "refused": {"problem": "...", "next_step": "...", "exit_code": 3}}

An answer with `"so_far": true` is followed by another. `cost` is worked on beside everything else, and a new one stops
the one before, whose answer then says what was known. The process ends when its input does, at once.
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

from streamstyle.easel.easel import Answer, Easel, Question
from streamstyle.errors import StreamstyleError
from streamstyle.files import temporary_folder
from streamstyle.terminal.failures import INTERNAL


class Desk:
    """Takes questions in and hands answers out; each is answered in the order of its kind."""

    def __init__(self, answers: TextIO) -> None:
        self._answers, self._writing = answers, threading.Lock()
        self._easel = Easel()
        self._stop = threading.Event()
        self._quick, self._slow = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def serve(self, questions: Iterator[str]) -> None:
        """Answer until there are no more questions."""
        for line in questions:
            question = json.loads(line)
            if question["ask"] == "cost":
                self._stop.set()
                self._stop = threading.Event()
                self._slow.submit(self._answer, question, self._cost(question, self._stop))
            else:
                self._quick.submit(self._answer, question, getattr(self._easel, question["ask"]))

    def _cost(self, question: Question, stop: threading.Event) -> Callable[[Question], Answer]:
        def cost(_: Question) -> Answer:
            return self._easel.cost(question, lambda known: self._say(question, answer=known, so_far=True), stop)

        return cost

    def _answer(self, question: Question, answer: Callable[[Question], Answer]) -> None:
        try:
            self._say(question, answer=answer(question))
        except StreamstyleError as error:
            self._say(question, refused=_refusal(error.problem, error.next_step, error.exit_code))
        except Exception as error:  # said to who asked, who may ask something else
            problem = f"a fault of the program itself, {type(error).__name__}: {error}".rstrip(". ")
            self._say(question, refused=_refusal(problem, "Choose something else, or report it.", INTERNAL))
            traceback.print_exc()

    def _say(self, question: Question, **said: Any) -> None:
        with self._writing:
            print(json.dumps({"number": question["number"], **said}), file=self._answers, flush=True)


def _refusal(problem: str, next_step: str, exit_code: int) -> Answer:
    return {"problem": problem, "next_step": next_step, "exit_code": exit_code}


def main() -> None:
    """Answer on what was standard output; what libraries print there goes where errors go."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with temporary_folder() as folder:
        tempfile.tempdir = str(folder)
        Desk(answers).serve(iter(sys.stdin))
    os._exit(0)  # whoever asked has gone, perhaps to run what was being tried: nothing more is worth a processor's time


if __name__ == "__main__":
    main()
