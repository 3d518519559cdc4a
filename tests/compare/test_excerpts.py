"""The frames that the report shows."""

from __future__ import annotations

import numpy as np

from streamstyle.compare.excerpts import data_uri, longest_shot
from tests.films import texture


def test_the_longest_shot_is_found() -> None:
    assert longest_shot([None, 1.0, None, 1.0, 1.0, None]) == (2, 3)
    assert longest_shot([None]) == (0, 1)
    assert longest_shot([]) == (0, 1)


def test_an_image_is_scaled_down_to_the_largest_width() -> None:
    assert len(data_uri(texture(640, 360), 64)) < len(data_uri(texture(640, 360), 640)) / 10
    assert data_uri(np.zeros((4, 4, 3), np.uint8), 8).startswith("data:image/webp;base64,")
