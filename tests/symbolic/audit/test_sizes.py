"""Formulas of output sizes and bounds of loops: right ones in many forms, and wrong ones with their smallest size."""

from __future__ import annotations

import pytest

from convproof.symbolic.audit import audit

RIGHT = {
    r"$\lfloor (n+2p-f)/s \rfloor + 1$": "output size",
    r"$$\left\lfloor \frac{n_h + 2p - f}{s} + 1 \right\rfloor \times n_{filters}$$": "output size",
    r"$\left\lfloor\frac{N-K}{S} + 1\right\rfloor$": "output size",
    r"A:  $N - K + 1$": "output size",
    r"$\lfloor(n_h-k_h+p_h+s_h)/s_h\rfloor$ where $p_h$ rows are added in all": "output size",
    "W2 = (W1 - F + 2P)/S + 1": "output size",
    r"$o = \left\lfloor \frac{i + 2p - k - (k-1)(d-1)}{s} \right\rfloor + 1$": "output size",
    r"$H_{out} = \left\lfloor\frac{H_{in} + 2 \times \text{padding} - \text{dilation} \times (\text{kernel\_size} - 1)"
    r" - 1}{\text{stride}} + 1\right\rfloor$": "output size",
    r"$n_H^{[l]} = \left\lfloor \frac{n_H^{[l-1]} + 2p^{[l]} - f^{[l]}}{s^{[l]}} + 1 \right\rfloor$": "output size",
    "⌊(n + 2p − f)/s⌋ + 1": "output size",
    r"$\lceil (N - K + 1)/S \rceil$": "output size",
    "out = (H + 2 * pad - HH) // stride + 1": "output size",
    "Ho = int((H + 2*pad - HH) / stride) + 1": "output size",
    r"$H_{out} = (H_{in} - 1) \times \text{stride} - 2 \times \text{padding} + \text{dilation} \times"
    r" (\text{kernel\_size} - 1) + \text{output\_padding} + 1$": "transposed size",
    r"$o' = s(i'-1) + a + k - 2p$": "transposed size",
    r"a full convolution has $N + K - 1$ outputs": "transposed size",
    r"for $i = 0, \dots, n - k$": "loop bound",
    r"For $i = 0, \dots, \left\lfloor \frac{n + 2p - f}{s} \right\rfloor$": "loop bound",
    r"For $i = 1, \ldots, \lfloor (n-k)/s \rfloor + 1$": "loop bound",
    r"$\sum_{i=0}^{n-k} x_i$": "loop bound",
    "for i in range((n - k) // s + 1):": "loop bound",
    "for (i = 0; i < n - k + 1; i++)": "loop bound",
    r"the last window is $\lfloor (n - k)/s \rfloor$": "last index",
}


@pytest.mark.parametrize("text", RIGHT)
def test_right_formulas(text):
    found = audit(text)
    assert not found
    assert [(each.kind, each.verdict) for each in found.formulas] == [(RIGHT[text], "as derived")]
    assert found.formulas[0].scope.startswith("all sizes ")


