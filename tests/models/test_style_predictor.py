import pytest
import torch

from streamstyle.models.metadata import STYLE_PREDICTOR_ASSETS, NetworkShape
from streamstyle.models.style_net import SHAPES, StyleNetConfig
from streamstyle.models.style_predictor import StylePredictor, style_statistics
from streamstyle.models.weights import load_loss_network, load_style_predictor

SMALL = StyleNetConfig(width=4, blocks=1, half_ends=True)


def test_a_built_style_net_equals_the_predictor_with_that_code() -> None:
    torch.manual_seed(0)
    network = StylePredictor(SMALL, 10)
    pictures, codes = torch.rand(2, 3, 32, 36), network.embed(torch.randn(2, 10))
    together = network(pictures, list(codes))
    for picture, code, stylised in zip(pictures, codes, together, strict=True):
        assert torch.allclose(network.build_style_net(code)(picture[None])[0], stylised, atol=1e-5)
    assert not torch.allclose(together[0], network(pictures[:1], [codes[1]])[0], atol=1e-4), "styles differ"


@pytest.mark.parametrize("shape", STYLE_PREDICTOR_ASSETS)
def test_the_built_in_predictor_of_a_shape_has_it(shape: NetworkShape) -> None:
    network = load_style_predictor(shape=shape)
    assert network.style_net.config == SHAPES[shape]
    grey = network.build_style_net(network.identity_code.detach().tanh())(torch.full((1, 3, 32, 32), 0.5))
    assert torch.isfinite(grey).all()


def test_statistics_depend_on_colours_more_than_on_positions() -> None:
    torch.manual_seed(0)
    network = load_loss_network()
    picture = torch.rand(1, 3, 64, 64)
    mirrored, darker = picture.flip(3), picture / 2
    own, of_mirrored, of_darker = (style_statistics(network, image)[0] for image in (picture, mirrored, darker))
    assert (own - of_mirrored).norm() < 0.5 * (own - of_darker).norm()
