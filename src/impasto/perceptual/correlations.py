"""Losses against wallpaper: one motif in rows, where neither painting nor photo has any.

A Gram matrix is the same for rows of a motif and for the same motifs strewn about, so that networks
come to fill flat ground with rows. Correlations of features with themselves some way aside tell
them apart (Sendik & Cohen-Or 2017, "Deep correlations for texture synthesis"). Theirs make a
texture as regular as its example; ours keep a painting from being more regular:

- `correlation_loss` compares a whole picture with the painting, and
- `local_correlation_loss` judges each part of a picture by itself: a small patch of rows counts
  nothing in a mean over all. In a part there is little to average over, so that each channel has
  something to do with itself by chance; channels together (`joint_correlations`) hardly have,
  unless a motif repeats.

All take features as N x C x H x W and give one float32 number an image, N, unless they say so.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from impasto.perceptual.losses import TINY

SMOOTH = 7  # positions over which features count as smooth: a motif, not more
FAR = 3  # positions: nearer, a stroke has to do with itself
# Of parts, whose features are twice as fine:
PART, STEP = 48, 40  # positions: rows of a motif or two fit twice; neighbours overlap
PART_SMOOTH, PART_FAR = 13, 6
USUAL = 0.25  # of a painting's parts: long edges, which the others have, hide rows
FLAT = 0.002  # of the painting's own power: what varies less has no motif to repeat


def deep_correlations(features: Tensor, reach: int) -> Tensor:
    """Return how much each feature has to do with itself some way aside (Sendik & Cohen-Or 2017,
    section 3.1), but for what is smooth: clouds and hills go on for long, and what a picture
    repeats would be hard to see beside them.

    Args:
        features: N x C x H x W, H and W at least 4.
        reach: how far aside, in positions.

    Returns:
        N x C x reach + 1 x 2 reach + 1, float32: down from 0, across from ``-reach``.
    """
    return _correlations(_power_spectrum(features, SMOOTH, reach), features, reach)


def joint_correlations(features: Tensor, reach: int) -> Tensor:
    """Return `deep_correlations` summed over channels, which is what vectors of features have to do
    with each other some way aside; more is taken off as smooth.

    Args:
        features: N x C x H x W, H and W at least 7.
        reach: how far aside, in positions.

    Returns:
        N x reach + 1 x 2 reach + 1, float32: down from 0, across from ``-reach``.
    """
    power = _power_spectrum(features, PART_SMOOTH, reach).sum(dim=1)
    return _correlations(power, features, reach)


def _power_spectrum(features: Tensor, smooth: int, reach: int) -> Tensor:
    features = features.float().contiguous()
    # Means over squares: of columns, then of rows, which takes a fraction of the time.
    padded = functional.pad(features, (smooth // 2,) * 4, mode="reflect")
    columns = functional.avg_pool2d(padded, (smooth, 1), stride=1)
    fine = features - functional.avg_pool2d(columns, (1, smooth), stride=1)
    spectrum = torch.fft.rfft2(fine, s=_transformed_size(features, reach))
    power: Tensor = spectrum.real.square() + spectrum.imag.square()
    return power


def _transformed_size(features: Tensor, reach: int) -> list[int]:
    """Return a size so much larger that nothing goes around the border, and quick to transform."""
    return [-(-(side + reach) // 16) * 16 for side in features.shape[2:]]


def _correlations(power: Tensor, features: Tensor, reach: int) -> Tensor:
    """Return means over all pairs of positions (Wiener-Khinchin) of features with that spectrum."""
    height, width = features.shape[2:]
    sums = torch.fft.irfft2(power, s=_transformed_size(features, reach))[..., : reach + 1, :]
    sums = torch.cat([sums[..., -reach:], sums[..., : reach + 1]], dim=-1)
    down = torch.arange(reach + 1, device=features.device)
    across = torch.arange(-reach, reach + 1, device=features.device).abs()
    overlap = (height - down).clamp(min=1)[:, None] * (width - across).clamp(min=1)
    means: Tensor = sums / overlap
    return means


def correlation_loss(correlations: Tensor, target: Tensor) -> Tensor:
    """Return ``|R - T|^2 / |V|^2`` over all that is `FAR` aside, with the painting's variances V
    instead of T: far aside, a painting may have nothing to do with itself.

    Args:
        correlations: of the picture, as `deep_correlations` gives them.
        target: of the painting, or 1 x as much.
    """
    reach = target.shape[2] - 1
    variance = target[:, :, 0, reach]
    far = torch.ones_like(target[0, 0])
    far[:FAR, reach - FAR + 1 : reach + FAR] = 0
    difference = ((correlations - target).square() * far).sum(dim=(1, 2, 3))
    return difference / (variance.square().sum(dim=1) + TINY)


def far_power(correlations: Tensor) -> tuple[Tensor, Tensor]:
    """Square joint correlations; return the sum of all that is `PART_FAR` aside, and the
    variance's.

    Args:
        correlations: N x reach + 1 x 2 reach + 1, as `joint_correlations` gives them.
    """
    reach = correlations.shape[1] - 1
    far = torch.ones_like(correlations[0])
    far[:PART_FAR, reach - PART_FAR + 1 : reach + PART_FAR] = 0
    squared = correlations.square()
    return (squared * far).sum(dim=(1, 2)), squared[:, 0, reach]


def cut_into_parts(features: Tensor) -> Tensor:
    """Cut out square parts of `PART` positions (or of all there are), overlapping, evenly over all
    of it.

    Returns:
        N x parts x C x side x side.
    """
    height, width = features.shape[2:]
    side = min(PART, height, width)
    return torch.stack(
        [
            features[..., top : top + side, left : left + side]
            for top in _starts(height, side)
            for left in _starts(width, side)
        ],
        dim=1,
    )


def _starts(length: int, side: int) -> list[int]:
    gaps = -(-(length - side) // STEP)
    return [round(number * (length - side) / max(1, gaps)) for number in range(gaps + 1)]


def painting_regularity(far: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
    """Return a painting's regularity and power, as `local_correlation_loss` compares pictures with
    them.

    Args:
        far, own: paintings x parts, `far_power` of their parts.

    Returns:
        regularity: ``|R|^2 / V^2`` of the part that a quarter of the others stay below, and power:
            ``V^2``, mean over parts; one float32 number a painting.
    """
    power = own.mean(dim=1)
    regularity = far / (own + FLAT * power[:, None] + TINY)
    return regularity.quantile(USUAL, dim=1), power


def local_correlation_loss(
    far: Tensor, own: Tensor, photo: Tensor, regularity: Tensor, power: Tensor
) -> Tensor:
    """Return how many times as much a picture's parts repeat themselves as the painting's do, or
    the photo there: the mean of `excess_regularity`, which has the arguments, over parts.
    """
    return excess_regularity(far, own, photo, regularity, power).mean(dim=1)


def excess_regularity(
    far: Tensor, own: Tensor, photo: Tensor, regularity: Tensor, power: Tensor
) -> Tensor:
    """Return how many times as regular, ``|R|^2 / V^2``, each part is as the painting's, as a
    logarithm: 0 if it is no more so. A fence stays a fence: where the photo has correlations of its
    own, they are allowed.

    Args:
        far, own: N x parts, `far_power` of the picture's parts.
        photo: N x parts, the photo's far correlations.
        regularity, power: N, of the painting, as `painting_regularity` gives them.

    Returns:
        N x parts, natural logarithms.
    """
    own = own + FLAT * power[:, None] + TINY
    # Not to be had by more contrast: only what is there counts as the photo's.
    allowed = torch.maximum(regularity[:, None], photo / own.detach()) + TINY
    return (far / own / allowed).clamp(min=1).log()
