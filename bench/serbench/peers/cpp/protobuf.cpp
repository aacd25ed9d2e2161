// Protocol Buffers by the classes of protoc.
#include "schema.pb.cc"

#include <google/protobuf/util/json_util.h>

#include "program.h"

static void peer_release(void *object) { delete static_cast<ROOT *>(object); }

static void *peer_decode(const unsigned char *data, size_t length) {
  auto *value = new ROOT;
  if (value->ParseFromArray(data, length)) return value;
  delete value;
  return nullptr;
}

static size_t peer_encode(void *object, peer_octets *made) {
  std::string out;
  if (!static_cast<ROOT *>(object)->SerializeToString(&out)) return PEER_REFUSED;
  return peer_finished(made, out.data(), out.size());
}

static void peer_seen(void *object, peer_octets *made) {
  std::string out;
  (void)google::protobuf::util::MessageToJsonString(*static_cast<ROOT *>(object), &out);
  peer_finished(made, out.data(), out.size());
}

int main(int argc, char **argv) {
  peer_codec codec = {peer_decode, peer_encode, peer_release, peer_seen};
  return peer_main(argc, argv, &codec);
}
