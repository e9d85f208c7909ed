"""A training run: steps with checkpoints, previews and a log, in a folder of its own."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from impasto._util.arrays import Floats, Pixels
from impasto._util.atomic_files import clear_abandoned, make_folder
from impasto.errors import InputError, OptionError, OutputError
from impasto.images import Picture, read_image, scale_shorter_side, write_image
from impasto.networks.spec import STANDARD, NetworkSpec
from impasto.networks.trunk import Trunk
from impasto.perceptual.hardware import Hardware, choose_hardware
from impasto.perceptual.tensors import to_tensor
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.styles import Pack, visible_pixels
from impasto.training.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    EncoderCheckpoint,
    read_checkpoint,
    write_checkpoint,
)
from impasto.training.grading import NO_GRADE, Grade
from impasto.training.options import TrainingOptions
from impasto.training.photos import LARGEST_SCALE, PhotoFolder
from impasto.training.processes import LostProcessError
from impasto.training.step_trainer import StepTrainer
from impasto.training.style_network import StyleNetwork
from impasto.training.trainer import Trainer

Saved = TypeVar("Saved", Checkpoint, EncoderCheckpoint)

PREVIEW_PHOTOS = 4
PREVIEW_PX = 256
LOG_FILE = "log.jsonl"  # one JSON object a line: step, seconds, losses, learning rate
LOG_EVERY_STEPS = 10


@dataclass(frozen=True)
class Start:
    """The network that a run begins with, instead of random weights.

    Attributes:
        spec: of the network that the weights are of.
        weights: shared by all styles, by the names of `StyleNetwork.weights`.
        vectors: of the styles, one a row.
    """

    spec: NetworkSpec
    weights: Mapping[str, Floats]
    vectors: Floats

    def network(self) -> StyleNetwork:
        """Return a network that can paint."""
        network = StyleNetwork(self.spec, len(self.vectors))
        network.load_weights(self.weights)
        network.load_styles(self.vectors)
        return network


@dataclass(frozen=True)
class TrainingRun:
    """A folder, and what surrounds the steps that are taken in it.

    Attributes:
        folder: has the run's checkpoint, log and previews; made if need be.
        resume: go on from the folder's checkpoint.
        deadline_s: when, by `time.monotonic`, to stop whatever steps are left; one is taken anyhow.
        checkpoint_every_s: time between checkpoints. One is written at the end too, and when the
            progress listener raises.
        preview_every_s: time between preview pictures.
        on_skip: told of each picture that cannot be read.
        writes: put checkpoints, previews and the log into the folder: of several processes that
            train together (`impasto.training.processes`), one does.
    """

    folder: Path
    resume: bool = False
    hardware: Hardware = field(default_factory=choose_hardware)
    deadline_s: float = math.inf
    checkpoint_every_s: float = 180
    preview_every_s: float = 300
    progress: ProgressListener = ignore_progress
    on_skip: Callable[[InputError], None] = lambda error: None
    writes: bool = True

    @property
    def checkpoint(self) -> Path:
        """The file from which the run goes on."""
        return self.folder / CHECKPOINT_FILE

    def begin(self, read: Callable[[Path], Saved]) -> Saved | None:
        """Make the folder, delete what a killed run was just writing there, and return the
        checkpoint to go on from, if the run goes on.

        Raises:
            OptionError: the folder holds another run.
            InputError: there is no whole checkpoint.
            OutputError: the folder cannot be made.
        """
        if not self.resume and self.checkpoint.exists():
            raise OptionError(
                f"{self.folder} holds a training run already", "give --resume, or another folder"
            )
        make_folder(self.folder)
        clear_abandoned(self.folder)
        return read(self.checkpoint) if self.resume else None

    def photo_folder(
        self,
        photos: str | Path | Sequence[Path],
        seed: int,
        *,
        largest_scale: float = LARGEST_SCALE,
        enlarge: float = 1.0,
    ) -> PhotoFolder:
        """Return photographs as a `PhotoFolder`, loaded as suits the run's hardware.

        Raises:
            InputError: there is no such folder, or no image in it.
        """
        threads = self.hardware.loader_threads
        return PhotoFolder(photos, seed, self.on_skip, largest_scale, enlarge, threads)

    def take_steps(
        self,
        trainer: StepTrainer,
        checkpoint: Callable[[dict[str, Any], float], Saved],
        preview: Callable[[], Pixels],
        before: Saved | None,
        on_save: Callable[[Saved], object] = lambda saved: None,
    ) -> Saved:
        """Take the steps that are left, with previews and a log; return the last checkpoint.

        Args:
            checkpoint: makes one of the trainer's state and the seconds that the run has taken.
            preview: paints what the trainer can do by now.
            before: the checkpoint to go on from.
            on_save: told of every checkpoint.

        Raises:
            OutputError: the folder cannot be written.
            TrainingError: as `StepTrainer.step`, or another process of the run has ended.
        """
        options = trainer.options
        began = time.monotonic()
        if before:
            trainer.load_state(before.state)
            began -= before.seconds

        def save() -> Saved:
            saved = checkpoint(trainer.state(), time.monotonic() - began)
            if self.writes:
                write_checkpoint(self.checkpoint, saved)
                on_save(saved)
            return saved

        def write_preview() -> None:
            file = self.folder / f"preview-{trainer.next_step:06d}.jpg"
            if self.writes:
                write_image(file, Picture(preview()))

        smooth: dict[str, float] = {}
        checkpoints, previews = _Clock(self.checkpoint_every_s), _Clock(self.preview_every_s)
        while trainer.next_step < options.steps:
            with _before_raising(save, LostProcessError):
                for name, value in trainer.step().items():
                    # Means over some fifty steps: single figures jump about with their photos.
                    smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            step, seconds = trainer.next_step, time.monotonic() - began
            if self.writes and step % LOG_EVERY_STEPS == 0:
                _append_log(self.folder / LOG_FILE, trainer, seconds, smooth)
            with _before_raising(save, BaseException):
                self.progress(Progress("training", step, options.steps, dict(smooth)))
            if checkpoints.is_due():
                save()
            if previews.is_due():
                write_preview()
            if time.monotonic() >= self.deadline_s:
                break
        write_preview()
        return save()


@contextmanager
def _before_raising(act: Callable[[], object], kind: type[BaseException]) -> Iterator[None]:
    """Act before an error of a kind is passed on."""
    try:
        yield
    except kind:
        act()
        raise


class _Clock:
    """A clock that is due every so many seconds, for the first time after as many."""

    def __init__(self, every_s: float) -> None:
        self._every_s, self._last_s = every_s, time.monotonic()

    def is_due(self) -> bool:
        """Return whether the time is over; if so, it begins anew."""
        now = time.monotonic()
        due = now - self._last_s > self._every_s
        if due:
            self._last_s = now
        return due


def train(
    paintings: Mapping[str, Path],
    photos: Path | Sequence[Path],
    run: TrainingRun,
    *,
    spec: NetworkSpec | None = None,
    options: TrainingOptions | None = None,
    start: Start | None = None,
) -> Checkpoint:
    """Train one network on some paintings, or go on with it.

    Args:
        paintings: file by style name; the order is that of the style vectors.
        photos: a folder of photographs, searched with the folders below it, or the files; 20 will
            do.
        spec: the network to train; if not given, the checkpoint's when the run goes on, else that
            of ``start``, else `STANDARD`.
        options: if not given, those of the checkpoint when the run goes on.
        start: see `read_start`; the shapes of the layers must be the same.

    Returns:
        the run's last checkpoint.

    Raises:
        InputError: a painting, the photos or the checkpoint cannot be read.
        OptionError: the checkpoint is of other styles or another network, or there is one already.
        OutputError: the folder cannot be written.
        TrainingError: the loss is not finite whatever the rate.
    """
    names = tuple(paintings)
    before = run.begin(read_checkpoint)
    if before:
        check_same_run(before, spec, names, run.checkpoint)
    known = before or start
    spec = spec or (known.spec if known else STANDARD)
    options = options or (before.options if before else TrainingOptions())
    sizes = options.sizes_of(len(paintings))
    painting_tensors = [
        read_painting_tensor(path, size_px)
        for path, size_px in zip(paintings.values(), sizes, strict=True)
    ]
    crops = run.photo_folder(photos, options.seed, enlarge=options.enlarge)
    trainer = Trainer(spec, painting_tensors, crops, options, run.hardware)
    if start and not before:
        trainer.start_from(start.weights, start.vectors)
    return run.take_steps(
        trainer,
        partial(Checkpoint, spec, options, names),
        lambda: paint_preview(trainer.average_painter, crops, run.hardware),
        before,
    )


def read_painting_tensor(path: Path, size_px: int, grade: Grade = NO_GRADE) -> torch.Tensor:
    """Read a painting to learn from, its shorter side so long, then graded: float32 1 x 3 x H x W,
    RGB, 0-1.

    Raises:
        InputError: it cannot be read.
    """
    return to_tensor(grade.apply(scale_shorter_side(visible_pixels(read_image(path)), size_px)))


def read_start(folder: Path, names: Sequence[str]) -> Start:
    """Return the (averaged) weights of another run, or of a gallery.

    Args:
        folder: of either.
        names: of the styles to train; one that the run or gallery knows keeps its vector, a new one
            begins with the mean of all.

    Raises:
        InputError, StyleError: the folder holds neither.
    """
    if (folder / CHECKPOINT_FILE).exists():
        checkpoint = read_checkpoint(folder / CHECKPOINT_FILE)
        network = checkpoint.averaged_network()
        spec, weights = checkpoint.spec, network.weights()
        known = dict(zip(checkpoint.styles, network.styles.detach().numpy(), strict=True))
    else:
        pack = Pack(folder)
        spec, weights = pack.trunk.spec, pack.trunk.float32_weights()
        # Without what they add to the last layer: one is trained for all.
        known = {name: pack.read(name).vector[: spec.style_size] for name in pack.names}
    mean: Floats = np.mean(list(known.values()), axis=0)
    return Start(spec, weights, np.stack([known.get(name, mean) for name in names]))


def read_start_trunk(folder: Path) -> Trunk:
    """Return the trunk of another run, or of a gallery: exactly the one that its styles fit.

    Raises:
        InputError, StyleError: the folder holds neither.
    """
    file = folder / CHECKPOINT_FILE
    return read_checkpoint(file).averaged_network().trunk() if file.exists() else Pack(folder).trunk


def paint_preview(network: StyleNetwork, photos: PhotoFolder, hardware: Hardware) -> Pixels:
    """Paint photos in all styles, the same ones every time."""
    examples = photos.crops(0, PREVIEW_PHOTOS, PREVIEW_PX)
    return paint_grid(network, network.styles, examples, hardware)


@torch.no_grad()
def paint_grid(
    network: StyleNetwork,
    vectors: torch.Tensor,
    photos: torch.Tensor,
    hardware: Hardware,
    paintings: torch.Tensor | None = None,
) -> Pixels:
    """Paint photos in all of some styles, as one picture.

    Args:
        vectors: of the styles, one a row.
        photos: N x 3 x S x S, 0-1; one a row of the grid, at its beginning.
        paintings: of the styles, as large as the photos; above the columns, if given.
    """
    rows = []
    if paintings is not None:
        rows.append(torch.cat([torch.ones_like(photos[:1]), *torch.split(paintings, 1)], dim=3))
    for photo in torch.split(photos.to(hardware.device), 1):
        with hardware.autocast():
            painted = [network(photo, vector[None]) for vector in vectors]
        rows.append(torch.cat([photo, *painted], dim=3).cpu())
    grid = torch.cat(rows, dim=2)[0].clamp(0, 1).mul(255).round().byte()
    return np.ascontiguousarray(grid.permute(1, 2, 0).numpy())


def check_same_run(
    start: Checkpoint, spec: NetworkSpec | None, styles: tuple[str, ...], path: Path
) -> None:
    """Check that a checkpoint is of the same network and the same styles.

    Raises:
        OptionError: it is not.
    """
    if start.styles != styles:
        raise OptionError(
            f"{path} is of the styles {', '.join(start.styles)}", "resume with the same paintings"
        )
    if spec and start.spec != spec:
        raise OptionError(
            f"{path} is of network {start.spec.name!r}", "resume with the same network"
        )


def _append_log(
    path: Path, trainer: StepTrainer, seconds: float, figures: Mapping[str, float]
) -> None:
    step = trainer.next_step
    rate = trainer.rate_factor * trainer.options.rate_at(step)
    line = {"step": step, "seconds": round(seconds, 1), "rate": rate, **figures}
    try:
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror})", "free the disk"
        ) from error
