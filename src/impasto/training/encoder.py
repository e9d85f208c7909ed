"""Training an encoder for a trunk that stays as it is (Ghiasi et al. 2017, arXiv 1705.06830).

Every step looks at crops of several paintings, predicts a style vector from each, paints photos in
them, and compares the result with just those crops: the same losses as of `Trainer`. What the paper
gets from 80,000 paintings comes here from some hundred, seen in random crops, sizes and colours,
and from photographs taken for paintings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from impasto._util.arrays import Floats
from impasto.errors import InputError, OptionError
from impasto.networks.encoder import POOL_EPSILON, Encoder, EncoderSpec
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.picture_losses import StyleTargets
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.recolouring import recolour
from impasto.training.style_network import StyleNetwork
from impasto.training.trainer import PerceptualTrainer

LARGEST_SCALE = 2.0
"""The largest scale of paintings; the mean is the size at which an encoder sees whole ones."""

FIRST_SPREAD = 0.05  # of the first predictions about the mean vector


@dataclass(frozen=True)
class EncoderOptions(TrainingOptions):
    """The options that shape a run of `EncoderTrainer`, besides its pictures.

    Border and stability count nothing unless the trunk is trained, too.

    Attributes:
        with_trunk: train the trunk and its styles, too (`impasto.training.joint`).
        painting_crop_px: side of the paintings' square crops.
        photo_share: how many of the paintings are photographs.
        recolour_share: how many of the paintings get other colours.
    """

    steps: int = 12000
    crop_px: int = 256
    late_crop_px: int = 320
    border_weight: float = 0.0
    learning_rate: float = 1e-3
    average_decay: float = 0.998
    painting_crop_px: int = 256
    photo_share: float = 0.2
    recolour_share: float = 0.4
    with_trunk: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, share in (("photo", self.photo_share), ("recolour", self.recolour_share)):
            if share > 1:
                raise OptionError(f"{name}_share is {share}", "give a number from 0 to 1")


class StyleEncoder(nn.Module):
    """The torch side of an `EncoderSpec`.

    Args:
        spec: the layers.
        mean_vector: what it predicts, nearly, before it is trained.
    """

    def __init__(self, spec: EncoderSpec, mean_vector: Floats) -> None:
        super().__init__()
        self.spec = spec
        self.layers = nn.ModuleDict()
        for name, shape in spec.shapes().items():
            layer, kind = name.split(".")
            if kind == "weight":
                self.layers[layer] = (
                    nn.Linear(shape[1], shape[0])
                    if len(shape) == 2
                    else nn.Conv2d(shape[1], shape[0], shape[2])
                )
                weight = self.get_parameter(f"layers.{layer}.weight")
                nn.init.kaiming_normal_(weight, nonlinearity="relu")
                nn.init.zeros_(self.get_parameter(f"layers.{layer}.bias"))
        with torch.no_grad():
            self.get_parameter("layers.style.weight").mul_(FIRST_SPREAD)
            self.get_parameter("layers.style.bias").copy_(torch.from_numpy(mean_vector))

    def forward(self, paintings: Tensor) -> Tensor:
        """Predict the style vectors of paintings.

        Args:
            paintings: float N x 3 x H x W, RGB, 0-1.

        Returns:
            float32 N x ``spec.style_size``.
        """
        x = (paintings - 0.5) * 4
        pooled = []
        for each in self.spec.convolutions:
            layer = self.layers[each.name]
            assert isinstance(layer, nn.Conv2d)
            seen = F.pad(x, [layer.kernel_size[0] // 2] * 4, mode="reflect")
            found = F.relu(F.conv2d(seen, layer.weight, layer.bias, stride=each.stride))
            x = found if each.halves else x + found
            variance, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
            pooled += [mean, torch.sqrt(variance + POOL_EPSILON)]
        with torch.autocast(x.device.type, enabled=False):
            hidden = F.relu(self.layers["hidden"](torch.cat(pooled, dim=1)))
            codes = self.layers["code"](hidden)  # N x bottleneck
        vectors: Tensor = self.layers["style"](codes)
        return vectors

    @classmethod
    def of(cls, encoder: Encoder) -> StyleEncoder:
        """Return a network with the weights of an encoder, which stays as it is."""
        network = cls(encoder.spec, np.zeros(encoder.spec.style_size, dtype=np.float32))
        network.load_weights(encoder.weights)
        return network.eval().requires_grad_(False)

    def encoder(self, trunk: str) -> Encoder:
        """Return the reverse of `of`, in float16, for the trunk of that fingerprint."""
        weights = {name: array.astype(np.float16) for name, array in self.weights().items()}
        return Encoder(self.spec, weights, trunk)

    def load_weights(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Load what `weights` gave."""
        state = {f"layers.{name}": torch.from_numpy(array) for name, array in weights.items()}
        self.load_state_dict(state)

    def weights(self) -> dict[str, Floats]:
        """Return the weights, by the names of `EncoderSpec.shapes`."""
        return {
            name: self.get_parameter(f"layers.{name}").detach().cpu().numpy()
            for name in self.spec.shapes()
        }


