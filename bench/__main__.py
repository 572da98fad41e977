"""``make bench``: runs the benchmarks, one after the other, and writes their sections of the results."""

import argparse
import importlib
import time

from bench.measure import Row, write_section

BENCHMARKS = {
    "appends": "bench.log.appends",
    "one_stream": "bench.log.one_stream",
    "tailing": "bench.log.tailing",
    "bulk": "bench.log.bulk",
    "verification": "bench.log.verification",
    "long_stream": "bench.log.long_stream",
    "latency": "bench.bus.latency",
    "burst": "bench.bus.burst",
    "catch_up": "bench.bus.catch_up",
    "embedded": "bench.bus.idle",
    "rebuild": "bench.projections.rebuild",
    "as_of": "bench.projections.earlier",
    "rpc": "bench.rpc.commands",
    "tokens": "bench.tokens",
    "batch": "bench.assistance.batch",
    "replay": "bench.assistance.replay",
    "importing": "bench.membership.importing",
    "demonstration": "bench.demonstration",
}
"""Each module has TITLE and ``measure(quick=…)``, which gives the paragraph on the machine and the rows."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small and short, to try it; writes nothing")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    for name in chosen.names or BENCHMARKS:
        benchmark = importlib.import_module(BENCHMARKS[name])
        began = time.monotonic()
        machine, rows = benchmark.measure(quick=chosen.quick)
        print(f"\n{benchmark.TITLE} ({time.monotonic() - began:.0f} s)")
        for row in rows:
            print(told(row))
        if not chosen.quick:
            write_section(benchmark.TITLE, machine, rows)


def told(row: Row) -> str:
    """A row as the terminal shows it."""
    return f"  {row.what}\n    must {row.must}\n    is   {row.measured}\n    {row.beside}"


if __name__ == "__main__":
    main()
