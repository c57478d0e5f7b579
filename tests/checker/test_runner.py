"""verify, check and certify: verdicts, counterexamples, replay, refusals, bad arguments."""

import json
import shlex

import numpy as np
import pytest

import convproof
from convproof.checker.runner import verify_all
from convproof.checker.targets import Target, resolve
from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, KernelError, Refuted
from convproof.evidence import Certificate, Report

QUICK = {"max_examples": 12, "dtypes": ("float32",)}


@pytest.fixture
def flipped(right):
    def flipped(input, weight, **options):
        return right("conv2d")(input, weight[:, :, ::-1, ::-1], **options)

    return flipped


def test_a_right_kernel_is_verified(right):
    report = convproof.verify(right("conv2d"), **QUICK)
    assert report.verdict == "verified" and report
    by_name = {outcome.property: outcome for outcome in report.outcomes}
    assert by_name["values"].evidence == "exact" and by_name["values"].log2_error <= -64
    assert by_name["matrix"].evidence == "read-off"
    assert by_name["error bound"].evidence == "bounded"
    assert by_name["size sweep"].cases > 20
    assert all(outcome.evidence not in ("universal", "traced") for outcome in report.outcomes)
    assert Report.from_json(report.to_json()).outcomes == report.outcomes


def test_a_wrong_kernel_is_refuted_at_the_smallest_geometry(flipped):
    report = convproof.verify(flipped, **QUICK)
    assert report.verdict == "refuted" and not report
    example = report.counterexample
    geo = convproof.Conv.parse(example.geometry)
    assert geo.kernel in ((1, 2), (2, 1)) and geo.multiply_adds <= 4
    assert "flipped" in example.diagnosis
    assert "meets" in example.diagnosis and "expected" in example.diagnosis
    assert example.replay in str(report)


def test_the_replay_line_shows_the_same_failure(tmp_path, flipped):
    path = tmp_path / "mine.py"
    path.write_text(
        "from convproof.kernels import conv2d as right\n\n\ndef conv2d(input, weight, **options):\n"
        "    return right(input, weight[:, :, ::-1].copy(), **options)\n"
    )
    first = convproof.verify(f"{path}:conv2d", **QUICK)
    words = shlex.split(first.counterexample.replay)
    assert words[:3] == ["convproof", "verify", f"{path}:conv2d"]
    option = dict(zip(words[3::2], words[4::2], strict=True))
    again = convproof.verify(
        words[2], option["--op"], geometry=option["--geometry"], dtypes=option["--dtype"], seed=int(option["--seed"])
    )
    assert again.counterexample.story == first.counterexample.story


def test_same_seed_same_report(right, flipped):
    one, two = (convproof.verify(flipped, seed=3, **QUICK) for _ in range(2))
    assert one.counterexample == two.counterexample
    assert [(o.property, o.status, o.cases) for o in one.outcomes] == [
        (o.property, o.status, o.cases) for o in two.outcomes
    ]


def test_check_raises_the_story(flipped):
    with pytest.raises(Refuted, match="replay: convproof verify") as caught:
        convproof.check(flipped, **QUICK)
    assert isinstance(caught.value, AssertionError)
    assert caught.value.report.verdict == "refuted"


@pytest.mark.parametrize(
    "op", ["conv1d", "conv3d", "conv2d_input", "conv3d_weight", "conv_transpose1d", "conv_transpose3d"]
)
def test_every_kind_of_operation(op, right):
    assert convproof.verify(right(op), op, max_examples=8).verdict == "verified"


