/* CBOR by libcbor; tags are seen as they are. */
#include <cbor.h>

#include "trees.h"

static json_t *seen(const cbor_item_t *item);

static json_t *seen_octets(const cbor_item_t *item) {
  check(cbor_bytestring_is_definite(item), "octets in chunks");
  return octets(cbor_bytestring_handle(item), cbor_bytestring_length(item));
}

static json_t *seen_text(const cbor_item_t *item) {
  check(cbor_string_is_definite(item), "text in chunks");
  return text((const char *)cbor_string_handle(item), cbor_string_length(item));
}

static json_t *seen_simple(const cbor_item_t *item) {
  if (!cbor_float_ctrl_is_ctrl(item)) return real(cbor_float_get_float(item));
  if (cbor_is_bool(item)) return json_boolean(cbor_get_bool(item));
  check(cbor_is_null(item), "a simple value that is neither a boolean nor null");
  return json_null();
}

static json_t *seen(const cbor_item_t *item) {
  json_t *held;
  cbor_item_t *content;
  char name[24];
  switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT:
      return integer(cbor_get_int(item));
    case CBOR_TYPE_NEGINT:
      return integer(-1 - (integer_t)cbor_get_int(item));
    case CBOR_TYPE_BYTESTRING:
      return seen_octets(item);
    case CBOR_TYPE_STRING:
      return seen_text(item);
    case CBOR_TYPE_ARRAY:
      held = json_array();
      for (size_t i = 0; i < cbor_array_size(item); i++)
        json_array_append_new(held, seen(cbor_array_handle(item)[i]));
      return held;
    case CBOR_TYPE_MAP:
      held = json_array();
      for (size_t i = 0; i < cbor_map_size(item); i++)
        put(held, seen(cbor_map_handle(item)[i].key), seen(cbor_map_handle(item)[i].value));
      return pairs(held);
    case CBOR_TYPE_TAG:
      content = cbor_tag_item(item);
      snprintf(name, sizeof name, "%llu", (unsigned long long)cbor_tag_value(item));
      held = kind(name, seen(content));
      cbor_decref(&content);
      return held;
    case CBOR_TYPE_FLOAT_CTRL:
      return seen_simple(item);
  }
  failed("type %d", cbor_typeof(item));
}

/* An integer in as few octets as hold it. */
static cbor_item_t *shortest(integer_t value) {
  int negative = value < 0;
  integer_t rest = negative ? -1 - value : value;
  if (rest > (integer_t)UINT64_MAX) failed("an integer of more than 64 bits");
  if (rest <= UINT8_MAX) return negative ? cbor_build_negint8(rest) : cbor_build_uint8(rest);
  if (rest <= UINT16_MAX) return negative ? cbor_build_negint16(rest) : cbor_build_uint16(rest);
  if (rest <= UINT32_MAX) return negative ? cbor_build_negint32(rest) : cbor_build_uint32(rest);
  return negative ? cbor_build_negint64(rest) : cbor_build_uint64(rest);
}

static cbor_item_t *built(const json_t *tree) {
  const json_t *inner;
  struct peer_octets held;
  cbor_item_t *made;
  const char *name;
  switch (tagged(tree, &inner)) {
    case 'i':
      return shortest(to_integer(tree));
    case 'f':
      return cbor_build_float8(to_real(tree));
    case 'b':
      held = to_octets(tree);
      made = cbor_build_bytestring(held.data, held.length);
      free(held.data);
      return made;
    case 'm':
      made = cbor_new_definite_map(json_array_size(inner));
      for (size_t i = 0; i < json_array_size(inner); i++) {
        const json_t *pair = json_array_get(inner, i);
        struct cbor_pair both = {cbor_move(built(json_array_get(pair, 0))), cbor_move(built(json_array_get(pair, 1)))};
        check(cbor_map_add(made, both), "a pair is not added");
      }
      return made;
    case 'x':
      name = to_kind(tree, &inner);
      return cbor_build_tag(strtoull(name, 0, 10), cbor_move(built(inner)));
  }
  if (json_is_null(tree)) return cbor_new_null();
  if (json_is_boolean(tree)) return cbor_build_bool(json_is_true(tree));
  if (json_is_string(tree)) return cbor_build_stringn(json_string_value(tree), json_string_length(tree));
  made = cbor_new_definite_array(json_array_size(tree));
  for (size_t i = 0; i < json_array_size(tree); i++)
    check(cbor_array_push(made, cbor_move(built(json_array_get(tree, i)))), "an item is not added");
  return made;
}

static void release(void *object) {
  cbor_item_t *item = object;
  cbor_decref(&item);
}

static void *decode(const unsigned char *data, size_t length) {
  struct cbor_load_result result;
  cbor_item_t *item = cbor_load(data, length, &result);
  if (item && result.read == length) return item;
  if (item) release(item);
  return 0;
}

static size_t encode(void *object, struct peer_octets *made) {
  unsigned char *data = 0;
  size_t room, length = cbor_serialize_alloc(object, &data, &room);
  if (length) peer_finished(made, data, length);
  free(data);
  return length ? length : PEER_REFUSED;
}

static void open_schema(const json_t *schema) { (void)schema; }

static json_t *read_tree(const unsigned char *data, size_t length) {
  cbor_item_t *item = decode(data, length);
  check(item != 0, "not decoded");
  json_t *made = seen(item);
  release(item);
  return made;
}

static struct peer_octets write_tree(const json_t *tree) {
  struct peer_octets made = {0, 0};
  cbor_item_t *item = built(tree);
  check(encode(item, &made) != PEER_REFUSED, "not encoded");
  release(item);
  return made;
}

#define SPELT(number) #number
#define SPELL(number) SPELT(number)
#define VERSION SPELL(CBOR_MAJOR_VERSION) "." SPELL(CBOR_MINOR_VERSION) "." SPELL(CBOR_PATCH_VERSION)

const struct format cbor_format = {
    "cbor", "libcbor " VERSION, "cbor_item_t, one for each item", open_schema, read_tree, write_tree,
    {decode, encode, release},
};
