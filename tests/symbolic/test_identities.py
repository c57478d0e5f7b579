"""The identities hold of the oracle, and every one of them refutes some wrong kernel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convproof.geometry import Conv
from convproof.symbolic import identity_sides, transposition
from convproof.symbolic.factored import ROLES, FactoredStructure
from convproof.symbolic.identities import IDENTITIES
from convproof.symbolic.structure import StructureTensor, structure

from .geometries import convs

GEOMETRIES = [
    Conv.parse(text)
    for text in (
        "x2x2x5-w2x2x3-p1",
        "x2x2x7x6-w4x1x3x2-s2x1-p2_1x1-d1x2-g2",
        "x2x4x7x7-w6x2x3x3-s2-p1-g2",
        "x2x3x8x8-w6x1x3x3-p1-g3",
        "x2x2x6x6-w4x2x1x1-s2",
        "x2x4x3x2-w2x2x3x2-g2",
        "x2x2x7x7-w3x2x3x3-s3-p2-d2",
        "x2x2x6x5-w3x2x3x3-s2-p2x1_2-mode=reflect",
        "x2x2x6x5-w3x2x2x3-p2_0x1_2-mode=circular",
        "x2x1x5x5x4-w2x1x2x2x2-s2-p1-mode=replicate",
        "x3x2x9-w2x2x3-s2-pn1_2",
    )
]


def oracle(role, geo, first, second):
    return getattr(FactoredStructure(geo), role)(first, second)


def holds(identity, run, geo, seed=0, m=3):
    left, right = identity.sides(run, geo, np.random.default_rng(seed), m)
    return np.array_equal(left, right)


@settings(max_examples=100, deadline=None)
@given(convs(), st.integers(0, 2**32 - 1))
def test_all_hold_of_the_oracle(geo, seed):
    for identity in IDENTITIES:
        if identity.applies(geo):
            left, right = identity.sides(oracle, geo, np.random.default_rng(seed), 5)
            np.testing.assert_array_equal(left, right, err_msg=identity.name)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity.name)
def test_each_applies_somewhere_and_states_its_growth(identity):
    geometries = [geo for geo in GEOMETRIES if identity.applies(geo)]
    assert geometries
    for geo in geometries:
        largest = []

        def recorder(role, at, first, second, largest=largest):
            absolute = oracle(role, at, np.abs(first), np.abs(second))
            largest.append(int(absolute.max(initial=0)))
            return oracle(role, at, first, second)

        assert holds(identity, recorder, geo)
        assert max(largest) <= identity.largest_sum(geo, 3)


def test_names_differ_and_roles_are_known():
    assert len({identity.name for identity in IDENTITIES}) == len(IDENTITIES)
    assert all(set(identity.roles) <= set(ROLES) for identity in IDENTITIES)
    for identity in IDENTITIES:
        for geo in GEOMETRIES:
            if identity.applies(geo):
                used = set()

                def spy(role, at, first, second, used=used):
                    used.add(role)
                    return oracle(role, at, first, second)

                holds(identity, spy, geo)
                assert used == set(identity.roles), identity.name


# ---------------------------------------------------------------------- wrong kernels


def flipped_kernel(role, geo, first, second):
    """True convolution instead of correlation, consistently."""
    axes = tuple(range(2, first.ndim))
    if role == "weight_gradient":
        return np.flip(oracle(role, geo, first, second), axes)
    return oracle(role, geo, first, np.flip(second, axes))


def shifted_padding(role, geo, first, second):
    """One element of padding moved from the high to the low side (or the input rolled, where there is none)."""
    moved = geo.replace(padding=tuple((lo + 1, hi - 1) if geo.mode == "zeros" else (lo, hi) for lo, hi in geo.padding))
    return oracle(role, moved, first, second)


def swapped_stride_and_dilation(role, geo, first, second):
    if role != "forward" or geo.stride == geo.dilation or geo.mode != "zeros":
        return oracle(role, geo, first, second)
    counts = FactoredStructure(geo).y[2:]
    try:
        wrong = geo.replace(stride=geo.dilation, dilation=geo.stride, outputs=None)
        return oracle(role, wrong.replace(outputs=counts), first, second)
    except ValueError:
        return oracle(role, geo, first, second)


def padding_forgotten(role, geo, first, second):
    mode = "zeros" if geo.mode != "zeros" else "replicate"
    return oracle(role, geo.replace(mode=mode), first, second) if min(geo.n) else oracle(role, geo, first, second)


def groups_reversed(role, geo, first, second):
    """Each group gets the weights of the opposite one."""
    apart = geo.groups
    if apart == 1:
        return oracle(role, geo, first, second)

    def reverse(w):
        return np.concatenate(np.split(w, apart)[::-1])

    if role == "weight_gradient":
        return reverse(oracle(role, geo, first, second))
    return oracle(role, geo, first, reverse(second))


def first_image_only(role, geo, first, second):
    result = oracle(role, geo, first, second)
    if role != "weight_gradient":
        result[1:] = 0
        return result
    return oracle(role, geo.replace(x=(1, *geo.x[1:])), first[:1], second[:1]) if geo.batch else result


def last_output_lost(role, geo, first, second):
    result = oracle(role, geo, first, second)
    result[..., -1] = 0
    return result


def clamped(role, geo, first, second):
    """Saturates, so it is not linear."""
    return np.clip(oracle(role, geo, first, second), -9, 9)


def gradient_sign(role, geo, first, second):
    result = oracle(role, geo, first, second)
    return result if role == "forward" else -result


def channels_rolled(role, geo, first, second):
    """Output channels come out in the wrong order."""
    result = oracle(role, geo, first, second)
    return np.roll(result, 1, axis=1) if role != "weight_gradient" else np.roll(result, 1, axis=0)


def position_dependent(role, geo, first, second):
    """Forgets the last tap of every other output."""
    result = oracle(role, geo, first, second)
    if role == "forward":
        result[..., ::2] -= oracle(role, geo, first, np.roll(second, 1, axis=-1))[..., ::2]
    return result


WRONG = [
    flipped_kernel,
    shifted_padding,
    swapped_stride_and_dilation,
    padding_forgotten,
    groups_reversed,
    first_image_only,
    last_output_lost,
    clamped,
    gradient_sign,
    channels_rolled,
    position_dependent,
]


def refuted(identity, run):
    return any(not holds(identity, run, geo) for geo in GEOMETRIES if identity.applies(geo))


@pytest.mark.parametrize("run", WRONG, ids=lambda run: run.__name__)
def test_each_wrong_kernel_is_refuted(run):
    assert [identity.name for identity in IDENTITIES if refuted(identity, run)]


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity.name)
def test_each_identity_refutes_a_wrong_kernel(identity):
    assert [run.__name__ for run in WRONG if refuted(identity, run)]


def test_the_adjoint_is_blind_to_an_error_made_twice():
    adjoint = next(identity for identity in IDENTITIES if identity.name == "adjoint")
    assert not refuted(adjoint, flipped_kernel)


# ---------------------------------------------------------------------- the same, on structure tensors


def relabelled(tensor, out, x, w):
    """Return the tensor with each flat index sent through a table."""
    return StructureTensor.from_terms(out[tensor.out], x[tensor.x], w[tensor.w], tensor.coeff, tensor.shapes)


def reversal(shape):
    """Table that reverses every spatial axis of a flat index."""
    positions = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return np.flip(positions, axis=tuple(range(2, len(shape)))).ravel()


@settings(max_examples=50, deadline=None)
@given(convs(cropped=False))
def test_flip_duality_of_the_tensor(geo):
    if not any(identity_sides.remainders(geo)):
        mirrored = structure(geo.replace(padding=tuple((hi, lo) for lo, hi in geo.padding)))
        assert relabelled(mirrored, *map(reversal, mirrored.shapes)) == structure(geo)


@settings(max_examples=50, deadline=None)
@given(convs(modes=("zeros",), empty=False))
def test_transposed_is_a_forward_tensor(geo):
    """The column swap equals the forward tensor at zero-inserted positions and flipped, channel-swapped weights."""
    if min(transposition.transposed_input(geo)) < 1:
        return
    swapped = structure(geo).input_gradient()
    forward = structure(transposition.transposed_geometry(geo))
    g_names = np.arange(1, swapped.shape[1] + 1).reshape(swapped.shapes[1])
    w_names = np.arange(swapped.shape[2]).reshape(geo.w)
    g = transposition.insert_zeros(g_names, geo).ravel() - 1  # -1 at inserted zeros
    w = np.flip(transposition.swap_channels(w_names, geo.groups), tuple(range(2, w_names.ndim))).ravel()
    live = g[forward.x] >= 0
    columns = (forward.out[live], g[forward.x[live]], w[forward.w[live]], forward.coeff[live])
    assert StructureTensor.from_terms(*columns, swapped.shapes) == swapped


def test_groups_are_blocks_of_the_tensor():
    tensor = structure(Conv(x=(1, 4, 5), w=(6, 2, 3), groups=2, padding=1))
    y_group, x_group, w_group = (size // 2 for size in tensor.shape)
    np.testing.assert_array_equal(tensor.out // y_group, tensor.x // x_group)
    np.testing.assert_array_equal(tensor.out // y_group, tensor.w // w_group)
