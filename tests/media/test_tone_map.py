"""HDR to SDR by the EETF of BT.2390."""

from __future__ import annotations

import numpy as np
import pytest

from streamstyle.media.tone_map import hdr_to_sdr, light_to_pq, pq_to_light, roll_off


def test_pq_has_the_values_of_its_standard() -> None:
    """BT.2408: 203 cd/m² is 58 % of PQ, 1000 is 75 %, 10000 is all of it."""
    assert light_to_pq(np.array([203.0, 1000.0, 10000.0])) == pytest.approx([0.5807, 0.7518, 1.0], abs=1e-4)
    assert pq_to_light(light_to_pq(np.array([0.1, 5.0, 900.0]))) == pytest.approx([0.1, 5.0, 900.0])


@pytest.mark.parametrize("peak", [300.0, 1000.0, 4000.0])
def test_the_roll_off_rises_smoothly_from_unchanged_to_the_displays_white(peak: float) -> None:
    light = np.linspace(0.01, peak, 4000)
    shown = roll_off(light, peak)
    knee = 1.5 * light_to_pq(np.array(203.0)) - 0.5 * light_to_pq(np.array(peak))
    below = light < pq_to_light(knee)
    assert shown[below] == pytest.approx(light[below])
    assert shown[-1] == pytest.approx(203)
    assert (np.diff(shown) > 0).all()
    slopes = np.diff(light_to_pq(shown)) / np.diff(light_to_pq(light))
    assert abs(np.diff(slopes[10:])).max() < 0.05  # no edge


def test_a_colour_keeps_its_hue_and_a_film_its_highlights() -> None:
    """A warm light at 100 and at 800 cd/m²: both are warm, neither is flat white."""
    codes = [light_to_pq(np.array([level, 0.6 * level, 0.3 * level])) for level in (100.0, 800.0)]
    image = np.rint(np.array(codes)[None] * 65535).astype(np.uint16)
    ((dim, bright),) = hdr_to_sdr(image, 1000.0, is_hlg=False).astype(float) ** 2.4
    assert bright[0] > 1.5 * dim[0]
    assert bright[1] / bright[0] == pytest.approx(dim[1] / dim[0], rel=0.02)
