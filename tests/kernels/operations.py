"""The public kernels called with a `Conv`, and what they should give by the reference loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convproof import kernels
from convproof.geometry import Conv
from convproof.kernels import reference

FAMILIES = ("forward", "transposed", "input_gradient", "weight_gradient")


@dataclass(frozen=True)
class Operation:
    """One family of public functions on the operands of a geometry."""

    family: str
    geo: Conv

    @property
    def function(self) -> Any:
        """The public function for these axes."""
        pattern = {
            "forward": "conv{}d",
            "transposed": "conv_transpose{}d",
            "input_gradient": "conv{}d_input",
            "weight_gradient": "conv{}d_weight",
        }
        return getattr(kernels, pattern[self.family].format(self.geo.axes))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the operands, by argument name."""
        geo = self.geo
        return {
            "forward": {"input": geo.x, "weight": geo.w},
            "transposed": {"input": geo.y, "weight": geo.w},
            "input_gradient": {"weight": geo.w, "grad_output": geo.y},
            "weight_gradient": {"input": geo.x, "grad_output": geo.y},
        }[self.family]

    @property
    def channels(self) -> int | None:
        """Length of the bias; None where the function takes none."""
        return {"forward": self.geo.out_channels, "transposed": self.geo.in_channels}.get(self.family)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        geo = self.geo
        results = {"forward": geo.y, "transposed": geo.x, "input_gradient": geo.x, "weight_gradient": geo.w}
        return results[self.family]

    @property
    def parameters(self) -> dict[str, Any]:
        """Keyword arguments besides the operands."""
        geo = self.geo
        common = {"stride": geo.stride, "padding": geo.padding, "dilation": geo.dilation, "groups": geo.groups}
        if self.family == "transposed":
            return common | {"output_padding": geo.output_padding}
        sizes = {"input_gradient": {"input_size": geo.x}, "weight_gradient": {"weight_size": geo.w}}
        return common | sizes.get(self.family, {}) | {"padding_mode": geo.mode}

    def __call__(self, operands: dict[str, Any], **changes: Any) -> Any:
        """Call the public function; operands and changes go before the parameters of the geometry."""
        return self.function(**{**self.parameters, **operands, **changes})

    def expected(self, operands: dict[str, np.ndarray]) -> np.ndarray:
        """The same by the reference loops."""
        values = {name: np.asarray(array) for name, array in operands.items()}
        bias = values.get("bias")
        if self.family == "forward":
            return reference.forward(self.geo, values["input"], values["weight"], bias)
        if self.family == "transposed":
            return reference.transposed(self.geo, values["input"], values["weight"], bias)
        if self.family == "input_gradient":
            return reference.input_gradient(self.geo, values["grad_output"], values["weight"])
        return reference.weight_gradient(self.geo, values["grad_output"], values["input"])

    def operands(self, seed: int, dtype: Any, bias: bool = False, most: int = 9) -> dict[str, np.ndarray]:
        """Draw small integers of the dtype for every operand."""
        rng = np.random.default_rng(seed)
        low = 0 if np.dtype(dtype).kind == "u" else -most
        shapes = dict(self.shapes)
        if bias and self.channels is not None:
            shapes["bias"] = (self.channels,)
        return {name: rng.integers(low, most + 1, shape).astype(dtype) for name, shape in shapes.items()}
