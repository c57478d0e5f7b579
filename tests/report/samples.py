"""Reports as the checker would make them, without running it."""

from __future__ import annotations

from convproof.evidence import Counterexample, Outcome, Report

PROPERTIES = (
    ("values", "exact", 412, -64.0),
    ("floats", "bounded", 824, None),
    ("linear in x: forward", "exact", 206, -64.0),
    ("linear in w: forward", "exact", 206, -64.0),
    ("adjoint", "exact", 206, -62.5),
    ("trilinear", "exact", 206, -64.0),
    ("read-off", "read-off", 96, None),
    ("duality", "exact", 103, -64.0),
    ("translation", "exact", 88, -64.0),
    ("operand precision", "exact", 120, -53.0),
    ("layouts", None, 310, None),
    ("moat", None, 206, None),
    ("inputs untouched", None, 412, None),
    ("repeatable", None, 64, None),
    ("batch independence", None, 60, None),
    ("empty sizes", None, 24, None),
    ("non-finite", None, 48, None),
    ("size sweep", "exact", 540, -64.0),
    ("refusals", None, 36, None),
)
FAMILIES = ("conv{}d", "conv_transpose{}d", "conv{}d_input", "conv{}d_weight")
OPERATIONS = tuple(name.format(axes) for name in FAMILIES for axes in (1, 2, 3))
SETTINGS = {"seed": 0, "dtypes": ["float32", "float64"], "max_examples": 200}

WRONG_TAP = Counterexample(
    op="conv2d",
    geometry="x1x1x3x3-w1x1x2x2-d2",
    dtype="float32",
    property="values",
    story="y[0, 0, 0, 0] is 7, and the matrix says 11",
    entry=(0, 0, 0, 0),
    got="7",
    expected="11",
    diagnosis="tap (1, 1) reads x[0, 0, 1, 1] where it should read x[0, 0, 2, 2]: dilation is ignored",
    replay="convproof verify kernels.py:conv2d --op conv2d --geometry x1x1x3x3-w1x1x2x2-d2 --dtype float32 --seed 0",
)


def verified(op: str = "conv2d", kernel: str | None = None, **changes) -> Report:
    outcomes = tuple(
        Outcome(name, "passed", evidence, cases, claim=f"{name} holds", log2_error=error, seconds=0.25)
        for name, evidence, cases, error in PROPERTIES
        if not (name == "duality" and "weight" in op)
    )
    if "weight" in op:
        outcomes += (Outcome("duality", "skipped", note="the weight gradient has no flipped kernel"),)
    fields = dict(geometries=412, calls=9120, seconds=6.4, settings=SETTINGS, environment={"numpy": "2.4.6"})
    return Report(kernel or f"convproof.{op}", op, "verified", outcomes, **(fields | changes))


def refuted(op: str = "conv2d", kernel: str = "kernels.py:conv2d") -> Report:
    outcomes = (
        Outcome("values", "refuted", cases=17, counterexample=WRONG_TAP, note="first wrong at the 17th case"),
        Outcome("linear in x: forward", "passed", "exact", 206, log2_error=-64.0),
        Outcome("moat", "mistrusted", cases=0, note="no geometry of the domain has a border"),
        Outcome("layouts", "passed", cases=310),
    )
    environment = {"numpy": "2.4.6"}
    return Report(kernel, op, "refuted", outcomes, WRONG_TAP, 17, 340, 2, 1.3, SETTINGS, environment, ("a note",))


def own_kernels() -> list[Report]:
    return [verified(op) for op in OPERATIONS]
