// Thrift by the structs of its compiler, in the binary or the compact protocol.
#include "schema_types.cpp"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include "program.h"

using namespace apache::thrift;
using Memory = transport::TMemoryBuffer;

static void peer_release(void *object) { delete static_cast<ROOT *>(object); }

template <class Protocol>
static void *peer_decode(const unsigned char *data, size_t length) {
  auto *value = new ROOT;
  try {
    auto memory = std::make_shared<Memory>(const_cast<uint8_t *>(data), length);
    Protocol protocol(memory);
    value->read(&protocol);
    if (!memory->available_read()) return value;
  } catch (const TException &) {
  }
  delete value;
  return nullptr;
}

template <class Protocol>
static size_t peer_encode(void *object, peer_octets *made) {
  auto memory = std::make_shared<Memory>();
  Protocol protocol(memory);
  uint8_t *out;
  uint32_t length;
  static_cast<ROOT *>(object)->write(&protocol);
  memory->getBuffer(&out, &length);
  return peer_finished(made, out, length);
}

template <class Protocol>
constexpr peer_codec peer_by = {peer_decode<Protocol>, peer_encode<Protocol>, peer_release};

int main(int argc, char **argv) {
  bool compact = argc > 1 && !strcmp(argv[1], "thrift-compact");
  peer_codec codec = compact ? peer_by<protocol::TCompactProtocolT<Memory>> : peer_by<protocol::TBinaryProtocolT<Memory>>;
  return peer_main(argc, argv, &codec);
}
