"""Sources with one bound changed: each must be refuted, with the smallest sizes at which it is wrong."""

import re

import pytest

from convproof.checker import nests
from convproof.checker.nests.sources import source_text

pytest.importorskip("islpy", reason="proofs for all sizes need islpy")

# (nest, file, what stands there, what is put instead)
MUTANTS = {
    "no upper bound of the reference": ("reference.zeros", "reference.py", "if 0 <= i < n:", "if 0 <= i:"),
    "last element left out": ("reference.zeros", "reference.py", "if 0 <= i < n:", "if 0 <= i < n - 1:"),
    "padding above for padding below": (
        "reference.zeros",
        "reference.py",
        "geo.padding[axis][0]",
        "geo.padding[axis][1]",
    ),
    "stride and dilation swapped": (
        "reference.zeros",
        "reference.py",
        "geo.stride[axis] * r[axis] + geo.dilation[axis] * a[axis]",
        "geo.dilation[axis] * r[axis] + geo.stride[axis] * a[axis]",
    ),
    "reflection repeats the edge": ("reference.reflect", "reference.py", "2 * (n - 1) - i", "2 * n - 1 - i"),
    "reflection below shifted": ("reference.reflect", "reference.py", "return -i if i < 0", "return -i - 1 if i < 0"),
    "replicates the wrong edge": (
        "reference.replicate",
        "reference.py",
        "return 0 if i < 0 else n - 1",
        "return n - 1",
    ),
    "wraps one too early": ("reference.circular", "reference.py", "return i % n", "return (i + 1) % n"),
    "<= for < at the end": (
        "cpu.forward.taps",
        "correlation.hpp",
        "taps[r.end - 1].shift >= inputs",
        "taps[r.end - 1].shift > inputs",
    ),
    "<= for < at the beginning": (
        "cpu.forward.taps",
        "correlation.hpp",
        "taps[r.begin].shift < 0",
        "taps[r.begin].shift <= 0",
    ),
    "scan without a step": (
        "cpu.forward.taps",
        "correlation.hpp",
        "output * step + taps[r.begin]",
        "output + taps[r.begin]",
    ),
    "padding added": (
        "cpu.forward.taps",
        "correlation.hpp",
        "r * s.dilation[a] - s.pad[a]",
        "r * s.dilation[a] + s.pad[a]",
    ),
    "stride for dilation": ("cpu.forward.taps", "correlation.hpp", "r * s.dilation[a] - s", "r * s.stride[a] - s"),
    "sizes of one axis for all": ("cpu.forward.taps", "correlation.hpp", "Axis{s.n[a], s.o[a]", "Axis{s.n[1], s.o[a]"),
    "a busy tap dropped": (
        "cpu.forward.taps",
        "correlation.hpp",
        "outputs_of(tap).count() == 0",
        "outputs_of(tap).count() <= 1",
    ),
    "floor for ceil below": (
        "cpu.weight_gradient.rows",
        "correlation.hpp",
        "(-tap.shift + step - 1) / step",
        "-tap.shift / step",
    ),
    "floor for ceil above": (
        "cpu.weight_gradient.rows",
        "correlation.hpp",
        "(inputs - tap.shift + step - 1) / step",
        "(inputs - tap.shift) / step",
    ),
    "no minimum with the tile": (
        "cpu.weight_gradient.rows",
        "weight_gradient.hpp",
        "std::min(tile.row_end, reached.end)",
        "reached.end",
    ),
    "gradient not from the tile's first row": (
        "cpu.weight_gradient.rows",
        "weight_gradient.hpp",
        "gradient + (begin - tile.row_begin) *",
        "gradient + begin *",
    ),
    "one row less": (
        "cpu.weight_gradient.few_channels.rows",
        "weight_gradient.hpp",
        "add_rows(t, r, end - begin",
        "add_rows(t, r, end - begin - 1",
    ),
    "negative phase left negative": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "if (phase < 0) phase += s.stride[axis];",
        "",
    ),
    "phase of the wrong sign": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "phase[a] + s.pad[a] - s.dilation",
        "phase[a] - s.pad[a] - s.dilation",
    ),
    "a position short": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "(s.n[a] - phase[a] - 1) / s.stride[a] + 1",
        "(s.n[a] - phase[a]) / s.stride[a]",
    ),
    "divisibility forgotten": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "if (distance % s.stride[a] == 0) axis",
        "axis",
    ),
    "phases not moved apart": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "plane_stride * s.stride[a], {}",
        "plane_stride, {}",
    ),
    "zeros end too late": ("cpu.tile.copy", "tile.hpp", "(-first + step - 1) / step", "(-first + step) / step"),
    "copies past the input": (
        "cpu.tile.copy",
        "tile.hpp",
        "(n - first + step - 1) / step",
        "(n - first + step) / step",
    ),
    "pairs past the input": ("cpu.tile.copy", "tile.hpp", "for (; i + V::lanes < end;", "for (; i + V::lanes <= end;"),
    "tail not copied": ("cpu.tile.copy", "tile.hpp", "  for (; i < end; i++) dst[i] = from[step * i];", ""),
    "whole vectors at the tail": (
        "cpu.tile.copy",
        "tile.hpp",
        "for (; i + V::lanes <= end; i += V::lanes) V",
        "for (; i < end; i += V::lanes) V",
    ),
    "a row short": (
        "cpu.tile.rows",
        "tile.hpp",
        "row.span() / row_unit_ + 1;\n    for",
        "row.span() / row_unit_;\n    for",
    ),
    "rows below the input stored": (
        "cpu.tile.rows",
        "tile.hpp",
        "if (h < 0 || h >= row.inputs) continue;",
        "if (h > row.inputs) continue;",
    ),
    "rows counted without step": (
        "cpu.tile.rows",
        "tile.hpp",
        "(output_row - tile.row_begin) * (c_.axis[1].step / row_unit_)",
        "(output_row - tile.row_begin)",
    ),
    "phase too short": ("cpu.tile.columns", "tile.hpp", "read + column.span() / column.step", "read"),
    "whole vectors not provided for": (
        "cpu.tile.columns",
        "tile.hpp",
        "(tiling.block_columns() + granularity - 1) / granularity * granularity",
        "tiling.block_columns()",
    ),
    "columns of another phase": ("cpu.tile.columns", "tile.hpp", "first_column + residues_[f]", "first_column"),
    "shares rounded up at their end": (
        "cpu.shares",
        "ranges.hpp",
        "count * (i + 1) / parts}",
        "(count * (i + 1) + parts - 1) / parts}",
    ),
    "share off by one": ("cpu.shares", "ranges.hpp", "count * i / parts,", "count * i / parts + 1,"),
    "last share left out": ("cpu.shares", "ranges.hpp", "count * (i + 1) / parts}", "count * (i + 1) / (parts + 1)}"),
    "pieces overlap": ("cpu.terms.pieces", "terms.hpp", "begin += chunk_terms;", "begin += chunk_terms - 1;"),
    "last piece dropped": ("cpu.terms.pieces", "terms.hpp", "if (begin < end) visit(begin, end);", ""),
    "chunks too few": (
        "cpu.terms.chunks",
        "terms.hpp",
        "for (int64_t i = 0; i < count; i++)",
        "for (int64_t i = 0; i < count - 1; i++)",
    ),
    "panels too wide": ("cpu.row.panels", "row.hpp", "(columns + panel - 1) / panel", "columns / panel + 1 - 1"),
    "sums of another panel": ("cpu.row.panels", "row.hpp", "sums + pixels.begin * width", "sums + pixels.end * width"),
    "tiles do not reach the end": (
        "cpu.tiling.rows",
        "tile.hpp",
        "(rows_ + row_blocks_ - 1) / row_blocks_",
        "rows_ / row_blocks_",
    ),
    "tiles overlap": (
        "cpu.tiling.rows",
        "tile.hpp",
        "std::min(rows_, row + block_rows_)",
        "std::min(rows_, row + block_rows_ + 1)",
    ),
    "tiles beyond the end": (
        "cpu.tiling.columns.several",
        "tile.hpp",
        "std::min(columns_, column + block_columns_)",
        "column + block_columns_",
    ),
    "zeros of one axis only": (
        "cpu.padding.gather",
        "index_map.hpp",
        "m.map[0][d] < 0 || m.map[1][h] < 0",
        "m.map[0][d] < 0",
    ),
    "last column not copied": (
        "cpu.padding.gather",
        "index_map.hpp",
        "j < m.padded[2]; j++) {\n          out",
        "j < m.padded[2] - 1; j++) {\n          out",
    ),
    "zeros added to the first element": (
        "cpu.padding.scatter",
        "index_map.hpp",
        "if (column[j] >= 0) plane",
        "if (column[j] >= -1) plane",
    ),
    "plane not cleared": (
        "cpu.padding.scatter",
        "index_map.hpp",
        "std::fill(plane, plane + volume(m.n), T(0));",
        "std::fill(plane, plane + volume(m.n) - 1, T(0));",
    ),
    "inside by <=": ("cpu.dot.columns", "dot.hpp", "y >= 0 && y < row.inputs", "y >= 0 && y <= row.inputs"),
    "row step for column step": ("cpu.dot.columns", "dot.hpp", "x = v * column.step", "x = v + column.step"),
    "step of another axis": ("cpu.dot.columns", "dot.hpp", "z = d * depth.step", "z = d * row.step"),
    "step of an axis forgotten": ("cpu.dot.columns", "dot.hpp", "z = d * depth.step", "z = d"),
    "rows of the copy side by side": (
        "cpu.tile.rows",
        "tile.hpp",
        "return c_.axis[1].step / row_unit_ * pitch_;",
        "return pitch_;",
    ),
    "taps of a large kernel forgotten": (
        "cpu.forward.taps",
        "correlation.hpp",
        "for (int64_t r = 0; r < s.k[a]; r++) {",
        "for (int64_t r = 0; r < std::min<int64_t>(s.k[a], 11); r++) {",
    ),
    "large dilations cut short": (
        "cpu.forward.taps",
        "correlation.hpp",
        "r * s.dilation[a] - s.pad[a]",
        "r * std::min<int64_t>(s.dilation[a], 2) - s.pad[a]",
    ),
    "rows beyond the fortieth not copied": (
        "cpu.tile.rows",
        "tile.hpp",
        "if (h < 0 || h >= row.inputs) continue;",
        "if (h < 0 || h >= row.inputs || h > 40) continue;",
    ),
    "pieces overlap in long runs": (
        "cpu.terms.pieces",
        "terms.hpp",
        "visit(begin, begin + chunk_terms);",
        "visit(begin, begin + chunk_terms + (begin > 1000 ? 1 : 0));",
    ),
    "a phase forgotten in the last column": (
        "cpu.input_gradient.phases",
        "input_gradient.hpp",
        "if (phase < s.n[axis]) phases",
        "if (phase < s.n[axis] - 1) phases",
    ),
    "rows left over dropped": (
        "cpu.depthwise.rows",
        "depthwise.hpp",
        "for (; i < y.rows; i++) depthwise_rows",
        "for (; i < y.rows - 1; i++) depthwise_rows",
    ),
    "a pass beyond the last row": (
        "cpu.depthwise.rows",
        "depthwise.hpp",
        "for (; i + pass <= y.rows; i += pass)",
        "for (; i + pass <= y.rows + 1; i += pass)",
    ),
    "row tap without step": (
        "cpu.depthwise.rows",
        "depthwise.hpp",
        "const int r = z - b * step;",
        "const int r = z - b;",
    ),
    "a row below the image": (
        "cpu.depthwise.rows",
        "depthwise.hpp",
        "if (h < 0 || h >= x.rows) continue;",
        "if (h < 0 || h > x.rows) continue;",
    ),
    "too few rows of a pass": (
        "cpu.depthwise.rows",
        "depthwise.hpp",
        "z < (rows - 1) * step + K;",
        "z < (rows - 1) * step + K - 1;",
    ),
    "first column taken for inside": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "inside = first >= 0 &&",
        "inside = first >= -1 &&",
    ),
    "reach without the step": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "reach = K - 1 + step * L;",
        "reach = K - 1 + L;",
    ),
    "vectors beyond the last column": ("cpu.depthwise.columns", "depthwise.hpp", " && j + L <= y.columns;", ";"),
    "mask begins too late": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "V::mask(-column, columns - column)",
        "V::mask(1 - column, columns - column)",
    ),
    "mask ends too late": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "V::mask(-column, columns - column)",
        "V::mask(-column, columns - column + 1)",
    ),
    "lanes that are not neighbours": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "b = load(first + s + L);",
        "b = load(first + s + L - 1);",
    ),
    "odd for even": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "tap[s] = even_lanes(a, b);",
        "tap[s] = odd_lanes(a, b);",
    ),
    "whole vectors stored at the edge": (
        "cpu.depthwise.columns",
        "depthwise.hpp",
        "if constexpr (edge) sum[b].store_first(to, y.columns - j);\n    else sum[b].store(to);",
        "sum[b].store(to);",
    ),
    "pixels left counted from the row": (
        "cpu.offset_table.panels",
        "offset_table.hpp",
        "left = tile.columns() - j - p;",
        "left = tile.columns() - p;",
    ),
    "whole vectors at the end of a row": (
        "cpu.offset_table.panels",
        "offset_table.hpp",
        "else if (left >= L)",
        "else if (left >= 1)",
    ),
    "vectors side by side though pixels are apart": (
        "cpu.offset_table.panels",
        "offset_table.hpp",
        "out + p * stride, stride",
        "out + p, stride",
    ),
    "one vector for all": ("cpu.offset_table.panels", "offset_table.hpp", "* panel + p)", "* panel)"),
    "second vector dropped": (
        "cpu.offset_table.panels",
        "offset_table.hpp",
        "p += L) {\n        V value",
        "p += 2 * L) {\n        V value",
    ),
    "images counted in groups": (
        "cpu.tasks.row",
        "row.hpp",
        "map / tiling_.count() % c_.groups",
        "map / tiling_.count() % c_.images",
    ),
    "tile of another map": ("cpu.tasks.row", "row.hpp", "tiling_[map % tiling_.count()]", "tiling_[map % c_.groups]"),
    "tasks without their shares": ("cpu.tasks.row", "row.hpp", "tiling_.count() * splits_; }", "tiling_.count(); }"),
    "last block of a share left out": ("cpu.tasks.row", "row.hpp", "b < blocks.end; b++", "b < blocks.end - 1; b++"),
    "written to the image of the group": (
        "cpu.tasks.row",
        "row.hpp",
        "write_block(image, group, b, tile, sums.data())",
        "write_block(group, image, b, tile, sums.data())",
    ),
    "image not divided by the groups": (
        "cpu.tasks.offset_table",
        "offset_table.hpp",
        "image = task / tiling_.count() / c_.groups",
        "image = task / tiling_.count()",
    ),
    "last panel of a row left out": (
        "cpu.tasks.offset_table",
        "offset_table.hpp",
        "j < tile.columns(); j += panel",
        "j + panel <= tile.columns(); j += panel",
    ),
    "first block left out": (
        "cpu.tasks.offset_table",
        "offset_table.hpp",
        "for (int64_t b = 0; b < blocks_; b++) {\n          sum",
        "for (int64_t b = 1; b < blocks_; b++) {\n          sum",
    ),
    "remainder of another size": (
        "cpu.tasks.depthwise",
        "depthwise.hpp",
        "group = task % c_.groups, image = task / c_.groups",
        "group = task % c_.images, image = task / c_.groups",
    ),
    "too many tasks": (
        "cpu.tasks.depthwise",
        "depthwise.hpp",
        "return c_.images * c_.groups;",
        "return c_.images * c_.images;",
    ),
    "last pixels of the dot kernel left out": (
        "cpu.tasks.dot",
        "dot.hpp",
        "for (; column < column_count_; column++)",
        "for (; column + 1 < column_count_; column++)",
    ),
    "shares of channels overlap": ("cpu.tasks.dot", "dot.hpp", "begin + task_rows);", "begin + task_rows + 1);"),
    "shares of channels too few": (
        "cpu.tasks.dot",
        "dot.hpp",
        "(c_.out_channels + task_rows - 1) / task_rows",
        "c_.out_channels / task_rows",
    ),
    "channels of a single pixel twice": (
        "cpu.tasks.dot.one_pixel",
        "dot.hpp",
        "for (; m + 2 * rows <= end; m += 2 * rows)",
        "for (; m + 2 * rows <= end; m += rows)",
    ),
    "blocks rounded down": (
        "cpu.blocks.row",
        "row.hpp",
        "(c_.out_channels + block - 1) / block",
        "c_.out_channels / block",
    ),
    "one vector for a wide block": (
        "cpu.blocks.row",
        "row.hpp",
        "channels_of(b) <= L ? L : block",
        "channels_of(b) <= L + 1 ? L : block",
    ),
    "whole vectors of channels": (
        "cpu.blocks.weight_gradient",
        "weight_gradient.hpp",
        "std::min<int64_t>(L, channels_of(b) - h), nullptr",
        "L, nullptr",
    ),
    "first channel of the next block": (
        "cpu.blocks.weight_gradient",
        "weight_gradient.hpp",
        "b * block * c_.weight_out + channels.begin",
        "b * L * c_.weight_out + channels.begin",
    ),
    "share of another number of parts": (
        "cpu.tasks.weight_gradient",
        "weight_gradient.hpp",
        "rest % block_shares_, block_shares_",
        "rest % channel_shares_, block_shares_",
    ),
    "last tile of every image left out": (
        "cpu.tasks.weight_gradient",
        "weight_gradient.hpp",
        "i < tiling_.count(); i++) {\n        const Tile tile = tiling_[i];",
        "i < tiling_.count() - 1; i++) {\n        const Tile tile = tiling_[i];",
    ),
    "channel counted in groups": (
        "cpu.tasks.weight_gradient.few_channels",
        "weight_gradient.hpp",
        "channel = task % c_.in_channels;",
        "channel = task % c_.groups;",
    ),
    "input of the first channel": (
        "cpu.tasks.weight_gradient.few_channels",
        "weight_gradient.hpp",
        "c_.input_of(image, group) + channel * c_.input_plane()",
        "c_.input_of(image, group) + c_.input_plane()",
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_are_refuted(mutant):
    nest, file, old, new = MUTANTS[mutant]
    text = source_text(file)
    assert text.count(old) >= 1, "the source has changed: write this mutant anew"
    [certificate] = nests.prove_nests([nest], sources={file: text.replace(old, new)})
    assert not certificate
    assert certificate.counterexample.op == nest
    assert re.search(r"at \w+=-?\d+", certificate.counterexample.story)


@pytest.mark.parametrize(
    ("mutant", "smallest"),
    [
        ("<= for < at the end", "n=1, k=1, o=2, p=0"),
        ("padding added", "n=1, k=1, o=2, p=-1"),
        ("last element left out", "n=1, k=1, o=1, p=0, hi=0"),
        ("last piece dropped", "begin=0, end=1"),
    ],
)
def test_counterexamples_are_the_smallest(mutant, smallest):
    nest, file, old, new = MUTANTS[mutant]
    [certificate] = nests.prove_nests([nest], sources={file: source_text(file).replace(old, new)})
    assert smallest in certificate.counterexample.story
