"""convproof.geometry: sizes by counting, the one-line form, transposed geometries, and every refusal."""

import itertools
import pickle
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, GeometryError
from convproof.geometry import MODES, Conv
from tests.kernels.geometries import convs, transposed_arguments

SQUARE = {"x": (1, 1, 5, 5), "w": (1, 1, 3, 3)}


def outputs_that_fit(n, k, stride, dilation, low, high):
    """Count the windows that lie inside the padded axis, one by one."""
    reach = dilation * (k - 1) + 1
    return sum(1 for start in range(0, n + low + high, stride) if start + reach <= n + low + high)


# ---------------------------------------------------------------------- sizes


def test_output_sizes_are_those_of_counted_windows():
    for n, k, s, d, low, high in product(range(5), (1, 2, 3), (1, 2, 3), (1, 2), (-1, 0, 2), (-2, 0, 1)):
        expected = outputs_that_fit(n, k, s, d, low, high)
        try:
            size = Conv(x=(1, 1, n), w=(1, 1, k), stride=s, dilation=d, padding=((low, high),)).o[0]
        except GeometryError:
            size = 0
        assert size == expected, (n, k, s, d, low, high)


def test_shapes_and_counts_of_a_grouped_layer():
    geo = Conv(x=(2, 6, 8, 9), w=(4, 3, 3, 2), stride=(2, 1), padding=((1, 0), (0, 2)), dilation=(1, 3), groups=2)
    assert (geo.axes, geo.batch, geo.in_channels, geo.out_channels) == (2, 2, 6, 4)
    assert (geo.n, geo.kernel, geo.o) == ((8, 9), (3, 2), (4, 8))
    assert geo.y == (2, 4, 4, 8)
    assert geo.terms_per_output == 3 * 3 * 2
    assert geo.multiply_adds == 2 * 4 * 4 * 8 * 18
    assert geo.parameters == 4 * 3 * 3 * 2
    assert geo.output_padding == (0, 0)


def test_output_padding_is_what_no_window_reaches():
    assert Conv(x=(1, 1, 8), w=(1, 1, 3), stride=2).output_padding == (1,)
    assert Conv(x=(1, 1, 8), w=(1, 1, 3), stride=2, outputs=2).output_padding == (3,)


@pytest.mark.parametrize(
    ("kernel", "dilation", "pair"), [(1, 1, (0, 0)), (2, 1, (0, 1)), (3, 1, (1, 1)), (4, 1, (1, 2)), (4, 3, (4, 5))]
)
def test_same_keeps_the_size_and_puts_the_odd_element_high(kernel, dilation, pair):
    geo = Conv(x=(1, 1, 9), w=(1, 1, kernel), padding="same", dilation=dilation)
    assert geo.padding == (pair,)
    assert geo.o == geo.n


def test_parameters_are_spread_over_the_axes_as_python_integers():
    geo = Conv(x=np.array((1, 1, 5, 5)), w=[1, 1, 3, 3], stride=np.int64(2), padding=[1], dilation=[1, 2])
    assert (geo.stride, geo.padding, geo.dilation) == ((2, 2), ((1, 1), (1, 1)), (1, 2))
    assert all(type(size) is int for size in geo.x + geo.w + geo.stride)
    assert Conv(**SQUARE, padding="valid").padding == ((0, 0), (0, 0))
    assert Conv(**SQUARE, padding=(1, (0, 2))).padding == ((1, 1), (0, 2))
    assert Conv(**SQUARE, padding=np.array(1)).padding == ((1, 1), (1, 1))


def test_outputs_crop_and_all_of_them_are_no_crop():
    assert Conv(**SQUARE, outputs=(3, 2)).y == (1, 1, 3, 2)
    assert Conv(**SQUARE, outputs=3).outputs is None
    assert Conv(**SQUARE, outputs=3) == Conv(**SQUARE)


def test_empty_batch_channels_and_inputs_are_legal():
    assert Conv(x=(0, 3, 5), w=(2, 3, 3)).y == (0, 2, 3)
    assert Conv(x=(1, 0, 5), w=(2, 0, 3)).y == (1, 2, 3)
    assert Conv(x=(1, 0, 5), w=(0, 0, 3), groups=7).y == (1, 0, 3)
    assert Conv(x=(1, 1, 0), w=(1, 1, 2), padding=1).y == (1, 1, 1)


def test_is_a_value():
    geo = Conv(**SQUARE, stride=2)
    assert hash(geo) == hash(Conv(**SQUARE, stride=(2, 2)))
    assert pickle.loads(pickle.dumps(geo)) == geo
    assert geo.replace(stride=1).o == (3, 3)
    with pytest.raises(AttributeError):
        geo.stride = (1, 1)


# ---------------------------------------------------------------------- the one-line form


