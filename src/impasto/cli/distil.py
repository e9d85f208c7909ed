"""``impasto distil GALLERY --photos PHOTOS``: a small network taught by a large one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from impasto.cli.console import console
from impasto.cli.options import SCHEDULE, argument, choose_preset, option, require_torch, takes
from impasto.cli.training import (
    CompiledRunOptions,
    crop_option,
    run_folder,
    training_options,
    training_run,
)


@dataclass(frozen=True, kw_only=True)
class DistilOptions(CompiledRunOptions):
    """The options of ``impasto distil``."""

    gallery: Path = argument("GALLERY", "Its trunk teaches, in all of its styles.")
    output: Path = run_folder("impasto-distilled")
    preset: str = option(
        "turbo", "The network that learns: standard, turbo or johnson-instance.", metavar="NAME"
    )
    styles_per_photo: int = option(2, panel=SCHEDULE)
    crop_px: int = crop_option(256)
    learning_rate: float = option(3e-3, panel=SCHEDULE)


@takes(DistilOptions)
def distil_command(_: typer.Context, said: DistilOptions) -> None:
    """Teach a small network to paint like a large one (Hinton et al. 2015).

    It needs no paintings. Ctrl-C saves a checkpoint; --resume goes on exactly there. impasto train
    LIST --start-from FOLDER then makes it as good as its size allows.
    """
    require_torch("impasto distil")
    from impasto.styles import Pack
    from impasto.training.checkpoint import CHECKPOINT_FILE, read_checkpoint
    from impasto.training.distilling import distil
    from impasto.training.gallery_export import export_gallery
    from impasto.training.options import TrainingOptions

    before = read_checkpoint(said.output / CHECKPOINT_FILE).options if said.resume else None
    options = training_options(said, TrainingOptions, before, late_crop_px=said.crop_px)
    student = choose_preset(said.preset)
    teacher = Pack(said.gallery)
    with training_run(said, f"distilling {len(teacher.names)} styles", options.steps) as run:
        checkpoint = distil(said.gallery, said.photos, run, student=student, options=options)
    cards = {name: teacher.read(name).card for name in teacher.names}
    made = export_gallery(checkpoint, cards, said.output / "gallery")
    console.note(f"impasto train LIST --start-from {said.output}, or as it is:")
    console.note(f"impasto PHOTO --gallery {made.folder} --style {made.names[0]}")
