"""The encoding rules as formats."""

from dataclasses import replace

from sercodecs.contract import ByteOrder, Carries, Format

_TAGGED = Carries(
    bool="BOOLEAN",
    int="INTEGER, constrained to its range",
    float="REAL, binary",
    string="UTF8String",
    bytes="OCTET STRING",
    enum="ENUMERATED",
    timestamp="GeneralizedTime",
    uuid="OCTET STRING (SIZE (16))",
    decimal="INTEGER, unscaled",
    list="SEQUENCE OF",
    map="SEQUENCE OF SEQUENCE of key and value",
    union="CHOICE",
    record="SEQUENCE",
    optional="OPTIONAL: no tag if absent",
)
_PACKED = replace(
    _TAGGED,
    bool="BOOLEAN, a bit",
    int="INTEGER, the bits that its range needs",
    enum="ENUMERATED, its index in the bits that the symbols need",
    union="CHOICE, the index of the alternative in as many bits",
    optional="OPTIONAL, a bit in the preamble of the SEQUENCE",
)
_OCTETS = replace(
    _TAGGED,
    bool="BOOLEAN, an octet",
    int="INTEGER of 1, 2, 4 or 8 octets by its range",
    union="CHOICE, a tag before the alternative",
    optional="OPTIONAL, a bit in the preamble of the SEQUENCE",
)
_XML = replace(
    _TAGGED,
    bool="<true/> or <false/>",
    int="INTEGER, decimal text",
    float="REAL, decimal text",
    bytes="OCTET STRING, hexadecimal text",
    enum="ENUMERATED, an empty element",
    uuid="OCTET STRING, hexadecimal text",
    list="SEQUENCE OF, an element an item",
    union="CHOICE, an element within an element",
    record="SEQUENCE, an element a member",
    optional="OPTIONAL: no element if absent",
)
_JSON = replace(
    _TAGGED,
    bool="true, false",
    int="INTEGER, a number",
    float="REAL, a number",
    bytes="OCTET STRING, hexadecimal text",
    enum="ENUMERATED, its name in a string",
    uuid="OCTET STRING, hexadecimal text",
    list="SEQUENCE OF, an array",
    union="CHOICE, an object of one member",
    record="SEQUENCE, an object",
    optional="OPTIONAL: no member if absent",
)


def _format(
    rules: str,
    title: str,
    specification: str,
    carries: Carries = _TAGGED,
    *,
    textual: bool = False,
    tagged: bool = False,
) -> Format:
    order: ByteOrder = "none" if textual else "big"
    return Format(
        name=f"asn1-{rules}",
        title=f"ASN.1 {title}",
        specification=f"ITU-T {specification}",
        textual=textual,
        self_describing=tagged,
        byte_order=order,
        carries=carries,
    )


FORMATS = {
    "ber": _format("ber", "Basic Encoding Rules", "X.690", tagged=True),
    "cer": _format("cer", "Canonical Encoding Rules", "X.690", tagged=True),
    "der": _format("der", "Distinguished Encoding Rules", "X.690", tagged=True),
    "per": _format("per", "Packed Encoding Rules, aligned", "X.691", _PACKED),
    "uper": _format("uper", "Packed Encoding Rules, unaligned", "X.691", _PACKED),
    "oer": _format("oer", "Octet Encoding Rules", "X.696", _OCTETS),
    "xer": _format("xer", "XML Encoding Rules", "X.693", _XML, textual=True, tagged=True),
    "jer": _format("jer", "JSON Encoding Rules", "X.697", _JSON, textual=True, tagged=True),
}