@given(convs(modes=MODES, negative_padding=True, crops=True))
def test_the_one_line_form_reads_back(geo):
    text = str(geo)
    assert Conv.parse(text) == geo
    assert str(Conv.parse(text)) == text
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_=")


@pytest.mark.parametrize(
    ("text", "geo"),
    [
        ("x1x3x8x8-w4x3x3x3-s2-p1", Conv(x=(1, 3, 8, 8), w=(4, 3, 3, 3), stride=2, padding=1)),
        ("x1x1x5-w1x1x3-p1_2", Conv(x=(1, 1, 5), w=(1, 1, 3), padding=((1, 2),))),
        ("x1x1x5x5-w1x1x3x3-p1_2x0", Conv(**SQUARE, padding=((1, 2), (0, 0)))),
        ("x1x1x5x5-w1x1x3x3-p1_2", Conv(**SQUARE, padding=((1, 2), (1, 2)))),
        ("x1x1x5x5-w1x1x3x3-pn1x0", Conv(**SQUARE, padding=(-1, 0))),
        ("x1x1x5x5-w1x1x3x3-s2x1-d1x2", Conv(**SQUARE, stride=(2, 1), dilation=(1, 2))),
        ("x1x2x5-w2x1x3-g2-mode=circular", Conv(x=(1, 2, 5), w=(2, 1, 3), groups=2, mode="circular")),
        ("x1x1x5x5-w1x1x3x3-o3x2", Conv(**SQUARE, outputs=(3, 2))),
    ],
)
def test_documented_forms(text, geo):
    assert Conv.parse(text) == geo
    assert str(geo) == text


def test_a_symmetric_pair_may_be_written_out():
    assert Conv.parse("x1x1x5x5-w1x1x3x3-p1_2x0_0") == Conv.parse("x1x1x5x5-w1x1x3x3-p1_2x0")
    assert Conv.parse(" x1x1x5-w1x1x3-mode=zeros-g1 ") == Conv(x=(1, 1, 5), w=(1, 1, 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "w1x1x3",
        "x1x1x5",
        "x1x1x5-w1x1x3-",
        "x1x1x5-w1x1x3-x1x1x5",
        "x1x1x5-w1x1x3-s2-s2",
        "x1x1x5-w1x1x3-p-1",
        "x1x1x5-w1x1x3-p1_2_3",
        "x1x1x5-w1x1x3-q1",
        "x1x1x5-w1x1x3-mode=mirror",
        "x1x1x5-w1x1x3-s1.5",
        "x1x1x5-w1x1x9",
        "x1x1x5-w1x1x3-g" + "9" * 30,
        "x" + "9" * 31 + "x1x1-w1x1x1",
        "x1x1x5-w1x1x3-s1x1",
        "x" + "x".join(["9" * 18] * 100_000) + "-w1x1x1",
    ],
)
def test_other_text_is_refused(text):
    with pytest.raises(ArgumentValueError) as caught:
        Conv.parse(text)
    assert len(str(caught.value)) < 600


@given(st.text(alphabet="xwspdgon=_-0123456789modezrscirula ", max_size=60) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        geo = Conv.parse(text)
    except ConvproofError:
        return
    assert Conv.parse(str(geo)) == geo


FIELDS = ["x1x1x5", "w1x1x3", "w1x1x9", "s0", "s2", "s1x1", "pn3", "p1_2", "p9_n9", "d9", "g2", "mode=zeros", "o1"]


@given(st.lists(st.sampled_from(FIELDS)))
def test_any_fields_are_read_or_refused(fields):
    try:
        geo = Conv.parse("-".join(fields))
    except ConvproofError:
        return
    assert Conv.parse(str(geo)) == geo


@pytest.mark.parametrize("value", [None, 3, b"x1x1x5-w1x1x3", ["x1x1x5-w1x1x3"]])
def test_only_text_is_read(value):
    with pytest.raises(ArgumentTypeError, match="text="):
        Conv.parse(value)


# ---------------------------------------------------------------------- transposed geometries


@given(transposed_arguments())
def test_transposed_size_is_pytorch_s_formula(arguments):
    geo = Conv.transposed(**arguments)
    s, d = arguments["stride"], arguments["dilation"]
    p, extra = arguments["padding"], arguments["output_padding"]
    o, k = arguments["y"][2:], arguments["w"][2:]
    documented = [
        (o[a] - 1) * s[a] - 2 * p[a] + d[a] * (k[a] - 1) + extra[a] + 1  # docs of torch.nn.ConvTranspose2d
        for a in range(len(o))
    ]
    assert geo.n == tuple(documented)
    assert geo.y == arguments["y"]
    assert geo.output_padding == extra


def test_output_padding_at_the_stride_crops_the_forward():
    geo = Conv.transposed(y=(1, 2, 3), w=(2, 1, 3), dilation=3, output_padding=2)
    assert (geo.x, geo.outputs, geo.y) == ((1, 1, 11), (3,), (1, 2, 3))


def test_transposed_takes_a_pair_per_side():
    assert Conv.transposed(y=(1, 2, 3), w=(2, 1, 4), padding=((1, 0),)).n == (5,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": (1, 3, 4)}, "w=(2, 1, 3): expected 3 channels first"),
        ({"y": (1, 2, 0)}, "y=(1, 2, 0): expected at least one element"),
        ({"y": (1, 2, 4, 4)}, "w=(2, 1, 3): expected 4 sizes"),
        ({"groups": 3}, "groups=3: expected a divisor of the 2 channels"),
        ({"output_padding": 2}, "output_padding=2: expected less than max(stride, dilation) = 2"),
        ({"output_padding": -1}, "output_padding=-1: expected at least 0"),
        ({"output_padding": (0, 0)}, "output_padding=(0, 0): expected one integer"),
        ({"padding": 9}, "padding=9: expected less"),
        ({"y": (1, 2, 2**61), "stride": 8}, "x=(1, 1, 18446744073709551611): expected at most"),
        ({"stride": 0}, "stride=0: expected at least 1"),
    ],
)
def test_transposed_refusals(changes, message):
    arguments = {"y": (1, 2, 4), "w": (2, 1, 3), "stride": 2} | changes
    with pytest.raises(GeometryError) as caught:
        Conv.transposed(**arguments)
    assert message in str(caught.value)


