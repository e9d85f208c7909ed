"""Training a network on perceptual losses (Johnson et al. 2016; Dumoulin et al. 2017).

`Trainer` is the algorithm: one `Trainer.step` after another, and a state that can be saved and
restored exactly. What surrounds it (files, previews, time) is in `impasto.learning.run`.

Departures from the papers, each of which makes weights portable between paintings or steps cheaper:
scale-free losses (`impasto.learning.losses`); every photo is painted in several styles a step, so
that its content features are computed once; one-cycle learning rate; the network that is kept is an
exponential moving average of the one that is trained.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.errors import OptionError, TrainingError
from impasto.images import GRAIN_PX, grain_tile
from impasto.learning.hardware import Hardware
from impasto.learning.losses import total_variation
from impasto.learning.networks import StyleNetwork
from impasto.learning.perceptual import CONTENT_LAYER, STYLE_WEIGHT, StyleTargets, content_and_style
from impasto.learning.photos import PhotoFolder
from impasto.learning.training_options import TrainingOptions
from impasto.learning.vgg import Vgg19
from impasto.network.spec import NetworkSpec

__all__ = ["Losses", "PerceptualTrainer", "Trainer"]

GRADIENT_NORM = 1.0  # longer gradients are shortened: a rare bad batch must not undo an hour
RANGE_WEIGHT = 10.0  # pulls a linear output back to 0-1: beyond it, clipping has no slope
GOOD_STATE_STEPS = 50  # steps between copies of the state that a failure falls back to
CONTEXT_PX = 32  # of the photo around a crop: enough to tell a border from what goes on
SHIFT_PX = 8  # the coarsest grid in our networks: every phase of it comes up
RIM_PX = 32  # how far from its border a crop's painting is compared
GRAIN_SHARES = (0.0, 1.0, 2.0, 2.0)
MOST_FAILURES = 5  # fallbacks in a row before training gives up


@dataclass(frozen=True)
class Losses:
    """Means over a step's batch, each before its weight."""

    content: float
    style: float
    total_variation: float

    @property
    def objective(self) -> float:
        """J of `impasto evaluate`."""
        return self.content + STYLE_WEIGHT * self.style


