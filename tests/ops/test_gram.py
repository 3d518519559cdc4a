import pytest
import torch

from streamstyle.ops.gram import gram_matrix, split_gram


def test_gram_matrix_is_the_correlation_of_channels() -> None:
    features = torch.rand(2, 3, 4, 5)
    expected = torch.einsum("nchw,ndhw->ncd", features, features) / (3 * 4 * 5)
    assert torch.allclose(gram_matrix(features), expected)


def test_gram_matrix_does_not_care_where_things_are() -> None:
    features = torch.rand(1, 3, 6, 8)
    moved = features.flip(3).roll(3, dims=2)
    assert torch.allclose(gram_matrix(features), gram_matrix(moved), atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 13), (48, 64), (30, 40)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_summed_in_parts_as_on_a_gpu_it_is_the_same(height: int, width: int, dtype: torch.dtype) -> None:
    features = torch.rand(2, 8, height, width, generator=torch.Generator().manual_seed(0)).to(dtype)
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    exact = torch.stack([places.double().T @ places.double() for places in rows]).float()
    # of bfloat16 each part is rounded to 8 bits; the sum of many is nearer than a part is
    torch.testing.assert_close(split_gram(rows), exact, rtol=4e-3 if dtype == torch.bfloat16 else 1e-5, atol=0)


def test_summed_in_parts_it_has_the_same_gradient() -> None:
    rows = torch.rand(1, 60, 4, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(4, 4)
    (slope,) = torch.autograd.grad((split_gram(rows) * weights).sum(), rows)
    (expected,) = torch.autograd.grad(((rows[0].T @ rows[0]).float() * weights).sum(), rows)
    torch.testing.assert_close(slope, expected)
