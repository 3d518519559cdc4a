"""The table of kernels: what a call is checked for, and what it allocates."""

from __future__ import annotations

import pytest
import torch

from streamstyle.gpu.kernels import KERNELS


def test_outputs_and_sizes_follow_from_the_inputs() -> None:
    launch = KERNELS["warp_bicubic"].launch(torch.zeros(4, 6, 8), torch.zeros(2, 6, 8))
    assert [output.shape for output in launch.outputs] == [(4, 6, 8)]
    assert launch.sizes == (4, 6, 8)
    assert launch.threads == (6, 8)


def test_rgb_to_yuv420_has_one_thread_per_four_pixels() -> None:
    launch = KERNELS["rgb_to_yuv420"].launch(torch.zeros(3, 6, 8), 0.2126, 0.0722)
    assert launch.outputs[0].dtype == torch.uint8
    assert launch.outputs[0].numel() == 6 * 8 * 3 // 2
    assert launch.threads == (3, 4)


def test_inputs_become_contiguous() -> None:
    image = torch.rand(6, 8, 3).permute(2, 0, 1)
    launch = KERNELS["rgb_to_yuv420"].launch(image, 0.2126, 0.0722)
    assert launch.inputs[0].is_contiguous()
    assert torch.equal(launch.inputs[0], image)


@pytest.mark.parametrize(
    ("image", "flow"),
    [
        (torch.zeros(3, 6, 8), torch.zeros(2, 6, 9)),
        (torch.zeros(3, 6, 8), torch.zeros(3, 6, 8)),
        (torch.zeros(6, 8), torch.zeros(2, 6, 8)),
        (torch.zeros(3, 6, 8), torch.zeros(2, 6, 8, dtype=torch.float64)),
        (torch.zeros(3, 6, 8), torch.zeros(2, 6, 8, device="meta")),
    ],
)
def test_inputs_that_do_not_match_are_refused(image: torch.Tensor, flow: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="warp_bicubic takes"):
        KERNELS["warp_bicubic"].launch(image, flow)


def test_too_few_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="1 tensors and 2 numbers"):
        KERNELS["rgb_to_yuv420"].launch(torch.zeros(3, 6, 8), 0.2126)


def test_poisoned_outputs_are_nan() -> None:
    carried, trust = torch.zeros(3, 6, 8), torch.zeros(6, 8)
    launch = KERNELS["temporal_term"].launch(carried, carried, trust, 1.0, 1.0)
    launch.poison()
    assert all(output.isnan().all() for output in launch.outputs)