class PerceptualTrainer(ABC):
    """Steps of an optimiser that makes paintings better; subclasses know whose styles they are in.

    Args:
        network: what is trained.
        painter: paints; may be the same.
        photos: crops to paint.
        options: see `TrainingOptions`.
        hardware: where to compute; the networks are there already.
    """

    def __init__(
        self,
        network: nn.Module,
        painter: StyleNetwork,
        photos: PhotoFolder,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        self.options = options
        self.photos = photos
        self.hardware = hardware
        self.vgg = Vgg19(hardware)
        self.trained = network
        self.painter = painter
        self.paint = hardware.compiled(painter)
        self.averaged = copy.deepcopy(network).eval().requires_grad_(False)
        parameters = [each for each in network.parameters() if each.requires_grad]
        self.optimiser = torch.optim.Adam(parameters, betas=(0.9, 0.99))
        self.next_step = 0
        self.next_photo = 0
        self.rate_factor = 1.0  # halved by every fallback
        self._failures = 0
        self._good_state = self._copy_state()

    @abstractmethod
    def styles_for(self, photo_count: int) -> tuple[Tensor, StyleTargets]:
        """For each of the next photos some styles, alike many: vectors, and what to reach; a
        function of seed and place in the run alone.
        """

    def step(self) -> Losses:
        """One step of the optimiser; after a loss that is not finite, a fallback and another try.

        Raises:
            TrainingError: the loss stays infinite at ever lower rates.
        """
        while True:
            losses = self._try_step()
            if losses is not None:
                break
            self._fall_back()
        if self.next_step % GOOD_STATE_STEPS == 0:
            self._good_state, self._failures = self._copy_state(), 0
        return losses

    def _try_step(self) -> Losses | None:
        options = self.options
        crop_px, photo_count = options.crop_at(self.next_step)
        context = self.photos.crops(self.next_photo, photo_count, crop_px + 2 * CONTEXT_PX)
        context = context.to(self.hardware.device)
        photos = _inside(context, CONTEXT_PX)
        with torch.no_grad():
            content = self.vgg(photos, (CONTENT_LAYER,))[CONTENT_LAYER]
        vectors, targets = self.styles_for(photo_count)
        repeats = len(vectors) // photo_count
        seen = self._with_grain(context, 2).repeat_interleave(repeats, dim=0)
        border = instability = torch.zeros(())
        with self.hardware.autocast():
            painted = self.paint(_inside(seen, CONTEXT_PX), vectors)
            if options.border_weight or options.stability_weight:
                again = self._paint_again(context, seen, vectors)
                border = _rim_difference(painted, again)
                instability = (painted - again).square().mean()
        pictures = painted.clamp(0, 1)
        content_terms, style_terms = content_and_style(
            self.vgg,
            pictures,
            content.repeat_interleave(repeats, dim=0),
            targets,
            exact=False,
        )
        c, s, tv = content_terms.mean(), style_terms.mean(), total_variation(pictures).mean()
        beyond = (painted - pictures).square().mean()
        loss = options.content_weight * c + options.style_weight * s + options.tv_weight * tv
        loss = loss + RANGE_WEIGHT * beyond + options.border_weight * border
        loss = loss + options.stability_weight * instability

        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.trained.parameters(), GRADIENT_NORM)
        if not torch.isfinite(loss + norm):
            return None
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate_factor * options.rate_at(self.next_step)
        self.optimiser.step()
        self.next_step += 1
        self.next_photo += photo_count
        self._update_average()
        return Losses(c.item(), s.item(), tv.item())

    @torch.no_grad()
    def _paint_again(self, context: Tensor, seen: Tensor, vectors: Tensor) -> Tensor:
        """The same crops as a part of their surroundings and, where stability counts, under other
        grain and a few pixels aside (noise stability as Huang et al. 2017 and Gupta et al. 2017
        have it, without a video; the shift makes strokes stay with what moves).
        """
        if not self.options.stability_weight:
            return _inside(self.paint(seen, vectors), CONTEXT_PX)
        random = np.random.default_rng((self.options.seed, self.next_step, 3))
        aside = tuple(random.integers(-SHIFT_PX, SHIFT_PX + 1, size=2).tolist())
        back = (-aside[0], -aside[1])
        other = self._with_grain(context.roll(aside, dims=(2, 3)), 4)
        painted = self.paint(other.repeat_interleave(len(seen) // len(other), dim=0), vectors)
        return _inside(painted.roll(back, dims=(2, 3)), CONTEXT_PX)

    def _with_grain(self, photos: Tensor, view: int) -> Tensor:
        """The photos as the network will see them, each under another part of the grain.

        Args:
            photos: N x 3 x H x W.
            view: a number, different for every time that a step asks.
        """
        amount = self.painter.spec.grain
        if amount == 0:
            return photos
        random = np.random.default_rng((self.options.seed, self.next_step, view))
        height, width = photos.shape[2:]
        grain = np.tile(grain_tile(), (-(-height // GRAIN_PX) + 1, -(-width // GRAIN_PX) + 1))
        layers = []
        for _ in range(len(photos)):
            top, left = random.integers(GRAIN_PX, size=2)
            # Up to twice the amount: what has learned to paint over more grain does well with less.
            share = random.choice(GRAIN_SHARES)
            layers.append(share * amount * grain[top : top + height, left : left + width])
        noise = torch.from_numpy(np.stack(layers)[:, None].astype(np.float32))
        return (photos + noise.to(photos.device)).clamp(0, 1)

    @torch.no_grad()
    def _update_average(self) -> None:
        # Young averages forget faster, else they would remember the random start for long.
        decay = min(self.options.average_decay, self.next_step / (self.next_step + 10))
        averaged, trained = self.averaged.state_dict(), self.trained.state_dict()
        for name, tensor in averaged.items():
            tensor.lerp_(trained[name], 1 - decay)

    def _fall_back(self) -> None:
        self._failures += 1
        if self._failures > MOST_FAILURES:
            raise TrainingError(
                f"the loss is not finite at step {self.next_step}, at ever lower rates",
                "lower the learning rate, or look at the paintings",
            )
        factor = self.rate_factor / 2
        self._restore(self._good_state)
        self.rate_factor = factor

    def state(self) -> dict[str, Any]:
        """All that the next steps depend on, besides pictures and options."""
        return {
            "network": self.trained.state_dict(),
            "average": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "next_step": self.next_step,
            "next_photo": self.next_photo,
            "rate_factor": self.rate_factor,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state` was taken."""
        self._restore(state)
        self._good_state = self._copy_state()

    def _restore(self, state: dict[str, Any]) -> None:
        self.trained.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["average"])
        self.optimiser.load_state_dict(copy.deepcopy(state["optimiser"]))
        self.next_step = state["next_step"]
        self.next_photo = state["next_photo"]
        self.rate_factor = state["rate_factor"]

    def _copy_state(self) -> dict[str, Any]:
        return copy.deepcopy(self.state())


class Trainer(PerceptualTrainer):
    """A network in training, for some paintings.

    Args:
        spec: the network to train.
        paintings: one a style, each float32 1 x 3 x H x W, RGB, 0-1.
        photos: crops to paint.
        options: see `TrainingOptions`.
        hardware: where to compute.

    Attributes:
        network: as it is trained.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        paintings: Sequence[Tensor],
        photos: PhotoFolder,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        if options.shares and len(options.shares) != len(paintings):
            raise OptionError(
                f"{len(options.shares)} shares for {len(paintings)} styles", "give one for each"
            )
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            self.network = StyleNetwork(spec, len(paintings)).to(hardware.device)
        if options.trains == "styles":
            self.network.convs.requires_grad_(False)
        super().__init__(self.network, self.network, photos, options, hardware)
        self.targets = StyleTargets.of(self.vgg, [each.to(hardware.device) for each in paintings])

    @property
    def average(self) -> StyleNetwork:
        """What is kept in the end."""
        assert isinstance(self.averaged, StyleNetwork)
        return self.averaged

    def start_from(
        self, weights: Mapping[str, NDArray[np.float32]], vectors: NDArray[np.float32]
    ) -> None:
        """Begin with the weights and style vectors of another run instead of random ones.

        Args:
            weights: by the names of `StyleNetwork.weights`.
            vectors: one a style.

        Raises:
            OptionError: they are of another network.
        """
        try:
            for network in (self.network, self.average):
                network.load_weights(weights)
                network.load_styles(vectors)
        except (ValueError, RuntimeError) as error:
            raise OptionError(
                "the run to start from is of another network", "start from one like this"
            ) from error
        self._good_state = self._copy_state()

    def styles_for(self, photo_count: int) -> tuple[Tensor, StyleTargets]:
        """Different styles at random for each photo."""
        styles = self._pick_styles(photo_count)
        return self.network.styles[styles], self.targets.select(styles)

    def _pick_styles(self, photo_count: int) -> Tensor:
        """For each photo, different styles at random; a function of seed and step alone."""
        random = np.random.default_rng((self.options.seed, self.next_step, 1))
        style_count = len(self.network.styles)
        repeats = min(self.options.styles_per_photo, style_count)
        shares = np.array(self.options.shares or [1.0] * style_count)
        picks = [
            random.choice(style_count, repeats, replace=False, p=shares / shares.sum())
            for _ in range(photo_count)
        ]
        return torch.from_numpy(np.concatenate(picks)).to(self.hardware.device)


def _inside(pictures: Tensor, border_px: int) -> Tensor:
    return pictures[..., border_px:-border_px, border_px:-border_px]


def _rim_difference(pictures: Tensor, others: Tensor) -> Tensor:
    """Mean squared difference within `RIM_PX` of the border."""
    rim = torch.ones_like(pictures[:1, :1])
    if min(pictures.shape[2:]) > 2 * RIM_PX:
        rim[..., RIM_PX:-RIM_PX, RIM_PX:-RIM_PX] = 0
    squared = (pictures - others).square() * rim
    return squared.sum() / (rim.sum() * len(pictures) * 3)
