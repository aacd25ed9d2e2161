"""Every width of integer and float at its limits, without NaN, infinities and -0.0, which many formats refuse."""

from serschema.shared.numbers.data import FINITE

SCHEMA = "numbers"
VALUES = FINITE
