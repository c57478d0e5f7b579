"""`python -m benchmarks` times the forward pass."""

from benchmarks.forward import main

if __name__ == "__main__":
    main()
