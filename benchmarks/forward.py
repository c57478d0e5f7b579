"""Time the forward pass of real layers against im2col with NumPy's matrix product, and against PyTorch.

    python -m benchmarks.forward
    python -m benchmarks.forward --networks resnet-50 --layers '*conv3*' --peers im2col torch --json out.json

A ratio is the time of the peer over ours: above 1, we are quicker. Everything runs in one process, the
candidates take turns, and the figures are medians; on one thread the clock is CPU time.
"""

import argparse
import json
import sys
from math import exp, log

from benchmarks.environment import machine, pin_threads


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["resnet-50", "mobilenet-v1"])
    parser.add_argument("--layers", default="*", help="shell pattern on network:layer")
    parser.add_argument("--peers", nargs="*", default=["im2col"], choices=["im2col", "torch"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.5, help="per layer")
    parser.add_argument("--json", metavar="PATH", help="write the figures there as well ('-' for the terminal only)")
    return parser.parse_args(argv)


def time_layer(geometry, options):
    """Median seconds of ours and of every peer that runs this layer, after their results were compared."""
    import numpy as np

    from benchmarks.interleaved import interleaved
    from benchmarks.peers import PEERS, ours

    rng = np.random.default_rng(0)
    x = rng.standard_normal(geometry.x).astype(options.dtype)
    w = rng.standard_normal(geometry.w).astype(options.dtype)
    candidates, expected = {}, None
    for name, make in {"ours": ours, **{peer: PEERS[peer] for peer in options.peers}}.items():
        made = make(geometry, x, w, options.threads)
        if made is None:
            continue
        candidates[name], result = made
        candidates[name]()
        expected = result if expected is None else expected
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-4 * float(np.abs(expected).max()))
    return interleaved(candidates, options.seconds, cpu_time=options.threads == 1)


def geometric_mean(values):
    return exp(sum(map(log, values)) / len(values))


def print_row(row, peers):
    ratios = "".join(f"{row['ratio'].get(peer, float('nan')):9.2f}" for peer in peers)
    print(f"{row['layer']:34} {row['geometry']:44} {row['milliseconds']:9.3f} {row['gflops']:8.1f}{ratios}", flush=True)


def summary(rows, peers):
    """Geometric mean and worst layer per peer."""
    result = {}
    for peer in peers:
        ratios = {row["layer"]: row["ratio"][peer] for row in rows if peer in row["ratio"]}
        if ratios:
            worst = min(ratios, key=ratios.get)
            result[peer] = {
                "geometric mean": geometric_mean(list(ratios.values())),
                "worst layer": worst,
                "worst ratio": ratios[worst],
                "layers": len(ratios),
            }
    return result


def main(argv=None):
    options = arguments(argv)
    pin_threads(options.threads)
    from benchmarks.layers import named_layers, operations
    from convproof.kernels.cpu import isa

    table = options.json != "-"
    if table:
        print(f"{machine()}, {isa.name()}, {options.dtype}, threads: {options.threads}")
        peers = "".join(f"{'x ' + peer:>9}" for peer in options.peers)
        print(f"{'layer':34} {'geometry':44} {'ms':>9} {'GFLOP/s':>8}{peers}")
    rows = []
    for name, geometry in named_layers(options.networks, options.layers):
        seconds = time_layer(geometry, options)
        row = {
            "layer": name,
            "geometry": str(geometry),
            "milliseconds": 1e3 * seconds["ours"],
            "gflops": operations(geometry) / seconds["ours"] / 1e9,
            "ratio": {peer: seconds[peer] / seconds["ours"] for peer in options.peers if peer in seconds},
        }
        rows.append(row)
        if table:
            print_row(row, options.peers)
    if not rows:
        sys.exit(f"no layer of {', '.join(options.networks)} is called {options.layers!r}")
    figures = summary(rows, options.peers)
    if table:
        for peer, s in figures.items():
            print(
                f"x {peer}: geometric mean {s['geometric mean']:.2f} over {s['layers']} layers, "
                f"worst {s['worst ratio']:.2f} ({s['worst layer']})"
            )
    if options.json:
        document = json.dumps(
            {
                "machine": machine(),
                "isa": isa.name(),
                "dtype": options.dtype,
                "threads": options.threads,
                "summary": figures,
                "layers": rows,
            },
            indent=1,
        )
        if options.json == "-":
            print(document)
        else:
            with open(options.json, "w") as file:
                file.write(document + "\n")


if __name__ == "__main__":
    main()
