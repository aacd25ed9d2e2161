"""The pytest plugin: conditions as they are read and judged, and what a test that uses it gives."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from serbench import checks, uninterrupted
from serbench.checks import CAP, Checks, Condition, condition
from serbench.pytest_plugin import UndecidedCondition
from serbench.results import Timing
from serbench.statistics import Ratio
from sercodecs import registry
from serschema import shared

pytest_plugins = ["pytester"]

EMPLOYEE = shared.load("employee")


def ran(pytester, test, *options):
    """The result of a test file with this function, in a process of its own."""
    installed = any(point.value == "serbench.pytest_plugin" for point in entry_points(group="pytest11"))
    pytester.makepyfile(test)
    named = () if installed else ("-p", "serbench.pytest_plugin")
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *named, *options)


def checked(pytester, call):
    held = "from serschema import shared\nVALUES = shared.load('employee').values\n"
    return ran(pytester, f"{held}\ndef test(serbench):\n    serbench.check({call})\n", "--serbench-budget=0.5s")


# Conditions.


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("size", "< 200", Condition("size", "<", 200)),
        ("size", ">=0.5*json/orjson", Condition("size", ">=", 0.5, "json/orjson")),
        ("encode", "< 1.1 * json/orjson", Condition("encode", "<", 1.1, "json/orjson")),
        ("decode", " <= json/orjson ", Condition("decode", "<=", 1, "json/orjson")),
        ("decode", "> 2 * xdr", Condition("decode", ">", 2, "xdr/serbench")),
    ],
)
def test_conditions_are_read(subject, text, expected):
    assert condition(subject, text) == expected


@pytest.mark.parametrize(
    ("subject", "text", "said"),
    [
        ("speed", "< 1", "has no 'speed': there are size, encode, decode"),
        ("size", "200", "size='200' is not a condition: write '< 200'"),
        ("size", "== 200", "is not a condition"),
        ("size", "< 200 bytes", "is not a condition"),
        ("size", 200, "size=200 is not a condition"),
        ("encode", "< 5", "encode='< 5': a time is compared with another codec's"),
        ("encode", "< 1.1 * json/nosuch", "no codec or format is called 'json/nosuch'"),
        ("encode", "< 1.1 * json", "json is several codecs: json/"),
    ],
)
def test_what_is_no_condition_is_one_line(subject, text, said):
    with pytest.raises(pytest.UsageError) as raised:
        condition(subject, text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "low", "high", "processes", "holds"),
    [
        ("< 1.1 * xdr", 1.0, 1.09, 5, True),
        ("< 1.1 * xdr", 1.11, 1.2, 5, False),
        ("< 1.1 * xdr", 1.09, 1.11, 5, None),
        ("< 1.1 * xdr", 1.06, 1.09, 2, None),
        ("< 1.1 * xdr", 1.0, 1.04, 2, True),
        ("> 1.1 * xdr", 1.11, 1.2, 3, True),
        ("> 1.1 * xdr", 1.11, 1.2, 2, None),
        ("> 1.1 * xdr", 1.0, 1.04, 2, False),
    ],
)
def test_a_condition_is_judged_by_the_whole_interval_and_few_processes_by_a_wider_one(
    text, low, high, processes, holds
):
    assert condition("encode", text).judge(Ratio((low + high) / 2, low, high, processes, 0.5)) is holds


# Checks without a clock.


def failure(*values, codec="json/orjson", schema=EMPLOYEE.schema, lossy=False, **conditions):
    with pytest.raises(pytest.fail.Exception) as raised:
        Checks(1.0).check(schema, list(values) or EMPLOYEE.values, codec, lossy=lossy, **conditions)
    return str(raised.value).splitlines()


def test_sizes_are_those_of_each_message():
    small = {"name": "A", "address": "", "number": 1}
    big = small | {"name": "A" * 100}
    size = len(registry.find(["json/orjson"])[0].compile(EMPLOYEE.schema).encode(small))
    Checks(1.0).check("employee", [small], "json/orjson", size=f"<= {size}")
    Checks(1.0).check(EMPLOYEE.schema, [small, big], "json/orjson", size=f">= {size}")
    assert failure(small, big, size=f"<= {size}") == [f"json/orjson: size <= {size}: message 1 takes {size + 99} bytes"]
    assert failure(small, big, big, size="< 10") == [
        f"json/orjson: size < 10: message 0 takes {size} bytes, and 2 more of 3"
    ]


def test_sizes_compared_are_those_of_all_messages():
    Checks(1.0).check("employee", EMPLOYEE.values, "xdr", size="< json/orjson")
    (said,) = failure(size="< 0.9 * xdr")
    assert said.startswith("json/orjson: size < 0.9 * xdr/serbench: the ratio is 1.")
    assert said.endswith(" bytes")


def test_a_round_trip_that_loses_something_fails_unless_it_may():
    numbers = shared.load("numbers")
    (said,) = failure(*numbers.values, schema=numbers.schema)
    assert said.startswith("json/orjson: infinity becomes NaN (4 times), NaN payload (4 times), first at $")
    assert said.endswith(" (lossy)")
    Checks(1.0).check("numbers", numbers.values, "json/orjson", lossy=True)


@pytest.mark.parametrize(("codec", "size"), [("csv", "< 10"), ("xdr", "< csv")])
def test_a_codec_or_reference_that_does_not_carry_the_values_fails(codec, size):
    telemetry = shared.load("telemetry")
    (said,) = failure(*telemetry.values, schema=telemetry.schema, codec=codec, size=size)
    assert said.startswith("csv/stdlib: csv/stdlib does not carry List ($.firmware)")


@pytest.mark.parametrize(
    ("schema", "values", "codec", "said"),
    [
        ("nosuch.proto", [{}], "xdr", "nosuch.proto"),
        ("employee", [{"name": 1}], "xdr", "$"),
        ("employee", [], "xdr", "holds no message"),
        ("employee", EMPLOYEE.values, "json", "json is several codecs"),
    ],
)
def test_bad_schemas_values_and_codecs(schema, values, codec, said):
    with pytest.raises(pytest.UsageError, match=r"serbench\.check: ") as raised:
        Checks(1.0).check(schema, values, codec)
    assert said in str(raised.value)


# Times, by made-up samples.


@pytest.fixture
def measured(monkeypatch):
    """Gives each process of a run a ratio of its own, a process for each time it is asked; notes what was asked."""
    ratios, asked, real = [], [], uninterrupted.run

    def run(plan, folder, *, resume):
        asked.append((plan, resume))
        found = real.__globals__["Run"]
        held = [
            Timing(
                dataset=data.name,
                codec=codec,
                operation="encode",
                process=number,
                loops=1,
                samples_ns=[ns] * 3,
                canary_ns=[1] * 3,
            )
            for data in plan.data
            for number, ratio in enumerate(ratios[: len(asked)])
            for codec, ns in ((plan.codecs[0], round(ratio * 100_000)), (plan.codecs[-1], 100_000))
        ]
        return found(folder, None, _datasets(plan), _verified(plan), held)

    monkeypatch.setattr(checks.uninterrupted, "run", run)
    return ratios, asked


def _datasets(plan):
    from serbench.results import Dataset

    return [Dataset(name=data.name, source="", root="", messages=1, timed=1, information_bytes=1) for data in plan.data]


def _verified(plan):
    from serbench.results import Verified

    return [Verified(dataset="", codec=codec, status="ok", encoded_bytes=[10]) for codec in plan.codecs]


def test_a_plain_case_takes_one_measurement(measured):
    measured[0][:] = [0.5]
    Checks(1.0).check("employee", EMPLOYEE.values, "xdr", encode="< 1.1 * json/orjson")
    ((plan, resume),) = measured[1]
    assert plan.codecs == ("xdr/serbench", "json/orjson")
    assert plan.operations == ("encode",)
    assert plan.budget_s == 1.0
    assert not resume


def test_a_close_one_takes_more_processes(measured):
    measured[0][:] = [1.08, 1.081, 1.082]
    Checks(1e9).check("employee", EMPLOYEE.values, "xdr", encode="< 1.1 * json/orjson")
    assert [resume for _, resume in measured[1]] == [False, True, True]


def test_a_failure_shows_ratio_interval_and_condition(measured):
    measured[0][:] = [1.5]
    assert failure(encode="< 1.1 * xdr", size="< 9") == [
        "json/orjson: encode < 1.1 * xdr/serbench: the ratio is 1.500 [1.500, 1.500], 1 process",
        "json/orjson: size < 9: message 0 takes 10 bytes",
    ]


def test_what_stays_undecided_is_a_warning(measured, monkeypatch):
    measured[0][:] = [1.1, 1.09, 1.12, 1.08]
    clock = iter(range(100))
    monkeypatch.setattr(checks.time, "monotonic", lambda: next(clock))
    with pytest.warns(UndecidedCondition, match=r"encode < 1.1 \* json/orjson: the ratio is .* not decided"):
        Checks(1.0).check("employee", EMPLOYEE.values, "xdr", encode="< 1.1 * json/orjson")
    assert len(measured[1]) == CAP


# Through pytest.


def test_a_test_that_passes_for_real(pytester):
    """With times: no codec takes a thousand times as long as another."""
    call = "'employee', VALUES, 'xdr', size='< 200', encode='< 1000 * json/orjson'"
    checked(pytester, call).assert_outcomes(passed=1)


def test_a_test_that_fails_shows_its_line_and_why(pytester):
    result = checked(pytester, "'employee', VALUES, 'xdr', size='< 20', decode='> 1000 * json/orjson'")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "> * serbench.check('employee', VALUES*",
            "E *xdr/serbench: decode > 1000 * json/orjson: the ratio is *",
            "E *xdr/serbench: size < 20: message 0 takes * bytes*",
        ]
    )
    result.stdout.no_fnmatch_line("*checks.py*")


def test_a_bad_condition_is_one_line(pytester):
    result = checked(pytester, "'employee', VALUES, 'xdr', encode='fast'")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *UsageError: serbench.check: encode='fast' is not a condition*"])


@pytest.mark.parametrize(("option", "seconds"), [((), 7), (("--serbench-budget=9s",), 9)])
def test_the_budget_is_that_of_the_option_or_else_of_the_ini_file(pytester, option, seconds):
    pytester.makeini("[pytest]\nserbench_budget = 7s")
    ran(pytester, f"def test(serbench): assert serbench.budget_s == {seconds}", *option).assert_outcomes(passed=1)


def test_a_budget_that_is_none_is_one_line(pytester):
    result = ran(pytester, "def test(serbench): pass", "--serbench-budget=soon")
    result.stdout.fnmatch_lines(["E *UsageError: serbench budget: 'soon' is not a duration: *"])


def test_the_plugin_imports_nothing_that_takes_time():
    """What pytest pays at each start, whoever runs it."""
    code = "import pytest, sys; had = set(sys.modules); import serbench.pytest_plugin; print(*set(sys.modules) - had)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"serbench", "serbench.pytest_plugin"}
