"""The torch side of a `NetworkSpec`: a network to train, and its weights as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from impasto.errors import OptionError
from impasto.networks.export import INSTANCE_NORM_EPSILON, SMOOTHING
from impasto.networks.low_rank import KernelChanges
from impasto.networks.spec import Conv, NetworkSpec, Smooth
from impasto.networks.subpixel import phase_taps
from impasto.networks.trunk import Trunk

BATCH_NORM_MOMENTUM = 0.1


class StyleNetwork(nn.Module):
    """An image transformation network that paints in several styles.

    All convolutions are shared; a style is the scale and shift of every normalisation (conditional
    instance normalisation, Dumoulin et al. 2017, equation 5), kept as one row of ``styles``.

    Args:
        spec: the layers.
        style_count: rows in ``styles``; exactly 1 under batch normalisation, whose statistics
            belong to one style.
    """

    def __init__(self, spec: NetworkSpec, style_count: int) -> None:
        super().__init__()
        if spec.norm == "batch" and style_count != 1:
            raise OptionError(
                f"batch normalisation carries one style, not {style_count}",
                "train with instance normalisation, or one painting",
            )
        self.spec = spec
        self.convs = nn.ModuleDict({conv.name: _StyledConv(conv, spec) for conv in spec.convs()})
        vector = torch.zeros(spec.style_size)
        for _, scale, _ in spec.style_slices():
            vector[scale] = 1
        self.styles = nn.Parameter(vector.repeat(style_count, 1))
        self.style_slices = {
            conv.name: (scale, shift) for conv, scale, shift in spec.style_slices()
        }

    def forward(self, photos: Tensor, vectors: Tensor, enlarged: Tensor | None = None) -> Tensor:
        """Paint photos, each in its own style.

        Args:
            photos: float N x 3 x H x W, RGB, 0-1; H and W larger than the `padding_px` to add.
            vectors: N x ``spec.style_size``.
            enlarged: the paintings so far, like the photos; for a network that revises.

        Returns:
            float32 N x 3 x H x W; with a linear output it may leave 0-1 by a little.
        """
        height, width = photos.shape[2:]
        left, top, right, bottom = self.spec.input_spec.padding_px(width, height)
        seen = photos if enlarged is None else torch.cat([photos, enlarged], dim=1)
        padded = F.pad(seen, (left, right, top, bottom), mode="reflect")
        painted = self.paint_padded(padded, vectors)
        return painted[..., top : top + height, left : left + width]

    def paint_padded(self, x: Tensor, vectors: Tensor) -> Tensor:
        """Paint as `forward` does, without padding: exactly what a baked graph computes."""
        enlarged = x[:, 3:]

        def apply(conv: Conv, x: Tensor) -> Tensor:
            style = None
            if conv.norm:
                scale, shift = self.style_slices[conv.name]
                style = (vectors[:, scale], vectors[:, shift])
            made: Tensor = self.convs[conv.name](x, style)
            return made

        x = x.contiguous(memory_format=torch.channels_last)
        x = self.spec.fold(x, apply, self._smooth, torch.add).float()
        if self.spec.revises:
            return enlarged + x
        return 0.5 + (0.5 * torch.tanh(x) if self.spec.output == "tanh" else x)

    def _smooth(self, _: Smooth, x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = torch.from_numpy(SMOOTHING).to(x.device, x.dtype).repeat(channels, 1, 1, 1)
        if self.spec.padding == "reflect":
            return F.conv2d(F.pad(x, [1] * 4, mode="reflect"), kernel, groups=channels)
        return F.conv2d(x, kernel, padding=1, groups=channels)

    def _styled_convs(self) -> Iterator[tuple[str, _StyledConv]]:
        for name, module in self.convs.items():
            assert isinstance(module, _StyledConv)
            yield name, module

    @torch.no_grad()
    def measure(
        self, photos: Tensor, vector: Tensor, enlarged: Tensor | None = None
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Return the mean and variance of the channels of each normalised layer, before its scale
        and shift, over all of some pictures.

        Args:
            photos, enlarged: as in `forward`.
            vector: of the style that they are painted in, 1 x ``spec.style_size``.
        """
        found: dict[str, tuple[Tensor, Tensor]] = {}

        def note(module: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
            assert isinstance(module, _StyledConv)
            features = module.convolve(inputs[0]).float()
            variance, mean = torch.var_mean(features, dim=(0, 2, 3), correction=0)
            found[module.conv.name] = mean, variance

        hooks = [
            conv.register_forward_hook(note)
            for name, conv in self._styled_convs()
            if name in self.style_slices
        ]
        try:
            self(photos, vector.expand(len(photos), -1), enlarged)
        finally:
            for hook in hooks:
                hook.remove()
        return found

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return what all styles share, by the names that `impasto.networks.export` expects."""
        return {
            f"{name}.{key}": tensor.detach().cpu().numpy().astype(np.float32)
            for name, conv in self._styled_convs()
            for key, tensor in conv.baked_weights().items()
        }

    def added_to_last_layer(self, trunk: Trunk) -> NDArray[np.float32]:
        """Return what the last layer has beyond a trunk's: kernel, then biases, as they are
        trained, in a row of ``spec.last_layer_size``.
        """
        before = StyleNetwork(self.spec, 1)
        before.load_weights(trunk.float32_weights())
        return self._last_layer() - before._last_layer()

    def _last_layer(self) -> NDArray[np.float32]:
        last = self.convs[self.spec.last.name]
        assert isinstance(last, _StyledConv)
        numbers = torch.cat([last.weight.flatten(), last.bias]).detach()
        return numbers.cpu().numpy().astype(np.float32)

    def adapt(self, rank: int, changes: KernelChanges) -> None:
        """Keep the kernels as they are from now on; what one style adds to them is trained instead
        (`impasto.networks.low_rank`).

        Args:
            rank: of what is added.
            changes: to begin with; layers that are not among them begin with nothing.
        """
        self.convs.requires_grad_(False)
        for name, conv in self._styled_convs():
            added = _AddedKernel(conv.weight, rank)
            if name in changes:
                added.load(*changes[name])
            parametrize.register_parametrization(conv, "weight", added)

    def _added_kernels(self) -> Iterator[tuple[str, _AddedKernel]]:
        for name, conv in self._styled_convs():
            for added in conv.modules():
                if isinstance(added, _AddedKernel):
                    yield name, added

    def added_parameters(self) -> list[nn.Parameter]:
        """Return what is trained of kernels that `adapt` keeps."""
        return [each for _, added in self._added_kernels() for each in added.parameters()]

    def kernel_changes(self) -> KernelChanges:
        """Return what was added to the kernels since `adapt`."""
        return {name: added.pair() for name, added in self._added_kernels()}

    def trunk(self) -> Trunk:
        """Return what all styles share, in float16."""
        weights = {name: array.astype(np.float16) for name, array in self.weights().items()}
        return Trunk(self.spec, weights)

    @torch.no_grad()
    def load_styles(self, vectors: NDArray[np.float32]) -> None:
        """Take over style vectors, one a row.

        Raises:
            RuntimeError: they are of another number or length.
        """
        self.styles.copy_(torch.from_numpy(vectors))

    def load_weights(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Load what `weights` gave; styles stay as they are.

        Raises:
            ValueError: a weight is missing, or has the wrong shape.
        """
        for name, conv in self._styled_convs():
            conv.load_baked_weights(
                {
                    key.removeprefix(f"{name}."): torch.from_numpy(array.astype(np.float32))
                    for key, array in weights.items()
                    if key.startswith(f"{name}.")
                }
            )


class _StyledConv(nn.Module):
    """One `Conv` of a spec.

    Under pixel shuffle, the filters of all phases follow from one kernel, which is what is trained
    (`impasto.networks.subpixel`). Free filters learn a dot pattern, even from an ICNR start.
    """

    def __init__(self, conv: Conv, spec: NetworkSpec) -> None:
        super().__init__()
        self.conv = conv
        self.reflects = spec.padding == "reflect" and conv.padding > 0
        self.batch_norm = conv.norm and spec.norm == "batch"
        self.scales_only = spec.revises
        self.weight = nn.Parameter(_initial_kernel(conv))
        if not conv.norm:
            self.bias = nn.Parameter(torch.zeros(conv.outputs))
        taps = torch.from_numpy(phase_taps(conv.kernel, conv.shuffle))
        self.register_buffer("phases", taps, persistent=False)
        if self.batch_norm:
            self.register_buffer("mean", torch.zeros(conv.outputs))
            self.register_buffer("variance", torch.ones(conv.outputs))

    def forward(self, x: Tensor, style: tuple[Tensor, Tensor] | None) -> Tensor:
        x = self.convolve(x)
        if style is not None:
            x = self._normalise(x, *style)
        return F.relu(x) if self.conv.relu else x

    def convolve(self, x: Tensor) -> Tensor:
        """Return what is normalised, scaled and shifted then."""
        conv = self.conv
        kernel, bias = self._kernel(), self._bias()
        if conv.transposed:
            x = F.conv_transpose2d(
                x, kernel, bias, conv.stride, conv.padding, output_padding=conv.stride - 1
            )
        elif self.reflects:
            x = F.pad(x, [conv.padding] * 4, mode="reflect")
            x = F.conv2d(x, kernel, bias, conv.stride, 0, conv.dilation)
        else:
            x = F.conv2d(x, kernel, bias, conv.stride, conv.padding, conv.dilation)
        return F.pixel_shuffle(x, conv.shuffle) if conv.shuffle > 1 else x

    def _kernel(self) -> Tensor:
        """Return the kernel as the graph has it: under pixel shuffle, one filter a phase."""
        if self.conv.shuffle == 1:
            return self.weight
        taps = self.get_buffer("phases")
        kernel = torch.einsum("pkt,oitu,qlu->opqikl", taps, self.weight, taps)
        return kernel.flatten(0, 2)

    def _bias(self) -> Tensor | None:
        return None if self.conv.norm else self.bias.repeat_interleave(self.conv.shuffle**2)

    def baked_weights(self) -> dict[str, Tensor]:
        """Return weights as a graph has them, by the last part of their names."""
        bias = self._bias()
        weights = {"weight": self._kernel(), **dict(self.named_buffers())}
        weights.pop("phases")
        return weights if bias is None else {**weights, "bias": bias}

    @torch.no_grad()
    def load_baked_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Load what `baked_weights` gave. Filters that follow from no one kernel become the nearest
        that do.
        """
        expected = {key: tensor.shape for key, tensor in self.baked_weights().items()}
        if {key: tensor.shape for key, tensor in weights.items()} != expected:
            raise ValueError(f"layer {self.conv.name!r} needs {expected}")
        kernel, phases = weights["weight"], self.conv.shuffle
        if phases > 1:
            taps = self.get_buffer("phases")
            inverse = torch.linalg.pinv(taps.flatten(0, 1)).reshape(-1, *taps.shape[:2])
            filters = kernel.reshape(-1, phases, phases, *kernel.shape[1:])
            kernel = torch.einsum("tpk,opqikl,uql->oitu", inverse, filters, inverse)
        self.weight.copy_(kernel)
        for key, tensor in weights.items():
            if key == "bias":
                self.bias.copy_(tensor.reshape(-1, phases**2).mean(dim=1))
            elif key != "weight":
                self.get_buffer(key).copy_(tensor)

    def _normalise(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Normalise by picture (or batch), then apply the style's scale and shift; each N x C.

        All in float32: half precision loses the statistics, and the difference from the mean.
        """
        if self.scales_only:
            return torch.addcmul(shift[..., None, None], x.float(), scale[..., None, None])
        if not self.batch_norm:
            variance, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
        elif self.training:
            variance, mean = torch.var_mean(x.float(), dim=(0, 2, 3), correction=0)
            if torch.is_grad_enabled():  # else it is no step, but the border loss's second look
                self.get_buffer("mean").lerp_(mean.detach(), BATCH_NORM_MOMENTUM)
                self.get_buffer("variance").lerp_(variance.detach(), BATCH_NORM_MOMENTUM)
        else:
            variance, mean = self.get_buffer("variance"), self.get_buffer("mean")
        factor = scale * torch.rsqrt(variance + INSTANCE_NORM_EPSILON)
        centred = x.float() - mean[..., None, None]
        return torch.addcmul(shift[..., None, None], centred, factor[..., None, None])


class _AddedKernel(nn.Module):
    """A kernel, and a product of two thin matrices that is added to it: at first nothing."""

    def __init__(self, kernel: Tensor, rank: int) -> None:
        super().__init__()
        outputs, weights = kernel.flatten(1).shape
        rank = min(rank, outputs, weights)
        self.outputs = nn.Parameter(torch.zeros(outputs, rank))
        self.weights = nn.Parameter(torch.randn(rank, weights) / weights**0.5)

    def forward(self, kernel: Tensor) -> Tensor:
        return kernel + (self.outputs @ self.weights).reshape(kernel.shape)

    def load(self, outputs: NDArray[np.float16], weights: NDArray[np.float16]) -> None:
        """Take over what `pair` gave, of whatever rank."""
        self.outputs = nn.Parameter(torch.from_numpy(outputs.astype(np.float32)))
        self.weights = nn.Parameter(torch.from_numpy(weights.astype(np.float32)))

    def pair(self) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Return the two matrices, as they ship."""
        outputs, weights = (
            each.detach().cpu().numpy().astype(np.float16) for each in (self.outputs, self.weights)
        )
        return outputs, weights


def _initial_kernel(conv: Conv) -> Tensor:
    """Return random weights as He et al. 2015 spread them."""
    kernel = torch.empty(conv.trained_shape)
    nn.init.kaiming_normal_(kernel, nonlinearity="relu" if conv.relu else "linear")
    if not conv.norm:
        kernel = kernel * 0.1  # the first paintings are nearly grey instead of wildly out of range
    return kernel
