"""How formulas are written: every choice, names, where lines end; and what is no notation."""

from __future__ import annotations

import pytest
from sympy import Symbol, symbols, sympify

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Range
from convproof.symbolic.latex_lines import broken, width
from convproof.symbolic.latex_tree import parse
from convproof.symbolic.latex_width import points
from convproof.symbolic.notation import SLIDE, Notation

R, A, N, K = symbols("r a n k", integer=True)
Y = GuardedSum(
    (Index(R, N),),
    (Term((Index(A, K),), (Range(R + A, N),), (Factor("x", (R + A,)), Factor("w", (A,)))),),
)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"elements": "round"}, ArgumentValueError),
        ({"elements": None}, ArgumentValueError),
        ({"gradients": ["letter"]}, ArgumentValueError),
        ({"sum_over": "rows"}, ArgumentValueError),
        ({"brackets": 1}, ArgumentTypeError),
        ({"vectors": "yes"}, ArgumentTypeError),
        ({"names": None}, ArgumentTypeError),
        ({"names": "r=u"}, ArgumentTypeError),
        ({"names": {"r": 3}}, ArgumentTypeError),
        ({"names": {3: "r"}}, ArgumentTypeError),
        ({"names": {"r": "\\mathbf{u"}}, ArgumentValueError),
        ({"names": {"r": "}{"}}, ArgumentValueError),
        ({"names": {"r": " "}}, ArgumentValueError),
        ({"names": {"r": "u$"}}, ArgumentValueError),
        ({"names": {"r": "u\n"}}, ArgumentValueError),
        ({"width": 29}, ArgumentValueError),
        ({"width": 1001}, ArgumentValueError),
        ({"width": 60.0}, ArgumentValueError),
        ({"width": True}, ArgumentValueError),
        ({"width": float("nan")}, ArgumentValueError),
    ],
)
def test_other_choices_are_refused(options, error):
    with pytest.raises(error, match=f"{next(iter(options))}="):
        Notation(**options)


def test_a_formula_in_every_style():
    assert Notation().pieces(Y) == [
        r"\sum_{a=0}^{k - 1}", r"\left[0 \le r + a < n\right]", "x(r + a)", "w(a)",
    ]  # fmt: skip
    assert Notation(brackets=False, elements="subscript").pieces(Y) == [r"\sum_{a=0}^{k - 1}", "x_{r + a}", "w_{a}"]
    assert SLIDE.pieces(Y)[-1] == "k(a)" and SLIDE.pieces(Y)[0] == r"\sum_{a=0}^{K - 1}"


@pytest.mark.parametrize(
    ("factor", "letter", "fraction"),
    [
        (Factor("dy", (R,)), "g(r)", r"\frac{\partial L}{\partial y(r)}"),
        (Factor("dw", (A,)), r"\bar{w}(a)", r"\frac{\partial L}{\partial w(a)}"),
        (Factor("dy/dx", (R, A)), *[r"\frac{\partial y(r)}{\partial x(a)}"] * 2),
    ],
)
def test_gradients(factor, letter, fraction):
    assert Notation().element(factor) == letter
    assert Notation(gradients="fraction").element(factor) == fraction


def test_names_are_given_once():
    """The name of one thing is not renamed again because it is also the plain name of another."""
    swapped = Notation(names={"x": "w", "w": "x", "r": "a", "a": "r"})
    assert swapped.pieces(Y)[2:] == ["w(a + r)", "x(r)"]
    assert SLIDE.element(Factor("dw", (A,))) == r"\frac{\partial L}{\partial k(a)}"


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("r_1'", "u'"),
        ("r_1''", "u''"),
        ("r_2'", "q'_3"),
        ("r_2", "q_3"),
        ("r_1", "u"),
        ("s", "s"),
        ("beta'", r"\beta'"),
    ],
)
def test_primes_stay_on_the_letter(name, latex):
    assert Notation(names={"r_1": "u", "r_2": "q_3"}).symbol(Symbol(name)) == latex


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("r", "u"),
        ("r_1", "u_1"),
        ("r_2'", "u'_2"),
        ("r_l", "u_l"),
        ("k_1", "{q^2}_1"),
        ("s_1", "t"),
        ("rho_1", r"\rho_1"),
    ],
)
def test_the_name_of_a_letter_is_that_of_the_letter_with_a_subscript(name, latex):
    assert Notation(names={"r": "u", "k": "q^2", "s_1": "t"}).symbol(Symbol(name)) == latex


def test_names_with_braces_of_any_kind():
    assert Notation(names={"r": r"\{\hat{u}_{1}\}"}).symbol(Symbol("r")) == r"\{\hat{u}_{1}\}"


