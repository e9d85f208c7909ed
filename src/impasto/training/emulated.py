"""Training an encoder by an emulator (`impasto.training.emulator`): samples first, then what learns
from them (the emulator, and from it a reader of Gram matrices), then steps.

Samples are of the codes that an encoder predicts, the guide: it knows something already, and may
have other layers than the one that is trained. They are mixed and scattered, since better codes
than those are what it shall learn. They hold for one trunk and for the directions in which that
encoder combines vectors; so these stay as they are. When predictions have moved far, another run
that starts from this one takes its samples over, and adds more about what is predicted by then
(Ross et al. 2011 do so with what a policy runs into, "DAgger").
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.networks.encoder import Encoder
from impasto.perceptual.losses import content_loss
from impasto.perceptual.picture_losses import CONTENT_LAYER, STYLE_LAYERS
from impasto.progress import Progress, ProgressListener
from impasto.training.directions import visible_lengths
from impasto.training.emulator import MEMBERS, Emulator, GramSketch, fit_emulator
from impasto.training.encoder import EncoderTrainer, StyleEncoder
from impasto.training.gram_reader import GramReader, fit_reader
from impasto.training.samples import Samples, read_samples, write_samples

__all__ = ["EmulatedTrainer", "gather_samples"]

DIRECTIONS = ("style.weight", "style.bias")  # of an encoder's weights
FEWEST_SAMPLES = 64
BATCH = 8  # codes painted at once
PRACTISED = 16  # photos: each is seen so often that an emulator knows it
SCATTER = 1.4  # most noise on each number of a code, in what changes a picture visibly
MIXED_TO = (-0.1, 1.1)  # how much of a code is its own where it is mixed with the next one's
TAUGHT_WEIGHT = 1.0  # of squared differences from the taught code, in deviations of the samples
SAVE_EVERY_S = 120.0


class EmulatedTrainer(EncoderTrainer):
    """An `EncoderTrainer` whose losses are an emulator's; `prepare` comes before its steps.

    Its photos are the same few all the time. ``late_crop_px`` counts nothing.
    """

    def check_start(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """As of `EncoderTrainer`; other layers will do, if the directions are alike.

        Raises:
            OptionError: it combines other vectors, or from more or fewer numbers.
        """
        own = self.encoder.spec.shapes()
        if any(own[name] != shapes[name] for name in DIRECTIONS):
            raise OptionError(
                "the encoder to start from has another bottleneck, or a trunk of another size",
                "start from one like this",
            )

    def start_from(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Begin with the weights of another encoder; if it has other layers, with its directions
        alone: the samples are of them.

        Raises:
            OptionError: it combines other vectors, or from more or fewer numbers.
        """
        shapes = self.encoder.spec.shapes()
        if any(shapes.get(name) != array.shape for name, array in weights.items()):
            own = self.encoder.weights()
            weights = {**own, **{name: weights[name] for name in DIRECTIONS}}
        super().start_from(weights)

    def prepare(
        self,
        count: int,
        path: Path,
        guide: Encoder,
        progress: ProgressListener,
        earlier: Path | None = None,
    ) -> None:
        """Everything before the first step: samples, an emulator that learns from them, and a
        reader that learns from it.

        Args:
            count: of samples.
            path: a file that keeps samples; those that are there already are not made again.
            guide: the encoder that this one started from; samples are about what it predicts.
            progress: told of every batch, and of every step of the emulator and the reader; when
                it raises, the file has all that is whole.
            earlier: another such file, to begin with if it has samples of the same kind.

        Raises:
            OptionError: the samples are too few.
            InputError: the file is damaged, or of another trunk or encoder; or no picture can be
                read.
            OutputError: the file cannot be written.
        """
        samples = gather_samples(self, count, path, guide, progress, earlier)
        emulator, error = fit_emulator(samples, self.options.seed, _told(progress, "emulator"))
        progress(Progress("emulator", 1, 1, {"error": error}))
        reader = fit_reader(samples, emulator, self.options.seed, _told(progress, "reader"))
        self.learn_from(samples, emulator, reader)
        if guide.spec != self.encoder.spec and self.next_step == 0:
            self._begin_among(emulator)

    def learn_from(self, samples: Samples, emulator: Emulator, reader: GramReader) -> None:
        """Take the losses from an emulator and a reader from now on.

        Args:
            samples: row i is of crop i of `paintings`.
            emulator: that learned from them.
            reader: that learned from it.
        """
        self._taught = reader(samples.wanted)  # before the emulator, which it uses, moves
        self._samples, self._emulator = samples, emulator.to(self.hardware.device)
        self._crops: dict[int, Tensor] = {}
        self.encoder.layers["style"].requires_grad_(False)

    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """What the emulator says, and how far codes are from those that are taught."""
        random = np.random.default_rng((self.options.seed, self.next_step, 6))
        count = photo_count * self.options.styles_per_photo
        rows = random.integers(len(self._samples), size=count)
        photos = random.integers(self._emulator.photo_count, size=count)
        device = self.hardware.device
        crops = torch.cat([self._crop(int(row)) for row in rows]).to(device)
        if random.random() < 0.5:  # nearly the same to VGG-19, and another picture to an encoder
            crops = crops.flip(3)
        with self.hardware.autocast():
            codes = self.encoder.codes(crops.float() / 255)
        chosen = torch.from_numpy(rows)
        wanted, taught = self._samples.wanted[chosen].to(device), self._taught[chosen].to(device)
        member = self.next_step % MEMBERS
        loss, figures = self._emulator.objective(
            codes, torch.from_numpy(photos).to(device), wanted, member
        )
        apart = ((codes - taught) / self._emulator.spread).square().mean()
        return loss + TAUGHT_WEIGHT * apart, {**figures, "code": apart.item()}

    def _begin_among(self, emulator: Emulator) -> None:
        """Predict codes among those of the samples before the first step already."""
        weights = self.encoder.weights()
        spread, mean = emulator.spread.cpu().numpy(), emulator.mean_code.cpu().numpy()
        weights["code.weight"] = spread[:, None] * weights["code.weight"]
        weights["code.bias"] = mean
        self.start_from(weights)

    def _crop(self, position: int) -> Tensor:
        if position not in self._crops:
            crop = self.paintings.crops(position, 1)
            self._crops[position] = crop.mul(255).round().byte()
        return self._crops[position]


