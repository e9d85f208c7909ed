"""A reader of exact Gram matrices: which code a painting should have, for an encoder to learn from.

An encoder has to find out two things at once: what a painting looks like to VGG-19, and which code
is painted like that. Here is the second alone. From sketches of the painting's own Gram matrices
(`impasto.training.emulator`), a small network learns in a minute which code the emulator says to be
nearest; an encoder then is taught these codes, from pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.training.emulator import MEMBERS, TINY, Emulator, fit_step
from impasto.training.samples import Samples

__all__ = ["GramReader", "fit_reader"]

HIDDEN, DROPOUT = 512, 0.1
FIT_STEPS, FIT_BATCH, FIT_RATE, FIT_DECAY = 6000, 64, 1.5e-3, 0.05
FARTHEST = 5.0  # deviations: of what is beyond, no more is believed


class GramReader(nn.Module):
    """From sketches of Gram matrices to a code.

    Args:
        emulator: whose components of sketches, and whose scales of codes, it uses.
        samples: to take scales of sketches from; `fit_reader` trains on them.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, emulator: Emulator, samples: Samples) -> None:
        super().__init__()
        self._emulator = [emulator]  # in a list: not a part of this network
        described = self._described(samples.wanted)
        self.register_buffer("mean", described.mean(dim=0))
        self.register_buffer("deviation", described.std(dim=0).clamp_min(TINY))
        inputs, outputs = described.shape[1], samples.codes.shape[1]
        self.straight = nn.Linear(inputs, outputs)
        self.first = nn.Linear(inputs, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, outputs)
        with torch.no_grad():
            self.straight.weight.mul_(0.3)
            self.last.weight.mul_(0.1)

    def forward(self, sketches: Tensor) -> Tensor:
        """Tell codes.

        Args:
            sketches: of paintings, N x layers x `SKETCH`.

        Returns:
            N x code size.
        """
        x = (self._described(sketches) - self.mean) / self.deviation
        x = x.clamp(-FARTHEST, FARTHEST)
        hidden = F.relu(self.first(x))
        hidden = hidden + F.relu(self.second(F.dropout(hidden, DROPOUT, self.training)))
        emulator = self._emulator[0]
        total: Tensor = self.straight(x) + self.last(hidden)
        return emulator.mean_code + emulator.spread * total

    def _described(self, sketches: Tensor) -> Tensor:
        """Components of each layer's sketch, at a size of one, and the logarithm of its size."""
        emulator = self._emulator[0]
        sizes = (sketches.norm(dim=2) / emulator.sizes).clamp_min(TINY)
        components = emulator.reduced(sketches / sizes[..., None])
        return torch.cat([components.flatten(1), sizes.log()], dim=1)


def fit_reader(
    samples: Samples,
    emulator: Emulator,
    seed: int = 0,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> GramReader:
    """Train a reader by an emulator.

    Args:
        samples: whose paintings it learns from.
        emulator: that learned from them.
        seed: of weights and batches.
        on_step: told of steps done, and of all there are.

    Returns:
        the reader, which stays as it is from now on.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reader = GramReader(emulator, samples)
        optimiser = torch.optim.AdamW(reader.parameters(), weight_decay=FIT_DECAY)
        for step in range(FIT_STEPS):
            rows = torch.randint(len(samples), (FIT_BATCH,))
            photos = torch.randint(emulator.photo_count, (FIT_BATCH,))
            wanted = samples.wanted[rows]
            loss, _ = emulator.objective(reader(wanted), photos, wanted, step % MEMBERS)
            fit_step(optimiser, loss, FIT_RATE, step, FIT_STEPS)
            on_step(step + 1, FIT_STEPS)
    return reader.eval().requires_grad_(False)
