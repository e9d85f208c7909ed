"""Trains the tiny network: `shared_run.py FOLDER`, alone or by torchrun."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from impasto.cli.training import interrupt_between_steps
from impasto.errors import ImpastoError
from impasto.perceptual import vgg
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress, ProgressListener
from impasto.training.checkpoint import Checkpoint
from impasto.training.options import TrainingOptions
from impasto.training.processes import together, writes
from impasto.training.run import TrainingRun, train
from tiny import TINY, thin_vgg_weights

STEPS = 20
OPTIONS = TrainingOptions(
    steps=STEPS, crop_px=32, late_crop_px=48, photos_per_step=3, stability_weight=20
)
CPU = Hardware(torch.device("cpu"), torch.float32)


def take_steps(folder: Path, progress: ProgressListener) -> Checkpoint:
    """Begin a run, or go on with it; pictures lie beside its folder."""
    paintings = {each.stem: each for each in sorted((folder.parent / "paintings").iterdir())}
    resume = (folder / "checkpoint.pt").exists()
    run = TrainingRun(folder, resume, CPU, progress=progress, writes=writes())
    return train(paintings, folder.parent / "photos", run, spec=TINY, options=OPTIONS)


def tell(event: Progress) -> None:
    sys.stdout.write(f"{os.environ.get('RANK', 0)} {os.getpid()} {event.done}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # As the tests of training have it.
    vgg._load_weights = thin_vgg_weights  # type: ignore[assignment]
    try:
        with together(CPU.device), interrupt_between_steps(tell) as listener:
            take_steps(Path(sys.argv[1]), listener)
    except ImpastoError as error:
        sys.exit(str(error))
