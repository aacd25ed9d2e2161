"""XDR by rpcgen's code and libtirpc."""

from collections.abc import Iterator
from pathlib import Path

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schema.h"

static void number(unsigned value) {
  unsigned char head[] = {value >> 24, value >> 16, value >> 8, value};
  fwrite(head, 1, 4, stdout);
}

int main(void) {
  unsigned char head[4];
  while (fread(head, 1, 4, stdin) == 4) {
    unsigned length = (unsigned)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
    unsigned most = 2 * length + 64;
    char *in = malloc(length + 1), *out = malloc(most);
    ROOT value;
    XDR xdr;
    memset(&value, 0, sizeof value);
    if (fread(in, 1, length, stdin) != length) return 2;
    xdrmem_create(&xdr, in, length, XDR_DECODE);
    if (!xdr_ROOT(&xdr, &value) || xdr_getpos(&xdr) != length) {
      number(0xffffffff);
    } else {
      xdrmem_create(&xdr, out, most, XDR_ENCODE);
      if (!xdr_ROOT(&xdr, &value)) return 3;
      number(xdr_getpos(&xdr));
      fwrite(out, 1, xdr_getpos(&xdr), stdout);
    }
    xdr_free((xdrproc_t)xdr_ROOT, (char *)&value);
    free(in);
    free(out);
  }
  return 0;
}
"""


def library() -> str:
    return "rpcgen and libtirpc"


def build(schema: dict[str, str], folder: Path) -> Iterator[list[str]]:
    (folder / "schema.x").write_text(schema["idl"], encoding="utf-8")
    (folder / "main.c").write_text(MAIN.replace("ROOT", schema["root"]))
    for flag, output in (("-h", "schema.h"), ("-c", "schema.c")):
        yield ["rpcgen", "-i", "0", flag, "-o", output, "schema.x"]
    yield ["gcc", "-w", "-I/usr/include/tirpc", "main.c", "schema.c", "-o", "program", "-ltirpc"]
