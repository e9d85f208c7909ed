"""Losses against arithmetic on pictures of two pixels."""

from typing import Any

import pytest
import torch

from impasto.perceptual.losses import (
    content_loss,
    gram_matrix,
    normalised_content_loss,
    paper_style_loss,
    rim_difference,
    self_distances,
    self_similarity_loss,
    style_loss,
    total_variation,
)

# One picture, two channels, two positions: F = [[1, 2], [3, 0]].
FEATURES = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])
TARGET = torch.tensor([[[[1.0, 1.0]], [[1.0, 1.0]]]])


def test_gram_matrix() -> None:
    # Equation 3: sums over positions [[5, 3], [3, 9]], here divided by the two positions.
    assert gram_matrix(FEATURES)[0].tolist() == [[2.5, 1.5], [1.5, 4.5]]


def test_gram_matrix_does_not_depend_on_the_pictures_size() -> None:
    tiled = FEATURES.repeat(1, 1, 5, 3)
    assert torch.allclose(gram_matrix(tiled), gram_matrix(FEATURES))


def test_gram_matrix_is_float32_whatever_the_features() -> None:
    features = torch.rand(1, 4, 64, 64)
    gram = gram_matrix(features.bfloat16())
    assert gram.dtype == torch.float32
    assert torch.allclose(gram, gram_matrix(features), rtol=0.01)


def test_the_gradient_of_a_gram_matrix() -> None:
    """Written out by hand, it is what finite differences say, in any memory layout."""
    features = torch.rand(2, 3, 2, 4, dtype=torch.float64, requires_grad=True)
    exact = torch.rand(2, 3, 3, dtype=torch.float64)

    def loss(each: Any) -> Any:
        rows = each.flatten(2)
        return ((rows @ rows.transpose(1, 2) / 8) * exact).sum()

    (expected,) = torch.autograd.grad(loss(features), features)
    for layout in (torch.contiguous_format, torch.channels_last):
        copy = features.detach().float().contiguous(memory_format=layout).requires_grad_()
        (got,) = torch.autograd.grad((gram_matrix(copy) * exact).sum(), copy)
        assert torch.allclose(got.double(), expected, atol=1e-6)


def test_content_losses() -> None:
    # Differences 0, 1, 2, -1: squares sum to 6; the target's squares to 4.
    assert content_loss(FEATURES, TARGET).tolist() == pytest.approx([1.5])


def test_style_losses() -> None:
    gram, target = gram_matrix(FEATURES), gram_matrix(TARGET)  # target: all ones
    # Differences 1.5, 0.5, 0.5, 3.5: squares sum to 15; the target's to 4.
    assert style_loss(gram, target).tolist() == pytest.approx([3.75])
    assert paper_style_loss(gram, target).tolist() == pytest.approx([15 / 16])  # equation 4, N = 2


def test_paper_style_loss_is_equation_4_for_pictures_of_one_size() -> None:
    first, second = torch.rand(2, 1, 3, 4, 5)
    n, m = 3, 20
    sums = [each.flatten(2) @ each.flatten(2).transpose(1, 2) for each in (first, second)]
    expected = (sums[0] - sums[1]).square().sum() / (4 * n**2 * m**2)
    got = paper_style_loss(gram_matrix(first), gram_matrix(second))
    assert torch.allclose(got, expected)


def test_scale_free_losses_are_scale_free() -> None:
    first, second = torch.rand(2, 1, 3, 4, 5)
    for factor in (0.3, 100):
        assert torch.allclose(
            content_loss(factor * first, factor * second), content_loss(first, second), rtol=1e-4
        )
        assert torch.allclose(
            style_loss(gram_matrix(factor * first), gram_matrix(factor * second)),
            style_loss(gram_matrix(first), gram_matrix(second)),
            rtol=1e-3,
        )


def test_a_silent_target_gives_finite_losses() -> None:
    nothing = torch.zeros(1, 2, 2, 2)
    assert torch.isfinite(content_loss(nothing, nothing)).all()
    assert torch.isfinite(style_loss(gram_matrix(nothing), gram_matrix(nothing))).all()


def test_total_variation() -> None:
    image = torch.zeros(1, 1, 2, 3)
    image[0, 0] = torch.tensor([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    # Across: 1, 0, 0, 0, mean 1/4. Down: 0, 1, 1, mean 2/3.
    assert total_variation(image).tolist() == pytest.approx([1 / 4 + 2 / 3])


def test_one_number_a_picture() -> None:
    features, target = torch.rand(5, 3, 4, 4), torch.rand(5, 3, 4, 4)
    assert content_loss(features, target).shape == (5,)
    assert style_loss(gram_matrix(features), gram_matrix(target)[:1]).shape == (5,)
    assert total_variation(target).shape == (5,)


def test_inexact_gram_matrices_are_nearly_exact() -> None:
    torch.manual_seed(0)
    features = torch.randn(2, 24, 32, 32).relu().bfloat16()
    exact = gram_matrix(features)
    nearly = gram_matrix(features, exact=False)
    assert not torch.equal(nearly, exact)
    error = (nearly - exact).norm() / exact.norm()
    assert error < 5e-4  # S, a squared distance of some per cent, hardly notices
    odd = torch.randn(1, 4, 5, 7).bfloat16()
    assert torch.equal(gram_matrix(odd, exact=False), gram_matrix(odd))


def test_self_similarity_by_hand() -> None:
    # Cosines of three places: of the first two 0, of the third with each of them 1/sqrt(2).
    places = torch.tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]])
    near = 1 - 2**-0.5
    columns = [[0, 1, near], [1, 0, near], [near, near, 0]]
    expected = torch.tensor([[each / sum(column) for each in column] for column in columns]).T
    distances = self_distances(places)
    assert torch.allclose(distances, expected, atol=1e-5)
    # In the photo, all three are as far from each other: 1/2 of each column.
    photo = self_distances(torch.eye(3))
    assert torch.allclose(photo, (1 - torch.eye(3)) / 2, atol=1e-6)
    # Columns one and two differ by |1 / (1 + near) - 1/2| and as much again; the third by nothing.
    by_hand = 2 / 3 * 2 * (1 / (1 + near) - 0.5)
    assert self_similarity_loss(distances, photo).item() == pytest.approx(by_hand, abs=1e-5)


def test_self_similarity_lets_colours_change_and_not_the_layout() -> None:
    places = torch.rand(20, 8)
    target = self_distances(places)
    turned, _ = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(0)))
    assert self_similarity_loss(self_distances(3 * places @ turned), target) < 1e-4
    assert self_similarity_loss(self_distances(places.flip(0)), target) > 0.1


def test_normalised_content_is_blind_to_colour_and_contrast() -> None:
    rows = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    other = 3 * rows + torch.tensor([1.0, -2.0, 0.5, 4.0])
    assert normalised_content_loss(other, rows).item() < 1e-3
    # The opposite of normalised numbers differs by twice their size: 4 times their variance.
    assert 3 < normalised_content_loss(-rows, rows).item() < 4


def test_the_rim_alone_is_compared() -> None:
    pictures = torch.zeros(2, 3, 80, 90)
    others = pictures.clone()
    others[:, :, 35:45, 35:55] = 1  # well inside
    assert rim_difference(pictures, others, 32) == 0
    others[0, :, :8] = 0.5  # 8 of 80 rows, in one picture of two
    rim = 80 * 90 - 16 * 26
    expected = 0.25 * 8 * 90 / rim / 2
    assert rim_difference(pictures, others, 32).item() == pytest.approx(expected)
