import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from streamstyle.errors import SettingsError
from streamstyle.models.instance_norm import InstanceNorm
from streamstyle.models.metadata import NetworkShape
from streamstyle.models.style_net import SHAPES, StyleNet, StyleNetConfig, _UpsampleConv

SLIM = StyleNetConfig(width=8, blocks=1, half_ends=True)
SEPARABLE = StyleNetConfig(width=8, blocks=1, half_ends=True, separable=True, eighth_blocks=2)


def test_the_published_network_has_the_published_size() -> None:
    parameters = sum(parameter.numel() for parameter in StyleNet().parameters())
    assert parameters == 1_679_235


@pytest.mark.parametrize("config", [StyleNetConfig(width=8, blocks=1), SLIM, SEPARABLE])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (33, 47), (64, 50)])
def test_the_output_has_the_size_of_the_input(config: StyleNetConfig, height: int, width: int) -> None:
    stylised = StyleNet(config)(torch.rand(2, 3, height, width))
    assert stylised.shape == (2, 3, height, width)
    assert stylised.dtype == torch.float32
    assert 0 <= stylised.min() <= stylised.max() <= 1


@pytest.mark.parametrize("config", [SLIM, SEPARABLE])
def test_a_flat_image_has_no_visible_border(config: StyleNetConfig) -> None:
    torch.manual_seed(0)
    stylised = StyleNet(config)(torch.full((1, 3, 48, 48), 0.4))
    assert torch.allclose(stylised, stylised[..., 24:25, 24:25].expand_as(stylised), atol=1e-4)


def test_normalisation_is_per_image_and_channel() -> None:
    """Images of a batch do not affect each other."""
    torch.manual_seed(0)
    network, pictures = StyleNet(SEPARABLE).double().eval(), torch.rand(2, 3, 32, 32, dtype=torch.float64)
    assert torch.allclose(network(pictures)[1], network(pictures[1:])[0])


@pytest.mark.parametrize("config", [SLIM, SEPARABLE])
def test_bfloat16_gives_the_same_image_within_its_precision(config: StyleNetConfig) -> None:
    torch.manual_seed(0)
    network, picture = StyleNet(config), torch.rand(1, 3, 64, 64)
    exact = network(picture)
    rounded = network.to_compute_dtype(torch.bfloat16)(picture)
    assert 0 < (exact - rounded).abs().mean() < 0.01  # 8 bits of mantissa through six layers


def test_a_dark_sky_gets_no_contour_lines_from_rounding() -> None:
    """Neither a codec's blocks of one level nor steps of bfloat16 on a gradient become strokes."""
    torch.manual_seed(0)
    network = StyleNet(SLIM).to_compute_dtype(torch.bfloat16)
    sky = torch.linspace(0.02, 0.08, 96).expand(1, 3, 96, 96)
    blocks = torch.randint(2, (1, 1, 12, 12)).repeat_interleave(8, 2).repeat_interleave(8, 3) / 255
    land = torch.rand(1, 3, 12, 24).repeat_interleave(4, 2).repeat_interleave(4, 3)
    with torch.inference_mode():
        plain, blocky = (network(torch.cat([above, land], 2)) for above in (sky, sky + blocks))
    assert (plain - blocky)[
        ..., 16:72, 16:-16
    ].std() < 0.012 * plain.std()  # 0.007; without `suppress_faint_detail` 0.021, all in bfloat16 0.015


def test_the_transposed_convolution_equals_upsampling_and_convolution() -> None:
    torch.manual_seed(0)
    upsampled = _UpsampleConv(8, 4).double()
    small = torch.randn(2, 8, 9, 13, dtype=torch.float64)
    large = upsampled.convolution(F.interpolate(small, scale_factor=2.0, mode="nearest"))
    assert torch.allclose(upsampled(small), large)


def test_the_separable_shape_has_a_third_of_the_arithmetic_of_the_dense_one() -> None:
    operations = []
    for shape in (NetworkShape.dense, NetworkShape.separable):
        with FlopCounterMode(display=False) as counter:
            StyleNet(SHAPES[shape])(torch.rand(1, 3, 64, 64))
        operations.append(counter.get_total_flops())
    assert operations[1] < 0.35 * operations[0]


def test_a_dot_changes_nothing_beyond_the_receptive_radius() -> None:
    torch.manual_seed(0)
    network = StyleNet(SEPARABLE).eval().requires_grad_(False)
    for norm in network.modules():
        if isinstance(norm, InstanceNorm):
            norm.forward = lambda x: x  # type: ignore[method-assign]  # the norms see the whole image
    image, radius = torch.rand(1, 3, 64, 320), SEPARABLE.receptive_radius
    dotted = image.clone()
    dotted[..., 32, 40] = 1 - dotted[..., 32, 40]
    changed = (network(dotted) - network(image)).abs().amax((0, 1, 2)) > 0
    assert not changed[40 + radius + 8 :].any()
    assert changed[40 + radius // 2]


def test_a_network_of_width_0_is_refused() -> None:
    with pytest.raises(SettingsError, match="width 0"):
        StyleNetConfig(width=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_equals_torchs_forward_and_backward(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    own, torch_norm = InstanceNorm(6), nn.InstanceNorm2d(6, affine=True)
    nn.init.normal_(own.weight)
    nn.init.normal_(own.bias)
    torch_norm.load_state_dict(own.state_dict())
    incoming = torch.randn(3, 6, 9, 7)
    results = []
    for norm in (own, torch_norm):
        picture = (5 * torch.randn(3, 6, 9, 7, generator=torch.manual_seed(1)) + 2).to(memory_format=layout)
        picture.requires_grad_()
        normal = norm(picture)
        normal.backward(incoming)
        results.append((normal, picture.grad, norm.weight.grad, norm.bias.grad))
    for mine, reference in zip(*results, strict=True):
        assert torch.allclose(mine, reference, atol=2e-5)


def test_instance_norm_is_the_same_without_gradients() -> None:
    norm, picture = InstanceNorm(4), torch.randn(2, 4, 8, 8)
    with torch.inference_mode():
        still = norm(picture)
    assert torch.allclose(still, norm(picture.requires_grad_()), atol=1e-6)
