"""Style networks of any known format, ready to run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from impasto._util.arrays import Floats
from impasto.converters.constant_folding import fold_constants
from impasto.converters.conventions import (
    Convention,
    from_photo,
    guess_convention,
    to_painting,
    wrap,
)
from impasto.converters.describe import describe
from impasto.converters.input_sizes import (
    Layout,
    check_input_spec,
    find_input_spec,
    find_shrinkage,
    picture_size,
    set_size,
)
from impasto.converters.onnx_files import read_onnx
from impasto.converters.style_inputs import choose_style
from impasto.converters.t7 import TorchObject, parse_t7
from impasto.converters.texture_noise import with_noise
from impasto.converters.torch7_fields import kinds_of
from impasto.converters.torch7_reference import run_module
from impasto.converters.torch7_to_onnx import convert_module, find_network
from impasto.errors import ImpastoError, InputError, OptionError
from impasto.networks.input_spec import BakedNetwork, read_input_spec
from impasto.networks.network_files import NETWORK_SUFFIXES, read_content, split_network

if TYPE_CHECKING:
    from impasto.engines import Engine

TEXTURE_NETS = {"TVLoss", "NoiseFill", "GenNoise", "Concat", "DepthConcat"}
"""Modules that only its networks have."""
PARITY_PX = 64


@dataclass(frozen=True)
class ConvertedNetwork:
    """A style network that came from somewhere else.

    Attributes:
        baked: ready to run.
        family: where networks of this kind come from.
        description: its architecture, normalisation and size (`impasto.converters.describe`).
        reference: what the network makes of a picture, computed in NumPy from the source itself;
            1 x 3 x H x W float32, RGB, 0-1, both.
        reference_px: width and height that ``reference`` takes.
    """

    baked: BakedNetwork
    family: str
    description: str
    reference: Callable[[Floats], Floats]
    reference_px: tuple[int, int]

    def to_file(self) -> bytes:
        """Return an ONNX file of it, which `convert_network` takes as it is."""
        return self.baked.to_file({"family": self.family, "architecture": self.description})


def convert_network(
    style: str | os.PathLike[str], convention: Convention | None = None
) -> ConvertedNetwork:
    """Convert a file of a style network.

    Args:
        style: a ``.t7`` file of jcjohnson/fast-neural-style or of texture_nets, a state dictionary
            of pytorch/examples (``.pth``, ``.pt``, ``.model``), lengstrom's variables (``.npz``),
            or an ``.onnx`` file; if that one has several styles, ``FILE#NUMBER``, and if it takes a
            painting, too, ``FILE#PICTURE``.
        convention: range and order of channels of an ``.onnx`` file; guessed if not given, and
            known for all others.

    Raises:
        InputError: the file is missing, damaged, or no style network.
        OptionError: the file's name ends in no such format, the style's number does not fit, or
            ``convention`` is for another format.
        MissingExtraError: a ``.pth`` file needs torch.
    """
    path, choice = split_network(os.fspath(style))
    suffix, name = path.suffix.lower(), str(path)
    if suffix not in NETWORK_SUFFIXES:
        raise OptionError(
            f"{path} is of no format that is known", f"one of {', '.join(sorted(NETWORK_SUFFIXES))}"
        )
    if suffix != ".onnx" and (choice is not None or convention is not None):
        given = "convention" if choice is None else f"style's number (#{choice})"
        raise OptionError(f"{path} takes no {given}", "it is for .onnx files")
    content = read_content(path)
    try:
        if suffix == ".onnx":
            return _convert_onnx(content, name, choice, convention)
        network, convention, family = _read_modules(content, suffix, name)
        return _convert_modules(network, name, convention, family)
    except ImpastoError:
        raise
    except Exception as error:  # of a damaged file, from wherever it came apart
        raise InputError(
            f"{name} is damaged ({type(error).__name__})", "get the file anew"
        ) from error


def _read_modules(content: bytes, suffix: str, name: str) -> tuple[TorchObject, Convention, str]:
    """Return the network in a file of any format but ONNX, what is around it, and where it comes
    from.
    """
    if suffix == ".npz":
        from impasto.converters.tensorflow import build_tensorflow_network, read_variables

        variables = read_variables(content, name)
        network = build_tensorflow_network(variables, name)
        return network, "rgb255", "lengstrom/fast-style-transfer"
    if suffix in (".pth", ".pt", ".model"):
        from impasto.converters.pytorch import build_pytorch_network, read_state_dict

        network = build_pytorch_network(read_state_dict(content, name), name)
        return network, "rgb255", "pytorch/examples"
    network = find_network(parse_t7(content, name), name)
    if kinds_of(network) & TEXTURE_NETS:
        return with_noise(network, name), "texture", "DmitryUlyanov/texture_nets"
    return network, "caffe", "jcjohnson/fast-neural-style"


def _convert_modules(
    network: TorchObject, name: str, convention: Convention, family: str
) -> ConvertedNetwork:
    model = onnx.load_from_string(convert_module(network, name))
    layout = Layout()
    lost_px = find_shrinkage(model, layout)
    graph = wrap(model, convention, lost_px)
    input_spec = find_input_spec(onnx.load_from_string(graph), layout, None, name)

    def reference(photo: Floats) -> Floats:
        array = from_photo(photo, convention)
        side = (lost_px // 2, lost_px // 2)
        array = np.pad(array, ((0, 0), (0, 0), side, side), mode="reflect")
        return to_painting(run_module(network, array, name), convention)

    side = -(-max(PARITY_PX, input_spec.smallest_px) // input_spec.multiple) * input_spec.multiple
    return ConvertedNetwork(
        BakedNetwork(graph, input_spec), family, describe(model), reference, (side, side)
    )


def _convert_onnx(
    content: bytes, name: str, choice: str | None, convention: Convention | None
) -> ConvertedNetwork:
    model = read_onnx(content, name)
    input_spec = read_input_spec(model, name)
    choose_style(model, choice, name)
    original = model.SerializeToString()
    fold_constants(model)
    layout, fixed_px = picture_size(model, name)
    convention = convention or ("rgb1" if input_spec else guess_convention(model))
    into = model.graph.input[0].name
    if input_spec is None:
        set_size(model, layout, 0, 0)
        input_spec = find_input_spec(model, layout, fixed_px, name)
        if input_spec.fixed_px:
            set_size(model, layout, *input_spec.fixed_px)
    else:
        check_input_spec(model, layout, input_spec, name)

    def reference(photo: Floats) -> Floats:
        array = from_photo(photo, convention)
        if layout.channels_last:
            array = array.transpose(0, 2, 3, 1)
        outputs: Any = ReferenceEvaluator(original).run(None, {into: array})
        made = np.asarray(outputs[0])
        return to_painting(made.transpose(0, 3, 1, 2) if layout.channels_last else made, convention)

    size = input_spec.fixed_px
    family = f"ONNX, of {size[0]}x{size[1]} px only" if size else "ONNX, of any size"
    return ConvertedNetwork(
        BakedNetwork(wrap(model, convention), input_spec),
        family,
        describe(model),
        reference,
        fixed_px or (PARITY_PX, PARITY_PX),
    )


def measure_parity(network: ConvertedNetwork, engine: Engine) -> tuple[float, float]:
    """Compare what an engine paints with what the source computes, on a picture of noise.

    Returns:
        mean and largest difference, in levels of 255, both rounded to whole levels.

    Raises:
        EngineError: the engine fails.
    """
    width, height = network.reference_px
    photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    planes = photo.transpose(2, 0, 1)[None].astype(np.float32) / 255
    expected = np.rint(255 * network.reference(planes)[0].transpose(1, 2, 0))
    apart = np.abs(engine.paint(photo) - expected)
    return float(apart.mean()), float(apart.max())
