/* ASN.1 by the code of asn1c: DER, which it reads as BER, and unaligned PER. */
#include HEADER
#include <per_decoder.h>
#include <per_encoder.h>

#include "program.h"

#define PEER_JOINED(one, other) one##other
#define PEER_TYPE_OF(root) PEER_JOINED(asn_DEF_, root)
#define PEER_TYPE PEER_TYPE_OF(ROOT)

enum { PEER_FIRST = 512 };

static int peer_packed;

static void peer_release(void *object) { ASN_STRUCT_FREE(PEER_TYPE, object); }

static void *peer_decode(const unsigned char *data, size_t length) {
  void *value = 0;
  asn_dec_rval_t got = peer_packed ? uper_decode_complete(0, &PEER_TYPE, &value, data, length)
                                   : ber_decode(0, &PEER_TYPE, &value, data, length);
  if (got.code == RC_OK && got.consumed == length) return value;
  peer_release(value);
  return 0;
}

static int peer_appended(const void *data, size_t size, void *key) {
  struct peer_octets *out = key;
  static size_t room;
  if (!out->data) out->data = malloc(room = PEER_FIRST);
  while (out->length + size > room) out->data = realloc(out->data, room *= 2);
  memcpy(out->data + out->length, data, size);
  out->length += size;
  return 0;
}

static size_t peer_encode(void *object, struct peer_octets *made) {
  struct peer_octets out = {0, 0};
  asn_enc_rval_t done = peer_packed ? uper_encode(&PEER_TYPE, object, peer_appended, &out)
                                    : der_encode(&PEER_TYPE, object, peer_appended, &out);
  size_t length = PEER_REFUSED;
  if (done.encoded >= 0) {
    if (!out.length) peer_appended("", 1, &out); /* X.691, 11.1.3: nothing is an octet of zeros */
    length = peer_finished(made, out.data, out.length);
  }
  free(out.data);
  return length;
}

static void peer_seen(void *object, struct peer_octets *made) {
  *made = (struct peer_octets){0, 0};
  xer_encode(&PEER_TYPE, object, XER_F_CANONICAL, peer_appended, made);
}

int main(int argc, char **argv) {
  struct peer_codec codec = {peer_decode, peer_encode, peer_release, peer_seen};
  peer_packed = argc > 1 && !strcmp(argv[1], "asn1-uper");
  return peer_main(argc, argv, &codec);
}
