"""asn1tools 0.169 where it would write or read wrongly, or not end: compilers that put another object in some places.

All rules:
- REAL: -0.0 is written as 0.0, a mantissa of BER and PER with an octet too many (X.690, 11.3.1), one of XER by repeated
  division, which is inexact and does not end for infinity; JER reads no integer for one. In BER a small exponent
  makes 0.0 of a mantissa that would carry it: that is refused.
- GeneralizedTime: the fraction counts minutes where the seconds are 0, and a year before 1000 has too few digits. It is
  VisibleString here, of which X.680, 46 makes it; the conversions know its text.
- UTF8String (SIZE (n)) of OER has no length, as if a character were an octet (X.696, 27).

PER (X.691):
- a length between fragments is not aligned (11.9.3.5); an OCTET STRING without octets is (11.9.3.3);
- INTEGER (n..MAX) is written as if it had no bounds (11.7), as is an index of more than 256 symbols unaligned (14.2);
- no octet at all stands for a value of no bits (11.1.3).

A SEQUENCE OF in DER does not end when an item has another tag: it makes items until memory does. JER takes text for a
SEQUENCE OF, and anything for a SEQUENCE. XER takes anything for a BOOLEAN that is false, and no
white space between hexadecimal digits.
"""

import math
from functools import cache
from typing import Any

from sercodecs.asn1.values import bad

GENERALIZED_TIME = 24
BINARY, TWO_OCTETS, NEGATIVE = 0x80, 0x01, 0x40
SPECIAL = {math.inf: b"\x40", -math.inf: b"\x41"}
LEAST_EXPONENT = -1074
LONG_TAG, MORE, MOST_TAG_OCTETS = 0x3F, 0x80, 5


