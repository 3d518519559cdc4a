"""EXR images that are not as usual; tests/cli/test_bit_depth_and_alpha.py has those that are."""

import numpy as np
import pytest
from av.video.frame import VideoFrame

from streamstyle.media.exr import from_linear


def test_integers_are_no_light() -> None:
    image = VideoFrame.from_ndarray(np.full((4, 6, 3), 1000, np.uint16), format="rgb48le")
    assert from_linear(image) is image


@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_black_and_what_is_too_bright_is_white() -> None:
    levels = np.ones((4, 6, 4), np.float32)  # red, green, blue, alpha
    levels[0, 0, 3] = levels[0, 1, 0] = np.nan
    levels[0, 2, 1], levels[0, 3, 2] = np.inf, -1
    found = from_linear(VideoFrame.from_ndarray(levels, format="gbrapf32le")).to_ndarray()
    white = [65535] * 4
    assert found[0, 0].tolist() == [0, 0, 0, 0]
    assert found[0, 1].tolist() == [0, *white[1:]]
    assert found[0, 2].tolist() == white
    assert found[0, 3].tolist() == [65535, 65535, 0, 65535]
    assert (found[1:] == 65535).all()
