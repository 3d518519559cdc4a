import torch

from streamstyle.train.augment import MAX_SHIFT, add_noise, compress, perturb


def test_compression_adds_block_edges_and_keeps_brightness() -> None:
    slope = torch.linspace(0.2, 0.8, 64).expand(1, 3, 64, 64).contiguous()
    torch.manual_seed(0)
    seen = compress(slope.expand(8, -1, -1, -1))
    assert seen.shape == (8, 3, 64, 64)
    assert (seen.mean((1, 2, 3)) - 0.5).abs().max() < 0.02
    largest_step = seen.diff(dim=-1).abs().amax((1, 2, 3))
    assert largest_step.max() > 2 * slope.diff(dim=-1).max(), "blocks have edges, the gradient has none"


def test_camera_noise_keeps_the_mean() -> None:
    torch.manual_seed(0)
    grey = torch.full((1, 3, 64, 64), 0.5)
    assert 0.025 < float(add_noise(grey).std()) < 0.035
    assert abs(float(add_noise(grey).mean()) - 0.5) < 0.005


def test_a_perturbed_image_is_expected_to_look_alike_when_the_style_is_no_style() -> None:
    """For a network that returns its input, noise and blocks are all that is left to remove."""
    torch.manual_seed(0)
    picture, shapes = torch.rand(1, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3), set()
    for _ in range(20):
        perturbed, expected = perturb(picture, picture)
        assert perturbed.shape == expected.shape
        assert (perturbed - expected).square().mean() < 0.25 * picture.var()
        shapes.add((expected.shape[-1], torch.equal(perturbed, expected)))
    assert shapes == {(64, False), (64, True), (64 - MAX_SHIFT, True)}, "noise or blocks, brightness, shifts"
