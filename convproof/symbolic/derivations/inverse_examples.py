"""Small matrices worked out exactly: the transpose, the pseudo-inverse and the true inverse side by side."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import I, Matrix, Symbol, latex, simplify, zeros

from convproof.evidence import Certificate, Counterexample
from convproof.geometry import Conv
from convproof.symbolic.derivation import Writer
from convproof.symbolic.structure import structure

__all__ = ["circular_example", "same_example", "small_example", "worked_example"]


def dense(geometry: str, weights: Sequence) -> Matrix:
    """Return the matrix of a convolution of one channel, its weights given, from the structure tensor."""
    form = structure(Conv.parse(geometry))
    found = zeros(*form.shape[:2])
    columns = (form.out.tolist(), form.x.tolist(), form.w.tolist(), form.coeff.tolist())
    for out, x, w, coefficient in zip(*columns, strict=True):
        found[out, x] += coefficient * weights[w]
    return found


def checked(writer: Writer, claim: str, scope: str, found: Matrix, expected: Matrix) -> Certificate:
    """Compare two exact matrices."""
    if simplify(found - expected) == zeros(*found.shape):
        return Certificate(claim, "formula", scope, "exact")
    story = f"{found.tolist()} is not {expected.tolist()}"
    example = Counterexample(op=writer.op, geometry="", dtype="", property="example", story=story)
    return Certificate(claim, "formula", scope, None, counterexample=example)


def small_example(writer: Writer) -> None:
    """Write the smallest kernel of two taps."""
    geometry = "x1x1x2-w1x1x2"
    matrix = dense(geometry, (1, 1))
    product = matrix.T * matrix
    given = checked(
        writer, "the transpose times the matrix", f"{geometry}, w = (1, 1)", product, Matrix([[1, 1], [1, 1]])
    )
    writer.part("The smallest example", "Two elements, two taps, one output: $n = k = 2$, $o = 1$, $w = (1, 1)$.")
    shown = f"{_show(matrix)}^{{\\top}} {_show(matrix)} = {_show(product)}"
    writer.state("example", "C^{\\top} C", [shown], "Not the identity.", (given,))


def same_example(writer: Writer) -> None:
    """Write the determinant of a matrix of same size."""
    geometry = "x1x1x2-w1x1x3-p1"
    weights = tuple(Symbol(f"w_{tap}") for tap in range(3))
    matrix = dense(geometry, weights)
    found = Matrix([[matrix.det()]])
    expected = Matrix([[weights[1] ** 2 - weights[0] * weights[2]]])
    given = checked(writer, "the determinant", geometry, found, expected)
    writer.part("Padding on both sides", "Same size again, but no triangle: it depends on the weights.")
    why = "Two elements, three taps. With $w = (1, 1, 1)$ it is $0$: as many outputs as inputs, and no inverse."
    shown = f"\\det {_show(matrix)} = {writer.notation.expression(expected[0])}"
    writer.state("example", "\\det C", [shown], why, (given,))


def worked_example(writer: Writer) -> None:
    """Write what the transpose and the pseudo-inverse make of the same outputs."""
    geometry = "x1x1x3-w1x1x2"
    matrix, x = dense(geometry, (1, 1)), Matrix([1, 2, 3])
    y = matrix * x
    nearest = matrix.T * (matrix * matrix.T).inv() * y
    scope = f"{geometry}, w = (1, 1), x = (1, 2, 3)"
    writer.part("Transposed and deconvolved", "Three elements, two taps: $w = (1, 1)$, $x = (1, 2, 3)$.")
    given = checked(writer, "the outputs", scope, y, Matrix([3, 5]))
    shown = f"{_show(matrix)} {_show(x)} = {_show(y)}"
    writer.state("example", "C x", [shown], "Two outputs of three elements.", (given,))
    given = checked(writer, "the transposed convolution of the outputs", scope, matrix.T * y, Matrix([3, 8, 5]))
    writer.state("example", "C^{\\top} y", [_show(matrix.T * y)], "Transposed: the right size, other values.", (given,))
    given = checked(writer, "the outputs of the pseudo-inverse", scope, matrix * nearest, y)
    why = "The pseudo-inverse gives the shortest input with the same outputs: a deconvolution, as far as there is one."
    shown = f"C^{{\\top}} (C C^{{\\top}})^{{-1}} y = {_show(nearest)}"
    writer.state("example", "C^{+} y", [shown], why, (given,))
    lost = x - nearest
    given = checked(writer, "what no inverse can bring back", scope, matrix * lost, zeros(2, 1))
    shown = f"C {_show(lost)} = {_show(matrix * lost)}"
    writer.state("example", "C (x - C^{+} y)", [shown], "What is missing gives no output.", (given,))


def circular_example(writer: Writer) -> None:
    """Write the inverse of a circular convolution, by division of spectra."""
    size, weights, x = 4, (2, 1), Matrix([1, 2, 3, 4])
    geometry = "x1x1x4-w1x1x2-p0_1-mode=circular"
    matrix = dense(geometry, weights)
    y = matrix * x
    fourier = Matrix(size, size, lambda row, column: (-I) ** (row * column))
    spectrum = Matrix([sum(w * I ** (row * tap) for tap, w in enumerate(weights)) for row in range(size)])
    quotient = Matrix([value / factor for value, factor in zip(fourier * y, spectrum, strict=True)])
    recovered = (fourier.conjugate() * quotient / size).applyfunc(simplify)
    scope = f"{geometry}, w = (2, 1), x = (1, 2, 3, 4)"
    writer.part("The true inverse of a circular convolution", _CIRCULAR)
    given = checked(writer, "the outputs", scope, y, Matrix([4, 7, 10, 9]))
    writer.state("example", "C x", [_show(y)], "The window wraps around the end.", (given,))
    expected = Matrix([3, 2 + I, 1, 2 - I])
    given = checked(writer, "the spectrum of the kernel", scope, spectrum, expected)
    why = "The eigenvalues of $C$ are the Fourier transform of the kernel; none is zero, so $C$ is invertible."
    writer.state("example", "\\lambda", [_show(spectrum)], why, (given,))
    given = checked(writer, "the transform of the outputs divided by the spectrum", scope, recovered, x)
    why = "Divided by them and transformed back: the input itself. This is deconvolution."
    writer.state("example", "x", [_show(recovered)], why, (given,))
    given = checked(writer, "the transposed convolution of the outputs", scope, matrix.T * y, Matrix([17, 18, 27, 28]))
    writer.state("example", "C^{\\top} y", [_show(matrix.T * y)], "Transposed instead: other values.", (given,))


def _show(matrix: Matrix) -> str:
    """Write a matrix; a column as a row, transposed."""
    if matrix.cols == 1:
        listed = ", ".join(latex(value, imaginary_unit="ri").replace(r"\frac", r"\tfrac") for value in matrix)
        return rf"({listed})^{{\top}}"
    return latex(matrix, mat_delim="", mat_str="pmatrix", imaginary_unit="ri")


_CIRCULAR = (
    "On a circle, $y(r) = 2\\,x(r) + x((r + 1) \\bmod 4)$: the Fourier transform makes of $C$ a product, "
    "number by number, and a division undoes it."
)
