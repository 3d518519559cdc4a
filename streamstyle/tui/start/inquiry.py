"""What has to be asked about what was chosen, each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamstyle.tui.start.choices import Choices
from streamstyle.tui.start.easel import Answer, Easel, Refusal


class Inquiry:
    """Asks the easel, and knows what of the answers still holds."""

    def __init__(self, easel: Easel) -> None:
        self.easel = easel
        self.film: Path | None = None
        """The film that something is known of."""
        self.film_refused: Refusal | None = None
        """Why the film that was asked about last cannot be painted."""
        self._checked: Answer | None = None
        self._look: dict[str, Any] = {}
        self._size = (0, 0)
        self.tried: tuple[str, ...] = ()
        """The arguments whose cost was asked for last."""

    def about_styles(self, size: tuple[int, int]) -> None:
        """Ask for the styles with pictures of that size, unless they are known."""
        if size != self._size:
            self._size = size
            self.easel.ask("styles", width=size[0], height=size[1])

    def about_film(self, film: Path) -> None:
        """Ask for the facts of another film."""
        self.film, self.film_refused, self._checked, self._look = None, None, None, {}
        self.tried = ()
        self.easel.ask("video", path=str(film))

    def check(self, choices: Choices) -> None:
        """Ask whether a run could be as it is chosen."""
        if self.checked(choices) is None:
            self.easel.ask("check", arguments=choices.arguments())

    def keep(self, check: Answer) -> None:
        """Remember the answer to `check`."""
        self._checked = check

    def checked(self, choices: Choices) -> Answer | None:
        """Return the answer to `check`, if there is one about these choices."""
        known = self._checked
        return known if known and tuple(known.question["arguments"]) == choices.arguments() else None

    def refuses(self, choices: Choices) -> bool:
        """Return whether it is known that a run as it is chosen cannot be."""
        checked = self.checked(choices)
        return checked is not None and checked.refusal is not None

    @property
    def free(self) -> int | None:
        """Bytes of room where the output goes."""
        return self._checked.found.get("free_bytes") if self._checked else None

    def look(self, choices: Choices, moment: Mapping[str, Any]) -> None:
        """Ask for a still, at first for a draft, unless it is the one that was asked for last."""
        question = {"arguments": choices.look().arguments(), **moment}
        if question != self._look:
            self._look = question
            self.easel.ask("preview", draft=True, **question)

    def look_closer(self, draft: Answer) -> None:
        """Ask for a still as it will be, if the draft of it is what is still wanted."""
        if {name: value for name, value in draft.question.items() if name != "draft"} == self._look:
            self.easel.ask("preview", draft=False, **self._look)

    def try_out(self, choices: Choices) -> None:
        """Ask what a run would take."""
        self.tried = choices.arguments()
        self.easel.ask("estimate", arguments=self.tried)

    def tries(self, choices: Choices) -> bool:
        """Return whether the cost that was asked for last is that of these choices."""
        return self.tried == choices.arguments()

    def awaits(self, cost: Answer, choices: Choices) -> bool:
        """Return whether this is the cost that was asked for last, and still one of what is chosen and can be."""
        return self.tries(choices) and cost.question["arguments"] == self.tried and not self.refuses(choices)
