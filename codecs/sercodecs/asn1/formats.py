"""The encoding rules as formats."""

from sercodecs.contract import ByteOrder, Format


def _format(rules: str, title: str, specification: str, *, textual: bool = False, tagged: bool = False) -> Format:
    order: ByteOrder = "none" if textual else "big"
    return Format(
        name=f"asn1-{rules}",
        title=f"ASN.1 {title}",
        specification=f"ITU-T {specification}",
        textual=textual,
        self_describing=tagged,
        byte_order=order,
    )


FORMATS = {
    "ber": _format("ber", "Basic Encoding Rules", "X.690", tagged=True),
    "cer": _format("cer", "Canonical Encoding Rules", "X.690", tagged=True),
    "der": _format("der", "Distinguished Encoding Rules", "X.690", tagged=True),
    "per": _format("per", "Packed Encoding Rules, aligned", "X.691"),
    "uper": _format("uper", "Packed Encoding Rules, unaligned", "X.691"),
    "oer": _format("oer", "Octet Encoding Rules", "X.696"),
    "xer": _format("xer", "XML Encoding Rules", "X.693", textual=True, tagged=True),
    "jer": _format("jer", "JSON Encoding Rules", "X.697", textual=True, tagged=True),
}
