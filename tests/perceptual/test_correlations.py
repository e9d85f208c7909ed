import math
from typing import Any

import pytest
import torch

from impasto.perceptual.correlations import (
    FLAT,
    PART,
    PART_SMOOTH,
    STEP,
    correlation_loss,
    cut_into_parts,
    deep_correlations,
    excess_regularity,
    far_power,
    joint_correlations,
    local_correlation_loss,
    painting_regularity,
)
from impasto.perceptual.losses import gram_matrix


def test_deep_correlations_are_sums_over_pairs() -> None:
    """By hand, from features less their means over 7 x 7 positions."""
    features = torch.rand(1, 2, 9, 10)
    mirrored = torch.nn.functional.pad(features, (3, 3, 3, 3), mode="reflect")
    fine = features - mirrored.unfold(2, 7, 1).unfold(3, 7, 1).mean(dim=(4, 5))
    got = deep_correlations(features, 4)
    assert got.shape == (1, 2, 5, 9)
    for down, across in [(0, 0), (0, 3), (2, -4), (4, 4)]:
        pairs = [
            fine[0, :, y, x] * fine[0, :, y + down, x + across]
            for y in range(9 - down)
            for x in range(10)
            if 0 <= x + across < 10
        ]
        expected = torch.stack(pairs).mean(dim=0)
        assert torch.allclose(got[0, :, down, 4 + across], expected, atol=1e-5)


def test_correlation_loss() -> None:
    target = torch.zeros(1, 1, 5, 9)
    target[0, 0, 0, 4] = 2  # the variance
    other = target.clone()
    other[0, 0, 0, 4] = other[0, 0, 2, 6] = 1  # too near to count
    assert correlation_loss(other, target).tolist() == [0]
    other[0, 0, 3, 4] = other[0, 0, 0, 1] = 1
    assert correlation_loss(other, target).tolist() == pytest.approx([2 / 4])


def test_rows_of_one_motif_have_the_gram_matrix_of_the_same_motifs_strewn() -> None:
    """Which is what the correlation loss is for."""
    places = torch.randperm(64 * 64, generator=torch.Generator().manual_seed(0))
    strewn, others, rows = torch.zeros(3, 1, 1, 64, 64)
    strewn.view(-1)[places[:256]] = 1
    others.view(-1)[places[-256:]] = 1
    rows[..., ::4, ::4] = 1
    assert torch.equal(gram_matrix(rows), gram_matrix(strewn))
    target = deep_correlations(strewn, 12)
    assert correlation_loss(deep_correlations(rows, 12), target) > 10
    assert correlation_loss(deep_correlations(others, 12), target) < 0.5


def test_joint_correlations_are_of_vectors() -> None:
    """By hand, from feature vectors less their means over 13 x 13 positions."""
    features = torch.rand(2, 3, 16, 18, generator=torch.Generator().manual_seed(0))
    around = (PART_SMOOTH // 2,) * 4
    mirrored = torch.nn.functional.pad(features, around, mode="reflect")
    fine = features - mirrored.unfold(2, 13, 1).unfold(3, 13, 1).mean(dim=(4, 5))
    got = joint_correlations(features, 5)
    assert got.shape == (2, 6, 11)
    for down, across in [(0, 0), (3, 2), (5, 5)]:
        products = fine[..., : 16 - down, : 18 - across] * fine[..., down:, across:]
        expected = products.sum(dim=1).mean(dim=(1, 2))
        assert torch.allclose(got[:, down, 5 + across], expected, atol=1e-4)


def test_far_power() -> None:
    correlations = torch.zeros(2, 8, 15)
    correlations[0, 0, 7] = 3  # the variance
    correlations[0, 5, 9] = 5  # too near to count
    correlations[0, 6, 7], correlations[0, 0, 1], correlations[0, 7, 14] = 1, 2, -1
    far, own = far_power(correlations)
    assert (far.tolist(), own.tolist()) == ([6, 0], [9, 0])


@pytest.mark.parametrize(("height", "width"), [(48, 48), (50, 128), (224, 180), (20, 80)])
def test_parts_cover_all_and_overlap(height: int, width: int) -> None:
    positions = torch.arange(height * width, dtype=torch.float32).reshape(1, 1, height, width)
    cut = cut_into_parts(positions)
    side = min(PART, height, width)
    assert cut.shape[0] == 1
    assert cut.shape[2:] == (1, side, side)
    assert set(cut.flatten().tolist()) == set(range(height * width)) or side < STEP
    corners = cut[0, :, 0, 0, 0].int().tolist()
    assert corners[0] == 0
    assert cut[0, -1, 0, -1, -1] == height * width - 1
    assert len(set(corners)) == len(corners)


def test_local_correlation_loss() -> None:
    """By hand: a part is as regular as the painting, one as the photo, two are more so."""
    own = torch.ones(1, 4)
    far = torch.tensor([[2.0, 6.0, 6.0, 10.0]])
    photo = torch.tensor([[0.0, 6.0, 3.0, 0.0]])
    loss = local_correlation_loss(far, own, photo, torch.tensor([2.0]), torch.tensor([0.0]))
    assert loss.tolist() == pytest.approx([(math.log(2) + math.log(5)) / 4])
    # What hardly varies does not count, however regular it is.
    flat = local_correlation_loss(
        far * 1e-6, own * 1e-6, 0 * photo, torch.tensor([2.0]), torch.tensor([1.0])
    )
    assert flat.tolist() == [0]


def test_regularity_of_a_painting() -> None:
    """Of the part that a quarter of the others stay below."""
    far, own = torch.tensor([[1.0, 0.0, 6.0, 6.0, 9.0]]), torch.tensor([[1.0, 0.0, 2.0, 1.0, 1.0]])
    regularity, power = painting_regularity(far, own)
    assert power.tolist() == [1]
    assert regularity.tolist() == pytest.approx([1 / (1 + FLAT)])


def test_one_motif_in_rows_is_told_from_chance() -> None:
    """All channels of a motif repeat at once, those of noise each at its own distances."""
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(1, 32, 48, 48, generator=random)
    rows = torch.randn(1, 32, 8, 8, generator=random).repeat(1, 1, 6, 6)
    regular, chance = (
        far / own for far, own in map(far_power, (joint_correlations(x, 24) for x in (rows, noise)))
    )
    assert regular > 20 * chance


def test_a_patch_of_rows_counts_for_more_by_itself_than_in_the_whole() -> None:
    random = torch.Generator().manual_seed(0)
    painting, strewn = ((torch.rand(2, 1, 1, 224, 224, generator=random) < 1 / 64) * 1.0).unbind()
    patch = strewn.clone()
    patch[..., :48, :48] = 0
    patch[..., :48:8, :48:8] = 1

    def whole(features: Any) -> Any:
        return correlation_loss(deep_correlations(features, 12), deep_correlations(painting, 12))

    def first_part(features: Any) -> Any:
        (power, total), of_painting = (
            [power[None] for power in far_power(joint_correlations(cut_into_parts(each)[0], 24))]
            for each in (features, painting)
        )
        target = painting_regularity(*of_painting)
        return excess_regularity(power, total, torch.zeros(1, 1), *target)[0, 0]

    assert whole(patch) < 1.7 * whole(strewn)
    assert first_part(strewn) < 0.5
    assert first_part(patch) > 2
