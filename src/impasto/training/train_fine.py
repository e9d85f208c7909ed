"""Train galleries that paint photos in two parts, or a style for one of them."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import nn

from impasto.images import read_image
from impasto.networks.spec import FINE_DRAFT, FINE_REVISION, NetworkSpec
from impasto.networks.trunk import by_part
from impasto.styles import OPTIMISED_PX, Gallery, Style, thumbnail, visible_pixels
from impasto.training.checkpoint import Checkpoint, read_checkpoint
from impasto.training.gallery_export import write_gallery
from impasto.training.options import TrainingOptions
from impasto.training.paintings import Painting
from impasto.training.photos import PhotoFolder
from impasto.training.run import TrainingRun, check_same_run, read_painting_tensor
from impasto.training.step_trainer import step_times
from impasto.training.style_network import StyleNetwork
from impasto.training.two_parts import (
    DRAFT,
    REVISION,
    DraftTrainer,
    PartTrainer,
    PartWeights,
    RevisionTrainer,
    TwoParts,
    starting_parts,
    two_part_changes,
    two_part_trunk,
    two_part_vectors,
)

NEARLY_WHOLE = 1.25  # a photo's shorter side is at most so many crops long
FORMS = ("subtle", "bold")
MEASURED_PHOTOS = 8
DRAFT_SHARE = 0.35
"""The draft's part of the minutes: the revision's steps take longer, and it has more to learn."""

RANK = 8
"""Of what a style adds to each kernel: some 430 kB in all."""

LEARNING = TrainingOptions(photos_per_step=4, learning_rate=1.5e-3, average_decay=0.99)


def train_fine(
    paintings: Mapping[str, Painting],
    photos: Path,
    run: TrainingRun,
    *,
    options: TrainingOptions,
    specs: tuple[NetworkSpec, NetworkSpec] = (FINE_DRAFT, FINE_REVISION),
    weights: tuple[PartWeights, PartWeights] = (DRAFT, REVISION),
    start: Gallery | None = None,
    style_minutes: float = 0.0,
    styles_only: bool = False,
) -> Gallery:
    """Train both networks on some paintings, one after the other, then what each style adds to
    their kernels, and write them as a gallery.

    Args:
        paintings: by style name.
        photos: a folder of photographs, searched with the folders below it.
        run: see `TrainingRun`; ``draft``, ``revision`` and ``gallery`` are made in its folder.
        options: steps, photos a step, rate and seed, of either part.
        specs: of the draft and of the revision.
        weights: of their losses.
        start: a gallery in two parts to go on from, instead of random weights.
        style_minutes: for each style's kernels; 0 leaves all with the same.
        styles_only: keep the networks of ``start``.

    Raises:
        InputError, OptionError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    if not (styles_only and start):
        crops = run.photo_folder(photos, options.seed, largest_scale=NEARLY_WHOLE)
        draft, revision = starting_parts(specs, list(paintings), start, options.seed)
        parts = _Parts(paintings, crops, run, weights, options)
        both = parts.train(draft, revision, calibrated=start is not None)
        trunk = two_part_trunk(both.draft, both.revision)
        styles = parts.styles(both, trunk.fingerprint)
        start = write_gallery(run.folder / "gallery", trunk, styles)
    for name, painting in paintings.items() if style_minutes else ():
        style = learn_fine(
            painting,
            replace(run, folder=run.folder / "styles" / name),
            photos=photos,
            name=name,
            minutes=style_minutes,
            gallery=start,
            weights=weights,
        )
        write_gallery(run.folder / "gallery", start.trunk, [style])
    return Gallery(run.folder / "gallery")


