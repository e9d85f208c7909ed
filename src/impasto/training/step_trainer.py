"""Steps of an optimiser, with a state that can be saved and restored exactly.

What is kept is an exponential moving average of the network that is trained; a loss that is not
finite costs some steps, not the run.
"""

from __future__ import annotations

import copy
import math
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.errors import OptionError, TrainingError
from impasto.images import GRAIN_PX, grain_tile, plain_ground, tiled
from impasto.networks.spec import NetworkSpec
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.vgg import Vgg19
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.processes import add_up, share_of
from impasto.training.style_network import StyleNetwork

GRADIENT_NORM = 1.0  # longer gradients are shortened: a rare bad batch must not undo an hour
GOOD_STATE_STEPS = 50  # steps between copies of the state that a failure falls back to
GRAIN_SHARES = (0.0, 1.0, 2.0, 2.0)
TRIAL_STEPS = 3  # of which the first is slow: it sets up what later ones find there
MOST_FAILURES = 5  # fallbacks in a row before training gives up


def check_crops(spec: NetworkSpec, options: TrainingOptions) -> None:
    """Check that crops can be mirrored as far beyond their borders as a network sees.

    Raises:
        OptionError: they are too small.
    """
    for crop_px in (options.crop_px, options.late_crop_px):
        border_px = max(spec.input_spec.padding_px(crop_px, crop_px))
        if border_px >= crop_px:
            raise OptionError(
                f"crops of {crop_px} px are too small for {spec.name}, which sees {border_px} px "
                "beyond them",
                f"give more than {border_px} px",
            )


def plain_around(photos: Tensor) -> Tensor:
    """Return the `plain_ground` of photos.

    Args:
        photos: N x 3 x H x W, 0-1.

    Returns:
        N x 1 x H x W, 0-1.
    """
    pictures = photos.permute(0, 2, 3, 1).float().cpu().numpy()
    plain = np.stack([plain_ground(picture) for picture in pictures])
    return torch.from_numpy(plain)[:, None].to(photos.device)


