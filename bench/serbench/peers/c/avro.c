/* Avro by Avro C, into the generic values of a schema. A union of null and another type is that type's, or null. */
#include <avro.h>

#include "trees.h"

static avro_schema_t schema;
static avro_value_iface_t *class;
static char *known;

static void did(int error) {
  if (error) failed("%s", avro_strerror());
}

/* The schema is parsed where it is another than before. */
static void open_schema(const json_t *given) {
  char *said = json_dumps(given, JSON_COMPACT | JSON_ENCODE_ANY);
  if (known && !strcmp(said, known)) {
    free(said);
    return;
  }
  if (class) avro_value_iface_decref(class);
  if (schema) avro_schema_decref(schema);
  free(known);
  class = 0, schema = 0, known = 0;
  did(avro_schema_from_json_length(said, strlen(said), &schema));
  class = avro_generic_class_from_schema(schema);
  check(class != 0, "no values of the schema");
  known = said;
}

/* Whether a union is of null, which comes first, and one other type. */
static int optional(avro_schema_t chosen) {
  return avro_schema_union_size(chosen) == 2 && is_avro_null(avro_schema_union_branch(chosen, 0));
}

static json_t *seen(avro_value_t *value);

static json_t *seen_items(avro_value_t *value, int named) {
  size_t count;
  json_t *held = json_array();
  did(avro_value_get_size(value, &count));
  for (size_t i = 0; i < count; i++) {
    avro_value_t item;
    const char *name = 0;
    did(avro_value_get_by_index(value, i, &item, &name));
    if (named)
      put(held, text(name, strlen(name)), seen(&item));
    else
      json_array_append_new(held, seen(&item));
  }
  return named ? pairs(held) : held;
}

static json_t *seen_union(avro_value_t *value) {
  avro_schema_t chosen = avro_value_get_schema(value);
  avro_value_t branch;
  int number;
  did(avro_value_get_discriminant(value, &number));
  did(avro_value_get_current_branch(value, &branch));
  avro_schema_t of = avro_schema_union_branch(chosen, number);
  if (is_avro_null(of) || optional(chosen)) return seen(&branch);
  return kind(avro_schema_type_name(of), seen(&branch));
}

static json_t *seen(avro_value_t *value) {
  const void *data;
  const char *characters;
  size_t size;
  double wide;
  float narrow;
  int64_t large;
  int32_t small;
  int number;
  switch (avro_value_get_type(value)) {
    case AVRO_NULL:
      return json_null();
    case AVRO_BOOLEAN:
      did(avro_value_get_boolean(value, &number));
      return json_boolean(number);
    case AVRO_INT32:
      did(avro_value_get_int(value, &small));
      return integer(small);
    case AVRO_INT64:
      did(avro_value_get_long(value, &large));
      return integer(large);
    case AVRO_FLOAT:
      did(avro_value_get_float(value, &narrow));
      return real(narrow);
    case AVRO_DOUBLE:
      did(avro_value_get_double(value, &wide));
      return real(wide);
    case AVRO_STRING:
      did(avro_value_get_string(value, &characters, &size));
      return text(characters, size - 1);
    case AVRO_BYTES:
      did(avro_value_get_bytes(value, &data, &size));
      return octets(data, size);
    case AVRO_FIXED:
      did(avro_value_get_fixed(value, &data, &size));
      return octets(data, size);
    case AVRO_ENUM:
      did(avro_value_get_enum(value, &number));
      characters = avro_schema_enum_get(avro_value_get_schema(value), number);
      return text(characters, strlen(characters));
    case AVRO_ARRAY:
      return seen_items(value, 0);
    case AVRO_MAP:
    case AVRO_RECORD:
      return seen_items(value, 1);
    case AVRO_UNION:
      return seen_union(value);
    default:
      failed("type %d", avro_value_get_type(value));
  }
}

static void set(avro_value_t *value, const json_t *tree);

static void set_items(avro_value_t *value, const json_t *items) {
  for (size_t i = 0; i < json_array_size(items); i++) {
    avro_value_t item;
    did(avro_value_append(value, &item, 0));
    set(&item, json_array_get(items, i));
  }
}