# ---------------------------------------------------------------------- refusals

REFUSED = [
    ({"x": None}, ArgumentTypeError, "x=None"),
    ({"x": "1155"}, ArgumentTypeError, "x='1155'"),
    ({"x": 5}, ArgumentTypeError, "x=5"),
    ({"x": (1, 1, 5, 5.0)}, ArgumentTypeError, "x=(1, 1, 5, 5.0)"),
    ({"x": (1, 1, 5, True)}, ArgumentTypeError, "x=(1, 1, 5, True)"),
    ({"x": (1, 5)}, GeometryError, "x=(1, 5): expected 3, 4 or 5 sizes"),
    ({"x": (1,) * 6}, GeometryError, "x=(1, 1, 1, 1, 1, 1): expected 3, 4 or 5 sizes"),
    ({"x": (-1, 1, 5, 5)}, GeometryError, "x=(-1, 1, 5, 5): expected at least 0"),
    ({"x": (1, 1, 2**63, 1)}, GeometryError, "expected at most 9223372036854775807"),
    ({"x": (2**62, 1, 2, 1)}, GeometryError, "expected fewer than 2**63 elements"),
    ({"w": (1, 1, 3)}, GeometryError, "w=(1, 1, 3): expected 4 sizes"),
    ({"w": (1, 1, 0, 3)}, GeometryError, "w=(1, 1, 0, 3): expected at least one tap"),
    ({"w": (1, 2, 3, 3)}, GeometryError, "w=(1, 2, 3, 3): expected 1 channels per group"),
    ({"w": (1, 1, 6, 3)}, GeometryError, "on axis 0 it reaches over 6 of 5 elements"),
    ({"stride": 0}, GeometryError, "stride=0: expected at least 1"),
    ({"stride": (1, 0)}, GeometryError, "stride=(1, 0): expected at least 1"),
    ({"stride": (1, 1, 1)}, GeometryError, "stride=(1, 1, 1): expected one integer, or one for each of the 2 axes"),
    ({"stride": ()}, GeometryError, "stride=()"),
    ({"stride": 1.0}, ArgumentTypeError, "stride=1.0: expected an integer"),
    ({"stride": float("nan")}, ArgumentTypeError, "stride=nan"),
    ({"stride": True}, ArgumentTypeError, "stride=True"),
    ({"stride": np.True_}, ArgumentTypeError, f"stride={np.True_!r}"),
    ({"stride": None}, ArgumentTypeError, "stride=None"),
    ({"stride": "2"}, ArgumentTypeError, "stride='2'"),
    ({"stride": {1, 2}}, ArgumentTypeError, "stride={1, 2}"),
    ({"stride": bytearray(b"\1\1")}, ArgumentTypeError, "stride=bytearray"),
    ({"stride": np.array(1.5)}, ArgumentTypeError, "stride=array(1.5)"),
    ({"stride": 2**62}, GeometryError, "stride=4611686018427387904: expected at most 2147483647"),
    ({"stride": 10**5000}, GeometryError, "stride=<int that cannot be shown>"),
    ({"dilation": 0}, GeometryError, "dilation=0"),
    ({"dilation": 2**62}, GeometryError, "dilation=4611686018427387904"),
    ({"dilation": 3}, GeometryError, "reaches over 7 of 5 elements"),
    ({"padding": 2**62}, GeometryError, "padding=4611686018427387904"),
    ({"padding": 2**31 - 1}, GeometryError, "expected fewer than 2**63 elements"),
    ({"padding": -2}, GeometryError, "reaches over 3 of 1 elements"),
    ({"padding": "SAME"}, ArgumentValueError, "padding='SAME': expected 'same', 'valid' or integers"),
    ({"padding": "same", "stride": 2}, GeometryError, "padding='same': expected integers"),
    ({"padding": b"same"}, ArgumentTypeError, "padding=b'same'"),
    ({"padding": ((1, 2, 3), 1)}, GeometryError, "padding=((1, 2, 3), 1): expected (low, high) pairs"),
    ({"padding": ({1, 2}, 1)}, ArgumentTypeError, "padding=({1, 2}, 1)"),
    ({"padding": (1, 1, 1)}, GeometryError, "padding=(1, 1, 1)"),
    ({"padding": (1, None)}, ArgumentTypeError, "padding=(1, None)"),
    ({"padding": 0.5}, ArgumentTypeError, "padding=0.5"),
    ({"groups": 0}, GeometryError, "groups=0: expected at least 1"),
    ({"groups": 2}, GeometryError, "groups=2: expected a divisor of the 1 input channels"),
    ({"x": (1, 2, 5, 5), "groups": 2}, GeometryError, "groups=2: expected a divisor of the 1 output channels"),
    ({"groups": (1,)}, ArgumentTypeError, "groups=(1,)"),
    ({"mode": "same"}, ArgumentValueError, "mode='same': expected one of zeros, reflect, replicate, circular"),
    ({"mode": None}, ArgumentValueError, "mode=None"),
    ({"mode": ["zeros"]}, ArgumentValueError, "mode=['zeros']"),
    ({"mode": np.array(["zeros", "zeros"])}, ArgumentValueError, "mode=array("),
    ({"mode": "reflect", "padding": 5}, GeometryError, "padding=((5, 5), (5, 5)): expected at most 4"),
    ({"mode": "circular", "padding": 6}, GeometryError, "padding=((6, 6), (6, 6)): expected at most 5"),
    ({"mode": "replicate", "x": (1, 1, 0, 5), "padding": 2}, GeometryError, "expected at most 0 on an axis"),
    ({"outputs": 0}, GeometryError, "outputs=0"),
    ({"outputs": (3, 4)}, GeometryError, "outputs=(3, 4): expected at most (3, 3)"),
    ({"outputs": "all"}, ArgumentTypeError, "outputs='all'"),
]


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_refusal_names_argument_value_and_expectation(changes, error, message):
    with pytest.raises(ConvproofError) as caught:
        Conv(**(SQUARE | changes))
    assert type(caught.value) is error
    assert message in str(caught.value)