class StepTrainer(ABC):
    """Makes a network better step by step; subclasses know by what loss.

    Args:
        network: what is trained.
        painter: paints; may be the same.
        hardware: where to compute; the networks are there already.

    Raises:
        OptionError: the crops are too small for the painter.

    Attributes:
        averaged: what is kept in the end.
        next_step: how many steps were taken.
        first_photo: of a step's batch, the first that this process takes.
        rate_factor: of the learning rate: halved by every fallback.
    """

    def __init__(
        self,
        network: nn.Module,
        painter: StyleNetwork,
        photos: PhotoFolder,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        check_crops(painter.spec, options)
        self.options = options
        self.photos = photos
        self.hardware = hardware
        self.trained = network
        self.painter = painter
        self.paint = hardware.compiled(painter)
        self.averaged = copy.deepcopy(network).eval().requires_grad_(False)
        parts = self.parameters_and_rates()
        groups = [{"params": list(parameters)} for parameters, _ in parts]
        self.optimiser = torch.optim.Adam(groups, betas=(0.9, 0.99))
        self._rates = [times for _, times in parts]
        self.next_step = 0
        self.next_photo = 0
        self.first_photo = 0
        self.rate_factor = 1.0
        self._failures = 0
        self._good_state = self._copy_state()

    @cached_property
    def vgg(self) -> Vgg19:
        """VGG-19, for losses that need it."""
        return Vgg19(self.hardware)

    @property
    def average_painter(self) -> StyleNetwork:
        """The network that paints in the end."""
        assert isinstance(self.averaged, StyleNetwork)
        return self.averaged

    def parameters_and_rates(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Return what the optimiser changes, and how many times the options' rate each part has."""
        return [((each for each in self.trained.parameters() if each.requires_grad), 1.0)]

    @abstractmethod
    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """Return what the next step makes smaller, and figures to tell of it.

        Args:
            photo_count: how many photos, from ``next_photo + first_photo`` on.
        """

    def step(self) -> dict[str, float]:
        """Take one step of the optimiser; after a loss that is not finite, fall back and try again.

        Raises:
            TrainingError: the loss stays infinite at ever lower rates.
        """
        while True:
            figures = self._try_step()
            if figures is not None:
                break
            self._fall_back()
        if self.next_step % GOOD_STATE_STEPS == 0:
            self._good_state, self._failures = self._copy_state(), 0
        return figures

    def _try_step(self) -> dict[str, float] | None:
        crop_px, photo_count = self.options.crop_at(self.next_step)
        share = share_of(photo_count)
        self.first_photo = share.start
        self.optimiser.zero_grad()
        loss = torch.zeros((), device=self.hardware.device)
        figures: dict[str, float] = {}
        if share:
            loss, figures = self.losses(crop_px, len(share))
            loss.backward()  # type: ignore[no-untyped-call]
        loss = add_up(self.trained.parameters(), loss.detach(), len(share) / photo_count)
        norm = nn.utils.clip_grad_norm_(self.trained.parameters(), GRADIENT_NORM)
        if not torch.isfinite(loss + norm):
            return None
        rate = self.rate_factor * self.options.rate_at(self.next_step)
        for group, times in zip(self.optimiser.param_groups, self._rates, strict=True):
            group["lr"] = times * rate
        self.optimiser.step()
        self.next_step += 1
        self.next_photo += photo_count
        self._update_average()
        return figures

    def with_grain(self, photos: Tensor, view: int, spec: NetworkSpec | None = None) -> Tensor:
        """Return the photos as the network will see them, each under another part of the grain.

        Args:
            photos: N x 3 x H x W, those of this process.
            view: a number, different for every time that a step asks.
            spec: of the network; the painter's if not given.
        """
        spec = spec or self.painter.spec
        if spec.grain == spec.coarse_grain == spec.plain_grain == 0:
            return photos
        random = np.random.default_rng((self.options.seed, self.next_step, view))
        # Up to twice the amount: what has learned to paint over more grain does well with less.
        views = [
            (tuple(random.integers(GRAIN_PX, size=2)), np.float32(random.choice(GRAIN_SHARES)))
            for _ in range(self.first_photo + len(photos))
        ][self.first_photo :]
        height, width = photos.shape[2:]

        def noise(amount: float, coarse_amount: float) -> Tensor:
            tile = grain_tile(amount, coarse_amount)
            layers = [
                share * tiled(np.roll(tile, aside, axis=(0, 1)), width, height)
                for aside, share in views
            ]
            return torch.from_numpy(np.stack(layers)[:, None]).to(photos.device)

        if spec.plain_grain:
            grainy = photos + noise(0.0, spec.plain_grain) * plain_around(photos)
            photos = grainy.clamp(photos / 2, (2 * photos).clamp(max=1))
        return (photos + noise(spec.grain, spec.coarse_grain)).clamp(0, 1)

    def pick_styles(self, photo_count: int, repeats: int) -> Tensor:
        """Return for each photo the numbers of so many different styles, or of all if there are
        fewer, by their shares; of all photos in a row.

        They are a function of seed, step, and the photos' place in the batch alone.
        """
        random = np.random.default_rng((self.options.seed, self.next_step, 1))
        style_count = len(self.painter.styles)
        repeats = min(repeats, style_count)
        shares = np.array(self.options.shares or [1.0] * style_count)
        picks = [
            random.choice(style_count, repeats, replace=False, p=shares / shares.sum())
            for _ in range(self.first_photo + photo_count)
        ]
        return torch.from_numpy(np.concatenate(picks[self.first_photo :])).to(self.hardware.device)

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
        """Return all that the next steps depend on, besides pictures and options."""
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


def step_times(trial: StepTrainer, deadline_s: float = math.inf) -> tuple[float, float]:
    """Return the seconds of a step, early and late in a run, by a few trial steps.

    Args:
        trial: takes early steps only, for a late one has so many times more pixels.
        deadline_s: when, by `time.monotonic`, one step will do.
    """
    times: list[float] = []
    while len(times) < TRIAL_STEPS and (not times or time.monotonic() < deadline_s):
        began = time.monotonic()
        trial.step()
        times.append(time.monotonic() - began)
    early_s = statistics.median(times)
    options = trial.options
    early, late = (photos * side**2 for side, photos in map(options.crop_at, (0, options.steps)))
    return early_s, early_s * late / early