def real_octets(value: float) -> bytes:
    """The contents octets of a REAL, in the one form that X.690, 11.3.1 leaves."""
    if value == 0.0:
        return b"\x43" if math.copysign(1.0, value) < 0 else b""
    if not math.isfinite(value):
        return SPECIAL.get(value, b"\x42")
    above, below = abs(value).as_integer_ratio()
    zeros = (above & -above).bit_length() - 1
    exponent, mantissa = zeros + 1 - below.bit_length(), above >> zeros
    size = 1 if -128 <= exponent < 128 else 2
    first = BINARY | (NEGATIVE if value < 0 else 0) | size - 1
    octets = mantissa.to_bytes((mantissa.bit_length() + 7) // 8, "big")
    return bytes([first]) + exponent.to_bytes(size, "big", signed=True) + octets


@cache
def compilers() -> dict[str, Any]:
    """By encoding rules; asn1tools is imported here."""
    return {"ber": _ber(), "der": _der(), "per": _per(), "uper": _uper(), "oer": _oer(), "xer": _xer(), "jer": _jer()}


def _real(octets: bytes) -> float:
    """Read by asn1tools, if it can."""
    from asn1tools.codecs.ber import decode_real

    if octets[:1] in (b"\x81", b"\xc1") and int.from_bytes(octets[1:3], "big", signed=True) < LEAST_EXPONENT:
        bad("a REAL of a smaller exponent than binary64 has")
    value: float = decode_real(bytearray(octets))
    return value


def _tagged_rules(codec: Any, sequence_of: Any) -> Any:
    class Real(codec.Real):  # type: ignore[misc]
        def encode_content(self, data: float, values: Any = None) -> bytes:
            return real_octets(data)

        def decode_content(self, data: Any, offset: int, length: int) -> Any:
            end = offset + length
            return _real(bytes(data[offset:end])), end

    class GeneralizedTime(codec.VisibleString):  # type: ignore[misc]
        TAG = GENERALIZED_TIME

    class Compiler(codec.Compiler):  # type: ignore[misc]
        def compile_implicit_type(self, name: str, descriptor: Any, module: str) -> Any:
            match descriptor["type"]:
                case "REAL":
                    return Real(name)
                case "GeneralizedTime":
                    return GeneralizedTime(name)
                case "SEQUENCE OF":
                    return sequence_of(name, self.compile_type("", descriptor["element"], module))
                case _:
                    return super().compile_implicit_type(name, descriptor, module)

    return Compiler


def _ber() -> Any:
    from asn1tools.codecs import ber

    return _tagged_rules(ber, ber.SequenceOf)


def _der() -> Any:
    from asn1tools.codecs import ber, der

    class SequenceOf(der.SequenceOf):  # type: ignore[misc]
        def decode_content(self, data: Any, offset: int, length: int) -> Any:
            return ber.ArrayType.decode_content(self, data, offset, length)

    return _tagged_rules(der, SequenceOf)


def _per() -> Any:
    from asn1tools.codecs import per

    class OctetString(per.OctetString):  # type: ignore[misc]
        def encode(self, data: bytes, encoder: Any) -> None:
            if data or not self.number_of_bits:
                super().encode(data, encoder)
            else:
                encoder.append_constrained_whole_number(0, self.minimum, self.maximum, self.number_of_bits)

        def decode(self, decoder: Any) -> bytes:
            if not self.number_of_bits:
                octets: bytes = super().decode(decoder)
                return octets
            length = decoder.read_constrained_whole_number(self.minimum, self.maximum, self.number_of_bits)
            if length:
                decoder.align()
            found: bytes = decoder.read_bytes(length)
            return found

    class Enumerated(per.Enumerated):  # type: ignore[misc]
        def encode(self, data: str, encoder: Any) -> None:
            index, last = self.root_data_to_index[data], len(self.root_index_to_data) - 1
            encoder.append_constrained_whole_number(index, 0, last, self.root_number_of_bits)

        def decode(self, decoder: Any) -> str:
            last = len(self.root_index_to_data) - 1
            index = decoder.read_constrained_whole_number(0, last, self.root_number_of_bits)
            symbol: str = self.root_index_to_data[index]
            return symbol

    class Compiler(_packed_rules(per)):  # type: ignore[misc]
        def compile_type(self, name: str, descriptor: Any, module: str) -> Any:
            match descriptor["type"]:
                case "OCTET STRING":
                    return OctetString(name, *self.get_size_range(descriptor, module))
                case "ENUMERATED":
                    return Enumerated(name, self.get_enum_values(descriptor, module), False)
                case _:
                    return super().compile_type(name, descriptor, module)

    return Compiler


def _uper() -> Any:
    from asn1tools.codecs import uper

    return _packed_rules(uper)


def _packed_rules(codec: Any) -> Any:
    from asn1tools.codecs import per

    class Integer(codec.Integer):  # type: ignore[misc]
        """One with a lower bound only: the offset from it, in the fewest octets, and their number before."""

        def __init__(self, name: str, least: int) -> None:
            super().__init__(name)
            self.least = least

        def encode(self, data: int, encoder: Any) -> None:
            offset = data - self.least
            size = per.size_as_number_of_bytes(offset)
            encoder.append_length_determinant(size)
            encoder.append_non_negative_binary_integer(offset, 8 * size)

        def decode(self, decoder: Any) -> int:
            offset: int = decoder.read_non_negative_binary_integer(8 * decoder.read_length_determinant())
            return self.least + offset

    class Real(per.Real):  # type: ignore[misc]
        def encode(self, data: float, encoder: Any) -> None:
            octets = real_octets(data)
            encoder.append_length_determinant(len(octets))
            encoder.append_bytes(octets)

        def decode(self, decoder: Any) -> float:
            return _real(decoder.read_bytes(decoder.read_length_determinant()))

    class Compiler(codec.Compiler):  # type: ignore[misc]
        def compile_type(self, name: str, descriptor: Any, module: str) -> Any:
            match descriptor:
                case {"type": "REAL"}:
                    return Real(name)
                case {"type": "GeneralizedTime"}:
                    return codec.VisibleString(name)
                case {"type": "INTEGER", "restricted-to": [(int(least), "MAX")]}:
                    return Integer(name, least)
                case _:
                    return super().compile_type(name, descriptor, module)

    return Compiler


def coders(rules: str) -> tuple[Any, Any]:
    """The classes that write and read bits, which align a length wherever it stands."""
    from asn1tools.codecs import per, uper

    codec: Any = {"per": per, "uper": uper}[rules]

    class Encoder(codec.Encoder):  # type: ignore[misc]
        def append_length_determinant(self, length: int) -> int:
            self.align()
            written: int = super().append_length_determinant(length)
            return written

    class Decoder(codec.Decoder):  # type: ignore[misc]
        def read_length_determinant(self) -> int:
            self.align()
            length: int = super().read_length_determinant()
            return length

    return Encoder, Decoder


def short_tags() -> Any:
    """The class that reads OER, which takes a tag of any length, in time that grows with the square of it."""
    from asn1tools.codecs import oer

    class Decoder(oer.Decoder):  # type: ignore[misc]
        def read_tag(self) -> bytes:
            octets: bytes = self.read_byte().to_bytes(1, "big")
            while octets[0] & LONG_TAG == LONG_TAG and (len(octets) == 1 or octets[-1] & MORE):
                octets += self.read_byte().to_bytes(1, "big")
                if len(octets) > MOST_TAG_OCTETS:
                    bad("a tag too long")
            return octets

    return Decoder


def _oer() -> Any:
    from asn1tools.codecs import oer

    class Compiler(oer.Compiler):  # type: ignore[misc]
        def compile_type(self, name: str, descriptor: Any, module: str) -> Any:
            match descriptor["type"]:
                case "GeneralizedTime":
                    return super().compile_type(name, descriptor | {"type": "VisibleString"}, module)
                case "UTF8String":
                    return super().compile_type(name, descriptor | {"size": None}, module)
                case _:
                    return super().compile_type(name, descriptor, module)

    return Compiler


def _xer() -> Any:
    from xml.etree import ElementTree

    from asn1tools.codecs import xer

    special = {"PLUS-INFINITY": math.inf, "MINUS-INFINITY": -math.inf, "NOT-A-NUMBER": math.nan}
    names = {math.inf: "PLUS-INFINITY", -math.inf: "MINUS-INFINITY"}

    class Real(xer.Real):  # type: ignore[misc]
        def encode(self, data: float) -> Any:
            element = ElementTree.Element(self.name)
            if math.isfinite(data):
                element.text = repr(data).replace("e+", "e")
            else:
                ElementTree.SubElement(element, names.get(data, "NOT-A-NUMBER"))
            return element

        def decode(self, element: Any) -> float:
            return special[element[0].tag] if len(element) else float(element.text)

    class Boolean(xer.Boolean):  # type: ignore[misc]
        def decode(self, element: Any) -> bool:
            [value] = element
            return self.decode_of(value)

        def decode_of(self, element: Any) -> bool:
            if element.tag not in ("true", "false"):
                bad("neither true nor false")
            return bool(element.tag == "true")

    class OctetString(xer.OctetString):  # type: ignore[misc]
        def decode(self, element: Any) -> bytes:
            return bytes.fromhex(element.text or "")

    class Compiler(xer.Compiler):  # type: ignore[misc]
        def compile_type(self, name: str, descriptor: Any, module: str) -> Any:
            match descriptor["type"]:
                case "OCTET STRING":
                    return OctetString(name)
                case "REAL":
                    return Real(name)
                case "BOOLEAN":
                    return Boolean(name)
                case "GeneralizedTime":
                    return xer.VisibleString(name)
                case _:
                    return super().compile_type(name, descriptor, module)

    return Compiler


def _jer() -> Any:
    from asn1tools.codecs import jer

    class Real(jer.Real):  # type: ignore[misc]
        def encode(self, data: float) -> Any:
            return "-0" if data == 0.0 and math.copysign(1.0, data) < 0 else super().encode(data)

        def decode(self, data: Any) -> float:
            if type(data) is int:
                return float(data)
            value: float = -0.0 if data == "-0" else super().decode(data)
            return value

    class Sequence(jer.Sequence):  # type: ignore[misc]
        def decode(self, data: Any) -> Any:
            return super().decode(data) if type(data) is dict else bad("not an object")

    class SequenceOf(jer.SequenceOf):  # type: ignore[misc]
        def decode(self, data: Any) -> Any:
            return super().decode(data) if type(data) is list else bad("not an array")

    class Compiler(jer.Compiler):  # type: ignore[misc]
        def compile_type(self, name: str, descriptor: Any, module: str) -> Any:
            match descriptor["type"]:
                case "REAL":
                    return Real(name)
                case "GeneralizedTime":
                    return jer.VisibleString(name)
                case "SEQUENCE":
                    return Sequence(name, self.compile_members(descriptor["members"], module)[0])
                case "SEQUENCE OF":
                    return SequenceOf(name, self.compile_type("", descriptor["element"], module))
                case _:
                    return super().compile_type(name, descriptor, module)

    return Compiler
