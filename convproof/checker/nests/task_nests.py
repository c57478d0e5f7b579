"""Nests that number the tasks of a job: every image, group, tile and share is the work of one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convproof.checker.nests.nest import Nest, array
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.expressions import Frame
from convproof.symbolic.nests.memory import Pointer, Record
from convproof.symbolic.nests.syntax import NotModelled
from convproof.symbolic.nests.walk import Walker

__all__ = ["NESTS", "made_member"]

_OTHERS = "shares and tiles lie end to end (cpu.shares and cpu.tiling); a tile without rows has nothing to do"
_PACKING = "the first round of tasks, which packs what the others share"
_COUNTS = "how many shares a job makes of its blocks and channels, which must be one at least"
_TILE_SIDES = ("row_begin", "row_end", "column_begin", "column_end")
_EFFECTLESS = ("Correlation::input_of", "Correlation::output_of")
_ARRAYS = ("input_", "weight_", "output_", "g_", "x_", "dw_")


@dataclass(frozen=True)
class _Job:
    """How a job numbers its tasks.

    Attributes
    ----------
    name : str
        Its class.
    digits : tuple of (str, str)
        What a task is made of and how many there are of it, in row-major order.
    members : mapping of str to str
        Members that are numbers, and the size that each is.
    calls : mapping of str to str
        The functions that `run` calls, and what their arguments should be: digits, sizes, loops, or '_' for any.
    loops : mapping of str to str
        The arguments that loops run through, and from where to where.
    shares : mapping of str to str
        What is shared out, and which digit says whose share it is.
    strides : mapping of str to int
        How far things lie apart, so that a place in memory tells which of them it is.
    known : mapping of str to callable
        What stands for other functions that `run` calls.
    made : tuple of str
        Members whose values in the constructor are claimed to be those of `members`.
    relation : str
        What holds of the sizes besides.
    constants : mapping of str to int
        Constants with which it is compiled, of which only sizes of memory are made here.
    """

    name: str
    digits: tuple[tuple[str, str], ...]
    members: Mapping[str, str]
    calls: Mapping[str, str]
    loops: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, int] = field(default_factory=dict)
    strides: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    relation: str = ""


def _numbered(job: _Job) -> Callable[[Trial], None]:
    """Return the check that `run` takes its number apart as row-major order puts it together.

    A combination has a number below `tasks()`, `run` finds it again from that number, and there are
    as many numbers as combinations: so every number is that of one combination.
    """

    def check(trial: Trial) -> None:
        numbers = trial.numbers
        trial.free = (*_TILE_SIDES, *(f"{thing}_{side}" for thing in job.shares for side in ("begin", "end")))
        held = ["row_begin < row_end", *(f"{name} >= 0" for name in trial.free)]  # what has no rows may be left out
        trial.context = trial.context.intersect(trial.set(" and ".join(held)))
        walker, this = trial.walker(_known(trial, job), job.constants), _this(trial, job)
        places, extents = ([trial.size(name) for name in names] for names in zip(*job.digits, strict=True))
        total: Any = 1
        for extent in extents:
            total = numbers.multiply(total, extent)
        tasks = walker.run(trial.function(f"{job.name}::tasks"), [], this)
        trial.always("the number of tasks", walker.domain, numbers.compare("eq", tasks, total))
        if trial.given is None:  # of row-major order alone, whatever the source says
            _below_the_end(trial, job)
        for member in job.made:
            made = made_member(trial, walker, job.name, member, this)
            trial.always(f"another {member}", walker.domain, numbers.compare("eq", made, this.fields[member]))
        walker.run(trial.function(f"{job.name}::run"), [_row_major(trial, places, extents)], this)
        for call, arguments in job.calls.items():
            _called(trial, job, walker, call, [name for name in arguments.split() if name != "_"])
        for thing, digit in job.shares.items():
            _called(trial, job, walker, f"share of {thing}", [digit, dict(job.digits)[digit]])

    return check


def _called(trial: Trial, job: _Job, walker: Walker, call: str, arguments: Sequence[str]) -> None:
    """Claim that a function is called with these arguments; where it has an effect, once with each."""
    events = [event for event in walker.events if event.label == call]
    of = ", ".join(f"x_{name}" for name in arguments)
    wanted = trial.set(" and ".join(f"({job.loops.get(name, f'x_{name} = {name}')})" for name in arguments), of=of)
    if call not in _EFFECTLESS:
        return trial.same(events, wanted, of)
    points = wanted.subtract(wanted)
    for event in events:
        points = points.union(trial.points(event))
    return trial.equal(points, wanted, of)


def _row_major(trial: Trial, places: Sequence[Any], extents: Sequence[Any]) -> Any:
    """Return the number of a combination: ((p0*n1 + p1)*n2 + p2)..."""
    number: Any = 0
    for place, extent in zip(places, extents, strict=True):
        number = trial.numbers.add(trial.numbers.multiply(number, extent), place)
    return number


def _below_the_end(trial: Trial, job: _Job) -> None:
    """Claim that a row-major number is at least 0 and below the product of the extents, each p + 1 + more."""
    numbers = trial.numbers
    places = [trial.size(name) for name, _ in job.digits]
    where, extents, total = trial.context, [], 1
    for place in places:
        more = numbers.symbol(numbers.fresh("more"))
        where = where.intersect(numbers.condition(numbers.compare("ge", more, 0)))
        extents.append(numbers.add(numbers.add(place, 1), more))
        total = numbers.multiply(total, extents[-1])
    number = _row_major(trial, places, extents)
    trial.always("a number below 0", where, numbers.compare("ge", number, 0))
    trial.always("a number beyond the tasks", where, numbers.compare("lt", number, total))


# ---------------------------------------------------------------------- what a job is made of


def _this(trial: Trial, job: _Job) -> Record:
    """Return the job: its numbers are sizes of the trial, its tables are not looked at."""
    counts: dict[str, Any] = {name: trial.size(size) for name, size in job.members.items()}
    axis = Record("Axis", {"taps": [Record("Tap", {"weight": 0})], "inputs": 1, "outputs": 1, "output_stride": 1})
    correlation = {"axis": [axis] * 3, **job.strides}
    correlation |= {name.removeprefix("c_."): counts.pop(name) for name in list(counts) if name.startswith("c_.")}
    pointers = {name: array(name) for name in _ARRAYS} | {"bias_": None}
    objects = {
        "c_": Record("Correlation", correlation),
        "layout_": Record("TileLayout"),
        "tiling_": Record("Tiling"),
    }
    return Record(job.name, {**pointers, **counts, **objects})


def _known(trial: Trial, job: _Job) -> dict[str, Callable[..., Any]]:
    """Return what `run` calls: it notes its arguments and does nothing."""
    noted = {call: _noted(call, arguments.split()) for call, arguments in job.calls.items()}

    def share(walker: Walker, count: Any, i: Any, parts: Any) -> Record:
        """Stand for `share_of`, which has a proof of its own: note what is asked of it."""
        thing = next((thing for thing in job.shares if str(count) == str(trial.size(thing))), "")
        if not thing:
            trial.never("a share of something else", walker.domain)
            return Record("Range", {"begin": 0, "end": 0})
        walker.visit(f"share of {thing}", i, parts)
        return Record("Range", {side: walker.numbers.symbol(f"{thing}_{side}") for side in ("begin", "end")})

    return {
        "share_of": share,
        "Scratch": lambda walker, size: Record("Scratch"),
        "Scratch::data": lambda walker, this: array("scratch"),
        "fill": lambda walker, begin, end, value: None,
        "Tiling::count": lambda walker, this: trial.size("tiles"),
        "Tiling::block_rows": lambda walker, this: 1,
        "Tiling::block_columns": lambda walker, this: 1,
        "Tiling::operator[]": _tile,
        "TileLayout::size": lambda walker, this, channels: channels,
        "TileLayout::load": lambda walker, this, source, channels, tile, copy: source,
        "TileLayout::row": lambda walker, this, tile, row: 0,
        "Correlation::input_plane": lambda walker, this: 1,
        "Axis::count": lambda walker, this: 0,
        "Axis::first_shift": lambda walker, this: 0,
        **noted,
        **job.known,
    }


def _noted(call: str, names: Sequence[str]) -> Callable[..., Any]:
    """Return a function that notes its arguments, and whose value is the first of them."""

    def note(walker: Walker, this: Record, *arguments: Any) -> Any:
        values = [value for name, value in zip(names, arguments, strict=False) if name != "_"]
        walker.visit(call, *map(_shown, values))
        return arguments[0]

    return note


def _shown(value: Any) -> Any:
    """Return the number that an argument is known by: of a tile, a range, or a place in memory."""
    if isinstance(value, Record):
        return value.fields["number" if value.kind == "Tile" else "begin"]
    return value.offset if isinstance(value, Pointer) else value


def made_member(trial: Trial, walker: Walker, job: str, member: str, this: Record) -> Any:
    """Return the value that the constructor of a job gives to a member."""
    constructor = trial.function(f"{job}::{job}")
    nodes = [node for name, node in constructor.members if name == member]
    if len(nodes) != 1:
        raise NotModelled(f"{constructor.where}: {member} is not initialised")
    return walker.value(nodes[0], Frame(constructor.where, this))


def _plane(walker: Walker, this: Record) -> Callable[..., None]:
    """Stand for the kernel of a plane: note where it writes."""
    return lambda walker, x, taps, bias, y: walker.visit("plane", y.fields["data"].offset)


def _panel(walker: Walker, this: Record, group: Any, channel: Any, pixel: Any) -> None:
    """Stand for a panel of the dot kernel: note all its output channels and pixels."""
    height, width = walker.template_arguments()
    with walker.every(0, height, "m") as m, walker.every(0, width, "column") as column:
        walker.visit("panel", group, walker.numbers.add(channel, m), walker.numbers.add(pixel, column))


def _tile(walker: Walker, this: Record, number: Any) -> Record:
    """Return a tile known by its number, which begins and ends anywhere."""
    return Record("Tile", {"number": number, "depth": 0, **{side: walker.numbers.symbol(side) for side in _TILE_SIDES}})


_IMAGE, _GROUP, _TILE = ("image", "images"), ("group", "groups"), ("tile", "tiles")
_MAPS = {"c_.images": "images", "c_.groups": "groups", "c_.in_channels": "channels", "blocks_": "blocks"}
_BLOCKS = {"b": "blocks_begin <= x_b < blocks_end"}
_EVERY = {
    "image": "0 <= x_image < images",
    "tile": "0 <= x_tile < tiles",
    "m": "0 <= x_m < outs",
}


def _dot(pixels: str) -> _Job:
    """Return the dot kernel, which walks through a single pixel in a way of its own."""
    return _Job(
        "DotJob",
        (_GROUP, ("share", "shares")),
        {"c_.groups": "groups", "shares_": "shares", "column_count_": "pixels", "c_.out_channels": "outs"},
        {"panel": "group m pixel"},
        {"m": "32*share <= x_m < 32*share + 32 and x_m < outs", "pixel": "0 <= x_pixel < pixels"},
        known={"DotJob::run_panel": _panel},
        made=("shares_",),
        relation=f"outs <= 32*shares < outs + 32 and {pixels}",
    )


_JOBS = {
    "row": (
        "row.hpp",
        _Job(
            "RowJob",
            (_IMAGE, _GROUP, _TILE, ("split", "splits")),
            {**_MAPS, "splits_": "splits"},
            {
                "Correlation::input_of": "image group",
                "TileLayout::load": "image _ tile",
                "RowJob::sum_block": "group b tile image",
                "RowJob::write_block": "image group b tile",
            },
            _BLOCKS,
            {"blocks": "split"},
            {"V::lanes": 8},
        ),
    ),
    "offset_table": (
        "offset_table.hpp",
        _Job(
            "OffsetTableJob",
            (_IMAGE, _GROUP, _TILE),
            _MAPS,
            {
                "Correlation::input_of": "image group",
                "TileLayout::load": "image _ tile",
                "OffsetTableJob::sum_panel": "group b tile i pixel",
                "OffsetTableJob::write_panel": "image group b tile i j",
            },
            {
                "b": "0 <= x_b < blocks",
                "i": "row_begin <= x_i < row_end",
                "j": "0 <= x_j < column_end - column_begin and exists e : x_j = 16*e",
                "pixel": "0 <= x_pixel - image < column_end - column_begin and exists e : x_pixel = image + 16*e",
            },
            constants={"V::lanes": 8, "block": 14},
        ),
    ),
    "depthwise": (
        "depthwise.hpp",
        _Job(
            "DepthwiseJob",
            (_IMAGE, _GROUP),
            {**_MAPS, "c_.out_channels": "outs"},
            {"Correlation::input_of": "image group", "Correlation::output_of": "image group", "plane": "m"},
            {"m": "image <= x_m < image + outs"},  # the planes of an image are one place apart here
            strides={"output_plane": 1, "weight_group": 0, "weight_out": 1},
            known={"DepthwiseJob::kernel": _plane},
        ),
    ),
    "dot": ("dot.hpp", _dot("pixels != 1")),
    "dot.one_pixel": ("dot.hpp", _dot("pixels = 1")),
    "weight_gradient": (
        "weight_gradient.hpp",
        _Job(
            "WeightGradientJob",
            (_GROUP, ("block_share", "block_shares"), ("channel_share", "channel_shares")),
            {**_MAPS, "block_shares_": "block_shares", "channel_shares_": "channel_shares", "c_.weight_taps": "taps"},
            {
                "Correlation::input_of": "image group",
                "TileLayout::load": "source count tile",
                "WeightGradientJob::add_tile": "first b tile source",
                "WeightGradientJob::pack_gradient": "image group b tile",
                "WeightGradientJob::write_block": "group b first",
            },
            {
                **_EVERY,
                **_BLOCKS,
                "source": "channels_begin <= x_source < channels_begin + images",
                "first": "x_first = channels_begin",
                "count": "x_count = channels_end - channels_begin",
            },
            {"blocks": "block_share", "channels": "channel_share"},
            {"V::lanes": 8},
        ),
    ),
    "weight_gradient.few_channels": (
        "weight_gradient.hpp",
        _Job(
            "WeightDotJob",
            (_GROUP, ("channel", "channels")),
            {**_MAPS, "c_.out_channels": "outs", "c_.weight_taps": "taps"},
            {
                "Correlation::input_of": "image group",
                "Correlation::output_of": "image group",
                "TileLayout::load": "source _ tile",
                "WeightDotJob::add_tile": "tile _ image m",
            },
            {**_EVERY, "source": "channel <= x_source < channel + images"},
            strides={"output_plane": 0, "weight_group": 0, "weight_in": 0, "weight_out": 1},
        ),
    ),
}


def _nest(name: str, file: str, job: _Job) -> Nest:
    digits = dict(job.digits)
    sizes = {**dict.fromkeys(digits.values(), 1), **dict.fromkeys(digits, 0)}
    tiles = ["tiles"] if "TileLayout::load" in job.calls else []
    counts = {size: int(size in ("outs", "tiles")) for size in (*job.members.values(), *tiles) if size not in sizes}
    return Nest(
        f"cpu.tasks.{name}",
        f"the tasks of the job are the combinations of {', '.join(digits)}, each once",
        (file, "tile.hpp", "correlation.hpp", "ranges.hpp", "shape.hpp"),
        _numbered(job),
        sizes={**sizes, **counts},
        relation=" and ".join([*(f"{digit} < {extent}" for digit, extent in job.digits), job.relation or "0 = 0"]),
        steps=False,
        assumptions=(_OTHERS,),
        not_covered=(_PACKING,) if job.made else (_PACKING, _COUNTS),
    )


NESTS = tuple(_nest(name, file, job) for name, (file, job) in _JOBS.items())
