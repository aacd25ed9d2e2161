"""How often does `serbench diff` cry wolf, and does it find a wolf? Runs of the same, and runs with one codec slowed.

    python benchmarks/diff_alarms.py --pairs 10 --budget 30s --out /tmp/alarms

measures, in turn, a run of some codecs as they are and a run in which one of them is 5 % slower at one operation, by
the calibrated delay of `serbench.selftest.twins`, which takes processor time as a slower codec would. Then each run is
compared with the next of its kind (A/A: nothing should be reported) and with the slowed one after it (that codec and
operation should be, and nothing else). Runs that are in the folder already are not measured again, so that they can be
compared once more after a change of `serbench.changes`. Exit code 1 if there was a false alarm or a slowdown was
missed.
"""

import argparse
import json
import sys
from itertools import combinations, pairwise
from pathlib import Path

from serbench import inputs, results, uninterrupted
from serbench.changes import changes
from serbench.plan import Plan
from serbench.selftest.experiments import calibrate
from serbench.selftest.twins import twins
from serbench.selftest.workloads import Workload

WORKLOAD = Workload("slowed", "msgpack/msgpack", "encode", "media_content")
SLOWED = f"{WORKLOAD.codec}-0"
CODECS = (SLOWED, "json/orjson", "json/stdlib", "protobuf/upb", "xdr/serbench", "cbor/cbor2", "avro/fastavro")
SHARE = 0.05


def measure(folder: Path, delay: int, budget_s: float, seed: int) -> None:
    """A run of all codecs; one that is there already stays."""
    if not (folder / results.FILE_NAME).exists():
        with twins(WORKLOAD.codec, WORKLOAD.operation, (delay,)):
            plan = Plan(
                data=(WORKLOAD.data,),
                codecs=CODECS,
                budget_s=budget_s,
                seed=seed,
                operations=results.WHOLE,
                memory_share=0.0,
                modules=("serbench.selftest.twins",),
            )
            uninterrupted.run(plan, folder)


def injected(folder: Path) -> dict[str, float]:
    """The delay, calibrated once and kept."""
    path = folder / "injected.json"
    if not path.exists():
        (held,) = calibrate(WORKLOAD, [SHARE], 12.0, 1)
        path.write_text(json.dumps({"loops": held.loops, "share": held.share, "low": held.low, "high": held.high}))
    found: dict[str, float] = json.loads(path.read_text())
    return found


def compared(old: Path, new: Path, threshold: float) -> tuple[set[tuple[str, str]], set[tuple[str, str]], float]:
    """What `diff` claims of two runs, what of it is worse than the threshold, and the median width of its intervals."""
    found = changes(results.read(old), results.read(new), threshold)
    claimed = {(row.codec, row.what) for row in found.rows if row.verdict == "different"}
    widths = sorted(row.ratio.high / row.ratio.low - 1 for row in found.rows if row.ratio)
    return claimed, {(row.codec, row.what) for row in found.worse}, widths[len(widths) // 2] if widths else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--budget", default="30s")
    parser.add_argument("--threshold", default="0%")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    threshold = inputs.share(given.threshold) if given.threshold != "0%" else 0.0
    delay = injected(given.out)
    print(f"injected: {delay['share']:.2%} [{delay['low']:.2%}, {delay['high']:.2%}]")
    same = [given.out / f"same-{number}" for number in range(given.pairs + 1)]
    slowed = [given.out / f"slowed-{number}" for number in range(given.pairs)]
    for number, folder in enumerate(same):
        measure(folder, 0, inputs.duration(given.budget), 2 * number)
        if number < given.pairs:
            measure(slowed[number], int(delay["loops"]), inputs.duration(given.budget), 2 * number + 1)
    truth = (SLOWED, WORKLOAD.operation)
    alarms = missed = 0
    for old, new in pairwise(same):
        claimed, worse, width = compared(old, new, threshold)
        alarms += bool(claimed)
        print(f"A/A    {old.name}, {new.name}: {sorted(claimed) or 'nothing'}; intervals {width:.1%} wide")
    for old, new in zip(same, slowed):
        claimed, worse, width = compared(old, new, threshold)
        missed += truth not in worse
        alarms += bool(claimed - {truth})
        print(f"slowed {old.name}, {new.name}: {sorted(claimed) or 'nothing'}; intervals {width:.1%} wide")
    others = [compared(old, new, threshold)[0] for old, new in combinations(same, 2)]
    print(f"A/A, each run with each: {sum(map(bool, others))} of {len(others)} reported something")
    print(f"false alarms in {2 * given.pairs} comparisons: {alarms}; slowdown missed: {missed} of {given.pairs}")
    return 1 if alarms or missed else 0


if __name__ == "__main__":
    sys.exit(main())
