include "_core.pxi"

cdef extern from "src/cpu_features.hpp" namespace "convproof" nogil:
    int widest_isa_of_cpu "convproof::widest_isa"()


def widest_isa():
    """0, 1 or 2: what this processor and system support (baseline, AVX2, AVX-512)."""
    return widest_isa_of_cpu()
