"""The quality on the start screen: it sets what the fields below it show, and what is chosen there counts for more."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Collapsible, Input

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.quality import DEFAULT_QUALITY, QUALITIES, QUALITY_SETTINGS
from streamstyle.tui.setup.fields import Field
from streamstyle.tui.setup.panels import OptionsPanel
from streamstyle.tui.setup.state import SETTINGS, SetupState, default_texts
from tests.tui.pilot import screen_text
from tests.tui.setup.setup_harness import SetupApp, copied_options, fill_in, run_setup


def shown(app: SetupApp, name: str) -> str:
    """What the field of a setting shows: its value, or the default in its place."""
    control = app.screen.query_one(f"#field-{name}", Field).control
    return control.value or (control.placeholder if isinstance(control, Input) else "")


def test_it_is_the_first_option_and_says_what_it_means() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        first = app.screen.query_one(OptionsPanel).query(Field).first()
        assert first.name == "quality"
        assert "the film's size, method live" in screen_text(pilot)
        await fill_in(pilot, "quality", "left")
        assert "at most 360 lines" in " ".join(screen_text(pilot).split())

    run_setup(steps)


def test_fields_the_command_and_the_estimate_follow_it() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await fill_in(pilot, "quality", "left")
        assert [shown(app, name) for name in ("method", "preset")] == ["live", "veryfast"]
        app.screen.query_one("#more", Collapsible).collapsed = False
        await pilot.pause()
        await pilot.pause()
        assert shown(app, "max-height") == "360"
        assert app.client.last_request("check")["arguments"][1:] == ("--style", "scream", "--quality", "draft")
        assert app.client.last_request("preview")["arguments"][1:] == ("--style", "scream", "--quality", "draft")
        await fill_in(pilot, "quality", "right", "right")
        assert [shown(app, name) for name in ("method", "preset", "max-height")] == ["consistent", "slow", ""]
        await pilot.press("escape", "y")

    assert copied_options(run_setup(steps)) == "--style scream --quality best"


def test_what_is_chosen_after_it_counts_for_more_and_what_was_chosen_before_does_not() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await fill_in(pilot, "method", "right")
        await fill_in(pilot, "crf", *"20")
        await fill_in(pilot, "quality", "right")
        await fill_in(pilot, "method", "left")
        await fill_in(pilot, "preset", *"medium")
        await pilot.press("escape", "y")

    options = copied_options(run_setup(steps))
    assert options == "--style scream --quality best --crf 20 --method live --preset medium"
    settings = parse_run_arguments(["film.mp4", *options.replace("scream", "wave").split()]).settings
    assert (settings.consistency.method, settings.encoder.preset) == ("live", "medium")


def test_the_usual_quality_needs_no_option() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await fill_in(pilot, "method", "right")
        await fill_in(pilot, "quality", "right", "left")
        await pilot.press("escape", "y")

    assert copied_options(run_setup(steps)) == "--style scream"


def test_the_defaults_of_a_run_are_those_of_the_usual_quality() -> None:
    assert default_texts(DEFAULT_QUALITY) == {name: SETTINGS[name].default_text() for name in QUALITY_SETTINGS}


@pytest.mark.parametrize("quality", ["draft", "best"])
def test_a_quality_sets_only_what_it_is_about(quality: str) -> None:
    assert QUALITIES[quality].options.keys() <= QUALITY_SETTINGS
    assert SetupState(settings={"crf": "20", "height": "480"}).with_quality(quality).settings == {"crf": "20"}


@pytest.mark.parametrize(("quality", "height"), [("draft", 360), ("best", None)])
def test_a_preview_has_the_size_of_the_quality(quality: str, height: int | None) -> None:
    state = SetupState(style="wave", quality=quality, settings={"preset": "slow"}).frame_state()
    assert state.settings == {}
    assert parse_run_arguments(state.arguments()).settings.source.max_height == height