def test_what_a_kernel_declines_is_unsupported_not_wrong(right):
    def narrow(input, weight, stride=1):
        return right("conv2d")(input, weight, None, stride)

    report = convproof.verify(narrow, max_examples=60, dtypes="float32")
    assert report.verdict == "verified", str(report)
    assert report.unsupported == 0, "what the signature lacks is not asked for"
    assert report.settings["domain"] == "dilation 1; groups 1; padding 0; no bias"

    def no_groups(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if groups != 1:
            raise NotImplementedError("groups")
        return right("conv2d")(input, weight, bias, stride, padding, dilation)

    report = convproof.verify(no_groups, max_examples=60, dtypes="float32")
    assert report.verdict == "verified", str(report)
    assert report.unsupported > 10
    assert "declined" in next(o.note for o in report.outcomes if o.property == "values")


def test_a_kernel_that_takes_next_to_nothing_is_mistrusted(right):
    def one_tap(input, weight, **options):
        if weight.shape[2:] != (1, 1) or input.shape[:2] != (1, 1):
            raise NotImplementedError
        return right("conv2d")(input, weight, **options)

    report = convproof.verify(one_tap, max_examples=60, dtypes="float32")
    assert report.verdict == "mistrusted"
    assert "cases were looked at" in report.notes[0]


def test_arguments_of_other_names_are_told_by_place_and_default(right):
    def short(x, w, b=None, s=1, p=0, d=1, g=1):
        return right("conv2d")(x, w, b, s, p, d, g)

    def blind(x, w, b=None, s=1, p=0, d=1, g=1):
        return right("conv2d")(x, w)

    def tuned(x, w, block=32):
        return right("conv2d")(x, w)

    report = convproof.verify(short, "conv2d", **QUICK)
    assert report.verdict == "verified" and "'s' for stride" in report.notes[0]
    assert convproof.verify(blind, "conv2d", **QUICK).verdict == "refuted"
    assert convproof.verify(tuned, "conv2d", **QUICK).verdict == "verified"


def test_a_kernel_that_declines_everything_is_unsupported():
    def never(input, weight, **options):
        raise NotImplementedError

    assert convproof.verify(never, **QUICK).verdict == "unsupported"


def test_declining_now_and_then_is_mistrusted(right):
    def moody(input, weight, **options):
        if input.shape[-1] == 7 or input.shape[1] == 3:
            raise ValueError("cannot reshape")
        return right("conv2d")(input, weight, **options)

    report = convproof.verify(moody, max_examples=100, dtypes="float32")
    assert report.verdict == "mistrusted" and not report
    assert "though it accepts others like them" in report.notes[0]


def test_declining_a_case_of_the_declared_domain_fails(right):
    def no_groups(input, weight, bias=None, stride=1, padding=0, dilation=1):
        return right("conv2d")(input, weight, bias, stride, padding, dilation)

    assert convproof.verify(no_groups, domain=convproof.Domain(groups=1), **QUICK).verdict == "verified"
    assert convproof.verify(no_groups, domain=convproof.Domain(), **QUICK).verdict == "crashed"


def test_a_crash_is_told_with_its_geometry():
    def crashing(input, weight, **options):
        return 1 // 0

    report = convproof.verify(crashing, **QUICK)
    assert report.verdict == "crashed"
    assert "ZeroDivisionError" in report.counterexample.story


def test_outputs_that_are_all_zero_are_mistrusted(right):
    """At a geometry whose windows see only padding, any kernel that returns zeros looks right."""
    kernel = right("conv2d")
    report = convproof.verify(kernel, geometry="x1x1x1x1-w1x1x1x1-p0_0x5_0-s1x4".replace("-p0_0x5_0-s1x4", "-s9-p4x4"))
    assert report.verdict == "mistrusted"


def test_certify(right, flipped):
    geo = convproof.Conv(x=(1, 2, 5, 5), w=(3, 2, 2, 2))
    certificate = convproof.certify(right("conv2d"), geo)
    assert certificate and certificate.evidence == "exact" and certificate.subject == "binary"
    assert certificate.log2_error <= -64 and certificate.assumptions
    assert Certificate.from_json(certificate.to_json()) == certificate
    assert convproof.certify(right("conv2d"), "x1x1x3x3-w1x1x2x2", at_least="read-off").evidence == "read-off"
    refuted = convproof.certify(flipped, geo)
    assert not refuted and refuted.evidence is None and "flipped" in str(refuted)
    with pytest.raises(ArgumentValueError, match="at_least"):
        convproof.certify(right("conv2d"), "x1x64x30x30-w64x64x3x3", at_least="read-off")
    with pytest.raises(ArgumentTypeError, match="geo=None"):
        convproof.certify(right("conv2d"), None)
    with pytest.raises(ArgumentValueError, match="at_least"):
        convproof.certify(right("conv2d"), geo, at_least=[])


def test_an_empty_batch_is_no_cause_for_mistrust(right):
    assert convproof.verify(right("conv2d"), geometry="x0x1x4x4-w1x1x3x3").verdict == "verified"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"kernel": 3}, ArgumentTypeError, "kernel=3"),
        ({"op": "conv4d"}, ArgumentValueError, "op='conv4d'"),
        ({"op": 5}, ArgumentTypeError, "op=5"),
        ({"seed": -1}, ArgumentValueError, "seed=-1"),
        ({"seed": 1.5}, ArgumentTypeError, "seed=1.5"),
        ({"max_examples": 0}, ArgumentValueError, "max_examples=0"),
        ({"dtypes": ("float99",)}, ArgumentValueError, "float99"),
        ({"dtypes": ()}, ArgumentValueError, "dtypes"),
        ({"dtypes": 7}, ArgumentTypeError, "dtypes=7"),
        ({"geometry": "nonsense"}, ArgumentValueError, "nonsense"),
        ({"geometry": 4}, ArgumentTypeError, "geometry=4"),
        ({"geometry": "x1x1x5-w1x1x3"}, ArgumentValueError, "spatial axes"),
        ({"geometry": "x1x1x400000x400000-w1x1x3x3"}, ArgumentValueError, "elements each"),
        ({"domain": "all"}, ArgumentTypeError, "domain='all'"),
        ({"layers": "yes"}, ArgumentTypeError, "layers='yes'"),
        ({"thorough": 1}, ArgumentTypeError, "thorough=1"),
    ],
)
def test_bad_arguments(right, arguments, error, words):
    arguments = {"kernel": right("conv2d"), **arguments}
    with pytest.raises(error) as caught:
        convproof.verify(**arguments)
    assert words in str(caught.value)


