"""The value of `--methods`."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.cli.methods import parse_methods
from streamstyle.errors import SettingsError
from streamstyle.settings import FlowPreset, Method, Settings, StyleSettings


def test_methods_take_the_options_of_run() -> None:
    text = "johnson, consistent:pixel-weight=0:iterations=10,live:flow=fast:preserve-colour"
    johnson, consistent, live = parse_methods(text, Settings(style=StyleSettings(strength=0.5)))
    assert johnson.method is Method.johnson
    assert consistent.settings.consistency.pixel_weight == 0
    assert consistent.settings.consistency.iterations == 10
    assert consistent.settings.consistency.effective_temporal_weight == 9000
    assert (live.settings.flow.flow, live.settings.style.preserve_colour) == (FlowPreset.fast, True)
    assert {each.settings.style.strength for each in (johnson, consistent, live)} == {0.5}
    assert consistent.label == "consistent, pixel-weight 0, iterations 10"


def test_an_option_can_have_several_numbers() -> None:
    ruder, live = parse_methods("ruder:lookback=1,2,4:iterations=10,live", Settings())
    assert ruder.settings.consistency.lookback == (1, 2, 4)
    assert ruder.settings.consistency.iterations == 10
    assert live.method is Method.live


def test_an_option_can_be_a_path(tmp_path: Path) -> None:
    (spec,) = parse_methods(f"consistent:loss-network={tmp_path / 'vgg.safetensors'}", Settings())
    assert spec.settings.consistency.loss_network == tmp_path / "vgg.safetensors"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fancy", "cannot be fancy.*johnson"),
        ("consistent:pixl-weight=0", "consistent:pixl-weight=0: .*--pixl-weight"),
        ("consistent:iterations=many", "'many' is not a valid integer"),
        ("consistent:iterations=-1", "--iterations cannot be -1"),
        ("live:flow=slow", "slow"),
        ("johnson,johnson", "names johnson twice"),
        (" , ", "names 0 methods"),
        (",".join(f"consistent:iterations={n}" for n in range(9)), "names 9 methods"),
    ],
)
def test_an_invalid_method_or_option_is_named_in_the_error(text: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        parse_methods(text, Settings())
