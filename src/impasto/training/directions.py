"""More directions for an encoder to combine vectors from: those in which pictures can get better.

An encoder makes a vector of some directions (`impasto.networks.encoder`). Those that it found by
gradient descent, together with everything else, go where known styles differ; of the gradient of J
at what is predicted, hardly anything lies among them, so that even the best code is far from the
best vector. Directions that do matter can be told from such gradients for some hundred paintings:
they are an active subspace (Constantine, Dow & Wang 2014, arXiv 1304.2070, section 2), principal
components of gradients.

Departures: every gradient counts alike, however long; and each direction gets the length that
changes a picture visibly, so that a number of the code means as much in all of them, times a head
start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import OptionError
from impasto.networks.encoder import Encoder
from impasto.perceptual.picture_losses import PhotoTargets, StyleTargets, picture_losses
from impasto.progress import Progress, ProgressListener
from impasto.training.encoder import EncoderTrainer, StyleEncoder

__all__ = ["principal_directions", "widen"]

Array = NDArray[np.float32]

GRADIENTS = 640  # twice that many find the same space: 80 directions have 99.6 % of others
BATCH = 4  # paintings, each with a photo
SMALL = 0.05  # a vector's change that is small enough to tell a direction's slope by
TINY = 1e-8  # the least loss that such a change is believed to cause
CHANGE = 0.0015
"""Style loss between pictures one unit of a new direction apart: more than what is missing there in
the median, less than what is missing in the first ten."""
HEAD_START = 4.0
"""How many times as long new directions are as that: their codes begin at nothing, beside layers
that have learned for long and take small steps by now."""


def widen(
    encoder: Encoder, bottleneck: int, trainer: EncoderTrainer, progress: ProgressListener
) -> Encoder:
    """Add directions to those that an encoder has.

    Args:
        encoder: that predicts something already.
        bottleneck: how many directions it is to have.
        trainer: whose trunk and pictures they are for.
        progress: told of every batch of gradients.

    Returns:
        an encoder that predicts what it did; its codes have zeros for what is new.

    Raises:
        OptionError: it has more directions than that.
        InputError: no picture can be read.
    """
    spec = replace(encoder.spec, bottleneck=bottleneck)
    more = bottleneck - encoder.spec.bottleneck
    if more < 0:
        raise OptionError(
            f"the encoder to start from has {encoder.spec.bottleneck} directions, not {bottleneck}",
            "start from another one",
        )
    if not more:
        return encoder
    weights = {name: array.astype(np.float32) for name, array in encoder.weights.items()}
    network = StyleEncoder.of(encoder).to(trainer.hardware.device)
    gradients = np.concatenate(list(_gradients(network, trainer, progress)))
    found = principal_directions(gradients, weights["style.weight"], more)
    found *= HEAD_START * _visible_lengths(found, network, trainer)[:, None]
    weights["style.weight"] = np.concatenate([weights["style.weight"], found.T], axis=1)
    for name in ("code.weight", "code.bias"):
        array = weights[name]
        weights[name] = np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])
    halves = {name: array.astype(np.float16) for name, array in weights.items()}
    return replace(encoder, spec=spec, weights=halves)


def principal_directions(gradients: Array, known: Array, count: int) -> Array:
    """Find where most of the gradients point, beyond known directions.

    Args:
        gradients: N x size.
        known: size x K, any directions.
        count: of directions; N or size - K at most.

    Returns:
        count x size, of length 1, at right angles to each other and to all known ones, the most
        important one first.
    """
    basis, _ = np.linalg.qr(known)
    beyond = gradients - (gradients @ basis) @ basis.T
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    beyond = beyond / np.maximum(lengths, np.finfo(np.float32).tiny)
    found: Array = np.linalg.svd(beyond, full_matrices=False)[2][:count]
    return found


def _gradients(
    network: StyleEncoder, trainer: EncoderTrainer, progress: ProgressListener
) -> Iterator[Array]:
    """Yield gradients of log J by the vector, at what is predicted."""
    for first in range(0, GRADIENTS, BATCH):
        crops, photos, vectors = _batch(network, trainer, first)
        vectors.requires_grad_(True)
        pictures = trainer.pictures(trainer.under_grain(photos), vectors)
        content = PhotoTargets.of(trainer.vgg, photos)
        targets = StyleTargets.of(trainer.vgg, [crops])
        losses = picture_losses(trainer.vgg, pictures, content, targets)
        (gradient,) = torch.autograd.grad(losses.objective.log().sum(), vectors)
        yield gradient.float().cpu().numpy()
        progress(Progress("finding directions", first + BATCH, GRADIENTS))


@torch.no_grad()
def _visible_lengths(directions: Array, network: StyleEncoder, trainer: EncoderTrainer) -> Array:
    """Return how far to go in each direction to change pictures by a style loss of `CHANGE`: N
    lengths, as multiples of the N x size directions.
    """
    _, photos, vectors = _batch(network, trainer, 0)
    seen, content = trainer.under_grain(photos), PhotoTargets.of(trainer.vgg, photos)
    before = StyleTargets.of(trainer.vgg, [trainer.pictures(seen, vectors)])
    lengths = []
    for direction in torch.from_numpy(directions).to(vectors.device):
        step = SMALL / direction.norm()
        moved = trainer.pictures(seen, vectors + step * direction)
        loss = picture_losses(trainer.vgg, moved, content, before).style.mean().item()
        # A style loss is a squared distance, which grows with the square of a small step.
        lengths.append(step.item() * (CHANGE / max(loss, TINY)) ** 0.5)
    return np.array(lengths, dtype=np.float32)


def _batch(
    network: StyleEncoder, trainer: EncoderTrainer, first: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return crops of paintings, photos, and the vectors that are predicted."""
    device = trainer.hardware.device
    crops = trainer.paintings.crops(first, BATCH).to(device)
    photos = trainer.photos.crops(first, BATCH, trainer.options.crop_px).to(device)
    with torch.no_grad():
        return crops, photos, network(crops).detach()
