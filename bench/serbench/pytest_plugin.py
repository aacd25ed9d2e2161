"""The `serbench` fixture for pytest: what a format has to be for your own schema and values, as a test.

    def test_size(serbench):
        serbench.check(schema, values, "protobuf", size="< 200", encode="< 1.1 * json/orjson")

pytest imports this module at its start, wherever serbench is installed: it imports nothing but pytest.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from serbench.checks import Checks


class UndecidedCondition(UserWarning):
    """A condition that the samples neither confirm nor refute. `-W error::serbench.pytest_plugin.UndecidedCondition`
    makes it a failure."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("serbench", "serialization formats (serbench)")
    group.addoption(
        "--serbench-budget",
        metavar="T",
        help="Time that a check with times has, such as 5s: more is taken, up to four times as much, where a condition "
        "is not decided by then. Default: the ini option serbench_budget, or else 2s.",
    )
    parser.addini("serbench_budget", "Time that a serbench check with times has.", default="2s")


@pytest.fixture(scope="session")
def serbench(pytestconfig: pytest.Config) -> "Checks":
    """`serbench.check(schema, values, codec, size=..., encode=..., decode=...)`; see `serbench.checks.Checks`."""
    from serschema.errors import SerError

    from serbench import inputs
    from serbench.checks import Checks

    try:
        return Checks(
            inputs.duration(pytestconfig.getoption("serbench_budget") or pytestconfig.getini("serbench_budget"))
        )
    except SerError as error:
        raise pytest.UsageError(f"serbench budget: {error}") from None
