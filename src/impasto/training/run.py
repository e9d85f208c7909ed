"""A training run: `Trainer` steps with checkpoints, previews and a log, in a folder of its own."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from impasto._util.atomic_files import clear_abandoned, make_folder
from impasto.errors import InputError, OptionError, OutputError
from impasto.images import Picture, read_image, scale_shorter_side, write_image
from impasto.networks.spec import STANDARD, NetworkSpec
from impasto.networks.trunk import Trunk
from impasto.perceptual.hardware import Hardware, choose_hardware
from impasto.perceptual.tensors import to_tensor
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.styles import Pack, visible_pixels
from impasto.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.step_trainer import StepTrainer
from impasto.training.style_network import StyleNetwork
from impasto.training.trainer import Trainer

__all__ = [
    "RunFiles",
    "Start",
    "check_same_run",
    "paint_grid",
    "paint_preview",
    "prepare_folder",
    "read_painting_tensor",
    "read_start",
    "read_start_trunk",
    "take_steps",
    "train",
]

Saved = TypeVar("Saved")

PREVIEW_PHOTOS = 4
PREVIEW_PX = 256
LOG_EVERY_STEPS = 10


@dataclass(frozen=True)
class RunFiles:
    """The files of a run's folder."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """Where the run goes on from."""
        return self.folder / "checkpoint.pt"

    @property
    def log(self) -> Path:
        """One JSON object a line: step, seconds, losses, learning rate."""
        return self.folder / "log.jsonl"

    def preview(self, step: int) -> Path:
        """A grid: photos down, the photo and every style across."""
        return self.folder / f"preview-{step:06d}.jpg"


@dataclass(frozen=True)
class Start:
    """Where a run begins instead of with random weights.

    Attributes:
        spec: of the network that the weights are of.
        weights: shared by all styles, by the names of `StyleNetwork.weights`.
        vectors: of the styles, one a row.
    """

    spec: NetworkSpec
    weights: Mapping[str, NDArray[np.float32]]
    vectors: NDArray[np.float32]

    def network(self) -> StyleNetwork:
        """As a network that can paint."""
        network = StyleNetwork(self.spec, len(self.vectors))
        network.load_weights(self.weights)
        network.load_styles(self.vectors)
        return network


def train(
    paintings: Mapping[str, Path],
    photos: Path | Sequence[Path],
    folder: Path,
    *,
    spec: NetworkSpec | None = None,
    options: TrainingOptions | None = None,
    resume: bool = False,
    start: Start | None = None,
    hardware: Hardware | None = None,
    deadline_s: float = math.inf,
    checkpoint_every_s: float = 180,
    preview_every_s: float = 300,
    progress: ProgressListener = ignore_progress,
    on_skip: Callable[[InputError], None] = lambda error: None,
) -> Checkpoint:
    """Train one network on some paintings, or go on with it.

    Args:
        paintings: file by style name; the order is that of the style vectors.
        photos: a folder of photographs, searched with the folders below it, or the files; 20 will
            do.
        folder: of the run; made if need be.
        spec: the network to train; if not given, the checkpoint's with ``resume``, else that of
            ``start``, else `STANDARD`.
        options: of the run; with ``resume``, those of the checkpoint stand unless given here.
        resume: go on from the folder's checkpoint.
        start: see `read_start`; the shapes of the layers must be the same.
        hardware: where to compute; `choose_hardware` if not given.
        deadline_s: when, by `time.monotonic`, to stop whatever steps are left; one is taken anyhow.
        checkpoint_every_s: time between checkpoints. One is written at the end too, and when the
            progress listener raises.
        preview_every_s: time between preview pictures.
        progress: told after every step.
        on_skip: told of each photo that cannot be read.

    Returns:
        the run's last checkpoint.

    Raises:
        InputError: a painting, the photos or the checkpoint cannot be read.
        OptionError: the checkpoint is of other styles or another network, or there is one already.
        OutputError: the folder cannot be written.
        TrainingError: the loss is not finite whatever the rate.
    """
    files = RunFiles(folder)
    prepare_folder(files, resume)
    before = read_checkpoint(files.checkpoint) if resume else None
    if before:
        check_same_run(before, spec, tuple(paintings), files.checkpoint)
    known = before or start
    spec = spec or (known.spec if known else STANDARD)
    options = options or (before.options if before else TrainingOptions())

    sizes = options.sizes_of(len(paintings))
    painting_tensors = [
        read_painting_tensor(path, size_px)
        for path, size_px in zip(paintings.values(), sizes, strict=True)
    ]
    crops = PhotoFolder(photos, options.seed, on_skip, enlarge=options.enlarge)
    trainer = Trainer(spec, painting_tensors, crops, options, hardware or choose_hardware())
    if before:
        trainer.load_state(before.state)
    elif start:
        trainer.start_from(start.weights, start.vectors)

    def save(seconds: float) -> Checkpoint:
        checkpoint = Checkpoint(spec, options, tuple(paintings), trainer.state(), seconds)
        write_checkpoint(files.checkpoint, checkpoint)
        return checkpoint

    def preview() -> NDArray[np.uint8]:
        return paint_preview(trainer.average, crops, trainer.hardware)

    return take_steps(
        trainer,
        files,
        save,
        preview,
        seconds_before=before.seconds if before else 0.0,
        deadline_s=deadline_s,
        checkpoint_every_s=checkpoint_every_s,
        preview_every_s=preview_every_s,
        progress=progress,
    )


