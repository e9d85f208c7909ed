"""Building ONNX graphs, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from impasto._util.arrays import Floats

OPSET = 17
IR_VERSION = 8  # what opset 17 came with; newer numbers shut out older runtimes

Shape = tuple[int | str, ...]


class GraphBuilder:
    """An ONNX graph under construction; methods return the name of the tensor that they made."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def node(
        self,
        operator: str,
        *inputs: str,
        output: str = "",
        **attributes: int | float | str | list[int],
    ) -> str:
        """Add a node with one output."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [output])
        node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self.nodes.append(node)
        return output

    def constant(self, values: Floats | float, name: str = "") -> str:
        """Add a float32 constant."""
        return self.array(np.asarray(values, dtype=np.float32), name)

    def integers(self, values: Sequence[int], name: str = "") -> str:
        """Add a constant of 64-bit integers: shapes, borders, axes."""
        return self.array(np.asarray(values, dtype=np.int64), name)

    def array(self, array: NDArray[Any], name: str = "") -> str:
        """Add a constant of the array's own type."""
        name = name or f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def reflect(self, tensor: str, padding: int) -> str:
        """Mirror a tensor around its borders, without repeating the edge."""
        sides = self.integers([0, 0, padding, padding] * 2, f"reflect_{padding}")
        return self.node("Pad", tensor, sides, mode="reflect")

    def tanh(self, tensor: str) -> str:
        """Add a hyperbolic tangent. OpenCV 5 gives NaN where the input is beyond 44, so it is
        clipped to where the result is 1 in float32.
        """
        clipped = self.node("Clip", tensor, self.constant(-20.0), self.constant(20.0))
        return self.node("Tanh", clipped)

    def mean_and_variance(self, tensor: str, *outputs: str) -> tuple[str, str]:
        """Measure every channel, each 1 x C x 1 x 1; under names of their own, if given."""
        mean_name, variance_name = outputs or ("", "")
        mean = self.node("ReduceMean", tensor, axes=[2, 3], output=mean_name)
        centred = self.node("Sub", tensor, mean)
        squared = self.node("Mul", centred, centred)
        return mean, self.node("ReduceMean", squared, axes=[2, 3], output=variance_name)

    def embed(self, model: ModelProto, *tensors: str, name: str = "net") -> str:
        """Add all of a model from some tensors to one, under names of its own. Embedded again by
        the same name, it has the same constants.
        """
        prefix = f"{name}{len(self.nodes)}/"
        inputs = [each.name for each in model.graph.input]
        names: dict[str, str] = {"": "", **dict(zip(inputs, tensors, strict=True))}
        for each in model.graph.initializer:
            constant = names[each.name] = f"{name}/{each.name}"
            if constant not in self.constants:
                self.constants[constant] = TensorProto()
                self.constants[constant].CopyFrom(each)
                self.constants[constant].name = constant
        for each in model.graph.node:
            names |= {output: prefix + output for output in each.output if output}
            node = NodeProto()
            node.CopyFrom(each)
            node.ClearField("doc_string")
            node.input[:] = [names[tensor] for tensor in each.input]
            node.output[:] = [names[tensor] for tensor in each.output]
            self.nodes.append(node)
        return names[model.graph.output[0].name]

    def model(
        self,
        name: str,
        *,
        inputs: Mapping[str, int] = {},
        outputs: Mapping[str, int] = {},
        maps: Mapping[str, int] = {},
        opset: int = OPSET,
        fixed_px: tuple[int, int] | None = None,
    ) -> bytes:
        """Return the whole, serialised: from ``photo`` to ``painting``, both 1 x 3 x height x
        width.

        Args:
            inputs: further ones: the length of each vector.
            outputs: further ones, likewise.
            maps: further inputs, as high and wide as the picture: the channels of each.
            fixed_px: width and height, if they are not free.
        """
        width, height = fixed_px or ("width", "height")
        picture = (1, 3, height, width)
        return self.serialised(
            name,
            {
                "photo": picture,
                **{of: (length,) for of, length in inputs.items()},
                **{of: (1, channels, height, width) for of, channels in maps.items()},
            },
            {"painting": picture, **{of: (length,) for of, length in outputs.items()}},
            opset,
        )

    def serialised(
        self,
        name: str,
        inputs: Mapping[str, Shape],
        outputs: Mapping[str, Shape],
        opset: int = OPSET,
    ) -> bytes:
        """Return the whole, whatever goes in and comes out.

        Args:
            inputs, outputs: their shapes; a name in place of a number is free.
        """

        def values(shapes: Mapping[str, Shape]) -> list[ValueInfoProto]:
            return [
                helper.make_tensor_value_info(of, TensorProto.FLOAT, shape)
                for of, shape in shapes.items()
            ]

        graph = helper.make_graph(
            self.nodes, name, values(inputs), values(outputs), list(self.constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="impasto"
        )
        model.ir_version = IR_VERSION
        return bytes(model.SerializeToString())


def add_metadata(model: bytes, entries: Mapping[str, str]) -> bytes:
    """Return a serialised model with more entries of text, which every runtime shows."""
    loaded = onnx.load_from_string(model)
    known = {entry.key: entry.value for entry in loaded.metadata_props}
    onnx.helper.set_model_props(loaded, {**known, **entries})
    return bytes(loaded.SerializeToString())
