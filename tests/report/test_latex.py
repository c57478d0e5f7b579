"""Formulas as lines of Unicode: read on one line, they say what they say on two."""

from __future__ import annotations

import pytest

from convproof.report.latex import plain


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"\mathrm{fold}(X)", "fold(X)"),
        (r"\operatorname{vec}(x)", "vec(x)"),
        (r"\mathrm{trunc}\left(\frac{a + b}{s}\right) + 1", "trunc((a + b)/s) + 1"),
        (r"\text{a b}", "a b"),
        (r"\int x(\tau)\,\mathrm{d}\tau_1\,\mathrm{d}\tau_2", "∫ x(τ) dτ₁ dτ₂"),
        (r"\mathrm{x_1}", "x₁"),
        (r"d \tau", "d τ"),
    ],
)
def test_words_are_words_and_products_are_products(latex, line):
    assert plain(latex) == line


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"G o \frac{M}{G} \frac{C}{G} K", "G o (M/G) (C/G) K"),
        (r"\frac{a + b}{s} k", "((a + b)/s) k"),
        (r"(a + b) \frac{c}{d}", "(a + b) (c/d)"),
        (r"\frac{1}{M} + \frac{1}{K}", "1/M + 1/K"),
        (r"x\!\left(\frac{i + p}{s}\right)", "x((i + p)/s)"),
        (r"\frac{\partial L}{\partial y(r)}\,k(a)", "∂L/∂y(r) k(a)"),
        (r"\left\lfloor \frac{n}{s} \right\rfloor - 1", "⌊n/s⌋ − 1"),
        ("", ""),
    ],
)
def test_a_fraction_in_a_product_has_brackets(latex, line):
    assert plain(latex) == line
