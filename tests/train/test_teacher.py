"""A style predictor that imitates another of a different shape."""

import torch

from streamstyle.models.style_net import StyleNetConfig
from streamstyle.models.style_predictor import StylePredictor
from streamstyle.models.vgg import VggFeatures
from streamstyle.train.loss_network import WIDTHS
from streamstyle.train.teacher import TeacherLoss, copy_common_layers

DENSE = StyleNetConfig(width=8, blocks=2, half_ends=True)
SMALL = StyleNetConfig(width=8, blocks=1, half_ends=True, separable=True, eighth_blocks=1)


def test_the_teacher_itself_has_no_loss() -> None:
    torch.manual_seed(0)
    teacher, student = StylePredictor(DENSE, 10).requires_grad_(False), StylePredictor(SMALL, 10)
    statistics, photos = torch.randn(2, 10), torch.rand(4, 3, 32, 32)
    objective = TeacherLoss(VggFeatures(WIDTHS).requires_grad_(False))
    target = teacher(photos, list(teacher.embed(statistics)))
    own, other = (
        float(objective.loss(network(photos, list(network.embed(statistics))), target).detach())
        for network in (teacher, student)
    )
    assert own < 1e-6
    assert other > 0.1


def test_a_student_starts_with_the_first_layers_of_its_teacher_in_every_style() -> None:
    torch.manual_seed(0)
    teacher, student = StylePredictor(DENSE, 10), StylePredictor(SMALL, 10)
    torch.nn.init.normal_(teacher.mean)
    copy_common_layers(student, teacher)
    statistics, photo = torch.randn(10), torch.rand(1, 3, 32, 32)
    quarters = []
    for network in (teacher, student):
        style_net = network.build_style_net(network.embed(statistics))
        quarters.append(style_net.layers[:3](photo))
    assert torch.allclose(*quarters, atol=1e-6)


def test_shapes_without_common_layers_share_the_encoder_only() -> None:
    teacher, student = StylePredictor(DENSE, 10), StylePredictor(StyleNetConfig(width=8, blocks=1), 10)
    copy_common_layers(student, teacher)
    statistics = torch.randn(10)
    assert torch.equal(teacher.embed(statistics), student.embed(statistics))
