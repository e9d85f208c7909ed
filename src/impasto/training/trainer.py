"""Training a network on perceptual losses (Johnson et al. 2016; Dumoulin et al. 2017).

`Trainer` knows the losses; `impasto.training.step_trainer` takes the steps. What surrounds them
(files, previews, time) is in `impasto.training.run`.

Departures from the papers, each of which makes weights portable between paintings or steps cheaper:
scale-free losses (`impasto.perceptual.losses`); every photo is painted in several styles a step, so
that its content features are computed once; one-cycle learning rate; the network that is kept is an
average of the one that is trained.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from impasto._util.arrays import Floats
from impasto.errors import OptionError
from impasto.networks.spec import NetworkSpec
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.losses import rim_difference, total_variation
from impasto.perceptual.picture_losses import PhotoTargets, StyleTargets, picture_losses
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.processes import process_count
from impasto.training.step_trainer import StepTrainer
from impasto.training.style_network import StyleNetwork

RANGE_WEIGHT = 10.0  # pulls a linear output back to 0-1: beyond it, clipping has no slope
CONTEXT_PX = 32  # of the photo around a crop: enough to tell a border from what goes on
SHIFT_PX = 8  # the coarsest grid in our networks: every phase of it comes up
RIM_PX = 32  # how far from its border a crop's painting is compared
LAST_LAYER_RATE = 0.15  # times that of the vectors, which are about 1 where weights are far smaller


class PerceptualTrainer(StepTrainer):
    """Makes paintings better by perceptual losses; subclasses know whose styles they are in."""

    @abstractmethod
    def styles_for(self, photo_count: int) -> tuple[Tensor, StyleTargets]:
        """Return some styles, equally many, for each of the next photos: vectors, and what to
        reach; a function of seed and place in the run alone.
        """

    def targets_of(self, paintings: Sequence[Tensor]) -> StyleTargets:
        """Return what this run's losses need to know of paintings, each float 1 x 3 x H x W."""
        options = self.options
        return StyleTargets.of(
            self.vgg,
            paintings,
            correlations=options.correlation_weight > 0,
            parts=options.local_correlation_weight > 0,
        )

    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """Return the objective, and what keeps paintings in their range, calm, and without a frame.

        The figures are means over this process's part of the batch, each before its weight; J is
        that of `impasto evaluate`.
        """
        options = self.options
        first = self.next_photo + self.first_photo
        context = self.photos.crops(first, photo_count, crop_px + 2 * CONTEXT_PX)
        context = context.to(self.hardware.device)
        photos = _inside(context, CONTEXT_PX)
        content = PhotoTargets.of(self.vgg, photos, parts=options.local_correlation_weight > 0)
        vectors, targets = self.styles_for(photo_count)
        repeats = len(vectors) // photo_count
        seen = self.with_grain(context, 2).repeat_interleave(repeats, dim=0)
        border = instability = torch.zeros(())
        with self.hardware.autocast():
            painted = self.paint(_inside(seen, CONTEXT_PX), vectors)
            if options.border_weight or options.stability_weight:
                again = self._paint_again(context, seen, vectors)
                border = rim_difference(painted, again, RIM_PX)
                instability = (painted - again).square().mean()
        pictures = painted.clamp(0, 1)
        terms = picture_losses(self.vgg, pictures, content.repeat(repeats), targets, exact=False)
        c, s, tv = terms.content.mean(), terms.style.mean(), total_variation(pictures).mean()
        beyond = (painted - pictures).square().mean()
        loss = options.content_weight * c + options.style_weight * s + options.tv_weight * tv
        loss = loss + RANGE_WEIGHT * beyond + options.border_weight * border
        loss = loss + options.stability_weight * instability
        figures = {"content": c.item(), "style": s.item(), "J": terms.objective.mean().item()}
        if options.correlation_weight:
            apart = terms.correlation.mean()
            loss = loss + options.correlation_weight * apart
            figures["correlation"] = apart.item()
        if options.local_correlation_weight:
            local = terms.local_correlation.mean()
            loss = loss + options.local_correlation_weight * local
            figures["local"] = local.item()
        return loss, figures

    @torch.no_grad()
    def _paint_again(self, context: Tensor, seen: Tensor, vectors: Tensor) -> Tensor:
        """Return the same crops as a part of their surroundings and, where stability counts, under
        other grain and a few pixels aside (noise stability as Huang et al. 2017 and Gupta et al.
        2017 have it, without a video; the shift makes strokes stay with what moves).
        """
        if not self.options.stability_weight:
            return _inside(self.paint(seen, vectors), CONTEXT_PX)
        random = np.random.default_rng((self.options.seed, self.next_step, 3))
        aside = tuple(random.integers(-SHIFT_PX, SHIFT_PX + 1, size=2).tolist())
        back = (-aside[0], -aside[1])
        other = self.with_grain(context.roll(aside, dims=(2, 3)), 4)
        painted = self.paint(other.repeat_interleave(len(seen) // len(other), dim=0), vectors)
        return _inside(painted.roll(back, dims=(2, 3)), CONTEXT_PX)


class Trainer(PerceptualTrainer):
    """A network in training, for some paintings.

    Args:
        spec: the network to train.
        paintings: one a style, each float32 1 x 3 x H x W, RGB, 0-1.
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
        if spec.norm == "batch" and process_count() > 1:
            raise OptionError(
                f"the normalisation of {spec.name} looks at whole batches", "train in one process"
            )
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            self.network = StyleNetwork(spec, len(paintings)).to(hardware.device)
        if options.trains != "all":
            self.network.convs.requires_grad_(False)
        if options.trains == "last":
            self.network.convs[spec.last.name].requires_grad_(True)
        super().__init__(self.network, self.network, photos, options, hardware)
        self.targets = self.targets_of([each.to(hardware.device) for each in paintings])

    def parameters_and_rates(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Return what the optimiser changes: the last layer takes shorter steps than the vectors,
        if it is trained beside them.
        """
        if self.options.trains != "last":
            return super().parameters_and_rates()
        last = self.network.convs[self.network.spec.last.name]
        return [([self.network.styles], 1.0), (last.parameters(), LAST_LAYER_RATE)]

    def start_from(self, weights: Mapping[str, Floats], vectors: Floats) -> None:
        """Begin with the weights and style vectors of another run instead of random ones.

        Args:
            weights: by the names of `StyleNetwork.weights`.
            vectors: one a style.

        Raises:
            OptionError: they are of another network.
        """
        try:
            for network in (self.network, self.average_painter):
                network.load_weights(weights)
                network.load_styles(vectors)
        except (ValueError, RuntimeError) as error:
            raise OptionError(
                "the run to start from is of another network", "start from one like this"
            ) from error
        self._good_state = self._copy_state()

    def styles_for(self, photo_count: int) -> tuple[Tensor, StyleTargets]:
        """Return different styles at random for each photo."""
        styles = self.pick_styles(photo_count, self.options.styles_per_photo)
        return self.network.styles[styles], self.targets.select(styles)


def _inside(pictures: Tensor, border_px: int) -> Tensor:
    return pictures[..., border_px:-border_px, border_px:-border_px]
