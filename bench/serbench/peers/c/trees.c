/* Trees as jansson has JSON. */
#include "trees.h"

#include <errno.h>
#include <stdarg.h>

json_t *text(const char *data, size_t length) {
  json_t *made = json_stringn(data, length);
  check(made != 0, "text that is not UTF-8");
  return made;
}

json_t *integer(integer_t value) {
  char digits[48], *place = digits + sizeof digits;
  integer_t rest = value < 0 ? -value : value;
  *--place = 0;
  do {
    *--place = '0' + (int)(rest % 10);
  } while (rest /= 10);
  if (value < 0) *--place = '-';
  return json_pack("{ss}", "i", place);
}

json_t *real(double value) {
  char digits[17];
  uint64_t bits;
  memcpy(&bits, &value, 8);
  snprintf(digits, sizeof digits, "%016llx", (unsigned long long)bits);
  return json_pack("{ss}", "f", digits);
}

json_t *to_hex(const unsigned char *data, size_t length) {
  char *digits = malloc(2 * length + 1);
  for (size_t i = 0; i < length; i++) {
    digits[2 * i] = "0123456789abcdef"[data[i] >> 4];
    digits[2 * i + 1] = "0123456789abcdef"[data[i] & 15];
  }
  json_t *made = json_stringn(digits, 2 * length);
  free(digits);
  return made;
}

json_t *octets(const unsigned char *data, size_t length) { return json_pack("{so}", "b", to_hex(data, length)); }

json_t *kind(const char *name, json_t *inner) { return json_pack("{s[so]}", "x", name, inner); }

json_t *pairs(json_t *held) { return json_pack("{so}", "m", held); }

void put(json_t *held, json_t *key, json_t *value) { json_array_append_new(held, json_pack("[oo]", key, value)); }

char tagged(const json_t *tree, const json_t **inner) {
  void *place = json_is_object(tree) ? json_object_iter((json_t *)tree) : 0;
  *inner = place ? json_object_iter_value(place) : tree;
  return place ? json_object_iter_key(place)[0] : 0;
}

static const json_t *inside(const json_t *tree, char tag) {
  const json_t *inner;
  if (tagged(tree, &inner) != tag) failed("a tree has no \"%c\"", tag);
  return inner;
}

static const char *string(const json_t *tree) {
  const char *held = json_string_value(tree);
  check(held != 0, "no string where a tree has one");
  return held;
}

integer_t to_integer(const json_t *tree) {
  const char *digits = string(inside(tree, 'i'));
  integer_t value = 0;
  int negative = *digits == '-';
  if (strlen(digits) > 38) failed("%s is too large", digits);
  for (digits += negative; *digits; digits++) value = 10 * value + (*digits - '0');
  return negative ? -value : value;
}

double to_real(const json_t *tree) {
  uint64_t bits = strtoull(string(inside(tree, 'f')), 0, 16);
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

static int digit(char held) { return held <= '9' ? held - '0' : held - 'a' + 10; }

struct peer_octets from_hex(const json_t *tree) {
  const char *digits = string(tree);
  struct peer_octets made = {0, strlen(digits) / 2};
  made.data = aligned_alloc(8, made.length / 8 * 8 + 8);
  for (size_t i = 0; i < made.length; i++) made.data[i] = digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]);
  return made;
}

struct peer_octets to_octets(const json_t *tree) { return from_hex(inside(tree, 'b')); }

const char *to_kind(const json_t *tree, const json_t **inner) {
  const json_t *both = inside(tree, 'x');
  *inner = json_array_get(both, 1);
  return string(json_array_get(both, 0));
}
