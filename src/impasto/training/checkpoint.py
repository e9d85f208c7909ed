"""Checkpoints: a training run in one file, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto._util.atomic_files import write_atomically
from impasto.errors import InputError
from impasto.networks.encoder import Encoder, EncoderSpec
from impasto.networks.spec import NetworkSpec
from impasto.networks.trunk import Trunk
from impasto.training.encoder import EncoderOptions, StyleEncoder
from impasto.training.options import TrainingOptions
from impasto.training.style_network import StyleNetwork

CHECKPOINT_FILE = "checkpoint.pt"  # in the folder of a run
FORMAT = 1
ENCODER_FORMAT = "encoder-1"


@dataclass(frozen=True)
class Checkpoint:
    """All that it takes to go on with a run as if it had never stopped.

    Attributes:
        styles: names, in the order of the network's style vectors.
        state: of the `Trainer`: weights, their average, optimiser, and the place in the schedule.
            Photo order, crops and styles are functions of the seed and that place; no other random
            state exists.
    """

    spec: NetworkSpec
    options: TrainingOptions
    styles: tuple[str, ...]
    state: dict[str, Any]
    seconds: float

    def averaged_network(self) -> StyleNetwork:
        """Return the network that the run has come to: the moving average of its weights and
        styles.
        """
        network = StyleNetwork(self.spec, len(self.styles))
        network.load_state_dict(self.state["average"])
        return network

    def keeps_weights_of(self, trunk: Trunk) -> bool:
        """Return whether the run's weights are just a trunk's, as a run that begins with it holds
        them, but for the last layer, if that was trained.
        """
        if self.spec != trunk.spec:
            return False
        network = StyleNetwork(self.spec, len(self.styles))
        network.load_weights(trunk.float32_weights())
        theirs = network.weights()
        ours = self.averaged_network().weights()
        trained = f"{self.spec.last.name}." if self.options.trains == "last" else None
        return all(
            np.array_equal(array, theirs[name])
            for name, array in ours.items()
            if not (trained and name.startswith(trained))
        )


def write_checkpoint(path: Path, checkpoint: Checkpoint | EncoderCheckpoint) -> None:
    """Replace the file at ``path``; a crash in between leaves the old one.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        **vars(checkpoint),
        "format": FORMAT if isinstance(checkpoint, Checkpoint) else ENCODER_FORMAT,
        "spec": checkpoint.spec.to_json(),
        "options": asdict(checkpoint.options),
    }
    with write_atomically(path) as file:
        torch.save(content, file)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `write_checkpoint` wrote, tensors only: nothing in the file is executed.

    Raises:
        InputError: the file is missing, damaged, or of another version.
    """
    with _reading(path, FORMAT) as content:
        return Checkpoint(
            spec=NetworkSpec.from_json(content["spec"]),
            options=TrainingOptions(**content["options"]),
            styles=tuple(content["styles"]),
            state=content["state"],
            seconds=content["seconds"],
        )


@dataclass(frozen=True)
class EncoderCheckpoint:
    """A checkpoint of a run that trains an encoder.

    Attributes:
        trunk: the fingerprint of the trunk whose styles it predicts.
        state: of the `EncoderTrainer`.
    """

    spec: EncoderSpec
    options: EncoderOptions
    trunk: str
    state: dict[str, Any]
    seconds: float

    def encoder(self) -> Encoder:
        """Return the encoder that the run has come to, in float16."""
        network = StyleEncoder(self.spec, np.zeros(self.spec.style_size, dtype=np.float32))
        network.load_state_dict(self.state["average"])
        return network.encoder(self.trunk)


def read_encoder_checkpoint(path: Path) -> EncoderCheckpoint:
    """Read what `write_checkpoint` wrote of a run that trains an encoder, as `read_checkpoint`."""
    with _reading(path, ENCODER_FORMAT) as content:
        options = dict(content["options"])
        if options.pop("samples", 0):  # of versions that trained by an emulator, too
            raise ValueError("of an emulator")
        return EncoderCheckpoint(
            spec=EncoderSpec.from_json(content["spec"]),
            options=EncoderOptions(**options),
            trunk=content["trunk"],
            state=content["state"],
            seconds=content["seconds"],
        )


@contextmanager
def _reading(path: Path, file_format: int | str) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path} does not exist", "give the folder of a training run")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != file_format:
            raise ValueError(f"format {content['format']}")
        yield content
    except Exception as error:  # torch.load and pickle raise nearly anything on damaged files
        raise InputError(
            f"{path} is not a whole checkpoint of this version and kind ({type(error).__name__})",
            "start the run anew in another folder",
        ) from error
