"""Readings of one device, ten seconds apart and a little late, drifting as measured quantities do."""

import struct
from datetime import UTC, datetime, timedelta
from random import Random

from serschema.model import Value

RECORDS = 50

START = datetime(2025, 3, 1, 6, tzinfo=UTC)


def generate(records: int, random: Random) -> list[Value]:
    """One batch of so many readings."""
    temperature, pressure, battery = 19.0, 101325.0, 100.0
    readings = []
    for i in range(records):
        temperature += random.uniform(-0.2, 0.2)
        pressure += random.uniform(-5.0, 5.0)
        battery = battery - 0.05 if battery > 1.0 else 100.0
        readings.append(
            {
                "taken_at": START + timedelta(seconds=10 * i, microseconds=random.randrange(200_000)),
                "temperature": _binary32(temperature),
                "humidity": _binary32(random.uniform(35.0, 60.0)),
                "pressure": pressure,
                "carbon_dioxide": random.randrange(400, 1800),
                "signal": random.randrange(-95, -40),
                "battery": int(battery),
                "tilt": random.randrange(-1800, 1801),
                "charging": random.random() < 0.1,
                "calibrated": random.random() < 0.95,
            }
        )
    sent = START + timedelta(seconds=10 * records + 1)
    return [{"device_id": "sensor-7f3a-0042", "firmware": [2, 14, 0], "sent_at": sent, "readings": readings}]


def _binary32(value: float) -> float:
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded
