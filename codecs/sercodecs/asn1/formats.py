"""The encoding rules as formats."""

from dataclasses import replace

from sercodecs.contract import ByteOrder, Carries, Claim, Format

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


_SKIPPED = Claim(
    True, "X.680, extension marker: it takes no octets here, and what follows it is skipped if it is not known"
)
_MARKED = Claim(False, "X.680, extension marker: only behind one, which takes a bit that is not measured here")
_BASIC = Claim(False, "X.691: Basic PER leaves REAL, times and sets open; Canonical PER is another format")
_RUST = {"rust": "rasn"}
_C = {"c": "asn1c (mouse07410)"}


def _format(
    rules: str,
    title: str,
    specification: str,
    history: str,
    carries: Carries = _TAGGED,
    *,
    canonical: Claim,
    evolution: Claim = _SKIPPED,
    languages: dict[str, str],
    textual: bool = False,
    tagged: bool = False,
) -> Format:
    order: ByteOrder = "none" if textual else "big"
    return Format(
        name=f"asn1-{rules}",
        title=f"ASN.1 {title}",
        specification=f"ITU-T {specification}",
        history=history,
        textual=textual,
        self_describing=tagged,
        byte_order=order,
        canonical=canonical,
        evolution=evolution,
        languages=_RUST | ({} if rules == "cer" else _C) | languages,
        carries=carries,
    )


_TAGS = "CCITT X.409 (1984), then X.209 (1988) and X.690 (1994)"
_BITS = "X.691 (1995): no tags, and only as many bits as the constraints of the schema leave open"

FORMATS = {
    "ber": _format(
        "ber",
        "Basic Encoding Rules",
        "X.690",
        f"{_TAGS}: LDAP, SNMP, telephony.",
        tagged=True,
        canonical=Claim(False, "X.690, 8: lengths have several forms, and strings may come in pieces"),
        languages={
            "csharp": "System.Formats.Asn1",
            "java": "Bouncy Castle",
            "js": "asn1js",
            "python": "pyasn1",
        },
    ),
    "cer": _format(
        "cer",
        "Canonical Encoding Rules",
        "X.690",
        f"{_TAGS}: one encoding a value, for what is too long to be held.",
        tagged=True,
        canonical=Claim(True, "X.690, 9 and 11", ("map",)),
        languages={"csharp": "System.Formats.Asn1", "python": "pyasn1"},
    ),
    "der": _format(
        "der",
        "Distinguished Encoding Rules",
        "X.690",
        f"{_TAGS}: one encoding a value, as the signatures of X.509 need.",
        tagged=True,
        canonical=Claim(True, "X.690, 10 and 11", ("map",)),
        languages={
            "csharp": "System.Formats.Asn1",
            "go": "encoding/asn1",
            "java": "Bouncy Castle",
            "js": "asn1js",
            "python": "pyasn1",
            "ruby": "OpenSSL::ASN1",
        },
    ),
    "per": _format(
        "per",
        "Packed Encoding Rules, aligned",
        "X.691",
        f"{_BITS}. The calls of H.323.",
        _PACKED,
        canonical=_BASIC,
        evolution=_MARKED,
        languages={"go": "free5gc/aper", "python": "asn1tools"},
    ),
    "uper": _format(
        "uper",
        "Packed Encoding Rules, unaligned",
        "X.691",
        f"{_BITS}. The radio of LTE and 5G.",
        _PACKED,
        canonical=_BASIC,
        evolution=_MARKED,
        languages={"python": "asn1tools"},
    ),
    "oer": _format(
        "oer",
        "Octet Encoding Rules",
        "X.696",
        "X.696 (2014): PER's economy in whole octets, for speed.",
        _OCTETS,
        canonical=Claim(True, "X.696, Canonical OER, which is what is written here", ("map",)),
        evolution=_MARKED,
        languages={"python": "asn1tools"},
    ),
    "xer": _format(
        "xer",
        "XML Encoding Rules",
        "X.693",
        "X.693 (2001): the values of ASN.1 as XML.",
        _XML,
        textual=True,
        tagged=True,
        canonical=Claim(False, "X.693: white space is the writer's in Basic XER; Canonical XER is another format"),
        languages={"python": "asn1tools"},
    ),
    "jer": _format(
        "jer",
        "JSON Encoding Rules",
        "X.697",
        "X.697 (2017): the values of ASN.1 as JSON.",
        _JSON,
        textual=True,
        tagged=True,
        canonical=Claim(False, "X.697: white space and the order of members are the writer's"),
        languages={"python": "asn1tools"},
    ),
}
