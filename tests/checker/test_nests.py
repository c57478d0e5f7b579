"""The loop nests of our kernels are proved, right ones that look different too, and what cannot be read is refused."""

import json

import pytest

from convproof.checker import nests
from convproof.checker.nests.sources import source_text
from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError
from convproof.evidence import Certificate
from convproof.symbolic.nests.syntax import NotModelled

pytest.importorskip("islpy", reason="proofs for all sizes need islpy")


@pytest.mark.parametrize("name", nests.names())
def test_every_nest_is_proved(name):
    [certificate] = nests.prove_nests([name])
    assert certificate, certificate.counterexample
    assert (certificate.evidence, certificate.subject) == ("universal", "model")
    assert any("as parsed from" in text for text in certificate.assumptions)
    assert Certificate.from_json(certificate.to_json()) == certificate
    assert json.loads(certificate.to_json())["claim"].startswith(name)


# (nest, file, what stands there, what is put instead)
RIGHT = {
    "guard written the other way round": (
        "reference.zeros",
        "reference.py",
        "if 0 <= i < n:",
        "if not (i < 0 or i > n - 1):",
    ),
    "reflection by its absolute value": (
        "reference.reflect",
        "reference.py",
        "return -i if i < 0 else 2 * (n - 1) - i",
        "return max(-i, i) if i < 0 else n - 2 - (i - n)",
    ),
    "replication by max and min": (
        "reference.replicate",
        "reference.py",
        "return 0 if i < 0 else n - 1",
        "return max(0, min(i, n - 1))",
    ),
    "circular without division": (
        "reference.circular",
        "reference.py",
        "return i % n",
        "return i + n if i < 0 else i - n",
    ),
    "taps searched from behind first": (
        "cpu.forward.taps",
        "correlation.hpp",
        "    while (r.begin < r.end && output * step + taps[r.begin].shift < 0) r.begin++;\n"
        "    while (r.begin < r.end && output * step + taps[r.end - 1].shift >= inputs) r.end--;",
        "    while (r.end > r.begin && taps[r.end - 1].shift > inputs - 1 - step * output) r.end--;\n"
        "    while (r.end > r.begin && !(taps[r.begin].shift + step * output >= 0)) ++r.begin;",
    ),
    "ceiling by a ternary": (
        "cpu.weight_gradient.rows",
        "correlation.hpp",
        "(-tap.shift + step - 1) / step",
        "(-tap.shift % step == 0 ? -tap.shift / step : -tap.shift / step + 1)",
    ),
    "no guard where truncation does no harm": (
        "cpu.weight_gradient.rows",
        "correlation.hpp",
        "tap.shift >= 0 ? 0 : (-tap.shift + step - 1) / step",
        "(-tap.shift + step - 1) / step",
    ),
    "row taps in the opposite order": (
        "cpu.weight_gradient.few_channels.rows",
        "weight_gradient.hpp",
        "for (int64_t r = 0; r < row.count(); r++)",
        "for (int64_t r = row.count() - 1; r >= 0; r--)",
    ),
    "guard inside instead of a range": (
        "cpu.weight_gradient.few_channels.rows",
        "weight_gradient.hpp",
        "if (begin >= end) continue;\n        const T* gradient",
        "if (end - begin < 1) continue;\n        const T* gradient",
    ),
    "positive phase by another remainder": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "if (phase < 0) phase += s.stride[axis];",
        "phase = (phase + s.stride[axis]) % s.stride[axis];",
    ),
    "scalars only": (
        "cpu.tile.copy",
        "tile.hpp",
        "  if (step == 1) {\n",
        "  if (step == 0) {\n",
    ),
    "zeros first at both ends": (
        "cpu.tile.copy",
        "tile.hpp",
        "  for (; i < count; i++) dst[i] = T(0);\n",
        "  for (int64_t z = count - 1; z >= i; z--) dst[z] = T(0);\n",
    ),
    "rows outside tested by a range": (
        "cpu.tile.rows",
        "tile.hpp",
        "if (h < 0 || h >= row.inputs) continue;",
        "if (!(0 <= h && h < row.inputs)) continue;",
    ),
    "a phase longer than needed": ("cpu.tile.columns", "tile.hpp", "read + column.span()", "read + 3 + column.span()"),
    "shorter pieces": (
        "cpu.terms.pieces",
        "terms.hpp",
        "constexpr int64_t chunk_terms = 144;",
        "constexpr int64_t chunk_terms = 100;",
    ),
    "smaller chunks": (
        "cpu.terms.chunks",
        "terms.hpp",
        "constexpr int64_t chunk_terms = 144;",
        "constexpr int64_t chunk_terms = 31;",
    ),
    "shares rounded up": (
        "cpu.shares",
        "ranges.hpp",
        "Range{count * i / parts, count * (i + 1) / parts}",
        "Range{(count * i + parts - 1) / parts, (count * (i + 1) + parts - 1) / parts}",
    ),
    "tiles of even heights": (
        "cpu.tiling.rows",
        "tile.hpp",
        "(rows_ + row_blocks_ - 1) / row_blocks_",
        "rows_ / row_blocks_ + 1",
    ),
    "share by subtraction": (
        "cpu.tasks.row",
        "row.hpp",
        "const int64_t split = task % splits_, map = task / splits_;",
        "const int64_t map = task / splits_, split = task - map * splits_;",
    ),
    "blocks from the last to the first": (
        "cpu.tasks.row",
        "row.hpp",
        "for (int64_t b = blocks.begin; b < blocks.end; b++) {",
        "for (int64_t b = blocks.end - 1; b >= blocks.begin; b--) {",
    ),
    "group without a remainder": (
        "cpu.tasks.depthwise",
        "depthwise.hpp",
        "group = task % c_.groups, image = task / c_.groups",
        "image = task / c_.groups, group = task - image * c_.groups",
    ),
    "empty tiles by another comparison": (
        "cpu.tasks.weight_gradient",
        "weight_gradient.hpp",
        "if (tile.rows() <= 0) continue;\n        const T* x = layout_.template load<T, V>(\n",
        "if (tile.rows() < 1) continue;\n        const T* x = layout_.template load<T, V>(\n",
    ),
}


