"""What the start screen begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Collapsible

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.quality import QUALITIES
from streamstyle.tui.setup.client import Reply
from streamstyle.tui.setup.directing_state import Directing
from streamstyle.tui.setup.fields import Field
from streamstyle.tui.setup.initial_state import initial_state
from streamstyle.tui.setup.state import SetupState
from tests.tui.setup.setup_harness import FakePreviewClient, SetupApp, copied_options, fill_in, run_setup


@pytest.mark.parametrize(
    ("style", "state"),
    [
        ("wave", SetupState(style="wave")),
        ("my:photo.jpg", SetupState(style="my:photo.jpg")),
        ("wave:3,night:1", SetupState(style="wave", second_style="night", second_weight="0.25")),
        ("wave:1,night:1,scream:1", SetupState(style="wave:1,night:1,scream:1")),
        ("wave:0,night:0", SetupState(style="wave:0,night:0")),
    ],
)
def test_a_blend_of_two_has_two_fields(style: str, state: SetupState) -> None:
    assert initial_state({"style": style}) == state


def test_what_is_the_default_anyway_is_no_choice() -> None:
    defaults = {"method": "live", "crf": "18", "tone": False, "strength": "1.0", "lookback": "1"}
    assert initial_state(defaults).settings == {}
    assert initial_state({"preset": "slow", "tone": True}).settings == {"preset": "slow", "tone": "yes"}


def test_every_choice_is_shown_in_its_field_and_can_be_undone() -> None:
    initial = initial_state(
        {
            "style": "night:0.7,scream:0.3", "method": "johnson", "height": "500", "strength": "0.5", "tone": True,
            "time_range": "1-2", "output": "out.mkv", "lookback": "1,2",
        },
        ["--cluster", "local:2", "--no-config"],
    )  # fmt: skip

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.pause()
        texts = {field.name: field.text for field in app.screen.query(Field)}
        assert texts["method"] == "johnson"
        assert texts["height"] == "500"
        assert texts["time_range"] == "1-2"
        assert (texts["second_style"], texts["second_weight"]) == ("scream", "0.3")
        assert texts["output"] == "out.mkv"
        app.screen.query_one("#more", Collapsible).collapsed = False
        await pilot.pause()
        await pilot.pause()
        texts = {field.name: field.text for field in app.screen.query(Field)}
        assert (texts["tone"], texts["lookback"]) == ("yes", "1,2")
        await fill_in(pilot, "strength", "end", "backspace", "backspace", "backspace")
        await fill_in(pilot, "height", "left")
        await pilot.press("escape")
        await pilot.press("y")

    options = copied_options(run_setup(steps, initial=initial))
    assert "--style night:0.7,scream:0.3" in options
    assert options.endswith("--cluster local:2 --no-config")
    assert "--strength" not in options
    assert "--height 500" not in options
    options = options.replace("night:0.7,scream:0.3", "wave")
    parsed = parse_run_arguments(["film.mp4", *options.split()])
    assert parsed.settings.consistency.lookback == (1, 2)
    assert parsed.settings.consistency.tone
    assert parsed.find_output(None) == Path("out.mkv")


def test_script_mask_and_key_frames_are_in_their_fields() -> None:
    typed = {"mask": "mask.png", "adapt": "5m", "keyframes": ("0:1=my painting.png", "0:2=b.png")}
    state = initial_state(typed)
    assert state.directing == Directing(mask="mask.png", adapt="5m", keyframes="'0:1=my painting.png' 0:2=b.png")
    keyframes = ["--keyframe", "0:1=my painting.png", "--keyframe", "0:2=b.png"]
    assert list(state.directing.arguments()) == ["--mask", "mask.png", "--adapt", "5m", *keyframes]


def test_a_quality_of_the_config_file_is_in_its_field_and_what_differs_from_it_in_others() -> None:
    """As the command line has it: the options of `draft`, of which the file has another preset."""
    defaults = {**QUALITIES["draft"].options, "quality": "draft", "preset": "medium"}
    initial = initial_state(defaults)
    assert (initial.quality, initial.settings) == ("draft", {"preset": "medium"})

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.pause()
        texts = {field.name: field.text for field in app.screen.query(Field)}
        assert (texts["quality"], texts["preset"], texts["method"]) == ("draft", "medium", "")
        await pilot.press("y")

    assert copied_options(run_setup(steps, initial=initial)) == "--style scream --quality draft --preset medium"


def test_a_style_that_is_not_listed_is_added_to_the_list() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.pause()
        await pilot.press("y")

    options = copied_options(run_setup(steps, initial=initial_state({"style": "photo.jpg"})))
    assert options == "--style photo.jpg"


def test_a_preview_is_not_made_with_the_config_file() -> None:
    assert SetupState(more=("--no-config",)).frame_state().more == ("--no-config",)


def test_a_start_before_the_styles_are_listed_is_not_forgotten() -> None:
    def be_slow(client: FakePreviewClient) -> None:
        client.silent = {"styles", "check"}

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.pause()
        await pilot.press("ctrl+s")
        for kind in ("styles", "check"):
            parameters = app.client.last_request(kind)
            app.client.reply(Reply(kind, parameters, getattr(app.client, f"answer_{kind}")(parameters)))
            await pilot.pause()

    app = run_setup(steps, prepare=be_slow, initial=initial_state({"style": "night"}))
    assert app.request is not None
    assert app.request.arguments == ("film.mp4", "--style", "night")
