// Cap'n Proto by the classes of capnpc-c++: a reader over the octets, and a builder to which it is copied.
#include "schema.capnp.c++"

#include <capnp/dynamic.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>

#include "program.h"

using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;

static bool peer_packed;
static const capnp::ReaderOptions peer_unbounded = {uint64_t(1) << 62, 1 << 10};  // it is read over and over

struct peer_unpacked : private kj::ArrayInputStream, public capnp::PackedMessageReader {
  explicit peer_unpacked(kj::ArrayPtr<const kj::byte> octets)
      : ArrayInputStream(octets), PackedMessageReader(static_cast<ArrayInputStream &>(*this), peer_unbounded) {}
};

static void peer_release(void *object) { delete static_cast<capnp::MessageReader *>(object); }

static void *peer_decode(const unsigned char *data, size_t length) {
  try {
    if (peer_packed) {
      return static_cast<capnp::MessageReader *>(new peer_unpacked(kj::arrayPtr(data, length)));
    }
    auto words = kj::arrayPtr(reinterpret_cast<const capnp::word *>(data), length / sizeof(capnp::word));
    return static_cast<capnp::MessageReader *>(new capnp::FlatArrayMessageReader(words, peer_unbounded));
  } catch (const kj::Exception &) {
    return nullptr;
  }
}

static size_t peer_written(capnp::MallocMessageBuilder &message, peer_octets *made) {
  if (peer_packed) {
    kj::VectorOutputStream out;
    capnp::writePackedMessage(out, message);
    return peer_finished(made, out.getArray().begin(), out.getArray().size());
  }
  auto out = capnp::messageToFlatArray(message);
  return peer_finished(made, out.asBytes().begin(), out.asBytes().size());
}

static ROOT::Reader peer_root(void *object) { return static_cast<capnp::MessageReader *>(object)->getRoot<ROOT>(); }

static size_t peer_encode(void *object, peer_octets *made) {
  capnp::MallocMessageBuilder message;
  message.setRoot(peer_root(object));
  return peer_written(message, made);
}

static void peer_copy(DynamicStruct::Reader from, DynamicStruct::Builder to);

static void peer_copy(DynamicList::Reader from, DynamicList::Builder to) {
  for (unsigned i = 0; i < from.size(); i++) {
    DynamicValue::Reader item = from[i];
    if (item.getType() == DynamicValue::STRUCT)
      peer_copy(item.as<DynamicStruct>(), to[i].as<DynamicStruct>());
    else if (item.getType() == DynamicValue::LIST)
      peer_copy(item.as<DynamicList>(), to.init(i, item.as<DynamicList>().size()).as<DynamicList>());
    else
      to.set(i, item);
  }
}

// Field by field, so that all of them are read.
static void peer_copy(DynamicStruct::Reader from, DynamicStruct::Builder to) {
  auto copied = [&](capnp::StructSchema::Field field) {
    if (field.getProto().isGroup()) {
      peer_copy(from.get(field).as<DynamicStruct>(), to.init(field).as<DynamicStruct>());
      return;
    }
    bool pointed = field.getType().isText() || field.getType().isData() || field.getType().isList() ||
                   field.getType().isStruct();
    if (pointed && !from.has(field)) {
      if (field.getProto().getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT) to.clear(field);
      return;
    }
    DynamicValue::Reader value = from.get(field);
    if (value.getType() == DynamicValue::STRUCT)
      peer_copy(value.as<DynamicStruct>(), to.init(field).as<DynamicStruct>());
    else if (value.getType() == DynamicValue::LIST)
      peer_copy(value.as<DynamicList>(), to.init(field, value.as<DynamicList>().size()).as<DynamicList>());
    else
      to.set(field, value);
  };
  for (auto field : from.getSchema().getNonUnionFields()) copied(field);
  KJ_IF_MAYBE(chosen, from.which()) copied(*chosen);
}

static size_t peer_copied(void *object, peer_octets *made) {
  try {
    capnp::MallocMessageBuilder message;
    peer_copy(peer_root(object), message.initRoot<ROOT>());
    return peer_written(message, made);
  } catch (const kj::Exception &) {
    return PEER_REFUSED;
  }
}

int main(int argc, char **argv) {
  bool timed = argc > 2;
  peer_packed = argc > 1 && !strcmp(argv[1], "capnp-packed");
  peer_codec codec = {peer_decode, timed ? peer_encode : peer_copied, peer_release};
  return peer_main(argc, argv, &codec);
}
