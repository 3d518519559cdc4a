import torch

from streamstyle.train.augment import add_noise, add_noise_or_compress, compress


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


def test_noise_or_compression_changes_an_image_slightly() -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 4, 4).repeat_interleave(16, 2).repeat_interleave(16, 3)
    for _ in range(6):
        difference = (add_noise_or_compress(picture) - picture).square().mean()
        assert 0 < difference < 0.25 * picture.var()
