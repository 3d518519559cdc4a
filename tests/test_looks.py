"""Schedules of looks."""

from pathlib import Path

import pytest

from streamstyle.looks import BlendPart, Look, LookKey, Looks, Stretch, StyleBlend

WAVE, NIGHT = (StyleBlend(name, (BlendPart(Path(f"{name}.safetensors")),)) for name in ("wave", "night"))


def schedule(*stretches: list[tuple[float, Look]]) -> Looks:
    return Looks(tuple(Stretch(tuple(LookKey(*key) for key in keys)) for keys in stretches))


def test_between_two_keys_every_value_is_interpolated() -> None:
    looks = schedule([(1, Look(WAVE, 1, 1, 0)), (3, Look(NIGHT, 0.5, 2, 1))])
    assert looks.at(0) == looks.at(1) == Look(WAVE, 1, 1, 0)
    assert looks.at(3) == looks.at(99) == Look(NIGHT, 0.5, 2, 1)
    half = looks.at(2)
    assert (half.strength, half.style_scale, half.preserve_colour) == (0.75, 1.5, 0.5)
    assert half.style.shares() == {(Path("wave.safetensors"), None): 0.5, (Path("night.safetensors"), None): 0.5}


def test_a_style_that_does_not_change_keeps_its_weights() -> None:
    blend = StyleBlend("blend", (BlendPart(Path("a"), 3), BlendPart(Path("b"), 2)))
    looks = schedule([(0, Look(blend, 1)), (2, Look(blend, 0))])
    assert looks.at(1) == Look(blend, 0.5)


def test_looks_break_where_one_shot_ends_and_another_look_begins() -> None:
    looks = schedule([(0, Look(WAVE)), (1, Look(NIGHT))], [(2, Look(NIGHT))], [(3, Look(WAVE))])
    assert not looks.breaks(0.5, 0.6), "gradual"
    assert not looks.breaks(1.9, 2.0), "the same look on both sides"
    assert looks.breaks(2.9, 3.0)
    assert looks.breaks(1.9, 3.1), "somewhere between"
    assert not looks.breaks(3.0, 3.1)


def test_a_time_in_milliseconds_means_the_frame_next_to_it() -> None:
    looks = schedule([(0, Look(WAVE))], [(4.167, Look(NIGHT))])
    assert looks.at(100 / 24).style == NIGHT, "4.1666… s"
    assert looks.at(99 / 24).style == WAVE


@pytest.mark.parametrize(
    ("look", "difference"),
    [
        (Look(WAVE), 0),
        (Look(NIGHT), 1),
        (Look(WAVE, strength=0.75), 0.25),
        (Look(WAVE, strength=0), 1),
        (Look(WAVE, style_scale=2), 1),
        (Look(WAVE, preserve_colour=0.5), 0.5),
        (Look(WAVE).towards(Look(NIGHT), 0.25), 0.25),
    ],
)
def test_difference_of_looks(look: Look, difference: float) -> None:
    assert Look(WAVE).difference(look) == pytest.approx(difference)
    assert look.difference(Look(WAVE)) == pytest.approx(difference)


def test_less_is_carried_the_faster_a_look_changes() -> None:
    slow = schedule([(0, Look(WAVE)), (100, Look(NIGHT))])
    fast = schedule([(0, Look(WAVE)), (1, Look(NIGHT))])
    kept = [looks.kept(0.5, 0.54) for looks in (schedule([(0, Look(WAVE))]), slow, fast)]
    assert kept[0] == 1
    assert kept[0] > kept[1] > kept[2] >= 0
    assert fast.kept(2.0, 2.04) == 1, "once it has changed"


def test_at_the_end_of_a_fade_to_the_film_nothing_is_carried() -> None:
    fade = schedule([(0, Look(WAVE)), (4, Look(WAVE, strength=0))])
    assert fade.kept(3.92, 3.96) == fade.kept(3.96, 4.0) == 0
