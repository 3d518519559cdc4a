"""Motions encoded as bytes and decoded."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.frames import Motion
from streamstyle.media.flow_codec import decode, encode, quantise


def motion(seed: int = 0, size: float = 4, height: int = 40, width: int = 50) -> Motion:
    generator = torch.Generator().manual_seed(seed)
    coarse = size * torch.randn(1, 2, 5, 6, generator=generator)
    flow = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")[0]
    return Motion(flow, torch.rand(height, width, generator=generator))


def same(one: Motion, other: Motion) -> bool:
    return torch.equal(one.backward, other.backward) and torch.equal(one.weight, other.weight)


@given(
    seed=st.integers(0, 99),
    size=st.sampled_from([0, 0.01, 3, 400, 5000]),
    height=st.integers(1, 50),
    width=st.integers(1, 50),
)
@settings(max_examples=40, deadline=None)
def test_decode_returns_the_rounded_motion_bit_for_bit(seed: int, size: float, height: int, width: int) -> None:
    stored = motion(seed, size, height, width)
    assert same(decode(encode(stored)), quantise(stored))
    assert same(quantise(quantise(stored)), quantise(stored))


def test_rounding_is_within_half_a_step_of_a_64th_pixel() -> None:
    stored = motion()
    assert (decode(encode(stored)).backward - stored.backward).abs().max() <= 0.5 / 64
    assert (decode(encode(stored)).weight - stored.weight).abs().max() <= 0.501 / 255


def test_a_flow_too_large_to_encode_gets_weight_0() -> None:
    far = Motion(torch.full((2, 4, 4), -3.0), torch.ones(4, 4))
    far.backward[0, 1, 2] = 600
    decoded = decode(encode(far))
    assert decoded.weight[1, 2] == 0
    assert decoded.weight.sum() == 15
    assert decoded.backward[0, 1, 2] == 32767 / 64
    assert (decoded.backward[1] == -3).all()


def test_a_smooth_flow_takes_less_than_a_byte_per_pixel() -> None:
    smooth = Motion(motion(height=240, width=320).backward, torch.ones(240, 320))
    assert len(encode(smooth)) < 240 * 320


@pytest.mark.parametrize("length", [0, 4, 8, 20, -4])
def test_truncated_bytes_are_an_error(length: int) -> None:
    with pytest.raises(ValueError, match="encoded motion"):
        decode(encode(motion())[:length])


def test_other_or_damaged_bytes_are_an_error() -> None:
    with pytest.raises(ValueError, match="encoded motion"):
        decode(b"\x89PNG\r\n\x1a\n" + bytes(100))
    damaged = bytearray(encode(motion()))
    damaged[200] ^= 0x55
    with pytest.raises(ValueError, match="encoded motion"):
        decode(bytes(damaged))