def test_an_endless_iterator_is_cut():
    with pytest.raises(GeometryError, match="stride=count"):
        Conv(**SQUARE, stride=itertools.count(1))


def test_the_largest_sizes_are_counted_without_wrapping():
    assert Conv(x=(1, 1, 2**62), w=(1, 1, 1), stride=2**31 - 1).o == ((2**62 - 1) // (2**31 - 1) + 1,)
    assert Conv(x=(1, 1, 5), w=(1, 1, 1), padding=2**31 - 1).o == (5 + 2**32 - 2,)
    assert Conv(x=(1, 1, 2**62), w=(1, 1, 2), dilation=2**31 - 1).o == (2**62 - 2**31 + 1,)


number = st.sampled_from([-(2**62), -1, 0, 1, 2, 3, 5, 2**31 - 1, 2**31, 2**62, 2**63, 10**30]) | st.integers(-3, 9)
anything = (
    number
    | st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=3)
    | st.sampled_from(["same", "valid", "zeros", "reflect", "circular", 1j, object, np.array(2), np.ones((2, 2), int)])
)
nested = st.recursive(anything, lambda inner: st.lists(inner, max_size=5) | st.tuples(inner, inner), max_leaves=8)
shapes = st.lists(number, min_size=2, max_size=6).map(tuple) | st.tuples(*[st.integers(0, 6)] * 4) | nested


parameters = ("stride", "padding", "dilation", "groups", "mode", "outputs")


@given(st.fixed_dictionaries({"x": shapes, "w": shapes}, optional=dict.fromkeys(parameters, nested)))
def test_any_argument_is_accepted_or_refused(arguments):
    try:
        geo = Conv(**arguments)
    except ConvproofError:
        return
    assert Conv.parse(str(geo)) == geo
    assert min(geo.o) >= 1
