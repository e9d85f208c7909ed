"""Content, style and total-variation losses, the papers' and our own.

Two families, and the code says which equation each is:

- the *paper's* (Gatys, Ecker & Bethge 2016, "Image style transfer using convolutional neural
  networks", equations 1 to 7), whose weights must be tuned for every painting, and
- the *scale-free* ones (default), where each term is divided by the size of its target. A loud
  painting no longer counts for more than a quiet one, so the same weights serve every painting,
  every layer and every image size.

All take features as N x C x H x W and give one float32 number an image, N.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx

PARTS = 16
TINY = 1e-8  # keeps the quotient finite where the target is silent (a black picture)


def gram_matrix(features: Tensor, exact: bool = True) -> Tensor:
    """Return Gram matrices, Gatys et al. 2016, equation 3, divided by the number of positions.

    The division makes pictures of different size comparable: the painting need not have the photo's
    size. It is computed in float32 whatever the features' type: the sum runs over many positions.

    Args:
        features: N x C x H x W.
        exact: if not, features in bfloat16 are multiplied as they are, in sixteen parts whose sums
            are rounded before they are added up in float32: as good as exact for a gradient that is
            noisy anyway, and four times faster. Sizes that do not divide are computed exactly.

    Returns:
        N x C x C, float32, symmetric, positive semi-definite.
    """
    gram: Tensor = _GramMatrix.apply(features, exact)  # type: ignore[no-untyped-call]
    return gram


class _GramMatrix(torch.autograd.Function):
    """`gram_matrix` with its gradient written out.

    Autograd would multiply by the gradient and by its transpose, in float32, and hand the result
    back in another memory layout than `Vgg19` computes in. One product in the features' own type
    and layout makes a whole training step a third faster.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, features: Tensor, exact: bool) -> Tensor:
        ctx.save_for_backward(features)
        rows = _positions(features)
        count = rows.shape[1]
        if not exact and rows.dtype == torch.bfloat16 and count % PARTS == 0:
            channels = rows.shape[2]
            parts = rows.reshape(-1, count // PARTS, channels)
            products = (parts.transpose(1, 2) @ parts).reshape(-1, PARTS, channels, channels)
            return products.sum(dim=1, dtype=torch.float32) / count
        rows = rows.float()
        return rows.transpose(1, 2) @ rows / count

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        features: Tensor = ctx.saved_tensors[0]
        rows = _positions(features)
        symmetric = (gradient + gradient.transpose(1, 2)) / rows.shape[1]
        by_position = rows @ symmetric.to(rows.dtype)
        height, width = features.shape[2:]
        return by_position.reshape(len(rows), height, width, -1).permute(0, 3, 1, 2), None


def _positions(features: Tensor) -> Tensor:
    """Reshape N x C x H x W to N x HW x C: of channels-last features a view, not a copy."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return the scale-free content loss: ``|F - P|^2 / |P|^2``; 0 for the photo itself, about 1
    for grey.
    """
    difference = (features.float() - target.float()).square().sum(dim=(1, 2, 3))
    return difference / (target.float().square().sum(dim=(1, 2, 3)) + TINY)


def normalised_content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared difference of features that are normalised channel by channel, 0 to
    about 2: edges and faces count, colours and contrast do not (Lin et al. 2021, equation 2).

    Args:
        features, target: N places x C.
    """

    def normalised(rows: Tensor) -> Tensor:
        rows = rows.float()
        spread = rows.std(dim=0) + 0.05 * rows.std() + TINY  # a silent channel stays silent
        return (rows - rows.mean(dim=0)) / spread

    return (normalised(features) - normalised(target)).square().mean()


def style_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Return the scale-free style loss of one layer: ``|G - A|^2 / |A|^2`` in the Frobenius norm.

    Args:
        gram: N x C x C, of the picture.
        target: N x C x C or 1 x C x C, of the painting.
    """
    difference = (gram - target).square().sum(dim=(1, 2))
    return difference / (target.square().sum(dim=(1, 2)) + TINY)


def self_distances(features: Tensor) -> Tensor:
    """Return how far places are from each other, cosine distances: Kolkin et al. 2019, section 3.

    Args:
        features: N places x C.

    Returns:
        N x N, float32, symmetric but for this: each column sums to 1.
    """
    rows = F.normalize(features.float(), dim=1)
    distances = 1 - rows @ rows.T
    return distances / (distances.sum(dim=0) + TINY)


def self_similarity_loss(distances: Tensor, target: Tensor) -> Tensor:
    """Return how differently places resemble each other in a picture and in its photo, 0 to 2.

    Kolkin et al. 2019, equation 5, times the number of places, of which it is independent so: the
    mean over columns of their absolute differences' sums. Colours and forms may change as long as
    what was alike stays alike.

    Args:
        distances: of the picture's places, as `self_distances` gives them.
        target: of the same places in the photo.
    """
    return (distances - target).abs().sum(dim=0).mean()


def paper_style_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Return Gatys et al. 2016, equation 4: ``sum (G - A)^2 / (4 N^2 M^2)`` for one layer.

    The paper's G is a sum over M positions, ours a mean, which is why M is not seen here. The paper
    leaves open what M is where painting and photo differ in size; with means, the question is gone.
    """
    channels = gram.shape[1]
    return (gram - target).square().sum(dim=(1, 2)) / (4 * channels**2)


def rim_difference(pictures: Tensor, others: Tensor, rim_px: int) -> Tensor:
    """Return the mean squared difference of N x C x H x W pictures near their borders.

    Args:
        rim_px: how far from the border; all of small pictures.
    """
    rim = torch.ones_like(pictures[:1, :1])
    if min(pictures.shape[2:]) > 2 * rim_px:
        rim[..., rim_px:-rim_px, rim_px:-rim_px] = 0
    squared = (pictures - others).square() * rim
    return squared.sum() / (rim.sum() * pictures.shape[0] * pictures.shape[1])


def total_variation(images: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring pixels, across and down.

    Johnson et al. 2016, section 3.2, after Mahendran & Vedaldi 2015 with beta = 2; a mean where
    they have a sum, so that it does not depend on the image's size.

    Args:
        images: N x 3 x H x W, 0-1.
    """
    across = (images[..., :, 1:] - images[..., :, :-1]).square().mean(dim=(1, 2, 3))
    down = (images[..., 1:, :] - images[..., :-1, :]).square().mean(dim=(1, 2, 3))
    return across + down
