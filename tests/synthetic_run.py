"""A made-up run that has every kind of row, and the reports of it that tests compare with what is in `tests/golden`.

`python tests/synthetic_run.py` writes the golden files again: read the difference before you keep it.
"""

import io
import json
import re
from pathlib import Path

from serbench.report import html, matrices, render, terminal
from serbench.report.summary import summarise
from serbench.results import (
    Asked,
    Crossing,
    Dataset,
    Ended,
    Footprint,
    Foreign,
    Header,
    Library,
    Run,
    Spent,
    Streamed,
    Timing,
    Verified,
    Writer,
)

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = '<script>alert("a|b")</script>'
PROCESSES = (1.00, 1.04, 0.97, 1.01)
"""How fast each process is against the first: what all codecs share drops out of ratios."""


def about(title, distribution, version, *, textual=False, self_describing=False, control=False, note=""):
    return {
        "format": title.lower(),
        "title": title,
        "specification": f"{title} 1.0",
        "implementation": distribution,
        "distribution": distribution,
        "version": version,
        "language": "C",
        "licence": "MIT",
        "textual": textual,
        "self_describing": self_describing,
        "byte_order": "none" if textual else "big",
        "validates": not textual,
        "control": control,
        "note": note,
    }


CODECS = {
    "json/fast": about("JSON", "fast", "1.2", textual=True, self_describing=True),
    "json/tied": about("JSON", "tied", "3", textual=True, self_describing=True, note="<b>as fast & as large</b>"),
    "xml/slow": about("XML", "slow", "4.5", textual=True, self_describing=True),
    "xdr/own": about("XDR", "own", "0.1"),
    "dump/control": about("Dump", "python", "3.11", control=True),
    "asn1/absent": about("ASN.1", "absent", "", self_describing=True),
    "old/poor": about("Old", "poor", "0"),
    "bad/broken": about("Bad", "broken", "6"),
}

HEADER = Header(
    plan_sha256="0123456789abcdef" * 4,
    started="2026-01-02T03:04:05+00:00",
    command=["serbench", "run", "--schema", "employees", "--data", "my file.json"],
    budget_s=120,
    seed=7,
    machine={
        "cpu": "Analytical Engine <1>",
        "cores": 2,
        "memory_bytes": 3 << 29,
        "python": "3.11.2",
        "byte_order": "little",
        "governor": "|power*save|",
        "load_1min": 0.3,
    },
    versions={"serbench": "0.1.0", "fast": "1.2"},
    codecs=CODECS,
)

DATASETS = [
    Dataset(
        name="employees",
        source="shared",
        root="Employees",
        messages=1,
        timed=1,
        information_bytes=26,
        description="Three employees, *and* what they are called",
    ),
    Dataset(
        name=HOSTILE,
        source="a\nb\x1b[31m.json",
        root="R",
        messages=4,
        timed=4,
        information_bytes=4002,
        leaf='$.a|b["<i>"]',
        description="<img src=x onerror=alert(1)>",
    ),
]


