"""ASN.1 (ITU-T X.680, 02/2021) by its encoding rules, over two libraries, for the module of `serschema.idl.asn1`.

- `asn1-ber`, `asn1-cer`, `asn1-der` (X.690): tag, length and contents; they differ in which of the equivalent forms are
  allowed. `with_pyasn1` has the three, `with_asn1tools` BER and DER.
- `asn1-per`, `asn1-uper` (X.691): no tags, and of a value no more bits than its constraints leave open; the first one
  aligned to octets.
- `asn1-oer` (X.696): no tags but those of a CHOICE, whole octets, numbers of 1, 2, 4 or 8. What is written is Canonical
  OER, as the module has neither DEFAULT nor SET nor extensions, and lengths are the shortest; basic OER is read.
- `asn1-xer` (X.693, BASIC-XER) and `asn1-jer` (X.697): XML and JSON.

The module has automatic tags (X.680, 25.7): members of a SEQUENCE or CHOICE are [0], [1]..., implicit, explicit if a
CHOICE. asn1tools writes GSER (RFC 3641) but does not read it, so that nothing could be verified: there is none of it.
"""

from sercodecs.asn1 import with_asn1tools, with_pyasn1

CODECS = (*with_pyasn1.CODECS, *with_asn1tools.CODECS)
