"""What has to be asked about what was chosen, each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamstyle.tui.start.choices import SetupState
from streamstyle.tui.start.easel import Reply, PreviewClient, RequestError


class SetupQueries:
    """Asks the easel, and knows what of the answers still holds."""

    def __init__(self, client: PreviewClient) -> None:
        self.client = client
        self.film: Path | None = None
        """The film that something is known of."""
        self.film_error: RequestError | None = None
        """Why the film that was asked about last cannot be painted."""
        self._last_check: Reply | None = None
        self._last_preview: dict[str, Any] = {}
        self._thumbnail_size = (0, 0)
        self.estimated: tuple[str, ...] = ()
        """The arguments whose cost was asked for last."""

    def request_styles(self, size: tuple[int, int]) -> None:
        """Ask for the styles with pictures of that size, unless they are known."""
        if size != self._thumbnail_size:
            self._thumbnail_size = size
            self.client.request("styles", width=size[0], height=size[1])

    def request_film(self, film: Path) -> None:
        """Ask for the facts of another film."""
        self.film, self.film_error, self._last_check, self._last_preview = None, None, None, {}
        self.estimated = ()
        self.client.request("video", path=str(film))

    def request_check(self, choices: SetupState) -> None:
        """Ask whether a run could be as it is chosen."""
        if self.check_of(choices) is None:
            self.client.request("check", arguments=choices.arguments())

    def store_check(self, check: Reply) -> None:
        """Remember the answer to `check`."""
        self._last_check = check

    def check_of(self, choices: SetupState) -> Reply | None:
        """Return the answer to `check`, if there is one about these choices."""
        known = self._last_check
        return known if known and tuple(known.question["arguments"]) == choices.arguments() else None

    def is_refused(self, choices: SetupState) -> bool:
        """Return whether it is known that a run as it is chosen cannot be."""
        checked = self.check_of(choices)
        return checked is not None and checked.error is not None

    @property
    def free_bytes(self) -> int | None:
        """Bytes of room where the output goes."""
        return self._last_check.result.get("free_bytes") if self._last_check else None

    def request_draft(self, choices: SetupState, moment: Mapping[str, Any]) -> None:
        """Ask for a still, at first for a draft, unless it is the one that was asked for last."""
        question = {"arguments": choices.frame_options().arguments(), **moment}
        if question != self._last_preview:
            self._last_preview = question
            self.client.request("preview", draft=True, **question)

    def request_final(self, draft: Reply) -> None:
        """Ask for a still as it will be, if the draft of it is what is still wanted."""
        if {name: value for name, value in draft.question.items() if name != "draft"} == self._last_preview:
            self.client.request("preview", draft=False, **self._last_preview)

    def request_estimate(self, choices: SetupState) -> None:
        """Ask what a run would take."""
        self.estimated = choices.arguments()
        self.client.request("estimate", arguments=self.estimated)

    def has_estimate_request(self, choices: SetupState) -> bool:
        """Return whether the cost that was asked for last is that of these choices."""
        return self.estimated == choices.arguments()

    def is_current(self, cost: Reply, choices: SetupState) -> bool:
        """Return whether this is the cost that was asked for last, and still one of what is chosen and can be."""
        return (
            self.has_estimate_request(choices)
            and cost.question["arguments"] == self.estimated
            and not self.is_refused(choices)
        )
