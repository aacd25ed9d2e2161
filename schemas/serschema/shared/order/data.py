"""Orders from all over the world, one in twenty of them a refund."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from serschema.model import Value

RECORDS = 12

START = datetime(2025, 1, 7, 9, tzinfo=UTC)
CENT = Decimal("0.01")
CUSTOMERS = (
    ("Ana Henríquez", "Concón", "CL"),
    ("Jürgen Müßig", "Köln", "DE"),
    ("Ελένη Παπαδοπούλου", "Θεσσαλονίκη", "GR"),
    ("Дмитрий Щербаков", "Санкт-Петербург", "RU"),
    ("נועה לוי", "תל אביב", "IL"),
    ("فاطمة الزهراء", "القاهرة", "EG"),
    ("आरती शर्मा", "दिल्ली", "IN"),
    ("สมชาย ใจดี", "กรุงเทพมหานคร", "TH"),
    ("王小明", "北京", "CN"),
    ("佐藤 花子", "東京", "JP"),
    ("김민준", "서울", "KR"),
    ("John Smith", "Springfield", "US"),
    ("𐌰𐍄𐍄𐌹𐌻𐌰", "𠮷野", "XX"),
)
PRODUCTS = (
    "Coffee, 1 kg",
    "Café crème ☕",
    "お茶",
    "Книга «Война и мир»",
    'Tube 3/4" <steel> & brass',
    "🎁 gift wrap",
    "σοκολάτα",
)
LABELS = ("channel", "campaign", "priority", "región", "標籤", "🏷️")
NOTES = (
    "Leave it with the neighbour.",
    "Line one\nline two\ttabbed",
    "Ring twice 🔔🔔",
    'He said "no \\ backslash"',
    "",
)


def generate(records: int, random: Random) -> list[Value]:
    """One list of so many orders."""
    return [{"orders": [_order(i, random) for i in range(records)]}]


def _order(number: int, random: Random) -> Value:
    lines = [_line(random) for _ in range(random.randrange(1, 5))]
    placed = START + timedelta(minutes=7 * number, microseconds=random.randrange(10**6))
    sum_ = sum((line["price"] * line["quantity"] * (1 - line["discount"]) for line in lines), Decimal(0))
    order: dict[str, Value] = {
        "id": UUID(int=random.getrandbits(128), version=4),
        "placed_at": placed,
        "customer": _customer(number, random),
        "lines": lines,
        "labels": {label: f"{label} {random.randrange(100)}" for label in LABELS if random.random() < 0.4},
        "total": (-sum_ if random.random() < 0.05 else sum_).quantize(CENT),
    }
    if random.random() < 0.8:
        order["payment"] = _payment(random)
    if random.random() < 0.5:
        order["shipped_at"] = placed + timedelta(hours=random.randrange(1, 100))
    if random.random() < 0.4:
        order["note"] = random.choice(NOTES)
    return order


def _customer(number: int, random: Random) -> Value:
    name, city, country = CUSTOMERS[number % len(CUSTOMERS)]
    customer = {"name": name, "city": city, "country": country}
    if random.random() < 0.3:
        customer["company"] = f"{name} & Co."
    return customer


def _line(random: Random) -> Value:
    return {
        "product": random.choice(PRODUCTS),
        "quantity": random.choice((1, 1, 1, 2, 3, 10, 300)),
        "price": random.randrange(99, 100_000) * CENT,
        "discount": random.choice((0, 0, 0, 500, 1250, 3333)) * Decimal("0.0001"),
    }


def _payment(random: Random) -> Value:
    match random.randrange(3):
        case 0:
            brand = random.choice(("VISA", "MASTERCARD", "JCB"))
            authorization = random.randbytes(random.randrange(8, 17))
            digits = f"{random.randrange(10_000):04}"
            return {"card": {"brand": brand, "last_digits": digits, "authorization": authorization}}
        case 1:
            transfer: dict[str, Value] = {"account": f"CL{random.randrange(10**16):016}"}
            if random.random() < 0.5:
                transfer["days"] = random.randrange(30)
            return {"transfer": transfer}
        case _:
            return {"voucher": f"GIFT-{random.getrandbits(32):08X}"}
