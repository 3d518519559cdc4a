"""The part of the start screen that asks the preview server about the choices, and shows what it answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from textual import on
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.timer import Timer

from streamstyle.errors import OutputError
from streamstyle.tui.setup.bars import PageBar
from streamstyle.tui.setup.client import PreviewClient, Reply, ReplyCallback, RequestError, SetupQueries
from streamstyle.tui.setup.directing_fields import DirectingFields
from streamstyle.tui.setup.directing_state import DIRECTING_FIELDS
from streamstyle.tui.setup.fields import Field
from streamstyle.tui.setup.panels import EstimateBar, FilmPanel, OptionsPanel
from streamstyle.tui.setup.preview import PreviewPanel
from streamstyle.tui.setup.state import SetupState
from streamstyle.tui.setup.style_list import StylePanel

_ESTIMATE_DELAY = 0.7
"""Seconds without a change before an estimate is requested."""


class SetupAnswers(Screen[None]):
    """A screen with all panels, whose choices are checked, previewed and estimated whenever they change."""

    def __init__(self, make_client: Callable[[ReplyCallback], PreviewClient], state: SetupState) -> None:
        super().__init__()
        self._state = state
        self._queries = SetupQueries(make_client(self._on_reply))
        self._start_when_checked = False
        self._estimate_timer: Timer | None = None

    def start_run(self, check: Reply) -> object:
        """Start the run that has been checked."""
        raise NotImplementedError

    def action_page(self, page: str) -> None:
        """Turn to a page, if not all panels fit."""
        self.query_one(PageBar).turn_to(page)

    def _refresh(self) -> None:
        """Show the command line and the errors of the state; request check, preview and estimate if it is valid."""
        state, bar = self._state, self.query_one(EstimateBar)
        bar.show_command(state.command_line())
        errors = state.errors()
        for field in self.query(Field):
            field.show_error(errors.get(field.name or "", ""))
        self._queries.client.cancel("estimate")
        if self._estimate_timer is not None:
            self._estimate_timer.stop()  # of the state before
        if state.video is None:
            bar.show_message("choose a film (f)")
        elif errors:
            bar.show_message("an option is invalid", is_error=True)
        elif self._queries.video == state.video and state.style:
            self._queries.request_check(state)
            self._request_preview()
            self._schedule_estimate()

    @on(PreviewPanel.FrameWanted)
    def _request_preview(self) -> None:
        """Request a preview if the state is valid."""
        frame = self.query_one(PreviewPanel).frame_request()
        if frame and self._queries.video and self._state.style and not self._state.errors():
            self._queries.request_draft(self._state, frame)

    def _schedule_estimate(self) -> None:
        """Request an estimate once nothing has changed for a while."""
        if not self._queries.has_estimate_request(self._state) and not self._queries.is_impossible(self._state):
            self.query_one(EstimateBar).show_message("waiting to measure a few frames …")
            self._estimate_timer = self.set_timer(_ESTIMATE_DELAY, self._request_estimate)

    def _request_estimate(self) -> None:
        if self._queries.is_impossible(self._state):
            return  # the error message of the check stays
        self.query_one(EstimateBar).show_message("measuring a few frames …")
        self._queries.request_estimate(self._state)

    @on(DirectingFields.FilesEdited)
    def _check_again(self) -> None:
        self._queries.forget_replies()
        self._refresh()

    def _on_reply(self, reply: Reply) -> None:
        with suppress(NoMatches):  # the screen may be closing
            getattr(self, f"_on_{reply.kind}")(reply)

    def _on_styles(self, reply: Reply) -> None:
        self.query_one(StylePanel).set_items(reply.result.get("styles", ()))
        if reply.error:
            self.notify(str(reply.error), severity="error")

    def _on_image(self, reply: Reply) -> None:
        if reply.error:
            self.notify(str(reply.error), severity="error")
            return
        self.query_one(StylePanel).add_image(reply.result)
        self.action_page("style")

    def _on_video(self, reply: Reply) -> None:
        video = Path(reply.parameters["path"])
        if video != self._state.video:
            return
        self._queries.video_error = reply.error
        if reply.error:
            self.query_one(FilmPanel).show_error(video, reply.error)
            self.query_one(PreviewPanel).show_message("No preview.")
            self.query_one(EstimateBar).show_message(str(reply.error), is_error=True)
            return
        self._queries.video = video
        self.query_one(FilmPanel).show_facts(reply.result)
        self.query_one(OptionsPanel).set_source_height(reply.result["height"])
        self.query_one(PreviewPanel).set_duration(reply.result["duration"])
        self.query_one(PreviewPanel).show_message("stylising a frame …")
        self._refresh()

    def _on_preview(self, reply: Reply) -> None:
        preview = self.query_one(PreviewPanel)
        if reply.error:
            preview.show_message(str(reply.error), is_error=True)
            return
        preview.show(reply.result, self._state)
        if reply.result["draft"]:
            self._queries.request_final(reply)

    def _on_check(self, reply: Reply) -> None:
        if tuple(reply.parameters["arguments"]) != self._state.arguments():
            return
        self._queries.store_check(reply)
        if reply.error:
            self._show_error(reply.error)
        else:
            self.query_one(OptionsPanel).set_output(Path(reply.result["output"]), reply.result["warnings"])
        if self._start_when_checked:
            self.start_run(reply)

    def _on_estimate(self, reply: Reply) -> None:
        bar = self.query_one(EstimateBar)
        if not self._queries.is_current(reply, self._state):
            return
        if reply.error:
            self._queries.store_estimate_error(reply)
            self._show_error(reply.error)
        elif not reply.partial or reply.result["trial_frames"] > 1:
            bar.show_estimate(reply.result, self._queries.free_bytes, partial=reply.partial)

    def _show_error(self, error: RequestError) -> None:
        """Show an error at the fields that it names, and in place of the estimate."""
        names = self._state.fields_in_message(error.problem)
        if not names and error.exit_code == OutputError.exit_code:
            names = ["output"]
        self.query_one(DirectingFields).unfold_if(not set(names).isdisjoint(DIRECTING_FIELDS))
        for field in self.query(Field):
            if field.name in names:
                field.show_error(str(error))
        self.query_one(EstimateBar).show_message(str(error), is_error=True)
