"""The values of `--style`."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.errors import StyleError
from streamstyle.styles.spec import parse_style


def weights(text: str) -> list[tuple[str, float]]:
    return [(part.path.stem, part.weight) for part in parse_style(text).parts]


def test_a_name_is_one_style() -> None:
    assert parse_style("wave").name == "wave"
    assert weights("wave") == [("wave", 1)]


def test_a_blend_has_relative_weights() -> None:
    assert parse_style("wave:0.6,starry_night:.4").name == "wave+starry_night"
    assert weights("wave:0.6, starry_night:.4") == [("wave", 0.6), ("starry_night", 0.4)]
    assert weights("wave,the_scream:2") == [("wave", 1), ("the_scream", 2)]


def test_a_part_with_weight_0_is_left_out() -> None:
    assert weights("wave:1,the_scream:0") == [("wave", 1)]
    with pytest.raises(StyleError, match="all 0"):
        parse_style("wave:0")


def test_an_image_may_have_commas_and_colons_in_its_name(tmp_path: Path) -> None:
    image = tmp_path / "aunt's garden:2,5.jpg"
    image.write_bytes(b"some picture")
    assert weights(str(image)) == [("aunt's garden:2,5", 1)]
    assert parse_style(str(image)).name == "aunt's_garden:2,5"
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(b"another")
    assert weights(f"{plain}:0.3,wave:0.7") == [("plain", 0.3), ("wave", 0.7)]


@pytest.mark.parametrize("text", ["wav", "", ",", "wave,wav:2", "none.jpg", "wave:"])
def test_an_unknown_style_is_refused(text: str) -> None:
    with pytest.raises(StyleError):
        parse_style(text)
