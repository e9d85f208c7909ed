"""Teaching a small network what a larger one paints (Hinton et al. 2015, "Distilling the knowledge
in a neural network"; here the knowledge is pictures, as in Ba & Caruana 2014).

A step needs no VGG-19, and is told of every pixel what it should be. So the student learns most of
its strokes; perceptual losses (`impasto.training.trainer`) then make of them what suits its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import OptionError, StyleError
from impasto.networks.spec import NetworkSpec
from impasto.perceptual.hardware import Hardware
from impasto.styles import Pack
from impasto.training.checkpoint import Checkpoint, read_checkpoint
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.run import Start, TrainingRun, paint_preview
from impasto.training.step_trainer import StepTrainer, check_crops
from impasto.training.style_network import StyleNetwork

EDGE_WEIGHT = 2.0  # of differences between neighbours: where strokes begin and end


class Distiller(StepTrainer):
    """Makes a network paint like another one.

    Args:
        teacher: paints, and stays as it is.
        student: another spec for the same styles.
        options: see `TrainingOptions`; its weights of losses have no effect.
    """

    def __init__(
        self,
        teacher: StyleNetwork,
        student: NetworkSpec,
        photos: PhotoFolder,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        check_crops(teacher.spec, options)
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            network = StyleNetwork(student, len(teacher.styles)).to(hardware.device)
        super().__init__(network, network, photos, options, hardware)
        self.teacher = teacher.to(hardware.device).eval().requires_grad_(False)
        self.teach = hardware.compiled(self.teacher)

    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """Return the mean difference of pixels, and of edges, from the teacher's painting."""
        photos = self.photos.crops(self.next_photo, photo_count, crop_px).to(self.hardware.device)
        seen = self.with_grain(photos, 2)
        styles = self.pick_styles(photo_count, self.options.styles_per_photo)
        seen = seen.repeat_interleave(len(styles) // photo_count, dim=0)
        with self.hardware.autocast():
            with torch.no_grad():
                wanted = self.teach(seen, self.teacher.styles[styles]).clamp(0, 1)
            painted = self.paint(seen, self.painter.styles[styles])
        apart = painted - wanted
        pixels = apart.abs().mean()
        edges = apart.diff(dim=2).abs().mean() + apart.diff(dim=3).abs().mean()
        return pixels + EDGE_WEIGHT * edges, {"pixels": pixels.item(), "edges": edges.item()}


def distil(
    gallery: Path,
    photos: Path | Sequence[Path],
    run: TrainingRun,
    *,
    student: NetworkSpec,
    options: TrainingOptions | None = None,
) -> Checkpoint:
    """Teach a network all styles of a pack.

    Args:
        gallery: the folder of the pack (`impasto.styles.Pack`).
        photos: as `impasto.training.run.train` takes them.
        student: the network that learns.
        options: if not given, those of the checkpoint when the run goes on.

    Returns:
        the run's last checkpoint, which another run can start from.

    Raises:
        StyleError: there is no pack, or it has no styles.
        OptionError: the checkpoint is of other styles or another network, or there is one already.
        InputError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    before = run.begin(read_checkpoint)
    pack = Pack(gallery)
    names = tuple(pack.names)
    styles = [pack.read(name) for name in names]
    for style in styles:
        if style.vector.size != pack.trunk.spec.style_size:
            raise StyleError(
                f"{style.name} has a last layer of its own, which one student cannot learn",
                f"take its file out of {gallery}",
            )
    vectors = np.stack([style.vector for style in styles])
    teacher = Start(pack.trunk.spec, pack.trunk.float32_weights(), vectors).network()
    if before and (before.styles, before.spec) != (names, student):
        raise OptionError(
            f"{run.checkpoint} is of other styles or another network",
            "resume with the same gallery and preset",
        )
    options = options or (before.options if before else TrainingOptions())
    options = replace(options, painting_sizes=tuple(style.painting_px for style in styles))
    crops = run.photo_folder(photos, options.seed)
    trainer = Distiller(teacher, student, crops, options, run.hardware)
    return run.take_steps(
        trainer,
        partial(Checkpoint, student, options, names),
        lambda: paint_preview(trainer.average_painter, crops, run.hardware),
        before,
    )
