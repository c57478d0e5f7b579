"""Typed shells over the C++ cores of `src/`, the same for every instruction set.

Arguments are flat C-contiguous buffers; `shape` is the tuple described in `convproof.kernels.cpu`.
Values are assumed validated (see `convproof.kernels.api`); lengths are checked here, so that a wrong
call raises instead of crashing. The GIL is released while a core works.
"""
from libc.stdint cimport int32_t, int64_t

ctypedef fused scalar:
    float
    double
    int32_t
    int64_t

cdef extern from "src/shape.hpp" namespace "convproof" nogil:
    const int shape_fields
    cppclass Shape:
        pass
    Shape shape_from(const int64_t*)
    bint is_sound(const Shape&)
    int64_t input_size(const Shape&)
    int64_t weight_size(const Shape&)
    int64_t output_size(const Shape&)
    int64_t checked_product(int64_t, int64_t)
    int64_t checked_volume(const int64_t*)
    int64_t input_channels(const Shape&)
    int64_t output_channels(const Shape&)

cdef extern from "src/index_map.hpp" namespace "convproof" nogil:
    cppclass IndexMaps:
        int64_t outer
        int64_t n[3]
        int64_t padded[3]
        const int64_t* map[3]
    bint maps_are_sound(const IndexMaps&)
    void gather "convproof::pad_gather"[T](const IndexMaps&, const T*, T*, int) except +
    void scatter_add "convproof::pad_scatter_add"[T](const IndexMaps&, const T*, T*, int) except +

cdef extern from "src/cores.hpp" namespace "convproof" nogil:
    bint has_openmp()
    const char* native_isa "convproof::native::isa"()
    void run_forward "convproof::native::forward"[T](const Shape&, const T*, const T*, const T*, T*, int) except +
    void run_input_gradient "convproof::native::input_gradient"[T](
        const Shape&, const T*, const T*, const T*, T*, int) except +
    void run_weight_gradient "convproof::native::weight_gradient"[T](
        const Shape&, const T*, const T*, T*, int) except +

# Whether the cores were built with OpenMP; without it every call runs on one thread.
openmp = has_openmp()
# The instruction set this module is compiled for.
isa = native_isa().decode()


cdef Shape read_shape(tuple shape) except *:
    cdef int64_t fields[22]
    cdef Py_ssize_t i
    if len(shape) != shape_fields:
        raise ValueError(f"shape has {len(shape)} fields, expected {shape_fields}")
    for i in range(shape_fields):
        fields[i] = shape[i]
    cdef Shape s = shape_from(fields)
    if not is_sound(s):
        raise ValueError(f"shape {shape} has a negative count or leaves the 64-bit range")
    return s


cdef int check_length(name, Py_ssize_t length, int64_t expected) except -1:
    if length != expected:
        raise ValueError(f"{name} has {length} elements, its shape needs {expected}")
    return 0


def forward(const scalar[::1] x, const scalar[::1] w, const scalar[::1] bias, scalar[::1] y,
            tuple shape, int threads):
    """y = x * w (+ bias per output channel, or None)."""
    cdef Shape s = read_shape(shape)
    check_length("x", x.shape[0], input_size(s))
    check_length("w", w.shape[0], weight_size(s))
    check_length("y", y.shape[0], output_size(s))
    cdef const scalar* b = NULL
    if bias is not None:
        check_length("bias", bias.shape[0], output_channels(s))
        b = &bias[0]
    with nogil:
        run_forward(s, &x[0], &w[0], b, &y[0], threads)


def input_gradient(const scalar[::1] g, const scalar[::1] w, const scalar[::1] bias, scalar[::1] dx,
                   tuple shape, int threads):
    """dx from g and w: the transposed convolution (+ bias per input channel, or None)."""
    cdef Shape s = read_shape(shape)
    check_length("g", g.shape[0], output_size(s))
    check_length("w", w.shape[0], weight_size(s))
    check_length("dx", dx.shape[0], input_size(s))
    cdef const scalar* b = NULL
    if bias is not None:
        check_length("bias", bias.shape[0], input_channels(s))
        b = &bias[0]
    with nogil:
        run_input_gradient(s, &g[0], &w[0], b, &dx[0], threads)


def weight_gradient(const scalar[::1] g, const scalar[::1] x, scalar[::1] dw, tuple shape, int threads):
    """dw from g and x."""
    cdef Shape s = read_shape(shape)
    check_length("g", g.shape[0], output_size(s))
    check_length("x", x.shape[0], input_size(s))
    check_length("dw", dw.shape[0], weight_size(s))
    with nogil:
        run_weight_gradient(s, &g[0], &x[0], &dw[0], threads)


cdef IndexMaps read_maps(int64_t outer, n, const int64_t[::1] depth, const int64_t[::1] row,
                         const int64_t[::1] column, Py_ssize_t x_length, Py_ssize_t padded_length) except *:
    cdef IndexMaps m
    m.outer = outer
    m.n[0], m.n[1], m.n[2] = n
    m.padded[0], m.padded[1], m.padded[2] = depth.shape[0], row.shape[0], column.shape[0]
    m.map[0], m.map[1], m.map[2] = &depth[0], &row[0], &column[0]
    check_length("x", x_length, checked_product(outer, checked_volume(m.n)))
    check_length("padded", padded_length, checked_product(outer, checked_volume(m.padded)))
    if not maps_are_sound(m):
        raise ValueError(f"a map points outside an axis of the extents {n}")
    return m


def pad_gather(const scalar[::1] x, scalar[::1] padded, int64_t outer, tuple n, maps, int threads):
    """padded[outer][i] = x[outer][maps[i]]: `maps` is one int64 array per axis (three), -1 for zero."""
    cdef const int64_t[::1] depth, row, column
    depth, row, column = maps
    cdef IndexMaps m = read_maps(outer, n, depth, row, column, x.shape[0], padded.shape[0])
    with nogil:
        gather(m, &x[0], &padded[0], threads)


def pad_scatter_add(const scalar[::1] padded, scalar[::1] x, int64_t outer, tuple n, maps, int threads):
    """The adjoint of `pad_gather`: x is overwritten with the sums."""
    cdef const int64_t[::1] depth, row, column
    depth, row, column = maps
    cdef IndexMaps m = read_maps(outer, n, depth, row, column, x.shape[0], padded.shape[0])
    with nogil:
        scatter_add(m, &padded[0], &x[0], threads)
