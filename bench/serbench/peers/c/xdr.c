/* XDR by rpcgen's code and libtirpc. */
#include "schema.h"

#include "program.h"

#define PEER_JOINED(one, other) one##other
#define PEER_FILTER_OF(root) PEER_JOINED(xdr_, root)
#define PEER_FILTER PEER_FILTER_OF(ROOT)

static void peer_release(void *object) {
  xdr_free((xdrproc_t)PEER_FILTER, (char *)object);
  free(object);
}

static void *peer_decode(const unsigned char *data, size_t length) {
  ROOT *value = calloc(1, sizeof *value);
  XDR xdr;
  xdrmem_create(&xdr, (char *)data, length, XDR_DECODE);
  if (PEER_FILTER(&xdr, value) && xdr_getpos(&xdr) == length) return value;
  peer_release(value);
  return 0;
}

static size_t peer_encode(void *object, struct peer_octets *made) {
  static unsigned room = 512;
  for (; room < 1u << 30; room *= 2) {
    char *out = malloc(room);
    XDR xdr;
    size_t length = PEER_REFUSED;
    xdrmem_create(&xdr, out, room, XDR_ENCODE);
    if (PEER_FILTER(&xdr, (ROOT *)object)) length = peer_finished(made, out, xdr_getpos(&xdr));
    free(out);
    if (length != PEER_REFUSED) return length;
  }
  return PEER_REFUSED;
}

int main(int argc, char **argv) {
  struct peer_codec codec = {peer_decode, peer_encode, peer_release};
  return peer_main(argc, argv, &codec);
}
