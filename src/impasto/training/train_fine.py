"""Train a gallery that paints photos in two parts: a draft, then a revision, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from impasto.errors import InputError
from impasto.images import scale_shorter_side
from impasto.networks.spec import FINE_DRAFT, FINE_REVISION, NetworkSpec
from impasto.perceptual.hardware import Hardware, choose_hardware
from impasto.perceptual.tensors import to_tensor
from impasto.progress import ProgressListener, ignore_progress
from impasto.styles import OPTIMISED_PX, Gallery, Style, read_painting, thumbnail
from impasto.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from impasto.training.gallery_export import write_gallery
from impasto.training.options import TrainingOptions
from impasto.training.paintings import Painting
from impasto.training.photos import PhotoFolder
from impasto.training.run import (
    RunFiles,
    check_same_run,
    prepare_folder,
    take_steps,
)
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
    two_part_trunk,
    two_part_vectors,
)

__all__ = ["train_fine"]

NEARLY_WHOLE = 1.25  # a photo's shorter side is at most so many crops long
FORMS = ("subtle", "bold")
MEASURED_PHOTOS = 8

Trainers = Callable[..., PartTrainer]


def train_fine(
    paintings: Mapping[str, Painting],
    photos: Path,
    folder: Path,
    *,
    options: TrainingOptions,
    specs: tuple[NetworkSpec, NetworkSpec] = (FINE_DRAFT, FINE_REVISION),
    weights: tuple[PartWeights, PartWeights] = (DRAFT, REVISION),
    start: Gallery | None = None,
    resume: bool = False,
    hardware: Hardware | None = None,
    checkpoint_every_s: float = 180,
    preview_every_s: float = 300,
    progress: ProgressListener = ignore_progress,
    on_skip: Callable[[InputError], None] = lambda error: None,
) -> Gallery:
    """Train both networks on some paintings, one after the other, and write them as a gallery.

    Args:
        paintings: by style name.
        photos: a folder of photographs, searched with the folders below it.
        folder: of the run: ``draft``, ``revision`` and ``gallery`` are made in it.
        options: steps, photos a step, rate and seed, of either part.
        specs: of the draft and of the revision.
        weights: of their losses.
        start: a gallery in two parts to go on from, instead of random weights.
        resume: go on where the folder's run was.
        hardware, checkpoint_every_s, preview_every_s, progress, on_skip: see
            `impasto.training.run.train`.

    Raises:
        InputError, OptionError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    hardware = hardware or choose_hardware()
    rows = tuple(f"{name} {form}" for name in paintings for form in FORMS)
    crops = PhotoFolder(photos, options.seed, on_skip, NEARLY_WHOLE)
    draft, revision = starting_parts(specs, list(paintings), start, options.seed)

    def train(part: str, spec: NetworkSpec, weighing: PartWeights, kind: Trainers) -> nn.Module:
        files = RunFiles(folder / part)
        goes_on = resume and files.checkpoint.exists()
        prepare_folder(files, goes_on)
        before = read_checkpoint(files.checkpoint) if goes_on else None
        if before:
            check_same_run(before, spec, rows, files.checkpoint)
        sizes = {2 * weighing.sizes_px[0], *weighing.sizes_px}
        seen = {size: [_graded(each, size) for each in paintings.values()] for size in sizes}
        own = options.for_crops(weighing.sizes_px[0])
        trainer = kind(seen, crops, weighing, own, hardware)
        if before:
            trainer.load_state(before.state)

        def save(seconds: float) -> None:
            write_checkpoint(
                files.checkpoint, Checkpoint(spec, own, rows, trainer.state(), seconds)
            )

        take_steps(
            trainer,
            files,
            save,
            trainer.preview,
            seconds_before=before.seconds if before else 0.0,
            checkpoint_every_s=checkpoint_every_s,
            preview_every_s=preview_every_s,
            progress=progress,
        )
        return trainer.averaged

    drafting = train("draft", specs[0], weights[0], partial(DraftTrainer, draft))
    assert isinstance(drafting, StyleNetwork)
    drafting.train().requires_grad_(True)
    revising = partial(RevisionTrainer, drafting, revision, start is not None)
    both = train("revision", specs[1], weights[1], revising)
    assert isinstance(both, TwoParts)
    trunk = two_part_trunk(both.draft, both.revision)
    measured = crops.crops(0, MEASURED_PHOTOS, weights[1].sizes_px[0])
    vectors = two_part_vectors(both.draft, both.revision, measured)
    styles = [
        Style(name, vector, trunk.fingerprint, painting.card, thumbnail(graded, OPTIMISED_PX))
        for (name, painting), vector in zip(paintings.items(), vectors, strict=True)
        for graded in [painting.grade.apply(read_painting(painting.path))]
    ]
    return write_gallery(folder / "gallery", trunk, styles)


def _graded(painting: Painting, size_px: int) -> Tensor:
    """Return a painting as it is looked at: 1 x 3 x H x W, its shorter side so long.

    Raises:
        InputError: it cannot be read.
    """
    pixels = scale_shorter_side(read_painting(painting.path), size_px)
    return to_tensor(painting.grade.apply(pixels))
