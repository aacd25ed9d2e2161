"""A landscape: a square grid of vertices, whose heights are a sum of waves."""

import math
import struct
from random import Random

from serschema.model import Value

RECORDS = 100

WAVES = 4


def generate(records: int, random: Random) -> list[Value]:
    """One mesh of so many vertices, in rows; the last row may be short."""
    waves = [
        (random.uniform(0.02, 0.4), random.uniform(0.5, 3.0), random.uniform(0.5, 3.0), random.uniform(0.0, math.tau))
        for _ in range(WAVES)
    ]
    width = max(2, math.isqrt(records))
    vertices, normals, triangles = [], [], []
    for i in range(records):
        x, y = i % width / (width - 1), i // width / (width - 1)
        angles = [(height, a, b, a * x + b * y + phase) for height, a, b, phase in waves]
        slope_x = sum(height * a * math.cos(angle) for height, a, _, angle in angles)
        slope_y = sum(height * b * math.cos(angle) for height, _, b, angle in angles)
        length = math.hypot(slope_x, slope_y, 1.0)
        vertices.append(_vector(x, y, sum(height * math.sin(angle) for height, _, _, angle in angles)))
        normals.append(_vector(-slope_x / length, -slope_y / length, 1.0 / length))
        if i % width and i >= width:  # the square whose last corner this is
            triangles += [i - width - 1, i - width, i, i - width - 1, i, i - 1]
    return [{"name": "landscape", "vertices": vertices, "normals": normals, "triangles": triangles}]


def _vector(x: float, y: float, z: float) -> Value:
    return dict(zip("xyz", struct.unpack("<3f", struct.pack("<3f", x, y, z)), strict=True))
