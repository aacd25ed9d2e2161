/* MessagePack by msgpack-c. */
#include <msgpack.h>

#include "trees.h"

enum { BILLION = 1000000000 };

static json_t *seen(const msgpack_object *value) {
  json_t *held;
  msgpack_timestamp time;
  char name[8];
  switch (value->type) {
    case MSGPACK_OBJECT_NIL:
      return json_null();
    case MSGPACK_OBJECT_BOOLEAN:
      return json_boolean(value->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
      return integer(value->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
      return integer(value->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
      return real(value->via.f64);
    case MSGPACK_OBJECT_STR:
      return text(value->via.str.ptr, value->via.str.size);
    case MSGPACK_OBJECT_BIN:
      return octets((const unsigned char *)value->via.bin.ptr, value->via.bin.size);
    case MSGPACK_OBJECT_ARRAY:
      held = json_array();
      for (uint32_t i = 0; i < value->via.array.size; i++)
        json_array_append_new(held, seen(&value->via.array.ptr[i]));
      return held;
    case MSGPACK_OBJECT_MAP:
      held = json_array();
      for (uint32_t i = 0; i < value->via.map.size; i++)
        put(held, seen(&value->via.map.ptr[i].key), seen(&value->via.map.ptr[i].val));
      return pairs(held);
    case MSGPACK_OBJECT_EXT:
      if (msgpack_object_to_timestamp(value, &time))
        return kind("timestamp", integer((integer_t)time.tv_sec * BILLION + time.tv_nsec));
      snprintf(name, sizeof name, "%d", value->via.ext.type);
      return kind(name, octets((const unsigned char *)value->via.ext.ptr, value->via.ext.size));
  }
  failed("type %d", value->type);
}

static void pack(msgpack_packer *out, const json_t *tree) {
  const json_t *inner;
  struct peer_octets held;
  integer_t value;
  const char *name;
  switch (tagged(tree, &inner)) {
    case 'i':
      value = to_integer(tree);
      if (value < 0)
        msgpack_pack_int64(out, value);
      else
        msgpack_pack_uint64(out, value);
      return;
    case 'f':
      msgpack_pack_double(out, to_real(tree));
      return;
    case 'b':
      held = to_octets(tree);
      msgpack_pack_bin_with_body(out, held.data, held.length);
      free(held.data);
      return;
    case 'm':
      msgpack_pack_map(out, json_array_size(inner));
      for (size_t i = 0; i < json_array_size(inner); i++)
        for (size_t j = 0; j < 2; j++) pack(out, json_array_get(json_array_get(inner, i), j));
      return;
    case 'x':
      name = to_kind(tree, &inner);
      if (strcmp(name, "timestamp")) failed("extension %s", name);
      value = to_integer(inner);
      msgpack_timestamp time = {value / BILLION, 0};
      if (value % BILLION < 0) time.tv_sec--;
      time.tv_nsec = value - (integer_t)time.tv_sec * BILLION;
      msgpack_pack_timestamp(out, &time);
      return;
  }
  if (json_is_null(tree)) {
    msgpack_pack_nil(out);
  } else if (json_is_boolean(tree)) {
    json_is_true(tree) ? msgpack_pack_true(out) : msgpack_pack_false(out);
  } else if (json_is_string(tree)) {
    msgpack_pack_str_with_body(out, json_string_value(tree), json_string_length(tree));
  } else {
    msgpack_pack_array(out, json_array_size(tree));
    for (size_t i = 0; i < json_array_size(tree); i++) pack(out, json_array_get(tree, i));
  }
}

static void release(void *object) {
  msgpack_unpacked_destroy(object);
  free(object);
}

static void *decode(const unsigned char *data, size_t length) {
  msgpack_unpacked *made = malloc(sizeof *made);
  size_t place = 0;
  msgpack_unpacked_init(made);
  if (msgpack_unpack_next(made, (const char *)data, length, &place) == MSGPACK_UNPACK_SUCCESS && place == length)
    return made;
  release(made);
  return 0;
}

static size_t encode(void *object, struct peer_octets *made) {
  msgpack_sbuffer buffer;
  msgpack_packer out;
  msgpack_sbuffer_init(&buffer);
  msgpack_packer_init(&out, &buffer, msgpack_sbuffer_write);
  size_t length = PEER_REFUSED;
  if (!msgpack_pack_object(&out, ((msgpack_unpacked *)object)->data))
    length = peer_finished(made, buffer.data, buffer.size);
  msgpack_sbuffer_destroy(&buffer);
  return length;
}

static void open_schema(const json_t *schema) { (void)schema; }

static json_t *read_tree(const unsigned char *data, size_t length) {
  msgpack_unpacked *held = decode(data, length);
  check(held != 0, "not decoded");
  json_t *made = seen(&held->data);
  release(held);
  return made;
}

static struct peer_octets write_tree(const json_t *tree) {
  msgpack_sbuffer buffer;
  msgpack_packer out;
  struct peer_octets made;
  msgpack_sbuffer_init(&buffer);
  msgpack_packer_init(&out, &buffer, msgpack_sbuffer_write);
  pack(&out, tree);
  peer_finished(&made, buffer.data, buffer.size);
  msgpack_sbuffer_destroy(&buffer);
  return made;
}

const struct format msgpack_format = {
    "msgpack", "msgpack-c " MSGPACK_VERSION, "msgpack_object, in a zone", open_schema, read_tree,
    write_tree, {decode, encode, release},
};
