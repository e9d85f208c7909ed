"""Trains the tiny network: `shared_run.py FOLDER STEPS`, alone or by torchrun."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from impasto.cli.training import interrupt_between_steps
from impasto.errors import ImpastoError
from impasto.perceptual.hardware import Hardware
from impasto.training.options import TrainingOptions
from impasto.training.processes import together, writes
from impasto.training.run import TrainingRun, train
from tiny import TINY

OPTIONS = TrainingOptions(
    steps=int(sys.argv[2]), crop_px=32, late_crop_px=48, photos_per_step=3, stability_weight=20
)


def tell(event):
    sys.stdout.write(f"{os.environ.get('RANK', 0)} {os.getpid()} {event.done}\n")
    sys.stdout.flush()


def main():
    data, hardware = Path(sys.argv[1]), Hardware(torch.device("cpu"), torch.float32)
    paintings = {each.stem: each for each in sorted((data.parent / "paintings").iterdir())}
    with together(hardware.device), interrupt_between_steps(tell) as listener:
        run = TrainingRun(
            data, (data / "checkpoint.pt").exists(), hardware, progress=listener, writes=writes()
        )
        train(paintings, data.parent / "photos", run, spec=TINY, options=OPTIONS)


if __name__ == "__main__":
    try:
        main()
    except ImpastoError as error:
        sys.exit(str(error))
