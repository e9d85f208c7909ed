"""Train a gallery that paints photos in two parts: a draft, then a revision, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from impasto.networks.spec import FINE_DRAFT, FINE_REVISION, NetworkSpec
from impasto.styles import Gallery, Style
from impasto.training.checkpoint import Checkpoint, read_checkpoint
from impasto.training.gallery_export import write_gallery
from impasto.training.options import TrainingOptions
from impasto.training.paintings import Painting
from impasto.training.photos import PhotoFolder
from impasto.training.run import TrainingRun, check_same_run, read_painting_tensor
from impasto.training.style_network import StyleNetwork
from impasto.training.two_parts import (
    DRAFT,
    REVISION,
    DraftTrainer,
    PartTrainer,
    PartWeights,
    RevisionTrainer,
    two_part_trunk,
    two_part_vectors,
)

__all__ = ["train_fine"]

NEARLY_WHOLE = 1.25  # a photo's shorter side is at most so many crops long
FORMS = ("subtle", "bold")
MEASURED_PHOTOS = 8


def train_fine(
    paintings: Mapping[str, Painting],
    photos: Path,
    run: TrainingRun,
    *,
    options: TrainingOptions,
    specs: tuple[NetworkSpec, NetworkSpec] = (FINE_DRAFT, FINE_REVISION),
    weights: tuple[PartWeights, PartWeights] = (DRAFT, REVISION),
) -> Gallery:
    """Train both networks on some paintings, one after the other, and write them as a gallery.

    Args:
        paintings: by style name.
        photos: a folder of photographs, searched with the folders below it.
        run: see `TrainingRun`; ``draft``, ``revision`` and ``gallery`` are made in its folder.
        options: steps, photos a step, rate and seed, of either part.
        specs: of the draft and of the revision.
        weights: of their losses.

    Raises:
        InputError, OptionError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    rows = tuple(f"{name} {form}" for name in paintings for form in FORMS)

    def trained(
        part: str, spec: NetworkSpec, weighing: PartWeights, kind: Callable[..., PartTrainer]
    ) -> StyleNetwork:
        part_run = replace(run, folder=run.folder / part)
        part_run = replace(part_run, resume=run.resume and part_run.checkpoint.exists())
        before = part_run.begin(read_checkpoint)
        if before:
            check_same_run(before, spec, rows, part_run.checkpoint)
        crops = PhotoFolder(photos, options.seed, run.on_skip, NEARLY_WHOLE)
        seen = {
            size: [read_painting_tensor(each.path, size) for each in paintings.values()]
            for size in weighing.sizes_px
        }
        own = options.for_crops(weighing.sizes_px[0])
        trainer = kind(spec, seen, crops, weighing, own, run.hardware)
        saved = part_run.take_steps(
            trainer, partial(Checkpoint, spec, own, rows), trainer.preview, before
        )
        return saved.averaged_network()

    draft = trained("draft", specs[0], weights[0], DraftTrainer)
    revision = trained("revision", specs[1], weights[1], partial(RevisionTrainer, draft))
    measured = PhotoFolder(photos, options.seed, run.on_skip, NEARLY_WHOLE).crops(
        0, MEASURED_PHOTOS, weights[1].sizes_px[0]
    )
    trunk = two_part_trunk(draft, revision)
    return write_gallery(
        run.folder / "gallery",
        trunk,
        [
            Style(name, vector, trunk.fingerprint, painting.card)
            for (name, painting), vector in zip(
                paintings.items(), two_part_vectors(draft, revision, measured), strict=True
            )
        ],
    )
