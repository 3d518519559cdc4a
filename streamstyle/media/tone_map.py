"""HDR to SDR: PQ and HLG in BT.2020 to BT.709, with a smooth roll-off of what is brighter than SDR's white.

PQ and its inverse: SMPTE ST 2084. HLG: ITU-R BT.2100. The roll-off is the EETF of ITU-R BT.2390, section 5.4.1, from
the film's peak to the reference white of BT.2408, 203 cd/m², applied to the largest of the three colours of BT.709,
so that a hue stays. The result is encoded for a display of BT.1886.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFERENCE_WHITE = 203.0
"""cd/m² of SDR's white in HDR (BT.2408)."""

DEFAULT_PEAK = 1000.0
"""cd/m² where a film states no peak; HLG is defined for a display of this."""

_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_HLG_SYSTEM_GAMMA = 1.2
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_BT2020_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)
"""Of linear light (BT.2087)."""


def pq_to_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cd/m² for PQ in [0, 1]."""
    root = signal ** (1 / _M2)
    return 10000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def light_to_pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return PQ in [0, 1] for cd/m²."""
    power = (light / 10000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def roll_off(light: NDArray[np.float64], peak: float) -> NDArray[np.float64]:
    """Return cd/m² on a display as bright as the reference white, for cd/m² up to `peak`: BT.2390's EETF."""
    source_white = light_to_pq(np.array(max(peak, REFERENCE_WHITE)))
    target = float(light_to_pq(np.array(REFERENCE_WHITE)) / source_white)
    knee = 1.5 * target - 0.5
    e = np.minimum(light_to_pq(light) / source_white, 1)
    t = (e - knee) / max(1e-9, 1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * target
    return pq_to_light(np.where(e < knee, e, spline) * source_white)


def hdr_to_sdr(
    image: NDArray[np.uint16],  # [H, W, 3] RGB in PQ or HLG, BT.2020, full range
    peak: float,  # cd/m² of the film's brightest white
    *,
    is_hlg: bool,
) -> NDArray[np.uint16]:
    """Return [H, W, 3] RGB in BT.709, full range."""
    light = _light_of_levels(is_hlg)[image]
    if is_hlg:
        light *= (light @ _LUMA_2020 / DEFAULT_PEAK)[..., None] ** np.float32(_HLG_SYSTEM_GAMMA - 1)
    light = np.maximum(light @ _BT2020_TO_BT709.T, 0)
    light *= _gains(peak)[_level_of(light.max(2) / 10000)][..., None]
    return _encoded_levels()[_level_of(np.minimum(light, 1))]


def _level_of(linear: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the place in a table of 65536 square roots in [0, 1]."""
    return np.asarray(np.sqrt(np.minimum(linear, 1)) * np.float32(65535) + np.float32(0.5), np.uint16)


@lru_cache(2)
def _light_of_levels(is_hlg: bool) -> NDArray[np.float32]:
    """Return cd/m² for each of 65536 levels; of HLG that of the scene, with white at the display's peak."""
    signal = np.arange(65536) / 65535
    if not is_hlg:
        return pq_to_light(signal).astype(np.float32)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12)
    return np.asarray(DEFAULT_PEAK * scene, np.float32)


@lru_cache(8)
def _gains(peak: float) -> NDArray[np.float32]:
    """Return the factor from cd/m² to linear light with the display's white at 1, by `_level_of` cd/m² / 10000."""
    light = np.maximum((np.arange(65536) / 65535) ** 2 * 10000, 1e-4)
    return np.asarray(roll_off(light, peak) / light / REFERENCE_WHITE, np.float32)


@lru_cache(1)
def _encoded_levels() -> NDArray[np.uint16]:
    """Return the level for BT.1886, 16 bits, by `_level_of` linear light."""
    return np.asarray(np.rint((np.arange(65536) / 65535) ** (2 / 2.4) * 65535), np.uint16)
