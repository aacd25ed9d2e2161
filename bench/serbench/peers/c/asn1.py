"""ASN.1 by the code of asn1c: DER (which it reads as BER) and unaligned PER."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <HEADER.h>
#include <per_decoder.h>
#include <per_encoder.h>

static void number(unsigned value) {
  unsigned char head[] = {value >> 24, value >> 16, value >> 8, value};
  fwrite(head, 1, 4, stdout);
}

int main(int argc, char **argv) {
  unsigned char head[4];
  int packed = argc > 1 && !strcmp(argv[1], "asn1-uper");
  while (fread(head, 1, 4, stdin) == 4) {
    unsigned length = (unsigned)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
    unsigned most = 2 * length + 64;
    unsigned char *in = malloc(length + 1), *out = malloc(most);
    void *value = 0;
    asn_dec_rval_t got;
    asn_enc_rval_t made;
    if (fread(in, 1, length, stdin) != length) return 2;
    got = packed ? uper_decode_complete(0, &asn_DEF_ROOT, &value, in, length)
                 : ber_decode(0, &asn_DEF_ROOT, &value, in, length);
    if (got.code != RC_OK || got.consumed != length) {
      number(0xffffffff);
    } else {
      made = packed ? uper_encode_to_buffer(&asn_DEF_ROOT, value, out, most)
                    : der_encode_to_buffer(&asn_DEF_ROOT, value, out, most);
      if (made.encoded < 0) {
        number(0xffffffff);
      } else {
        length = packed ? (made.encoded + 7) / 8 : made.encoded;
        number(length ? length : 1); /* X.691, 11.1.3: nothing is an octet of zeros */
        if (!length) out[length++] = 0;
        fwrite(out, 1, length, stdout);
      }
    }
    ASN_STRUCT_FREE(asn_DEF_ROOT, value);
    free(in);
    free(out);
  }
  return 0;
}
"""


def library() -> str:
    found = subprocess.run(["asn1c", "-h"], capture_output=True, text=True)
    version = re.search(r"v([\d.]+)", found.stderr + found.stdout)
    return f"asn1c {version[1]}" if version else "asn1c"


def build(schema: dict[str, str], folder: Path) -> Iterator[list[str]]:
    root = schema["root"]
    (folder / "module.asn").write_text(schema["idl"], encoding="utf-8")
    yield ["asn1c", "-gen-PER", "-fcompound-names", "-fwide-types", f"-pdu={root}", "module.asn"]
    (folder / "converter-sample.c").unlink()
    (folder / "main.c").write_text(MAIN.replace("HEADER", root).replace("ROOT", root.replace("-", "_")))
    yield ["gcc", "-w", "-O0", "-I.", *sorted(file.name for file in folder.glob("*.c")), "-lm", "-o", "program"]
