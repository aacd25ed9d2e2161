"""A worker on a machine that this one only pretends to be: its byte order or word size is another. Started by argv.

`swapped` is of the other byte order, `short` has 32 bits in a long, `boasting` only says that it is of the other byte
order, `twin` is like this one; of its codecs `fake/good` never answers if it is `stuck`, and writes 6 for 7 if `lying`.
"""

import sys
from dataclasses import replace
from functools import partial

import fake_codecs
from serbench import worker
from serbench.endian import control
from sercodecs import struct_native

OTHER = "big" if sys.byteorder == "little" else "little"

kind = sys.argv[1]
facts = worker.hello()
facts |= {"swapped": {"byte_order": OTHER}, "boasting": {"byte_order": OTHER}, "short": {"word_bits": 32}}.get(kind, {})
worker.hello = lambda: facts
if kind == "swapped":
    struct_native._ORDERS["native"] = struct_native._ORDERS[OTHER]
    control.CODECS = (replace(control.CODECS[0], compile=partial(struct_native.compile, order=OTHER)),)
if kind == "short":
    struct_native._LONGS |= {(64, True): "i", (64, False): "I"}
if kind in ("stuck", "lying"):
    fault = {"stuck": "hanging", "lying": "flipping"}[kind]
    compile = next(info.compile for info in fake_codecs.CODECS if info.implementation == fault)
    fake_codecs.CODECS = tuple(
        replace(info, compile=compile) if info.implementation == "good" else info for info in fake_codecs.CODECS
    )
worker.main()
