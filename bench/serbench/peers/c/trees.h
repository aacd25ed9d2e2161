/* What a library sees, as the JSON of ../trees.py; `failed` where it cannot be had, which leaves the message. */
#ifndef SERBENCH_TREES_H
#define SERBENCH_TREES_H

#include <jansson.h>
#include <stddef.h>

#include "timing.h"

__extension__ typedef __int128 integer_t;

/* A format: `open` takes the schema; `read` gives the tree of octets, `write` the octets of a tree, in fresh memory. */
struct format {
  const char *name, *library, *objects;
  void (*open)(const json_t *schema);
  json_t *(*read)(const unsigned char *data, size_t length);
  struct peer_octets (*write)(const json_t *tree);
  struct peer_codec codec;
};

extern const struct format msgpack_format, cbor_format, avro_format;

_Noreturn void failed(const char *text, ...);
void check(int good, const char *what);

json_t *text(const char *data, size_t length);
json_t *integer(integer_t value);
json_t *real(double value);
json_t *octets(const unsigned char *data, size_t length);
json_t *kind(const char *name, json_t *inner);
json_t *pairs(json_t *held);
/* A pair is put into what `pairs` is made of. */
void put(json_t *held, json_t *key, json_t *value);

/* Which of "ifbmx" a tree is, 0 of any other, and what is in it. */
char tagged(const json_t *tree, const json_t **inner);
integer_t to_integer(const json_t *tree);
double to_real(const json_t *tree);
struct peer_octets to_octets(const json_t *tree);
struct peer_octets from_hex(const json_t *digits);
json_t *to_hex(const unsigned char *data, size_t length);
const char *to_kind(const json_t *tree, const json_t **inner);

#endif
