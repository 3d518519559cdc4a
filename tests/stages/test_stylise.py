import numpy as np
import torch

from streamstyle.frame import FlowedFrame, Frame
from streamstyle.nets.transformer import TransformerConfig, TransformerNet
from streamstyle.settings import StyleSettings
from streamstyle.stages.stylise import stylise


def test_every_frame_is_painted_alone_and_in_order() -> None:
    torch.manual_seed(0)
    network = TransformerNet(TransformerConfig(width=4, blocks=1, half_ends=True)).eval()
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 36, 3), np.uint8)
    frames = [FlowedFrame(Frame(picture, pts=10 * i, index=i), None) for i, picture in enumerate(pictures)]
    painted = list(stylise(frames, network, StyleSettings(), torch.device("cpu")))
    backwards = list(stylise(reversed(frames), network, StyleSettings(), torch.device("cpu")))
    assert [frame.flowed.frame.pts for frame in painted] == [0, 10, 20]
    for there, back in zip(painted, reversed(backwards), strict=True):
        assert there.image.shape == (3, 32, 36)
        assert torch.equal(there.image, back.image)
