"""A worker on a machine that this one only pretends to be: its byte order or word size is another. Started by argv.

`swapped` is of the other byte order, `short` has 32 bits in a long, `boasting` only says that it is of the other byte
order, `twin` is like this one.
"""

import sys
from dataclasses import replace
from functools import partial

from serbench import worker
from serbench.endian import control
from sercodecs import struct_native

OTHER = "big" if sys.byteorder == "little" else "little"

kind = sys.argv[1]
facts = (
    worker.hello()
    | {
        "swapped": {"byte_order": OTHER},
        "boasting": {"byte_order": OTHER},
        "short": {"word_bits": 32},
        "twin": {},
    }[kind]
)
worker.hello = lambda: facts
if kind == "swapped":
    struct_native._ORDERS["native"] = struct_native._ORDERS[OTHER]
    control.CODECS = (replace(control.CODECS[0], compile=partial(struct_native.compile, order=OTHER)),)
if kind == "short":
    struct_native._LONGS |= {(64, True): "i", (64, False): "I"}
worker.main()
