// FlatBuffers by the object API of flatc: structs that are unpacked from a buffer, and packed into one.
#include "schema_generated.h"

#include "program.h"

using Object = ROOT::NativeTableType;

static void peer_release(void *object) { delete static_cast<Object *>(object); }

static void *peer_decode(const unsigned char *data, size_t length) {
  flatbuffers::Verifier verifier(data, length);
  if (!verifier.VerifyBuffer<ROOT>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<ROOT>(data)->UnPack();
}

static size_t peer_encode(void *object, peer_octets *made) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(ROOT::Pack(builder, static_cast<Object *>(object)));
  return peer_finished(made, builder.GetBufferPointer(), builder.GetSize());
}

int main(int argc, char **argv) {
  peer_codec codec = {peer_decode, peer_encode, peer_release};
  return peer_main(argc, argv, &codec);
}