@pytest.mark.parametrize(
    ("size", "latex"),
    [
        ("s*o - s", r"s \left(o - 1\right)"),
        ("s*e*k - s*e", r"s d' \left(k - 1\right)"),
        ("d*k - d + 1", r"d \left(k - 1\right) + 1"),
        ("s - d", "s - d"),
        ("2*s - s*o", r"2 s - s o"),
    ],
)
def test_a_stride_stands_before_what_it_multiplies(size, latex):
    """So does a product of them, with primes (here e stands for d')."""
    names = {"s": Symbol("s"), "d": Symbol("d"), "e": Symbol("d'"), "k": K, "o": Symbol("o")}
    assert Notation().expression(sympify(size, names)) == latex


def test_vectors_are_one_letter_for_all_axes():
    bold = Notation(vectors=True)
    assert bold.symbol(Symbol("r_1'")) == bold.symbol(Symbol("r_2'")) == r"\mathbf{r}'"
    assert bold.symbol(Symbol("rho_1")) == r"\boldsymbol{\rho}"
    assert bold.element(Factor("x", tuple(symbols("b r_1 r_2")))) == r"x(b, \mathbf{r})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The size $k$, the kernel $w(0)$.", "The size $K$, the kernel $k(0)$."),
        ("Written already: $k(0)$.", "Written already: $k(0)$."),
        (
            r"$\mathbf{C}$, $\mathsf{T}$, $\mathrm{i}$, $\bmod k$",
            r"$\mathbf{C}$, $\mathsf{T}$, $\mathrm{i}$, $\bmod K$",
        ),
        ("Outside of formulas k and w stay.", "Outside of formulas k and w stay."),
        ("$z^w$ and $z_w$", "$z^k$ and $z_k$"),
        ("", ""),
    ],
)
def test_sentences_have_the_names_of_the_formulas(text, expected):
    assert SLIDE.sentence(text) == expected


def test_a_name_with_a_prime_is_put_in_braces_as_a_script():
    assert Notation(names={"i": "r'"}).sentence("$z^i + z_i + i$") == "$z^{r'} + z_{r'} + r'$"


# ---------------------------------------------------------------------- lines


def test_lines_hold_every_piece_in_order_and_none_is_too_long():
    pieces = [rf"x_{{{number}}}" for number in range(60)]
    lines = broken(pieces, 30)
    assert r"\,".join(lines).split(r"\,") == pieces
    assert len(lines) > 3 and all(width(line) <= 32 for line in lines)


def test_the_first_line_may_be_shorter():
    pieces = ["x(r)"] * 12
    assert len(broken(pieces, 60, 10)[0]) < len(broken(pieces, 60)[0])


def test_what_is_wider_than_a_line_is_cut_behind_commas_and_between_sums():
    element = r"x\!\left(" + ", ".join(rf"\frac{{i_{n} + p_{n} - d_{n} a_{n}}}{{s_{n}}}" for n in range(5)) + r"\right)"
    lines = broken([element], 30)
    assert len(lines) > 1 and all(line.count("{") == line.count("}") for line in lines)
    assert lines[0].startswith(r"x\biggl(") and lines[-1].endswith(r"\biggr)")
    sums = r"\,".join(rf"\sum_{{a_{n}=0}}^{{k_{n} - 1}}" for n in range(20))
    assert all(line.startswith(r"\sum") for line in broken([sums], 30))
    assert broken(["a + b" * 60], 30) == ["a + b" * 60], "what has no place to be cut is left whole"


def test_a_range_wider_than_a_line_is_cut_before_its_upper_end():
    bracket = r"\left[0 \le i_1 + d_1 a_1 + p_1 - d_1 \left(k_1 - 1\right) < s_1 \left(o_1 - 1\right)\right]"
    assert broken([bracket], 30) == [
        r"\bigl[0 \le i_1 + d_1 a_1 + p_1 - d_1 \left(k_1 - 1\right)",
        r"< s_1 \left(o_1 - 1\right)\bigr]",
    ]
    assert broken([bracket], 80) == [bracket]


def test_no_piece_stands_alone_on_the_last_line_where_another_can_join_it():
    pieces = ["x(r)", "y(r)", "z(r)", "w(a)"]
    assert broken(pieces, 15) == [r"x(r)\,y(r)", r"z(r)\,w(a)"]
    assert broken(pieces[:3], 11) == [r"x(r)\,y(r)", "z(r)"], "the line before would have one piece left"


@pytest.mark.parametrize(
    "latex", ["", "{", "}", "}{", "^", "_", "'", r"\frac", r"\left", "\\", "x_", "{" * 5000, "^" * 99]
)
def test_widths_of_what_is_no_formula(latex):
    assert points(latex) >= 0
    assert isinstance(parse(latex), tuple)


def test_widths_grow_with_what_is_added():
    for latex in ("x", r"\sum_{a=0}^{k}", r"\frac{a}{b}", r"\left[a\right]", "a'_1"):
        assert points(latex) < points(latex + "x")
    assert points(r"\frac{a}{b + c}") == points(r"\frac{b + c}{a}") > points(r"\frac{a}{b}")
    assert points(r"x_{a + b}") < points("x a + b")
