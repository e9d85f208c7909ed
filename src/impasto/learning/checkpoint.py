"""Checkpoints: a training run in one file, written whole or not at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from impasto.errors import InputError
from impasto.files import write_atomically
from impasto.learning.networks import StyleNetwork
from impasto.learning.training import TrainingOptions
from impasto.network.spec import NetworkSpec

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """What it takes to go on with a run as if it had never stopped.

    Attributes:
        spec: the network that is trained.
        options: of the run.
        styles: names, in the order of the network's style vectors.
        state: of the `Trainer`: weights, their average, optimiser, and the place in the schedule.
            Photo order, crops and styles are functions of the seed and that place; no other random
            state exists.
        seconds: spent so far.
    """

    spec: NetworkSpec
    options: TrainingOptions
    styles: tuple[str, ...]
    state: dict[str, Any]
    seconds: float

    def averaged_network(self) -> StyleNetwork:
        """The network that the run has come to: the moving average of its weights and styles."""
        network = StyleNetwork(self.spec, len(self.styles))
        network.load_state_dict(self.state["average"])
        return network


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file at ``path``; a crash in between leaves the old one.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        "format": FORMAT,
        "spec": checkpoint.spec.to_json(),
        "options": asdict(checkpoint.options),
        "styles": list(checkpoint.styles),
        "state": checkpoint.state,
        "seconds": checkpoint.seconds,
    }
    with write_atomically(path) as file:
        torch.save(content, file)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `write_checkpoint` wrote, tensors only: nothing in the file is executed.

    Raises:
        InputError: the file is missing, damaged, or of another version.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist", "give the folder of a training run")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
        return Checkpoint(
            spec=NetworkSpec.from_json(content["spec"]),
            options=TrainingOptions(**content["options"]),
            styles=tuple(content["styles"]),
            state=content["state"],
            seconds=content["seconds"],
        )
    except Exception as error:  # torch.load and pickle raise nearly anything on damaged files
        raise InputError(
            f"{path} is not a whole checkpoint of this version ({type(error).__name__})",
            "start the run anew in another folder",
        ) from error
