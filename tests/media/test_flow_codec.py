"""Motions encoded as bytes and decoded."""

import resource
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.frames import Motion
from streamstyle.media.flow_codec import decode, decode_grey, encode, encode_grey, max_bytes, quantise


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
    assert same(decode(encode(stored), *stored.weight.shape), quantise(stored))
    assert same(quantise(quantise(stored)), quantise(stored))


def test_rounding_is_within_half_a_step_of_a_64th_pixel() -> None:
    stored = motion()
    assert (decode(encode(stored), *stored.weight.shape).backward - stored.backward).abs().max() <= 0.5 / 64
    assert (decode(encode(stored), *stored.weight.shape).weight - stored.weight).abs().max() <= 0.501 / 255


def test_a_flow_too_large_to_encode_gets_weight_0() -> None:
    far = Motion(torch.full((2, 4, 4), -3.0), torch.ones(4, 4))
    far.backward[0, 1, 2] = 600
    decoded = decode(encode(far), 4, 4)
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
        decode(encode(motion())[:length], 40, 50)


def test_other_or_damaged_bytes_are_an_error() -> None:
    with pytest.raises(ValueError, match="encoded motion"):
        decode(b"\x89PNG\r\n\x1a\n" + bytes(100), 40, 50)
    damaged = bytearray(encode(motion()))
    damaged[200] ^= 0x55
    with pytest.raises(ValueError, match="encoded motion"):
        decode(bytes(damaged), 40, 50)


def test_a_zlib_bomb_takes_no_more_memory_than_a_motion_of_the_size_asked_for() -> None:
    header = encode(motion())[:8]
    bomb = zlib.compress(bytes(200 << 20), 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in (header + bomb, header + zlib.compress(bytes(4 * 40 * 50)) + bomb):
        with pytest.raises(ValueError, match="damaged"):
            decode(data, 40, 50)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


def test_a_motion_of_another_size_or_with_something_after_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="of this size"):
        decode(encode(motion()), 50, 40)
    with pytest.raises(ValueError, match="after it"):
        decode(encode(motion()) + b"x", 40, 50)


def test_noise_is_never_longer_than_the_limit() -> None:
    noise = Motion(torch.rand(2, 90, 160) * 500, torch.rand(90, 160))
    assert len(encode(noise)) <= max_bytes(90, 160)


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (64, 48)])
def test_a_grey_image_is_stored_without_loss(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    assert np.array_equal(decode_grey(encode_grey(noise), *size), noise)


@pytest.mark.parametrize("change", [lambda data: data[:-9], lambda data: data + b"x", lambda data: b"x" + data])
def test_a_damaged_grey_image_is_an_error(change: Callable[[bytes], bytes]) -> None:
    data = encode_grey(np.random.default_rng(0).integers(0, 256, (33, 50), np.uint8))
    with pytest.raises(ValueError, match=r"grey image|encoded motion"):
        decode_grey(change(data), 33, 50)
    with pytest.raises(ValueError, match="encoded motion"):
        decode_grey(data, 32, 50)