def _told(progress: ProgressListener, task: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(Progress(task, done, total))


def gather_samples(
    trainer: EmulatedTrainer,
    count: int,
    path: Path,
    guide: Encoder,
    progress: ProgressListener,
    earlier: Path | None = None,
) -> Samples:
    """Samples about what an encoder predicts.

    Args:
        trainer: whose trunk and pictures they are of.
        count, path, guide, progress, earlier: as `EmulatedTrainer.prepare` takes them.

    Raises:
        OptionError, InputError, OutputError: as of `EmulatedTrainer.prepare`.
    """
    if count < FEWEST_SAMPLES:
        raise OptionError(f"{count} samples are too few", f"ask for {FEWEST_SAMPLES} or more")
    source = _source(trainer, guide)
    found = read_samples(path, source) if path.is_file() else None
    if not found and earlier and earlier.is_file():
        with suppress(InputError):
            found = read_samples(earlier, source)
    done = len(found) if found else 0
    if found and done >= count:
        return found.first(count)
    batches = _Batches(trainer, guide)
    # All in one place from the start: what is kept of each batch would lie between the gigabytes
    # that a batch takes and gives back, so that the next one finds room only beyond them.
    samples = Samples.room_for(count, found or batches.batch(0, 1))
    if found:
        samples.put(0, found)
    saved = time.monotonic()
    try:
        while done < count:
            batch = batches.batch(done, min(BATCH, count - done))
            samples.put(done, batch)
            done += len(batch)
            progress(Progress("sampling", done, count))
            if time.monotonic() - saved > SAVE_EVERY_S:
                write_samples(path, samples.first(done), source)
                saved = time.monotonic()
    finally:
        if done:
            write_samples(path, samples.first(done), source)
    return samples


def _source(trainer: EmulatedTrainer, guide: Encoder) -> str:
    """What samples must have in common: the trunk, the directions, and which crop is which."""
    digest = hashlib.sha256(guide.trunk.encode())
    for name in DIRECTIONS:
        digest.update(np.ascontiguousarray(guide.weights[name]).tobytes())
    options = trainer.paintings.options
    digest.update(repr((options.seed, options.crop_px, options.painting_crop_px)).encode())
    digest.update(repr((options.photo_share, options.recolour_share)).encode())
    return digest.hexdigest()[:16]


class _Batches:
    """Batches of samples, each a function of the encoder and its place alone."""

    def __init__(self, trainer: EmulatedTrainer, guide: Encoder) -> None:
        self._trainer = trainer
        self._guide = StyleEncoder.of(guide).to(trainer.hardware.device)
        self._sketch = GramSketch(trainer.hardware.device)
        photos = trainer.photos.crops(0, PRACTISED, trainer.options.crop_px)
        self._contents = self._features(photos, (CONTENT_LAYER,))[CONTENT_LAYER]
        self._photos = trainer.under_grain(photos)
        directions = guide.weights["style.weight"].astype(np.float32).T
        self._visible = torch.from_numpy(visible_lengths(directions, self._guide, trainer))

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
            vectors = self._guide.vectors(codes.to(device))
        pictures = trainer.pictures(self._photos[photos].to(device), vectors)
        features = self._features(pictures, (CONTENT_LAYER, *STYLE_LAYERS))
        contents = content_loss(features[CONTENT_LAYER], self._contents[photos.to(device)])
        return Samples(wanted, codes, photos, self._sketch(features).cpu(), contents.cpu())

    @torch.no_grad()
    def _codes(self, crops: Tensor) -> Tensor:
        return self._guide.codes(crops.to(self._trainer.hardware.device))

    @torch.no_grad()
    def _features(self, pictures: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        features: dict[str, Tensor] = self._trainer.vgg(
            pictures.to(self._trainer.hardware.device), layers
        )
        return features

    def _scattered(self, codes: Tensor, random: torch.Generator) -> Tensor:
        """Half of them on the way from one painting's to another's, all with noise: of most little,
        of some much.
        """
        low, high = MIXED_TO
        own = low + (high - low) * torch.rand(len(codes), 1, generator=random)
        own[: len(codes) // 2] = 1
        mixed = own * codes + (1 - own) * codes.roll(1, dims=0)
        amounts = SCATTER * torch.rand(len(codes), 1, generator=random).square()
        noise = torch.randn(codes.shape, generator=random) * self._visible
        return mixed + amounts * noise
