// CDR by the code of omniidl and the streams of omniORB, in an encapsulation of either byte order.
#include "schemaSK.cc"

#include "program.h"

static void *peer_decode(const unsigned char *data, size_t length) {
  auto *value = new ROOT;
  try {
    cdrMemoryStream from(const_cast<unsigned char *>(data), length);
    from.setByteSwapFlag(from.unmarshalOctet());
    *value <<= from;
    if (from.currentInputPtr() == length) return value;
  } catch (const CORBA::Exception &) {
  }
  delete value;
  return nullptr;
}

static unsigned char peer_order;

static size_t peer_encode(void *object, peer_octets *made) {
  try {
    cdrMemoryStream to(0, true);  // true: padding is zero
    to.setByteSwapFlag(peer_order);
    to.marshalOctet(peer_order);
    *static_cast<ROOT *>(object) >>= to;
    return peer_finished(made, to.bufPtr(), to.bufSize());
  } catch (const CORBA::Exception &) {
    return PEER_REFUSED;
  }
}

static void peer_release(void *object) { delete static_cast<ROOT *>(object); }

int main(int argc, char **argv) {
  const char *options[][2] = {{"nativeCharCodeSet", "UTF-8"}, {0, 0}};
  int none = 0;
  CORBA::ORB_var orb = CORBA::ORB_init(none, argv, "omniORB4", options);
  peer_codec codec = {peer_decode, peer_encode, peer_release};
  peer_order = argc > 1 && !strcmp(argv[1], "cdr-little");
  return peer_main(argc, argv, &codec);
}
