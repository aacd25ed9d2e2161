"""Requests as a web server sees them: mostly GET, mostly 200, sizes and durations of long tails."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from serschema.model import Value

RECORDS = 30

START = datetime(2025, 6, 2, 8, tzinfo=UTC)
METHODS = ("GET",) * 14 + ("POST",) * 3 + ("HEAD", "PUT", "DELETE")
STATUSES = (200,) * 14 + (204, 301, 304, 304, 404, 500)
PATHS = ("/", "/index.html", "/api/v1/items/{}", "/api/v1/items/{}/reviews?page=2", "/static/app.{}.js", "/search?q={}")
REFERRERS = (
    "https://www.example.com/",
    "https://search.example.net/results?q=serialization",
    "https://example.org/a/b",
)
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5",
    "curl/8.5.0",
    "python-requests/2.32.3",
)


def generate(records: int, random: Random) -> list[Value]:
    """One log of so many entries."""
    time = START
    entries = []
    for _ in range(records):
        time += timedelta(microseconds=random.randrange(1, 2_000_000))
        entries.append(_entry(time, random))
    return [{"entries": entries}]


def _entry(time: datetime, random: Random) -> Value:
    entry: dict[str, Value] = {
        "received_at": time,
        "request_id": UUID(int=random.getrandbits(128), version=4),
        "client": bytes((203, 0, 113, random.randrange(256))),  # RFC 5737: addresses for documentation
        "method": random.choice(METHODS),
        "path": random.choice(PATHS).format(random.randrange(100_000)),
        "status": random.choice(STATUSES),
        "sent": min(int(random.paretovariate(0.8) * 200), 10**10),
        "duration": min(int(random.paretovariate(1.2) * 900), 60_000_000),
        "encrypted": random.random() < 0.9,
        "user_agent": random.choice(AGENTS),
    }
    if random.random() < 0.6:
        entry["referrer"] = random.choice(REFERRERS)
    return entry