def learn_fine(
    painting: Painting,
    run: TrainingRun,
    *,
    photos: Path | Sequence[Path],
    name: str,
    minutes: float,
    gallery: Gallery,
    options: TrainingOptions = LEARNING,
    weights: tuple[PartWeights, PartWeights] = (DRAFT, REVISION),
) -> Style:
    """Fit a style of a gallery in two parts to a painting: its vector (Dumoulin et al. 2017,
    section 3.3), and what it adds to the kernels of the gallery's networks, which stay as they are
    (Hu et al. 2021, "LoRA").

    Args:
        painting: a picture of at least 64 px on each side.
        run: see `TrainingRun`; one that was interrupted goes on to its end.
        photos: a folder of photographs to practise on, or their files.
        name: of the style; one that the gallery knows begins as it is there.
        minutes: about how long the call may take.
        gallery: in two parts.
        options: of training; ``steps`` is set by ``minutes``.
        weights: of the losses.

    Raises:
        InputError, OptionError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    trunk = gallery.trunk
    assert trunk.revision
    draft, revision = starting_parts(
        (trunk.spec, trunk.revision.spec), [name], gallery, options.seed
    )
    known = gallery.load_style(name).kernels if name in gallery.names else {}
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        for network, changes in zip((draft, revision), by_part(known), strict=True):
            network.adapt(RANK, changes)
    crops = run.photo_folder(photos, options.seed, largest_scale=NEARLY_WHOLE)
    parts = _Parts({name: painting}, crops, run, weights, options)
    seconds = 60 * minutes * DRAFT_SHARE, 60 * minutes * (1 - DRAFT_SHARE)
    both = parts.train(draft, revision, calibrated=True, seconds=seconds)
    return parts.styles(both, trunk.fingerprint)[0]


@dataclass(frozen=True)
class _Parts:
    """A run of both parts.

    Attributes:
        paintings: by style name.
        crops: photos to paint.
        run: of which either part has a sub-folder.
        weights: of either part's losses.
        options: of either part.
    """

    paintings: Mapping[str, Painting]
    crops: PhotoFolder
    run: TrainingRun
    weights: tuple[PartWeights, PartWeights]
    options: TrainingOptions

    def train(
        self,
        draft: StyleNetwork,
        revision: StyleNetwork,
        *,
        calibrated: bool,
        seconds: tuple[float, float] | None = None,
    ) -> TwoParts:
        """Train the draft, then both; return the moving averages of their weights.

        Args:
            draft, revision: where to start; what needs no gradient stays as it is.
            calibrated: the revision is trained already.
            seconds: that either part may take, in place of the options' steps.
        """
        first, second = seconds or (None, None)
        frozen = {name for name, each in draft.named_parameters() if not each.requires_grad}
        drafting = self._train("draft", partial(DraftTrainer, draft), self.weights[0], first)
        assert isinstance(drafting, StyleNetwork)
        for name, parameter in drafting.train().named_parameters():
            parameter.requires_grad_(name not in frozen)
        revising = partial(RevisionTrainer, drafting, revision, calibrated)
        both = self._train("revision", revising, self.weights[1], second)
        assert isinstance(both, TwoParts)
        return both

    def _train(
        self,
        part: str,
        kind: Callable[..., PartTrainer],
        weights: PartWeights,
        seconds: float | None,
    ) -> nn.Module:
        run = replace(self.run, folder=self.run.folder / part)
        run = replace(run, resume=run.resume and run.checkpoint.exists())
        before = run.begin(read_checkpoint)
        sizes = {2 * weights.sizes_px[0], *weights.sizes_px}
        seen = {
            size: [read_painting_tensor(p.path, size, p.grade) for p in self.paintings.values()]
            for size in sizes
        }
        own = before.options if before else self.options.for_crops(weights.sizes_px[0])
        trainer = kind(seen, self.crops, weights, own, run.hardware)
        spec = trainer.painter.spec
        rows = tuple(f"{name} {form}" for name in self.paintings for form in FORMS)
        if before:
            check_same_run(before, spec, rows, run.checkpoint)
        elif seconds is not None:
            trainer.options = replace(own, steps=steps_within(trainer, seconds))
        checkpoint = partial(Checkpoint, spec, trainer.options, rows)
        run.take_steps(trainer, checkpoint, trainer.preview, before)
        return trainer.averaged

    def styles(self, both: TwoParts, fingerprint: str) -> list[Style]:
        """Return what was learned, for the trunk of that fingerprint, each with its painting."""
        photos = self.crops.crops(0, MEASURED_PHOTOS, self.weights[1].sizes_px[0])
        vectors = two_part_vectors(both.draft, both.revision, photos)
        kernels = two_part_changes(both.draft, both.revision)
        return [
            Style(
                name,
                vector,
                fingerprint,
                painting.card,
                thumbnail(graded, OPTIMISED_PX),
                kernels=kernels,
            )
            for (name, painting), vector in zip(self.paintings.items(), vectors, strict=True)
            for graded in [painting.grade.apply(visible_pixels(read_image(painting.path)))]
        ]


def steps_within(trainer: PartTrainer, seconds: float) -> int:
    """Return how many steps a trainer can take in a time, by some trial steps, which leave no trace
    but the time they took.
    """
    began, state = time.monotonic(), copy.deepcopy(trainer.state())
    step_s, _ = step_times(trainer)
    trainer.load_state(state)
    return max(1, round((seconds - (time.monotonic() - began)) / step_s))
