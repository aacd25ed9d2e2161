"""CDR by the code of omniidl and the streams of omniORB, in an encapsulation of either byte order."""

from collections.abc import Iterator
from pathlib import Path

MAIN = """
#include <cstdio>
#include <vector>
#include "schema.hh"

static void number(unsigned value) {
  unsigned char head[4];
  for (int i = 0; i < 4; i++) head[i] = value >> (24 - 8 * i);
  fwrite(head, 1, 4, stdout);
}

int main(int argc, char **argv) {
  const char *options[][2] = {{"nativeCharCodeSet", "UTF-8"}, {0, 0}};
  CORBA::ORB_var orb = CORBA::ORB_init(argc, argv, "omniORB4", options);
  unsigned char head[4];
  while (fread(head, 1, 4, stdin) == 4) {
    unsigned length = (unsigned)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
    std::vector<unsigned char> in(length + 1);
    if (fread(in.data(), 1, length, stdin) != length) return 2;
    try {
      cdrMemoryStream from(in.data(), length), to(0, true); // true: padding is zero
      unsigned char order = from.unmarshalOctet();
      ROOT value;
      from.setByteSwapFlag(order);
      value <<= from;
      if (from.currentInputPtr() != length) throw CORBA::MARSHAL();
      to.setByteSwapFlag(order);
      to.marshalOctet(order);
      value >>= to;
      number(to.bufSize());
      fwrite(to.bufPtr(), 1, to.bufSize(), stdout);
    } catch (const CORBA::Exception &) {
      number(0xffffffff);
    }
  }
}
"""


def library() -> str:
    return "omniidl and omniORB"


def build(schema: dict[str, str], folder: Path) -> Iterator[list[str]]:
    (folder / "schema.idl").write_text(schema["idl"], encoding="utf-8")
    (folder / "main.cc").write_text(MAIN.replace("ROOT", schema["root"]))
    yield ["omniidl", "-bcxx", "schema.idl"]
    yield ["g++", "-w", "-O0", "main.cc", "schemaSK.cc", "-o", "program", "-lomniORB4", "-lomnithread"]
