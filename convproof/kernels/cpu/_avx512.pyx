include "_core.pxi"
