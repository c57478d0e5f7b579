"""Calls within the domain of a right kernel, made as the checker makes them."""

import inspect
from dataclasses import replace

from tests.mutants._numpy_kernels import split_op
from tests.mutants.calls import Call, operands

#: Plain and strided, padded, dilated and grouped; last one channel, which some kernels ask for.
CALLS = (
    Call(),
    Call(x=(2, 4, 8, 7, 6), w=(6, 4, 3), padding=1),
    Call(x=(1, 3, 9, 8, 7), w=(2, 3, 3), padding=2, bias=True),
    Call(x=(2, 4, 9, 8, 7), w=(4, 4, 2, 3, 2), stride=(2, 3, 2)),
    Call(x=(2, 4, 9, 8, 7), w=(4, 4, 2, 3, 2), stride=2, padding=(1, 2, 0), bias=True),
    Call(x=(2, 4, 9), w=(4, 4, 3, 2, 2), dilation=(2, 3, 1), padding=(0, 2, 1)),
    Call(x=(1, 4, 7), w=(4, 2, 3), padding=1, groups=2),
    Call(x=(1, 4, 7), w=(8, 1, 3), padding=1, stride=2, groups=4, bias=True),
    Call(x=(2, 1, 8, 9), w=(1, 1, 3, 2), padding=1, bias=True),
    Call(x=(2, 1, 3), w=(1, 1, 1)),
    Call(x=(1, 4, 5), w=(4, 4, 3), stride=2, output_padding=1, padding=1),
    Call(x=(0, 4, 6), w=(4, 4, 3)),
)


def _allows(allowed, values):
    one = isinstance(allowed, int)
    return allowed is None or all(value == allowed if one else value in allowed for value in values)


def _each(value):
    return value if isinstance(value, tuple) else (value,)


def calls(kernel):
    """The calls that the domain of a right kernel leaves in, all with operands of a type it claims."""
    domain, transposed = kernel.domain, "transpose" in kernel.op
    for call in CALLS:
        if transposed:
            call = replace(call, x=(call.x[0], call.w[0], *call.x[2:]))
        forward = {"stride": call.stride, "padding": call.padding, "dilation": call.dilation, "groups": call.groups,
                   "in_channels": call.x[1], "out_channels": call.w[0], "kernel": call.w[2:]}
        claimed = all(_allows(domain.get(name), _each(value)) for name, value in forward.items())
        if claimed and (domain.get("bias", True) or not call.bias) and (transposed or not call.output_padding):
            for dtype in domain.get("dtypes", ("float32", "float64")):
                yield replace(call, dtype=dtype)


def run(kernel, call, rng):
    """The result of a right kernel, and the operands and settings it was called with."""
    arrays, other = operands(kernel.op, call, rng)
    names = inspect.signature(kernel.kernel).parameters
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in names.values())
    positional = {
        "conv_input": ("input_size", "weight", "grad_output"),
        "conv_weight": ("input", "weight_size", "grad_output"),
    }.get(split_op(kernel.op)[1], ("input", "weight"))
    everything = arrays | other
    options = {name: value for name, value in everything.items()
               if name not in positional and (anything or name in names)}
    return kernel.kernel(*(everything[name] for name in positional), **options), arrays, other