#: Text, kind of the finding, and the smallest size at which it gives another number.
WRONG = [
    (r"$\lceil (n+2p-f)/s \rceil + 1$", "size formula", "at n=2, p=0, f=1, s=2 it gives 2, and 1 window fits"),
    (
        r"$$\left\lceil \frac{W - F + 2P}{S} + 1 \right\rceil$$",
        "size formula",
        "at W=2, F=1, P=0, S=2 it gives 2, and 1 window fits",
    ),
    ("⌈(n − f)/s⌉ + 1", "size formula", "at n=2, f=1, s=2 it gives 2, and 1 window fits"),
    (
        r"- For $i = 0, \dots, \left\lfloor \frac{n_H + 2p - f}{s} + 1 \right\rfloor$",
        "loop bound",
        "at n_H=1, p=0, f=1, s=1 it gives 1, and 1 window fits",
    ),
    (r"$\sum_{i=0}^{\lfloor (n-k)/s \rfloor + 1}$", "loop bound", "at n=1, k=1, s=1 it gives 1, and 1 window fits"),
    (
        r"$i \in \{0, \dots, \lfloor (n-k)/s + 1 \rfloor\}$",
        "loop bound",
        "at n=1, k=1, s=1 it gives 1, and 1 window fits",
    ),
    ("for i = 0 to floor((n - k)/s + 1)", "loop bound", "at n=1, k=1, s=1 it gives 1, and 1 window fits"),
    ("for i in range((n - k) // s):", "loop bound", "at n=1, k=1, s=1 it gives 0, and 1 window fits"),
    ("for i in range((n - k) // s + 2):", "loop bound", "at n=1, k=1, s=1 it gives 2, and 1 window fits"),
    (
        r"output size: $\lfloor (n + 2p - f)/s \rfloor$",
        "size formula",
        "at n=1, p=0, f=1, s=1 it gives 0, and 1 window fits",
    ),
    (
        "out = (H + 2 * pad - HH) // stride",
        "size formula",
        "at H=1, pad=0, HH=1, stride=1 it gives 0, and 1 window fits",
    ),
    (r"$\lfloor (n - 2p - f)/s \rfloor + 1$", "size formula", "at n=1, p=1, f=1, s=1 it gives -1, and 3 windows fit"),
    (r"$\lfloor (n + 2p + f)/s \rfloor + 1$", "size formula", "at n=1, p=0, f=1, s=1 it gives 3, and 1 window fits"),
    ("(W - F + 2P)/S + 2", "size formula", "at W=1, F=1, P=0, S=1 it gives 2, and 1 window fits"),
    (
        r"$\lfloor\frac{n + 2p - d(k-1)}{s}\rfloor + 1$",
        "size formula",
        "at n=1, p=0, d=1, k=1, s=1 it gives 2, and 1 window fits",
    ),
]


@pytest.mark.parametrize(("text", "kind", "remark"), WRONG)
def test_wrong_formulas_with_the_smallest_size(text, kind, remark):
    (finding,) = audit("Nothing on this line.\n" + text)
    assert (finding.line, finding.kind, finding.remark) == (2, kind, remark)
    assert finding.row is None and finding.column is None and finding.geometry == ""
    assert finding.derived.startswith("the number of windows that fit")


NO_FORMULAS = [
    r"$\binom{n}{k} = \frac{n!}{k!(n-k)!}$",
    r"$(n-k)/2$, $n - k$, $\frac{n-k}{n+k}$",
    r"$y[n] = \sum_k x[k] h[n-k]$",
    r"$(r' - k_1 + 1, c' - k_2 + 1)$",
    r"$\lfloor n/k \rfloor$ and $\lfloor \frac{n-1}{k} \rfloor$",
    r"$\lceil n / s \rceil$",
    r"the F-score $\frac{n - k}{s}$",
    r"$F = \frac{(n-k)R^2}{(k-1)(1-R^2)}$",
    r"$2^{n-k+1}$ and $x_{n-k+1}$",
    r"$p = (k-1)/2$",
    r"with ceil_mode the size is $\lceil (n+2p-k)/s \rceil + 1$",
    r"rounded up: $\lceil (n+2p-k)/s \rceil + 1$",
    "i = s*r + d*a - p",
    r"$y(r, c) = \sum_{a=0}^{k_1-1} \sum_{b=0}^{k_2-1} x(r+a, c+b) k(a, b)$",
    "H - 1, W - 1",
]


@pytest.mark.parametrize("text", NO_FORMULAS)
def test_what_is_no_size_formula(text):
    found = audit(text)
    assert not found
    assert not found.formulas


def test_a_product_of_two_sizes_is_two_formulas():
    one = r"\left\lfloor \frac{%s + 2p - f}{s} + 1 \right\rfloor"
    found = audit(f"$${one % 'n_h'} \\times {one % 'n_w'} \\times n_{{filters}}$$")
    assert not found
    assert [each.kind for each in found.formulas] == ["output size", "output size"]