static void set_pairs(avro_value_t *value, const json_t *tree, int record) {
  const json_t *held;
  tagged(tree, &held);
  for (size_t i = 0; i < json_array_size(held); i++) {
    const json_t *pair = json_array_get(held, i);
    const char *name = json_string_value(json_array_get(pair, 0));
    avro_value_t item;
    check(name != 0, "a key that is no text");
    if (record)
      did(avro_value_get_by_name(value, name, &item, 0));
    else
      did(avro_value_add(value, name, &item, 0, 0));
    set(&item, json_array_get(pair, 1));
  }
}

static void set_union(avro_value_t *value, const json_t *tree) {
  avro_schema_t chosen = avro_value_get_schema(value);
  size_t number = 0;
  avro_value_t branch;
  if (optional(chosen)) {
    number = !json_is_null(tree);
  } else {
    const char *name = json_is_null(tree) ? "null" : to_kind(tree, &tree);
    while (number < avro_schema_union_size(chosen) &&
           strcmp(avro_schema_type_name(avro_schema_union_branch(chosen, number)), name))
      number++;
  }
  did(avro_value_set_branch(value, number, &branch));
  set(&branch, tree);
}

static void set(avro_value_t *value, const json_t *tree) {
  struct peer_octets held;
  switch (avro_value_get_type(value)) {
    case AVRO_NULL:
      did(avro_value_set_null(value));
      return;
    case AVRO_BOOLEAN:
      did(avro_value_set_boolean(value, json_is_true(tree)));
      return;
    case AVRO_INT32:
      did(avro_value_set_int(value, to_integer(tree)));
      return;
    case AVRO_INT64:
      did(avro_value_set_long(value, to_integer(tree)));
      return;
    case AVRO_FLOAT:
      did(avro_value_set_float(value, to_real(tree)));
      return;
    case AVRO_DOUBLE:
      did(avro_value_set_double(value, to_real(tree)));
      return;
    case AVRO_STRING:
      did(avro_value_set_string_len(value, (char *)json_string_value(tree), json_string_length(tree) + 1));
      return;
    case AVRO_BYTES:
      held = to_octets(tree);
      did(avro_value_set_bytes(value, held.data, held.length));
      free(held.data);
      return;
    case AVRO_FIXED:
      held = to_octets(tree);
      did(avro_value_set_fixed(value, held.data, held.length));
      free(held.data);
      return;
    case AVRO_ENUM:
      did(avro_value_set_enum(value, avro_schema_enum_get_by_name(avro_value_get_schema(value),
                                                                 json_string_value(tree))));
      return;
    case AVRO_ARRAY:
      set_items(value, tree);
      return;
    case AVRO_MAP:
      set_pairs(value, tree, 0);
      return;
    case AVRO_RECORD:
      set_pairs(value, tree, 1);
      return;
    case AVRO_UNION:
      set_union(value, tree);
      return;
    default:
      failed("type %d", avro_value_get_type(value));
  }
}

static void release(void *object) {
  avro_value_decref((avro_value_t *)object);
  free(object);
}

static void *decode(const unsigned char *data, size_t length) {
  avro_value_t *value = malloc(sizeof *value);
  avro_reader_t reader = avro_reader_memory((const char *)data, length);
  avro_generic_value_new(class, value);
  int error = avro_value_read(reader, value);
  avro_reader_free(reader);
  if (!error) return value;
  release(value);
  return 0;
}

static size_t encode(void *object, struct peer_octets *made) {
  size_t length = 0;
  if (avro_value_sizeof(object, &length)) return PEER_REFUSED;
  char *data = malloc(length + 1);
  avro_writer_t writer = avro_writer_memory(data, length);
  length = avro_value_write(writer, object) ? PEER_REFUSED : peer_finished(made, data, avro_writer_tell(writer));
  avro_writer_free(writer);
  free(data);
  return length;
}

static json_t *read_tree(const unsigned char *data, size_t length) {
  avro_value_t *value = decode(data, length);
  if (!value) failed("%s", avro_strerror());
  json_t *made = seen(value);
  release(value);
  return made;
}

static struct peer_octets write_tree(const json_t *tree) {
  struct peer_octets made = {0, 0};
  avro_value_t value;
  did(avro_generic_value_new(class, &value));
  set(&value, tree);
  if (encode(&value, &made) == PEER_REFUSED) failed("%s", avro_strerror());
  avro_value_decref(&value);
  return made;
}

const struct format avro_format = {
    "avro", "Avro C", "avro_value_t, generic", open_schema, read_tree, write_tree, {decode, encode, release},
};
