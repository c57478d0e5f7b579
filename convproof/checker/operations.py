"""The vocabulary of operations: one table of what each takes, gives and is called with.

Every operation is a contraction of the same trilinear form ``sum g[out] * x[in] * w[tap]``: it is given two of
the three arrays and returns the third. `Operation` says which, and how the call is written in PyTorch's words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import Conv

__all__ = ["OPS", "Operation", "operation"]

#: Role of an operation -> the two operands it is given, and the array it returns.
ROLES = {
    "forward": (("x", "w"), "y"),
    "input_gradient": (("g", "w"), "x"),
    "weight_gradient": (("g", "x"), "w"),
    "transposed": (("g", "w"), "x"),
}


@dataclass(frozen=True)
class Operation:
    """One operation of the public vocabulary.

    Attributes
    ----------
    name : str
        Its name, as in ``torch.nn.functional`` or ``torch.nn.grad``.
    role : str
        ``forward``, ``input_gradient``, ``weight_gradient`` or ``transposed``.
    axes : int
        Number of spatial axes.
    """

    name: str
    role: str
    axes: int

    @property
    def operands(self) -> tuple[str, str]:
        """Which two of ``x`` (input), ``w`` (weight), ``g`` (output gradient) it is given."""
        return ROLES[self.role][0]  # type: ignore[return-value]

    @property
    def result(self) -> str:
        """Which of ``y``, ``x``, ``w`` its result is shaped like."""
        return ROLES[self.role][1]

    @property
    def contraction(self) -> str:
        """The contraction of the trilinear form that it computes."""
        return "input_gradient" if self.role == "transposed" else self.role

    @property
    def takes_bias(self) -> bool:
        """Whether the operation adds a bias per channel of its result."""
        return self.role in ("forward", "transposed")

    def shapes(self, geo: Conv) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of the two operands."""
        of = {"x": geo.x, "w": geo.w, "g": geo.y}
        return of[self.operands[0]], of[self.operands[1]]

    def result_shape(self, geo: Conv) -> tuple[int, ...]:
        """Shape of the result."""
        return {"x": geo.x, "w": geo.w, "y": geo.y}[self.result]

    def bias_size(self, geo: Conv) -> int:
        """Length of the bias."""
        return geo.out_channels if self.role == "forward" else geo.in_channels

    def terms(self, geo: Conv) -> int:
        """Largest number of products that one element of the result can sum."""
        k, per_group = math.prod(geo.kernel), max(geo.groups, 1)
        count = {
            "forward": geo.in_channels // per_group * k,
            "input_gradient": geo.out_channels // per_group * k,
            "weight_gradient": geo.batch * math.prod(geo.o),
        }[self.contraction]
        # reflect, replicate and circular padding let one tap meet the same input more than once
        folds = 1 if geo.mode == "zeros" or self.contraction != "input_gradient" else math.prod(geo.o)
        return max(count * folds, 1)

    def call(
        self, kernel: Callable, geo: Conv, first: Any, second: Any, accepts: Accepts, bias: Any = None, **extra: Any
    ) -> Any:
        """Call `kernel` with the operands, written as PyTorch writes the call."""
        options = accepts.options(self._options(geo), extra)
        if bias is not None:
            options["bias"] = bias
        if self.role == "input_gradient":
            return kernel(geo.x, second, first, **options)
        if self.role == "weight_gradient":
            return kernel(second, geo.w, first, **options)
        return kernel(first, second, **options)

    def _options(self, geo: Conv) -> dict[str, Any]:
        options: dict[str, Any] = {
            "stride": _one_if_equal(geo.stride),
            "padding": _one_if_equal(tuple(lo for lo, _ in geo.padding)),
            "dilation": _one_if_equal(geo.dilation),
            "groups": geo.groups,
        }
        if any(lo != hi for lo, hi in geo.padding):
            options["padding"] = geo.padding
        if geo.mode != "zeros":
            options["padding_mode"] = geo.mode
        if self.role == "transposed":
            options["output_padding"] = _one_if_equal(geo.output_padding)
        return options


@dataclass(frozen=True)
class Accepts:
    """Which keyword arguments a kernel takes; None stands for any (a builtin shows no signature)."""

    names: frozenset[str] | None

    def options(self, wanted: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
        """Keep what the kernel takes; a parameter it does not take must be at its default."""
        if self.names is None:
            return {**wanted, **extra}
        for name, value in wanted.items():
            if name not in self.names and value != _DEFAULTS[name]:
                raise NotImplementedError(f"it takes no argument {name!r} ({name}={value} was wanted)")
        return {name: value for name, value in {**wanted, **extra}.items() if name in self.names}

    def takes(self, name: str) -> bool:
        """Whether the kernel names this argument in its signature."""
        return self.names is not None and name in self.names

    def lacks(self, name: str) -> bool:
        """Whether the signature shows that the kernel takes no such argument."""
        return self.names is not None and name not in self.names


_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros", "output_padding": 0}


def _one_if_equal(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """Write an integer where all axes agree: many kernels take nothing else."""
    return values[0] if len(set(values)) == 1 else values


#: Every operation by its public name.
OPS: dict[str, Operation] = {
    name.format(axes): Operation(name.format(axes), role, axes)
    for name, role in (
        ("conv{}d", "forward"),
        ("conv{}d_input", "input_gradient"),
        ("conv{}d_weight", "weight_gradient"),
        ("conv_transpose{}d", "transposed"),
    )
    for axes in (1, 2, 3)
}


def operation(op: object) -> Operation:
    """Return an operation by its name, or by a function of that name.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        A name that is not in `OPS`, or neither a name nor a function.
    """
    name = op if isinstance(op, str) else getattr(op, "__name__", None)
    if name is None:
        raise ArgumentTypeError(bad("op", op, "a name such as 'conv2d', or the function itself"))
    if name not in OPS:
        raise ArgumentValueError(bad("op", name, "one of " + ", ".join(OPS)))
    return OPS[name]
