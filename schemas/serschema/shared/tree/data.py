"""A random tree of bounded depth: each node hangs from one that was there before it."""

from random import Random

from serschema.model import Value

RECORDS = 60

DEPTH = 8


def generate(records: int, random: Random) -> list[Value]:
    """One tree of so many nodes, the root among them."""
    root = _node(0, random)
    open_ = [(root, 1)]  # the nodes that may have children, with their depth
    for i in range(1, records):
        parent, depth = random.choice(open_)
        child = {**_node(i, random), "weight": round(random.uniform(0.0, 10.0), 3)}
        parent["children"].append(child)
        if depth + 1 < DEPTH:
            open_.append((child, depth + 1))
    return [root]


def _node(number: int, random: Random) -> dict[str, Value]:
    return {"label": f"node-{number}", "value": random.randrange(-(10**9), 10**9), "children": []}