def read_painting_tensor(path: Path, size_px: int) -> torch.Tensor:
    """A painting to learn from, its shorter side so long: float32 1 x 3 x H x W, RGB, 0-1.

    Raises:
        InputError: it cannot be read.
    """
    return to_tensor(scale_shorter_side(visible_pixels(read_image(path)), size_px))


def take_steps(
    trainer: StepTrainer,
    files: RunFiles,
    save: Callable[[float], Saved],
    preview: Callable[[], NDArray[np.uint8]],
    *,
    seconds_before: float,
    deadline_s: float = math.inf,
    checkpoint_every_s: float,
    preview_every_s: float,
    progress: ProgressListener,
) -> Saved:
    """The rest of a run's steps, with all that `train` promises around them.

    Args:
        trainer: as it is now.
        files: of the run.
        save: writes a checkpoint, given the seconds that the run has taken.
        preview: paints what the trainer can do by now.
        seconds_before: that the run took before it was resumed.
        deadline_s, checkpoint_every_s, preview_every_s, progress: as `train` takes them.

    Returns:
        what was saved last.
    """
    options = trainer.options
    began = checkpointed = previewed = time.monotonic()

    def seconds() -> float:
        return seconds_before + time.monotonic() - began

    def write_preview() -> None:
        write_image(files.preview(trainer.next_step), Picture(preview()))

    smooth: dict[str, float] = {}
    while trainer.next_step < options.steps:
        _update_means(smooth, trainer.step())
        if trainer.next_step % LOG_EVERY_STEPS == 0:
            rate = trainer.rate_factor * options.rate_at(trainer.next_step)
            _append_log(files.log, trainer.next_step, seconds(), smooth, rate)
        try:
            progress(Progress("training", trainer.next_step, options.steps, dict(smooth)))
        except BaseException:
            save(seconds())
            raise
        now = time.monotonic()
        if now - checkpointed > checkpoint_every_s:
            save(seconds())
            checkpointed = now
        if now - previewed > preview_every_s:
            write_preview()
            previewed = now
        if now >= deadline_s:
            break
    write_preview()
    return save(seconds())


def read_start(folder: Path, names: Sequence[str]) -> Start:
    """The (averaged) weights of another run, or of a gallery.

    Args:
        folder: of either.
        names: of the styles to train; one that the run or gallery knows keeps its vector, a new one
            begins with the mean of all.

    Raises:
        InputError, StyleError: the folder holds neither.
    """
    if RunFiles(folder).checkpoint.exists():
        checkpoint = read_checkpoint(RunFiles(folder).checkpoint)
        network = checkpoint.averaged_network()
        spec, weights = checkpoint.spec, network.weights()
        known = dict(zip(checkpoint.styles, network.styles.detach().numpy(), strict=True))
    else:
        pack = Pack(folder)
        spec, weights = pack.trunk.spec, pack.trunk.float32_weights()
        # Without what they add to the last layer: one is trained for all.
        known = {name: pack.read(name).vector[: spec.style_size] for name in pack.names}
    mean: NDArray[np.float32] = np.mean(list(known.values()), axis=0)
    return Start(spec, weights, np.stack([known.get(name, mean) for name in names]))


def read_start_trunk(folder: Path) -> Trunk:
    """The trunk of another run, or of a gallery: exactly the one that its styles fit.

    Raises:
        InputError, StyleError: the folder holds neither.
    """
    files = RunFiles(folder)
    return (
        read_checkpoint(files.checkpoint).averaged_network().trunk()
        if files.checkpoint.exists()
        else Pack(folder).trunk
    )


def paint_preview(
    network: StyleNetwork, photos: PhotoFolder, hardware: Hardware
) -> NDArray[np.uint8]:
    """Photos that training sees at random moments, the same ones every time, in all styles."""
    examples = photos.crops(0, PREVIEW_PHOTOS, PREVIEW_PX)
    return paint_grid(network, network.styles, examples, hardware)


@torch.no_grad()
def paint_grid(
    network: StyleNetwork,
    vectors: torch.Tensor,
    photos: torch.Tensor,
    hardware: Hardware,
    paintings: torch.Tensor | None = None,
) -> NDArray[np.uint8]:
    """Photos in all of some styles, as one picture.

    Args:
        network: paints them.
        vectors: of the styles, one a row.
        photos: N x 3 x S x S, 0-1; one a row of the grid, at its beginning.
        hardware: where the network is.
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


def prepare_folder(files: RunFiles, resume: bool) -> None:
    """The folder of a run that begins, or goes on; what a killed one was just writing is deleted.

    Raises:
        OptionError: it holds another run.
        OutputError: it cannot be made.
    """
    if not resume and files.checkpoint.exists():
        raise OptionError(
            f"{files.folder} holds a training run already", "give --resume, or another folder"
        )
    make_folder(files.folder)
    clear_abandoned(files.folder)


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


def _update_means(smooth: dict[str, float], latest: Mapping[str, float]) -> None:
    """Single steps jump about with their photos; what is shown is a mean over some fifty."""
    for name, value in latest.items():
        smooth[name] = value if name not in smooth else 0.98 * smooth[name] + 0.02 * value


def _append_log(
    path: Path, step: int, seconds: float, figures: Mapping[str, float], rate: float
) -> None:
    line = {"step": step, "seconds": round(seconds, 1), "rate": rate, **figures}
    try:
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror})", "free the disk"
        ) from error
