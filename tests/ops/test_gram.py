import torch

from streamstyle.ops.gram import gram_matrix


def test_gram_matrix_is_the_correlation_of_channels() -> None:
    features = torch.rand(2, 3, 4, 5)
    expected = torch.einsum("nchw,ndhw->ncd", features, features) / (3 * 4 * 5)
    assert torch.allclose(gram_matrix(features), expected)


def test_gram_matrix_does_not_care_where_things_are() -> None:
    features = torch.rand(1, 3, 6, 8)
    moved = features.flip(3).roll(3, dims=2)
    assert torch.allclose(gram_matrix(features), gram_matrix(moved), atol=1e-6)
