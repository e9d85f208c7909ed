"""Train a gallery that paints photos in two parts: a draft, then a revision, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from impasto.errors import InputError
from impasto.networks.spec import FINE_DRAFT, FINE_REVISION, NetworkSpec
from impasto.perceptual.hardware import Hardware, choose_hardware
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
    read_painting_tensor,
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
    folder: Path,
    *,
    options: TrainingOptions,
    specs: tuple[NetworkSpec, NetworkSpec] = (FINE_DRAFT, FINE_REVISION),
    weights: tuple[PartWeights, PartWeights] = (DRAFT, REVISION),
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
        resume: go on where the folder's run was.
        hardware, checkpoint_every_s, preview_every_s, progress, on_skip: see
            `impasto.training.run.train`.

    Raises:
        InputError, OptionError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    hardware = hardware or choose_hardware()
    rows = tuple(f"{name} {form}" for name in paintings for form in FORMS)

    def trained(
        part: str, spec: NetworkSpec, weighing: PartWeights, kind: Callable[..., PartTrainer]
    ) -> StyleNetwork:
        files = RunFiles(folder / part)
        goes_on = resume and files.checkpoint.exists()
        prepare_folder(files, goes_on)
        before = read_checkpoint(files.checkpoint) if goes_on else None
        if before:
            check_same_run(before, spec, rows, files.checkpoint)
        crops = PhotoFolder(photos, options.seed, on_skip, NEARLY_WHOLE)
        seen = {
            size: [read_painting_tensor(each.path, size) for each in paintings.values()]
            for size in weighing.sizes_px
        }
        own = options.for_crops(weighing.sizes_px[0])
        trainer = kind(spec, seen, crops, weighing, own, hardware)
        if before:
            trainer.load_state(before.state)

        def save(seconds: float) -> Checkpoint:
            checkpoint = Checkpoint(spec, own, rows, trainer.state(), seconds)
            write_checkpoint(files.checkpoint, checkpoint)
            return checkpoint

        return take_steps(
            trainer,
            files,
            save,
            trainer.preview,
            seconds_before=before.seconds if before else 0.0,
            checkpoint_every_s=checkpoint_every_s,
            preview_every_s=preview_every_s,
            progress=progress,
        ).averaged_network()

    draft = trained("draft", specs[0], weights[0], DraftTrainer)
    revision = trained("revision", specs[1], weights[1], partial(RevisionTrainer, draft))
    measured = PhotoFolder(photos, options.seed, on_skip, NEARLY_WHOLE).crops(
        0, MEASURED_PHOTOS, weights[1].sizes_px[0]
    )
    trunk = two_part_trunk(draft, revision)
    return write_gallery(
        folder / "gallery",
        trunk,
        [
            Style(
                name,
                vector,
                trunk.fingerprint,
                painting.card,
                thumbnail(read_painting(painting.path), OPTIMISED_PX),
            )
            for (name, painting), vector in zip(
                paintings.items(), two_part_vectors(draft, revision, measured), strict=True
            )
        ],
    )
