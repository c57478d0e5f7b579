"""The model of a loop nest visits what Python visits when it runs the same source."""

import ast
from itertools import product

import pytest

pytest.importorskip("islpy", reason="proofs for all sizes need islpy")

from convproof.symbolic.nests.claims import Trial, Undecided, _sizes_of, first_flaw
from convproof.symbolic.nests.numbers import Numbers
from convproof.symbolic.nests.syntax import Function, NotModelled, Program
from convproof.symbolic.nests.walk import Event

SOURCES = {
    "ceiling": "for r in range(n):\n  for a in range(max(0, -(r - m) // 2), min(m, (n + m) // 2)):\n    yield [r, a]",
    "guard": "for r in range(n):\n  for a in range(m):\n    if (r + a) % 3 and r - a < 2: continue\n    yield [a, r]",
    "chained comparison": "for r in range(n + m):\n  if 0 <= r - m < n or r == 0:\n    yield [r]",
    "alternative": "for r in range(n):\n  if r < m: yield [r]\n  else: yield [m - r]",
    "ternary": "for r in range(n):\n  yield [r if r % 2 == 0 else -r // 3]",
    "counter": "c = 0\nfor r in range(n):\n  for a in range(2):\n    yield [c]\n    c += 3",
}


def function_of(source: str) -> Function:
    body = ast.parse(source).body
    return Function("nest", "nest.py:1", ("n", "m"), tuple(body))


def flat(events):
    """Return what is yielded as the values of the events."""
    return [Event(event.label, event.where, event.turns, tuple(event.values[0])) for event in events]


@pytest.mark.parametrize("name", SOURCES)
def test_the_model_visits_what_python_visits(name):
    source = SOURCES[name]
    trial = Trial(Program({}), {"n": 0, "m": 0}, {})
    walker = trial.walker()
    walker.run(function_of(source), [trial.size("n"), trial.size("m")])
    points = [trial.points(event) for event in flat(walker.events)]
    scope = {}
    exec("def nest(n, m):\n" + "\n".join(" " + line for line in source.splitlines()), scope)
    for n, m in product(range(6), range(5)):
        ran = {tuple(point) for point in scope["nest"](n, m)}
        model = set()
        for part in points:
            part.intersect_params(trial.set(f"n = {n} and m = {m}")).foreach_point(
                lambda point, model=model: model.add(coordinates(point))
            )
        assert model == ran, (n, m)


def coordinates(point) -> tuple[int, ...]:
    kind = Numbers().isl.dim_type.set
    return tuple(int(point.get_coordinate_val(kind, at).to_python()) for at in range(point.get_space().dim(kind)))


def test_division_rounds_as_the_language_says():
    numbers = Numbers()
    x = numbers.symbol("x")
    for divisor, value in product((1, 2, 3, 7), range(-15, 16)):
        at = numbers.isl.Set(f"[x] -> {{ : x = {value} }}")
        for down, wanted in ((True, value // divisor), (False, int(value / divisor))):
            for number in (numbers.quotient(x, divisor, down=down), numbers.quotient(value, divisor, down=down)):
                assert at.is_subset(numbers.lift(number).eq_set(numbers.lift(wanted)))
            left = numbers.remainder(x, divisor, down=down)
            assert at.is_subset(numbers.lift(left).eq_set(numbers.lift(value - divisor * wanted)))


def claim(source: str, wanted: str):
    def check(trial: Trial) -> None:
        walker = trial.walker()
        walker.run(function_of(source), [trial.size("n"), trial.size("m")])
        trial.same(flat(walker.events), trial.set(wanted, of="r"), "r")

    return first_flaw(check, Program({}), {"n": 0, "m": 0}, {})


def test_claims_tell_what_is_wrong_and_where_first():
    assert claim("for r in range(n):\n  yield [r]", "0 <= r < n") is None
    short = claim("for r in range(n - 3):\n  yield [r]", "0 <= r < n")
    assert (short.sizes, short.indices) == ({"n": 1, "m": 0}, {"r": 0}) and "left out" in short.story
    beyond = claim("for r in range(n + m):\n  yield [r]", "0 <= r < n")
    assert beyond.sizes == {"n": 0, "m": 1} and "belong" in beyond.story
    twice = claim("for r in range(n):\n  yield [r // 2]", "0 <= r and 2*r < n")
    assert twice.sizes == {"n": 2, "m": 0} and "twice" in twice.story


def test_products_of_sizes_are_decided_with_numbers_or_not_at_all():
    found = claim("for r in range(n * m):\n  yield [r]", "0 <= r < n")
    assert found.sizes == {"n": 0, "m": 0} or found.sizes["n"] * found.sizes["m"] != found.sizes["n"]
    with pytest.raises(Undecided):
        claim("for r in range(n * m):\n  if r < n and m > 0: yield [r]", "0 <= r < n and m > 0")


def test_the_search_with_numbers_ends_for_many_sizes_too():
    """Sizes with one sum are listed as they are needed: all products of ten ranges are too many to look through."""
    ranges = {f"n{place}": 1 for place in range(9)} | {"p": None}

    def check(trial: Trial) -> None:
        walker = trial.walker()
        walker.run(function_of("for r in range(n * m):\n  if r < n: yield [r]"), [trial.size("n0"), trial.size("n8")])
        trial.same(flat(walker.events), trial.set("0 <= r < n0", of="r"), "r")

    with pytest.raises(Undecided, match="200 smallest sizes"):
        first_flaw(check, Program({}), ranges, {})


@pytest.mark.parametrize("ranges", [{"a": 1}, {"a": None}, {"a": 0, "b": None, "c": 1}, {"a": None, "b": None}])
def test_sizes_are_listed_by_their_sum(ranges):
    for total in range(6):
        choices = [range(-total if least is None else least, total + 1) for least in ranges.values()]
        wanted = [values for values in product(*choices) if sum(map(abs, values)) == total]
        assert [tuple(sizes.values()) for sizes in _sizes_of(total, ranges)] == wanted


@pytest.mark.parametrize(
    "source",
    [
        "while n: n += 1",
        "for r in range(n, 0, -1): pass",
        "yield [q]",
        "for r in range(n):\n  m = m * 2",
        "del n",
        "n[0] = 1",
    ],
)
def test_what_has_no_form_is_refused(source):
    with pytest.raises(NotModelled):
        claim(source, "r = 0")
