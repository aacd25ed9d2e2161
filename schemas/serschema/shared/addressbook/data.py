"""People with up to three telephones, most of them with an address for mail."""

from datetime import UTC, datetime, timedelta
from random import Random

from serschema.model import Value

RECORDS = 20

FIRST = (
    "Ada",
    "Alan",
    "Barbara",
    "Claude",
    "Donald",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "Jorge",
    "Karen",
    "Niklaus",
)
LAST = ("Allen", "Borges", "Dijkstra", "Hopper", "Knuth", "Lamarr", "Liskov", "Lovelace", "Shannon", "Turing", "Wirth")
TYPES = ("PHONE_TYPE_MOBILE", "PHONE_TYPE_HOME", "PHONE_TYPE_WORK", "PHONE_TYPE_UNSPECIFIED")
START = datetime(2024, 1, 1, tzinfo=UTC)


def generate(records: int, random: Random) -> list[Value]:
    """One address book of so many people."""
    return [{"people": [_person(1000 + i, random) for i in range(records)]}]


def _person(number: int, random: Random) -> Value:
    first, last = random.choice(FIRST), random.choice(LAST)
    person: dict[str, Value] = {
        "name": f"{first} {last}",
        "id": number,
        "phones": [
            {"number": f"+1-555-{random.randrange(10000000):07}", "type": random.choice(TYPES)}
            for _ in range(random.choice((0, 1, 1, 2, 2, 3)))
        ],
        "last_updated": START + timedelta(microseconds=random.randrange(10**13)),
    }
    if random.random() < 0.8:
        person["email"] = f"{first}.{last}{number}@example.com".lower()
    return person