def verified(dataset, codec, size=0, status="ok", **more):
    if status in ("ok", "lossy"):
        more["compressed_bytes"] = {"none": size, "zlib-6": size // 2, "zstd-3": size // 2 + 4}
        more["encoded_bytes"] = [size]
        more["head_hex"] = "3b9aca003b9aca01ff"
    return Verified(dataset=dataset, codec=codec, status=status, **more)


VERIFIED = [
    verified("employees", "xml/slow", 244, purposes={"content": 47, "name": 118, "structure": 79}, explained=1),
    verified("employees", "json/fast", 134, purposes={"content": 47, "name": 42, "structure": 45}, explained=1),
    verified("employees", "json/tied", 134, deterministic=False),
    verified(
        "employees",
        "xdr/own",
        64,
        status="lossy",
        losses={"NaN payload": 3, "-0.0 becomes 0.0": 1},
        example="$.a[0].b",
        orders={"big>little": "equal", "little>big": "equal"},
    ),
    verified(
        "employees",
        "dump/control",
        30,
        purposes={"content": 28, "padding": 2},
        explained=1,
        orders={"big>little": "value differs", "little>big": "error: DecodeError: at byte 4: too long"},
    ),
    verified("employees", "asn1/absent", status="unavailable", reason="pip install absent"),
    verified("employees", "old/poor", status="unsupported", reason="old/poor does not carry a map ($.m_[a|b])"),
    verified("employees", "bad/broken", status="failed", reason="$.a: 1 became 1.0"),
    verified(HOSTILE, "json/fast", 12_345, offers=["stream"]),
    verified(
        HOSTILE,
        "xdr/own",
        4_004,
        offers=["access", "stream"],
        dictionary={
            "dictionary_bytes": 4096,
            "training_messages": 2,
            "messages": 2,
            "none": 2002,
            "zstd-3": 1500,
            "zstd-3-dictionary": 300,
        },
    ),
    verified(HOSTILE, "bad/broken", status="failed", reason="</li>\x1b[2J"),
]


def timings(dataset, codec, loops=100, wavering=(1, 1, 1, 1), collecting=False, **times_ns):
    """Three rounds in each process, or one with garbage collection on; `times_ns` are those of a call in the first
    process's second round.

    `wavering` is how much longer than the other codecs this one takes in each process.
    """
    steps = (0.99, 1.0, 1.02)[: 1 if collecting else 3]
    return [
        Timing(
            dataset=dataset,
            codec=codec,
            operation=operation,
            process=process,
            loops=loops,
            samples_ns=[round(ns * loops * speed * wavering[process] * step) for step in steps],
            canary_ns=[20_000, 20_100, 20_000 if process else 90_000][: len(steps)],
            collecting=collecting,
        )
        for operation, ns in times_ns.items()
        for process, speed in enumerate(PROCESSES)
    ]


TIMINGS = [
    *timings("employees", "json/fast", encode=160, decode=400),
    *timings("employees", "json/fast", wavering=(1.1, 1.12, 1.1, 1.13), collecting=True, encode=160),
    *timings("employees", "json/tied", encode=160.4),
    *timings("employees", "json/tied", decode=420, wavering=(1, 1.1, 0.95, 1.05)),
    *timings(
        "employees",
        "xml/slow",
        encode=6_400,
        decode=12_000,
        to_native=4_000,
        encode_native=2_300,
        decode_native=9_000,
        from_native=2_900,
    ),
    *timings("employees", "xdr/own", encode=720, decode=800),
    *timings("employees", "dump/control", encode=80, decode=90),
    *timings(HOSTILE, "json/fast", loops=1, encode=4_000_000, decode=8_000_000),
    *timings(HOSTILE, "xdr/own", loops=1, encode=9_994_800),
    Timing(dataset=HOSTILE, codec="xdr/own", operation="decode", process=0, reason="crashed: SIGSEGV"),
    *timings(HOSTILE, "json/fast", loops=1, access=8_001_000, write_stream=4_100_000, read_stream=8_200_000),
    *timings(HOSTILE, "xdr/own", access=50_000),
    *timings(HOSTILE, "json/fast", loops=1, **{"compress:zstd-3": 40_000, "decompress:zstd-3": 20_000}),
    *timings(HOSTILE, "xdr/own", loops=1, **{"compress:zstd-3": 4_004_000, "decompress:zlib-6": 4_000}),
]

STREAMED = [
    Streamed(
        dataset=HOSTILE,
        codec="json/fast",
        records=340,
        stream_bytes=4_197_640,
        write_peak_bytes=61_440,
        read_peak_bytes=None,
    ),
    Streamed(dataset=HOSTILE, codec="xdr/own", reason="crashed: <SIGILL>"),
]

SPENT = [
    Spent(dataset="employees", direction=direction, process=process, wall_ns=1_000_000_000, measured_ns=900_000_000)
    for process in range(4)
    for direction in ("encode", "decode")
]

LIBRARIES = [
    Library(
        codec="json/fast",
        import_ns=[1_400_000, 1_300_000, 9_000_000],
        resident_bytes=188_416,
        installed_bytes=336_909,
        required_bytes=1_336_909,
    ),
    Library(codec="dump/control", import_ns=[40_000]),
    Library(codec="bad/broken", installed_bytes=1, required_bytes=1, reason="crashed: SIGSEGV"),
]


def footprint(dataset, codec, encode, decode, **more):
    return Footprint(
        dataset=dataset,
        codec=codec,
        construct_ns=[3_000_000, 1_000_000, 2_000_000],
        **{"method": "memray"} | more,
        **dict(zip(("encode_peak_bytes", "encode_held_bytes", "encode_allocations"), encode)),
        **dict(zip(("decode_peak_bytes", "decode_held_bytes", "decode_allocations"), decode)),
    )


FOOTPRINTS = [
    footprint("employees", "json/fast", (4_089, 167, 1), (4_464, 1_368, 25)),
    footprint("employees", "xml/slow", (9_482, 277, 148), (7_467, 1_368, 157)),
    footprint("employees", "xdr/own", (445, 97, 8), (538, 368, 11), method="tracemalloc+rss"),
    footprint("employees", "dump/control", (63, 63, 1), (68, 68, 1)),
    Footprint(dataset=HOSTILE, codec="xdr/own", reason="crashed: <SIGBUS>"),
]

ENDED = [
    Ended(wall_s=61.5, interrupted=True, throttled=0),
    Ended(
        wall_s=118.25,
        interrupted=False,
        others_percent=3.25,
        steal_percent=1.5,
        throttled=7,
        overheated=0,
        switches=1234,
        swapped_bytes=0,
    ),
]

FOREIGN = [
    Foreign(
        machine="far<b>",
        byte_order="big",
        word_bits=64,
        python="3.11.2",
        controls=["dump/control"],
        problems=["old/poor failed on employees between here and far<b>"],
    )
]


def crossing(dataset, codec, octets="same", **more):
    return Crossing(machine="far<b>", dataset=dataset, codec=codec, octets=octets, **{"status": "ok"} | more)


CROSSED = [
    crossing("endian-fields", "json/fast", here="1.1", there="1.3"),
    crossing("endian-fields", "xml/slow", "", status="unavailable", reason="not there: no wheel"),
    crossing("endian-fields", "dump/control", "differ", status="failed", forth="1 became 256", back="256 became 1"),
    crossing("endian-fields", "old/poor", "", status="failed", reason="there: crashed: <SIGBUS>"),
    crossing("endian-fields", "bad/broken", "same", status="defect", reason="known", back="$.a: 1 became 256"),
    crossing("employees", "json/fast", here="1.1", there="1.3"),
    crossing("employees", "xml/slow", "", status="unavailable", reason="not there: no wheel"),
    crossing("employees", "dump/control", "", status="unsupported", reason="dump/control does not carry a map"),
    crossing("employees", "old/poor", "differ", reason="another order"),
    crossing("employees", "bad/broken", "vary"),
]


def asked(dataset, codec, status="ok", **more):
    format, language = codec.split("/")
    return Asked(dataset=dataset, codec=codec, writer=f"{format}/fast", language=language, status=status, **more)


ASKED = [
    asked("employees", "json/node", octets=True, library="fast-json 3"),
    asked(HOSTILE, "json/node", "lossy", losses={"reading: whole floats are integers": 2}, library="fast-json 3"),
    asked("employees", "json/go"),
    asked(HOSTILE, "json/go", "failed", reason="</td>\x1b[2J"),
    asked("employees", "json/java", "unavailable", reason="missing: mvn; apt-get install maven"),
]

RUN = Run(
    Path("reports/made-up/results.jsonl"),
    HEADER,
    DATASETS,
    VERIFIED,
    TIMINGS,
    STREAMED,
    SPENT,
    LIBRARIES,
    FOOTPRINTS,
    ended=ENDED,
    foreign=FOREIGN,
    crossed=CROSSED,
    asked=ASKED,
)


def write(folder, run=RUN):
    """The run as a folder with its result file."""
    writer = Writer(folder)
    for line in (
        run.header,
        *run.datasets,
        *run.libraries,
        *run.verified,
        *run.footprints,
        *run.streamed,
        *run.timings,
    ):
        writer.write(line)
    writer.close()
    return folder


def on_terminal(width, run=RUN):
    return printed(width, lambda out: terminal.render(summarise(run), out))


def verification():
    return printed(80, lambda out: terminal.matrix(matrices.verification(VERIFIED, ["dump/control"]), out))


def printed(width, draw):
    """What a terminal of this width shows, without the blanks that fill its lines."""
    out = io.StringIO()
    draw(terminal.console(out, width))
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def shortened(page):
    """A page without what is the same in every page: style, scripts, licences, and how charts are drawn."""
    for name in ("style.css", "page.js"):
        page = page.replace((html.HERE / name).read_text(encoding="utf-8"), name)
    before, data, after = re.split(r'(?<=id="data">)(.*?)(?=</script>)', page, maxsplit=1)
    held = json.loads(data)
    for chart in held["charts"].values():
        chart["spec"] = sorted(chart["spec"])
    page = before + html.script_json(held).replace("],", "],\n") + after
    return re.sub(r"(<footer>.*?<pre>).*?(?=</pre>)", r"\1", page, flags=re.DOTALL)


def reports():
    """By the name of its golden file, each report of the run."""
    summary = summarise(RUN)
    return {
        "report.md": render(summary, "md"),
        "report.html": shortened(html.page(summary, "the script that draws")),
        "report-readme.md": render(summary, "readme"),
        "report.csv": render(summary, "csv"),
        "report.tex": render(summary, "latex"),
        "terminal.txt": on_terminal(140),
        "terminal-80.txt": on_terminal(80),
        "verification.txt": verification(),
    }


if __name__ == "__main__":
    for name, text in reports().items():
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="")