@pytest.mark.parametrize("variation", RIGHT)
def test_unusual_right_nests_are_not_flagged(variation):
    nest, file, old, new = RIGHT[variation]
    text = source_text(file)
    assert old in text, "the source has changed: write this variation anew"
    [certificate] = nests.prove_nests([nest], sources={file: text.replace(old, new)})
    assert certificate, certificate.counterexample


# What the reader or the model has no form for: (nest, file, what stands there, what is put instead)
STRANGE = {
    "goto": ("cpu.terms.pieces", "terms.hpp", "if (begin < end) visit(begin, end);", "goto end;"),
    "shift": ("cpu.terms.pieces", "terms.hpp", "2 * (end - begin)", "(end - begin << 1)"),
    "unknown function": ("cpu.terms.pieces", "terms.hpp", "if (begin < end)", "if (begin < std::clamp(end, 0, end))"),
    "unknown variable": ("cpu.terms.pieces", "terms.hpp", "visit(begin, end);", "visit(begin, ende);"),
    "step that is not constant": ("cpu.terms.pieces", "terms.hpp", "begin += chunk_terms;", "begin += begin;"),
    "do loop": ("cpu.terms.pieces", "terms.hpp", "while (2 * (end", "do begin++; while (2 * (end"),
    "loop in a branch, with a counter from outside": (
        "cpu.terms.pieces",
        "terms.hpp",
        "while (2 * (end",
        "if (begin % 2 == 0) while (2 * (end",
    ),
    "floating point": ("cpu.shares", "ranges.hpp", "count * i / parts,", "count * 1.5 / parts,"),
    "second function of the name": (
        "cpu.shares",
        "ranges.hpp",
        "inline Range share_of",
        "inline Range share_of(int64_t c) { return {0, c}; }\ninline Range share_of",
    ),
    "brackets that do not close": ("cpu.shares", "ranges.hpp", "count * i / parts,", "(count * i / parts,"),
    "unsorted list made unique": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "std::sort(phases.begin(), phases.end());",
        "",
    ),
    "comprehension": ("reference.zeros", "reference.py", "return tuple(sources)", "return tuple(s for s in sources)"),
    "return from inside a loop": (
        "cpu.weight_gradient.rows",
        "weight_gradient.hpp",
        "if (begin >= end) continue;",
        "if (begin >= end) return;",
    ),
}


@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_not_understood_is_refused_with_its_place(strange):
    nest, file, old, new = STRANGE[strange]
    text = source_text(file)
    assert old in text, "the source has changed: write this one anew"
    with pytest.raises(NotModelled, match=r"\w"):
        nests.prove_nests([nest], sources={file: text.replace(old, new)})


def test_a_refusal_names_file_and_line():
    text = source_text("terms.hpp").replace("if (begin < end) visit(begin, end);", "goto end;")
    with pytest.raises(NotModelled, match=r"terms\.hpp:\d+"):
        nests.prove_nests(["cpu.terms.pieces"], sources={"terms.hpp": text})


def test_other_strides():
    assert all(nests.prove_nests(["cpu.forward.taps", "cpu.tile.columns"], strides=[(5, 2), (1, 7)]))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"names": ["nothing"]}, ArgumentValueError),
        ({"names": 7}, ArgumentTypeError),
        ({"names": [None]}, ArgumentValueError),
        ({"strides": ()}, ArgumentTypeError),
        ({"strides": None}, ArgumentTypeError),
        ({"strides": "12"}, ArgumentTypeError),
        ({"strides": [(1, 0)]}, ArgumentValueError),
        ({"strides": [(10**30, 1)]}, ArgumentValueError),
        ({"strides": [(True, 1)]}, ArgumentValueError),
        ({"strides": [(float("nan"), 1)]}, ArgumentValueError),
        ({"strides": [(1,)]}, ArgumentValueError),
        ({"sources": {"nothing.hpp": ""}}, ArgumentValueError),
        ({"sources": {"terms.hpp": None}}, ArgumentTypeError),
        ({"sources": 3}, ArgumentTypeError),
    ],
)
def test_wild_arguments_are_refused(arguments, error):
    with pytest.raises(error):
        nests.prove_nests(**arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "}{",
        "struct Terms {",
        "\x00",
        "int f(",
        "void f() { x = " + "(" * 5000,
        "struct Terms { void each_piece() { x = " + "-" * 5000 + "1; } };",
        "template <class T",
        "namespace convproof { /*",
    ],
)
def test_wild_sources_are_refused(text):
    with pytest.raises(ConvproofError):
        nests.prove_nests(["cpu.terms.pieces"], sources={"terms.hpp": text})
