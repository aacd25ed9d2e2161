"""The control of word size: a C struct whose 64-bit integers are `long`, which has 32 bits on 32-bit machines."""

from dataclasses import replace
from functools import partial

from sercodecs import struct_native

CODECS = (
    replace(
        struct_native.CODECS[0],
        implementation="long",
        compile=partial(struct_native.compile, longs=True),
        orders=(),
    ),
)
