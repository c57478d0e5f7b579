"""The checker: holds a kernel, ours or anybody's, to the matrix that the symbolic line derives."""