def test_the_same_formula_is_reported_wherever_it_stands():
    found = audit("\n".join([r"$\lceil (n-k)/s \rceil + 1$", "", r"$\lceil (n-k)/s \rceil + 1$"]))
    assert [each.line for each in found] == [1, 3]
    assert len(set(found.certificates)) == 2


def test_what_is_not_read_is_said():
    found = audit(r"$\lfloor (n-k)/s \rfloor + 1$ and " * 12_000)
    assert found.notes == ("formulas after line 1 were not looked at: there are too many",)
    assert "note: formulas after line 1" in str(found)


@pytest.mark.parametrize(
    "text",
    [
        r"$H_{out} = \left\lfloor \frac{H_{in} + 2 \times \text{padding}[0] - \text{dilation}[0] \times"
        r" (\text{kernel\_size}[0] - 1) - 1}{\text{stride}[0]} + 1 \right\rfloor$",
        "kernel: for (int i = 0; i <= n - k; ++i)",
        r"kernel: for all $0 \le i \le n - k$",
        "kernel: for i in 0..=n-k {",
        r"transposed convolution: the output size is $(n-1)s + k - p$, where $p$ rows are cut in all",
        r"transposed convolution: the output size is $ns + k - s$",
        r"kernel: the output size is $n - d(k-1)$",
        r"the output width of the convolution is $W - K + 2P + 1$",
    ],
)
def test_right_sizes_without_division_and_loops_with_their_end(text):
    found = audit(text)
    assert not found
    assert [each.verdict for each in found.formulas] == ["as derived"]


#: Nothing is divided, so the words have to say that it is the size of a convolution's output, or a loop over it.
PLAIN = [
    ("a kernel of k taps: the output size is n-k.", "size formula", "at n=1, k=1 it gives 0, and 1 window fits"),
    ("Convolution: the output has width $W - K + 2$.", "size formula", "at W=1, K=1 it gives 2, and 1 window fits"),
    ("filter: $n - k$ is the output size", "size formula", "at n=1, k=1 it gives 0, and 1 window fits"),
    ("We slide the kernel for $i = 0, \\dots, n-k+1$", "loop bound", "at n=1, k=1 it gives 1, and 1 window fits"),
    ("kernel: for (int i = 0; i <= n - k + 1; ++i)", "loop bound", "at n=1, k=1 it gives 1, and 1 window fits"),
    ("kernel: for i in range(n - k):", "loop bound", "at n=1, k=1 it gives 0, and 1 window fits"),
    (
        "The transposed convolution has output size $(n-1)s + 2p + k$.",
        "size formula",
        "at n=1, s=1, p=1, k=3 it gives 5, and the size is 1",
    ),
    ("A full convolution has output size n + k.", "size formula", "at n=1, k=1 it gives 2, and the size is 1"),
    (
        r"dilated: $\lfloor (n + 2p - dk)/s \rfloor + 1$",
        "size formula",
        "at n=1, p=0, d=2, k=1, s=1 it gives 0, and 1 window fits",
    ),
    (r"$O = (I - K + 2P)/S$", "size formula", "at I=1, K=1, P=0, S=1 it gives 0, and 1 window fits"),
]


@pytest.mark.parametrize(("text", "kind", "remark"), PLAIN)
def test_wrong_sizes_without_division(text, kind, remark):
    (finding,) = audit(text)
    assert (finding.kind, finding.remark) == (kind, remark)


@pytest.mark.parametrize(
    "text",
    [
        "A code with kernel: the syndrome has length n - k, the output has length n - k.",
        r"After the filter, the autocovariance $\sum_{t=1}^{n-k} x_t x_{t+k}$",
        "for i in range(n - k): a[i] = a[i + k]",
        "The null space, or kernel; the output size is n - k.",
        r"A kernel density estimate has output size $n - k$.",
        "Two convolutions with one kernel: the output size is $n - 2k + 2$",
        "The convolution reads input $i$ for the output $o = (i + p - k)/s$.",
        "the output of the filter is $x[n-k]$",
        "The window: the receptive field is n + k + 1",
    ],
)
def test_other_numbers_that_look_like_sizes(text):
    assert not audit(text)
