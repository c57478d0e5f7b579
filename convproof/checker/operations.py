"""The vocabulary of operations: one table of what each takes, gives and is called with.

Every operation is a contraction of the same trilinear form ``sum g[out] * x[in] * w[tap]``: it is given two of
the three arrays and returns the third. `Operation` says which, and how the call is written in PyTorch's words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convproof.checker.signature import DEFAULTS, Accepts
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

    @property
    def order(self) -> tuple[str, ...]:
        """Its positional arguments as PyTorch orders them."""
        return {
            "forward": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
            "transposed": ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"),
            "input_gradient": ("input_size", "weight", "grad_output", "stride", "padding", "dilation", "groups"),
            "weight_gradient": ("input", "weight_size", "grad_output", "stride", "padding", "dilation", "groups"),
        }[self.role]

    @property
    def defaults(self) -> dict[str, Any]:
        """Its integer parameters, each with the value that asks for nothing special."""
        names = ("stride", "padding", "dilation", "groups") + ("output_padding",) * (self.role == "transposed")
        return {name: DEFAULTS[name] for name in names}

    def call(
        self,
        kernel: Callable,
        geo: Conv,
        first: Any,
        second: Any,
        accepts: Accepts,
        bias: Any = None,
        terse: bool = False,
        **extra: Any,
    ) -> Any:
        """Call `kernel` with the operands, written as PyTorch writes the call; `terse` leaves defaults out."""
        wanted = self._options(geo)
        options = accepts.without_defaults(wanted) if terse else accepts.options(wanted, extra)
        if bias is not None:
            options["bias"] = bias
        options = accepts.renamed(options)
        if self.role == "input_gradient":
            return kernel(geo.x, second, first, **options)
        if self.role == "weight_gradient":
            return kernel(second, geo.w, first, **options)
        return kernel(first, second, **options)

    def _options(self, geo: Conv) -> dict[str, Any]:
        options: dict[str, Any] = {
            **{name: _one_if_equal(values) for name, values in self.per_axis(geo).items()},
            "groups": geo.groups,
        }
        if geo.mode != "zeros":
            options["padding_mode"] = geo.mode
        return options

    def per_axis(self, geo: Conv) -> dict[str, tuple]:
        """Return the options that have one value for each axis."""
        even = all(lo == hi for lo, hi in geo.padding)
        options: dict[str, tuple] = {
            "stride": geo.stride,
            "padding": tuple(lo for lo, _ in geo.padding) if even else geo.padding,
            "dilation": geo.dilation,
        }
        return options | ({"output_padding": geo.output_padding} if self.role == "transposed" else {})


def _one_if_equal(values: tuple) -> int | tuple:
    """Write an integer where all axes agree: many kernels take nothing else."""
    return values[0] if len(set(values)) == 1 and isinstance(values[0], int) else values


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
