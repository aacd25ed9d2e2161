/* NDR by pidl's code and Samba's libndr, behind the format label. */
#include "ndr_schema.h"

#include "program.h"

#define PEER_JOINED(one, other) one##other
#define PEER_NAME_OF(prefix, root) PEER_JOINED(prefix, root)
#define PEER_PULL PEER_NAME_OF(ndr_pull_, ROOT)
#define PEER_PUSH PEER_NAME_OF(ndr_push_, ROOT)

enum { PEER_LABEL = 4, PEER_ALL = NDR_SCALARS | NDR_BUFFERS };

static const unsigned char peer_little[PEER_LABEL] = {0x10}, peer_big[PEER_LABEL] = {0};
static const unsigned char *peer_label = peer_little;
static unsigned peer_flags;

static void peer_release(void *object) { talloc_free(object); }

static void *peer_decode(const unsigned char *data, size_t length) {
  struct ROOT *value = talloc_zero(0, struct ROOT);
  DATA_BLOB blob = {(uint8_t *)data + PEER_LABEL, length - PEER_LABEL};
  if (length >= PEER_LABEL && !memcmp(data, peer_label, PEER_LABEL)) {
    struct ndr_pull *in = ndr_pull_init_blob(&blob, value);
    in->flags |= peer_flags;
    int good = NDR_ERR_CODE_IS_SUCCESS(PEER_PULL(in, PEER_ALL, value)) && in->offset == in->data_size;
    talloc_unlink(value, in);
    if (good) return value;
  }
  peer_release(value);
  return 0;
}

static size_t peer_encode(void *object, struct peer_octets *made) {
  struct ndr_push *out = ndr_push_init_ctx(0);
  size_t length = PEER_REFUSED;
  out->flags |= peer_flags;
  if (NDR_ERR_CODE_IS_SUCCESS(PEER_PUSH(out, PEER_ALL, (struct ROOT *)object))) {
    DATA_BLOB blob = ndr_push_blob(out);
    length = peer_finished(made, blob.data, blob.length) + PEER_LABEL;
    if (made) {
      made->data = realloc(made->data, length);
      memmove(made->data + PEER_LABEL, made->data, made->length);
      memcpy(made->data, peer_label, PEER_LABEL);
      made->length = length;
    }
  }
  talloc_free(out);
  return length;
}

int main(int argc, char **argv) {
  struct peer_codec codec = {peer_decode, peer_encode, peer_release};
  if (argc > 1 && !strcmp(argv[1], "ndr-big")) {
    peer_label = peer_big;
    peer_flags = LIBNDR_FLAG_BIGENDIAN;
  } else if (argc > 1 && !strcmp(argv[1], "ndr64")) {
    peer_flags = LIBNDR_FLAG_NDR64;
  }
  return peer_main(argc, argv, &codec);
}
