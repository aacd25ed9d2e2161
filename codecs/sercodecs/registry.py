"""Which codecs there are. Modules are imported on demand: a library is loaded only when its codec is asked for."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from serschema.errors import SerError

from sercodecs.contract import CodecInfo

MODULES = ("xdr", "asn1", "protobuf", "avro", "json", "xml", "msgpack", "java", "pickle", "struct_native")
