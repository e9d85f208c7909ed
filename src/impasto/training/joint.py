"""Training an encoder together with its trunk, and with the styles that the trunk has already.

So do Ghiasi et al. 2017 (section 3): a trunk that has painted in hundreds of styles paints better
in one that it has never seen, be it predicted or learned. Departure: the trunk had a few styles
before, whose vectors nobody predicts. Each photo is painted in one of them, too, so that they stay
as good as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from impasto.errors import OptionError
from impasto.networks.encoder import EncoderSpec, write_encoder
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.picture_losses import StyleTargets
from impasto.styles import ENCODER_FILE, Gallery, Style
from impasto.training.encoder import EncoderOptions, EncoderTrainer, PaintingCrops, StyleEncoder
from impasto.training.gallery_export import write_gallery
from impasto.training.photos import PhotoFolder
from impasto.training.run import read_painting_tensor
from impasto.training.style_network import StyleNetwork

TRUNK_RATE = 3.0  # times that of the encoder, which has far more to lose by long steps


def joint_options(options: EncoderOptions) -> EncoderOptions:
    """Return the same for a run that trains the trunk, too: with all losses that keep what it
    paints whole, at the weights of the trunks that ship.
    """
    return replace(
        options,
        with_trunk=True,
        border_weight=10.0,
        tv_weight=0.2,
        correlation_weight=0.1,
        local_correlation_weight=0.4,
        enlarge=2.0,
        average_decay=0.99,
    )


class JointTrainer(EncoderTrainer):
    """An encoder, its trunk and the trunk's styles in training.

    Args:
        spec, trunk, paintings, photos, options, hardware: as `EncoderTrainer` takes them; ``trunk``
            is trained.
        known: the paintings of the trunk's styles, in their order, each float32 1 x 3 x H x W, RGB,
            0-1.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        trunk: StyleNetwork,
        paintings: PaintingCrops,
        photos: PhotoFolder,
        options: EncoderOptions,
        hardware: Hardware,
        known: Sequence[Tensor],
    ) -> None:
        super().__init__(spec, trunk, paintings, photos, options, hardware)
        self.known = self.targets_of([each.to(hardware.device) for each in known])

    def network_of(self, trunk: StyleNetwork) -> nn.Module:
        """Return what is trained: both."""
        return nn.ModuleDict({"encoder": self.encoder, "trunk": trunk})

    def parameters_and_rates(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Return what the optimiser changes: the trunk takes longer steps."""
        return [(self.encoder.parameters(), 1.0), (self.painter.parameters(), TRUNK_RATE)]

    @property
    def average(self) -> StyleEncoder:
        """The encoder that is kept in the end."""
        encoder = self._averaged("encoder")
        assert isinstance(encoder, StyleEncoder)
        return encoder

    @property
    def average_painter(self) -> StyleNetwork:
        """The trunk and its styles that are kept in the end."""
        painter = self._averaged("trunk")
        assert isinstance(painter, StyleNetwork)
        return painter

    def _averaged(self, name: str) -> nn.Module:
        assert isinstance(self.averaged, nn.ModuleDict)
        return self.averaged[name]

    def styles_for(self, photo_count: int) -> tuple[Tensor, StyleTargets]:
        """Return predicted styles for each photo, and then a known one."""
        vectors, targets = super().styles_for(photo_count)
        known = self.pick_styles(photo_count, 1)
        vectors = torch.cat([vectors.float(), self.painter.styles[known]])
        predicted = torch.arange(photo_count * self.options.styles_per_photo)
        last = len(predicted) + torch.arange(photo_count)
        order = torch.cat([predicted.reshape(photo_count, -1), last[:, None]], dim=1).flatten()
        order = order.to(vectors.device)
        return vectors[order], targets.join(self.known.select(known)).select(order)


def paintings_of(styles: Sequence[Style], paintings: Sequence[Path]) -> list[Tensor]:
    """Return the paintings of some styles, as large as when these were learned.

    Args:
        styles: their cards have the names of the paintings' files.
        paintings: files, those among them.

    Raises:
        OptionError: one is missing.
        InputError: one cannot be read.
    """
    files = {path.name: path for path in paintings}
    found = []
    for style in styles:
        path = files.get(style.card.painting)
        if path is None:
            raise OptionError(
                f"{style.name} is to be trained, too, and its painting is not there",
                f"give a folder with {style.card.painting or 'it, and a gallery that names it'}",
            )
        found.append(read_painting_tensor(path, style.painting_px))
    return found


def write_pack(folder: Path, trainer: JointTrainer, styles: Sequence[Style]) -> Gallery:
    """Write trunk, styles and encoder as they are by now, in float16.

    Args:
        folder: where to; made if need be.
        styles: as they were before, in the order of the trunk's vectors.

    Raises:
        OutputError: the folder cannot be written.
    """
    painter = trainer.average_painter
    trunk = painter.trunk()
    vectors = painter.styles.detach().cpu().numpy()
    kept = [
        replace(style, vector=vector, trunk=trunk.fingerprint)
        for style, vector in zip(styles, vectors, strict=True)
    ]
    gallery = write_gallery(folder, trunk, kept)
    write_encoder(folder / ENCODER_FILE, trainer.average.encoder(trunk.fingerprint))
    return gallery
