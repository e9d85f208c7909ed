"""Training an encoder by an emulator (`impasto.learning.emulator`): samples first, then steps.

Samples are of the codes that an encoder predicts now, mixed and scattered, since better codes than
those are what it shall learn. They hold for one trunk and for the directions in which that encoder
combines vectors; so these stay as they are. When predictions have moved far, another run that
starts from this one takes its samples over, and adds more about what is predicted by then (Ross et
al. 2011 do so with what a policy runs into, "DAgger").
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.learning.emulator import (
    Emulator,
    GramSketch,
    Samples,
    fit_emulator,
    read_samples,
    write_samples,
)
from impasto.learning.encoder import EncoderTrainer
from impasto.learning.losses import content_loss
from impasto.learning.perceptual import CONTENT_LAYER, STYLE_LAYERS, STYLE_WEIGHT
from impasto.progress import Progress, ProgressListener

__all__ = ["EmulatedTrainer", "gather_samples"]

FEWEST_SAMPLES = 64
BATCH = 8  # codes painted at once
PRACTISED = 16  # photos: each is seen so often that an emulator knows it
SCATTER = 1.8  # most noise on a code, in deviations of predictions: the best code is 0.8 away
MIXED_TO = (-0.1, 1.1)  # how much of a code is its own where it is mixed with the next one's
SPREAD_CROPS = 64  # of paintings, whose predictions tell that deviation
SAVE_EVERY_S = 120.0


class EmulatedTrainer(EncoderTrainer):
    """An `EncoderTrainer` whose losses are an emulator's; `prepare` comes before its steps.

    Its photos are the same few all the time. ``late_crop_px`` counts nothing.
    """

    def prepare(
        self,
        count: int,
        path: Path,
        trunk: str,
        progress: ProgressListener,
        earlier: Path | None = None,
    ) -> None:
        """Everything before the first step: samples, and an emulator that learns from them.

        Args:
            count: of samples.
            path: a file that keeps samples; those that are there already are not made again.
            trunk: the fingerprint of the trunk.
            progress: told of every batch, and of every step of the emulator; when it raises, the
                file has all that is whole.
            earlier: another such file, to begin with if it has samples of the same kind.

        Raises:
            OptionError: the samples are too few.
            InputError: the file is damaged, or of another trunk or encoder; or no picture can be
                read.
            OutputError: the file cannot be written.
        """
        samples = gather_samples(self, count, path, trunk, progress, earlier)

        def on_step(done: int, total: int) -> None:
            progress(Progress("emulator", done, total))

        emulator, error = fit_emulator(samples, self.options.seed, on_step)
        progress(Progress("emulator", 1, 1, {"error": error}))
        self.learn_from(samples, emulator)

    def learn_from(self, samples: Samples, emulator: Emulator) -> None:
        """Take the losses from an emulator from now on.

        Args:
            samples: row i is of crop i of `paintings`.
            emulator: that learned from them.
        """
        self._samples, self._emulator = samples, emulator.to(self.hardware.device)
        self._crops: dict[int, Tensor] = {}
        self.encoder.layers["style"].requires_grad_(False)

    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """Mean of log J: all paintings count alike, those that are hard to paint like, too."""
        random = np.random.default_rng((self.options.seed, self.next_step, 6))
        count = photo_count * self.options.styles_per_photo
        rows = random.integers(len(self._samples), size=count)
        photos = random.integers(self._emulator.photo_count, size=count)
        device = self.hardware.device
        crops = torch.cat([self._crop(int(row)) for row in rows]).to(device)
        codes = self.encoder.codes(crops.float() / 255)
        wanted = self._samples.wanted[torch.from_numpy(rows)].to(device)
        member = self.next_step % len(self._emulator.members)
        content, style = self._emulator.losses(
            codes, torch.from_numpy(photos).to(device), wanted, member
        )
        objective = content + STYLE_WEIGHT * style
        loss = objective.log().mean() + self._emulator.strangeness(codes)
        figures = {
            "content": content.mean().item(),
            "style": style.mean().item(),
            "J": objective.mean().item(),
        }
        return loss, figures

    def _crop(self, position: int) -> Tensor:
        if position not in self._crops:
            crop = self.paintings.crops(position, 1)
            self._crops[position] = crop.mul(255).round().byte()
        return self._crops[position]


def gather_samples(
    trainer: EmulatedTrainer,
    count: int,
    path: Path,
    trunk: str,
    progress: ProgressListener,
    earlier: Path | None = None,
) -> Samples:
    """Samples about what a trainer's encoder predicts now.

    Args:
        trainer: whose encoder, trunk and pictures they are of.
        count, path, trunk, progress, earlier: as `EmulatedTrainer.prepare` takes them.

    Raises:
        OptionError, InputError, OutputError: as of `EmulatedTrainer.prepare`.
    """
    if count < FEWEST_SAMPLES:
        raise OptionError(f"{count} samples are too few", f"ask for {FEWEST_SAMPLES} or more")
    source = _source(trainer, trunk)
    parts = [read_samples(path, source)] if path.is_file() else []
    if not parts and earlier and earlier.is_file():
        with suppress(InputError):
            parts = [read_samples(earlier, source)]
    done = sum(map(len, parts))
    if done >= count:
        return parts[0].first(count)
    batches = _Batches(trainer)
    saved = time.monotonic()
    try:
        while done < count:
            parts.append(batches.batch(done, min(BATCH, count - done)))
            done += len(parts[-1])
            progress(Progress("sampling", done, count))
            if time.monotonic() - saved > SAVE_EVERY_S:
                write_samples(path, Samples.joined(parts), source)
                saved = time.monotonic()
    finally:
        if parts:
            write_samples(path, Samples.joined(parts), source)
    return Samples.joined(parts)


def _source(trainer: EmulatedTrainer, trunk: str) -> str:
    """What samples must have in common: the trunk, the directions, and which crop is which."""
    digest = hashlib.sha256(trunk.encode())
    for parameter in trainer.encoder.layers["style"].parameters():
        digest.update(parameter.detach().cpu().numpy().tobytes())
    options = trainer.paintings.options
    digest.update(repr((options.seed, options.crop_px, options.painting_crop_px)).encode())
    digest.update(repr((options.photo_share, options.recolour_share)).encode())
    return digest.hexdigest()[:16]


class _Batches:
    """Batches of samples, each a function of the encoder and its place alone."""

    def __init__(self, trainer: EmulatedTrainer) -> None:
        self._trainer = trainer
        self._sketch = GramSketch(trainer.hardware.device)
        self._photos = trainer.photos.crops(0, PRACTISED, trainer.options.crop_px)
        self._contents = self._features(self._photos, (CONTENT_LAYER,))[CONTENT_LAYER]
        crops = trainer.paintings.crops(0, SPREAD_CROPS)
        self._spread = self._codes(crops).std(dim=0)

    @torch.no_grad()
    def batch(self, first: int, count: int) -> Samples:
        trainer = self._trainer
        random = torch.Generator().manual_seed(1000 * trainer.options.seed + first)
        crops = trainer.paintings.crops(first, count)
        wanted = self._sketch(self._features(crops, STYLE_LAYERS)).cpu()
        codes = self._scattered(self._codes(crops).cpu(), random)
        photos = torch.randint(PRACTISED, (count,), generator=random)
        device = trainer.hardware.device
        with trainer.hardware.autocast():
            vectors = trainer.encoder.vectors(codes.to(device))
            pictures = trainer.painter(self._photos[photos].to(device), vectors).clamp(0, 1)
        features = self._features(pictures.float(), (CONTENT_LAYER, *STYLE_LAYERS))
        contents = content_loss(features[CONTENT_LAYER], self._contents[photos.to(device)])
        return Samples(wanted, codes, photos, self._sketch(features).cpu(), contents.cpu())

    @torch.no_grad()
    def _codes(self, crops: Tensor) -> Tensor:
        codes: Tensor = self._trainer.encoder.codes(crops.to(self._trainer.hardware.device))
        return codes

    @torch.no_grad()
    def _features(self, pictures: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        features: dict[str, Tensor] = self._trainer.vgg(
            pictures.to(self._trainer.hardware.device), layers
        )
        return features

    def _scattered(self, codes: Tensor, random: torch.Generator) -> Tensor:
        """Half of them on the way from one painting's to another's, all with noise: of some little,
        of some much.
        """
        low, high = MIXED_TO
        own = low + (high - low) * torch.rand(len(codes), 1, generator=random)
        own[: len(codes) // 2] = 1
        mixed = own * codes + (1 - own) * codes.roll(1, dims=0)
        amounts = SCATTER * torch.rand(len(codes), 1, generator=random)
        noise = torch.randn(codes.shape, generator=random) * self._spread.cpu()
        return mixed + amounts * noise
