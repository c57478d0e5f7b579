"""convproof.arrays: what comes in as an array, what goes out, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest

from convproof import arrays
from convproof.errors import ArgumentTypeError, KernelError


class Namespace:
    """A library of arrays that speaks DLPack, as small as can be."""

    __name__ = "tiny"

    @staticmethod
    def from_dlpack(array):
        return Tiny(np.from_dlpack(array))


class Tiny:
    """An array of `Namespace`."""

    def __init__(self, array):
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __array_namespace__(self, api_version=None):
        return Namespace

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)


class Anonymous(Tiny):
    """An array that exports itself and names no library."""

    __array_namespace__ = None


def test_a_numpy_array_is_itself():
    array = np.arange(6.0).reshape(2, 3)
    assert arrays.view("x", array) is array
    assert arrays.library_of(array) is np
    assert arrays.to_library(array, np) is array


def test_a_dlpack_array_is_viewed_and_handed_back_without_copying():
    tiny = Tiny(np.arange(6.0))
    view = arrays.view("x", tiny)
    assert type(view) is np.ndarray
    assert np.shares_memory(view, tiny.array)
    library = arrays.library_of(tiny)
    assert library is Namespace
    result = np.arange(3.0)
    handed = arrays.to_library(result, library)
    assert type(handed) is Tiny
    assert np.shares_memory(handed.array, result)


def test_an_array_of_no_library_gives_numpy():
    assert arrays.library_of(Anonymous(np.zeros(2))) is np


def test_subclasses_are_viewed_as_plain_arrays():
    class Subclass(np.ndarray):
        pass

    array = np.arange(3.0).view(Subclass)
    view = arrays.view("x", array)
    assert type(view) is np.ndarray
    assert np.shares_memory(view, array)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">f4", ">i8", "q", "l"])
def test_accepted_dtypes(dtype):
    array = np.zeros(2, dtype)
    assert arrays.view("x", array) is array


@pytest.mark.parametrize(
    "dtype", ["f2", ">f2", "g", "c8", "c16", "?", "O", "U3", "S3", "M8[s]", "m8[s]", "V4", "f4,f4"]
)
def test_refused_dtypes(dtype):
    if np.dtype(dtype) == np.float64:
        return  # long double, on a platform where it is no longer than double
    with pytest.raises(ArgumentTypeError, match=r"^x=.* array of shape \(2,\): expected an array of float32"):
        arrays.view("x", np.zeros(2, dtype))


@pytest.mark.parametrize("value", [[1.0], (1.0,), 1.0, 1, None, "x", b"x", np.float32(1), {}, np.ndarray, range(3)])
def test_refused_types(value):
    with pytest.raises(ArgumentTypeError, match=r"^x="):
        arrays.view("x", value)


def test_masks_and_matrices_are_refused():
    with pytest.raises(ArgumentTypeError, match="x=masked float64 array of shape"):
        arrays.view("x", np.ma.zeros(3))
    with pytest.raises(ArgumentTypeError, match="x=a matrix"):
        arrays.view("x", np.matrix([[1.0]]))


def test_a_tensor_that_requires_grad_is_told_to_detach():
    tiny = Tiny(np.zeros(2))
    tiny.requires_grad = True
    with pytest.raises(ArgumentTypeError, match="detach"):
        arrays.view("x", tiny)


def test_memory_of_a_gpu_is_refused():
    class OnGpu(Tiny):
        def __dlpack_device__(self):
            return (2, 0)

    with pytest.raises(KernelError, match="no GPU kernels"):
        arrays.view("x", OnGpu(np.zeros(2)))


def test_flat_copies_only_what_it_must():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    same = arrays.flat(array, np.dtype("f4"))
    assert np.shares_memory(same, array)
    for other in (array.T, array[:, ::-1], np.asfortranarray(array), array.astype(">f4")):
        flat = arrays.flat(other, np.dtype("f4"))
        assert flat.tolist() == other.reshape(-1).tolist()
        assert flat.flags.c_contiguous and flat.flags.aligned and flat.dtype.isnative
    unaligned = np.zeros(25, np.uint8)[1:].view("f4")
    assert arrays.flat(unaligned, np.dtype("f4")).flags.aligned
    assert arrays.flat(np.zeros((2, 0)), np.dtype("f8")).shape == (0,)
    assert arrays.flat(np.arange(3, dtype=np.int8), np.dtype("i4")).dtype == np.int32


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 3), "f4"), "float32 array of shape (2, 3)"),
        (None, "None"),
        (1.5, "1.5"),
        ([1] * 1000, "a list"),
        (np.float32(2), repr(np.float32(2))),
    ],
)
def test_descriptions_are_short(value, text):
    assert arrays.describe(value) == text


def test_a_description_never_fails():
    class Hostile:
        def __getattribute__(self, name):
            raise RuntimeError

    assert arrays.describe(Hostile()) == "a Hostile"
    assert arrays.describe(10**5000) == "a int"


def test_no_other_array_library_is_imported():
    code = "import sys, numpy, convproof.arrays as a; a.library_of(object()); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