class PaintingCrops:
    """Crops of paintings to learn from, endless and reproducible as `PhotoFolder` is.

    Args:
        photos: files of photographs, some of which are taken for paintings.
        on_skip: told of every file that cannot be read, once.
    """

    def __init__(
        self,
        paintings: Sequence[Path],
        photos: Sequence[Path],
        options: EncoderOptions,
        on_skip: Callable[[InputError], None],
    ) -> None:
        self.options = options
        # Other orders and crops than those of the photos that are painted.
        self._paintings = PhotoFolder(paintings, options.seed + 1, on_skip, LARGEST_SCALE)
        self._photos = PhotoFolder(photos, options.seed + 2, on_skip, LARGEST_SCALE)

    def crops(self, first: int, count: int) -> Tensor:
        """Return crops ``first`` to ``first + count - 1`` of the sequence.

        Returns:
            float32 count x 3 x S x S, RGB, 0-1.

        Raises:
            InputError: not one file can be read.
        """
        return torch.cat([self._crop(position) for position in range(first, first + count)])

    def plain_crops(self, count: int) -> Tensor:
        """Return crops of paintings in their own colours, the same ones every time."""
        return self._paintings.crops(0, count, self.options.painting_crop_px)

    def _crop(self, position: int) -> Tensor:
        options = self.options
        random = np.random.default_rng((options.seed, position, 5))
        folder = self._photos if random.random() < options.photo_share else self._paintings
        crop = folder.crops(position, 1, options.painting_crop_px)
        return recolour(crop, random) if random.random() < options.recolour_share else crop


class EncoderTrainer(PerceptualTrainer):
    """An encoder in training.

    Args:
        spec: the encoder to train.
        trunk: paints, and stays as it is; its `StyleNetwork.styles` are the known styles.
        paintings: to predict styles from.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        trunk: StyleNetwork,
        paintings: PaintingCrops,
        photos: PhotoFolder,
        options: EncoderOptions,
        hardware: Hardware,
    ) -> None:
        trunk = trunk.to(hardware.device)
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            mean: Floats = trunk.styles.detach().mean(dim=0).cpu().numpy()
            self.encoder = StyleEncoder(spec, mean).to(hardware.device)
        super().__init__(self.network_of(trunk), trunk, photos, options, hardware)
        self.paintings = paintings

    def network_of(self, trunk: StyleNetwork) -> nn.Module:
        """Return what is trained: the encoder."""
        trunk.eval().requires_grad_(False)
        return self.encoder

    @property
    def average(self) -> StyleEncoder:
        """The encoder that is kept in the end."""
        assert isinstance(self.averaged, StyleEncoder)
        return self.averaged

    @property
    def average_painter(self) -> StyleNetwork:
        """The network that paints in the end."""
        return self.painter

    def start_from(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Begin with the weights of another encoder of these layers instead of random ones."""
        for encoder in (self.encoder, self.average):
            encoder.load_weights(weights)
        self._good_state = self._copy_state()

    def styles_for(self, photo_count: int) -> tuple[Tensor, StyleTargets]:
        """Return the predicted styles of the next crops of paintings, and what those crops look
        like.
        """
        repeats = self.options.styles_per_photo
        crops = self.paintings.crops(self.next_photo * repeats, photo_count * repeats)
        crops = crops.to(self.hardware.device)
        with self.hardware.autocast():
            vectors = self.encoder(crops)
        return vectors, self.targets_of([crops])

    @torch.no_grad()
    def predict(self, paintings: Tensor) -> Tensor:
        """Return the style vectors of some paintings, by the averaged encoder."""
        vectors: Tensor = self.average(paintings.to(self.hardware.device))
        return vectors