def test_several_kernels_in_worker_processes():
    targets = resolve("convproof", "conv1d") + resolve("convproof", "conv1d_weight")
    seen = []
    reports = verify_all(targets, max_examples=10, jobs=2, progress=lambda *state: seen.append(state))
    assert [report.op for report in reports] == ["conv1d", "conv1d_weight"]
    assert all(reports), "\n".join(map(str, reports))
    assert seen[-1][0] == seen[-1][1]
    alone = verify_all(targets, max_examples=10)
    counts = [[(o.property, o.status, o.cases) for o in report.outcomes] for report in reports]
    assert counts == [[(o.property, o.status, o.cases) for o in report.outcomes] for report in alone]


def test_targets(tmp_path):
    assert len(resolve("convproof")) == 12
    assert resolve("convproof", "conv2d")[0].name == "convproof.conv2d"
    assert resolve("convproof.kernels:conv2d_input")[0].op == "conv2d_input"
    (tmp_path / "broken.py").write_text("raise SystemExit(3)")
    for spec in (
        "nowhere",
        "nowhere:conv2d",
        "convproof.kernels:nothing",
        f"{tmp_path}/none.py:f",
        f"{tmp_path}/broken.py:conv2d",
        "convproof.kernels:__doc__",
        ":",
        "a:",
        ":b",
    ):
        with pytest.raises(ConvproofError):
            resolve(spec, "conv2d")
    with pytest.raises(KernelError, match="SystemExit"):
        resolve(f"{tmp_path}/broken.py:conv2d", "conv2d")
    with pytest.raises(ArgumentValueError, match="op="):
        resolve("math:sqrt")


def test_results_of_other_libraries_are_understood(right):
    class Tensor:
        def __init__(self, array):
            self.array = array

        def detach(self):
            return self

        def __array__(self, dtype=None, copy=None):
            return np.array(self.array, dtype=dtype)

    def conv2d(input, weight, **options):
        return Tensor(right("conv2d")(input, weight, **options))

    assert convproof.verify(conv2d, **QUICK)


def test_reports_are_json(right):
    data = json.loads(convproof.verify(right("conv2d"), **QUICK).to_json())
    assert data["verdict"] == "verified" and data["settings"]["seed"] == 0 and "numpy" in data["environment"]


def test_a_target_names_itself():
    assert Target("file.py:conv2d", "conv2d", print).name == "file.py:conv2d"
