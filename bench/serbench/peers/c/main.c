/* The worker for libraries that need no code of a schema: frames of a 4-octet length and JSON on standard input and
   output, see ../__init__.py. */
#include <setjmp.h>
#include <stdarg.h>

#include "trees.h"

static const struct format *const formats[] = {&msgpack_format, &cbor_format, &avro_format};
enum { FORMATS = sizeof formats / sizeof *formats };

static jmp_buf place;
static char reason[400];

void failed(const char *text, ...) {
  va_list values;
  va_start(values, text);
  vsnprintf(reason, sizeof reason, text, values);
  va_end(values);
  longjmp(place, 1);
}

void check(int good, const char *what) {
  if (!good) failed("%s", what);
}

static void send_text(const char *data, size_t length) {
  unsigned char head[] = {length >> 24, length >> 16, length >> 8, length};
  fwrite(head, 1, 4, stdout);
  fwrite(data, 1, length, stdout);
  fflush(stdout);
}

static void sent(json_t *frame) {
  char *text = json_dumps(frame, JSON_COMPACT);
  if (!text) exit(3);
  send_text(text, strlen(text));
  free(text);
  json_decref(frame);
}

static json_t *received(void) {
  unsigned char head[4];
  if (fread(head, 1, 4, stdin) != 4) exit(0);
  size_t length = (size_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
  char *data = malloc(length + 1);
  json_error_t error;
  if (fread(data, 1, length, stdin) != length) exit(2);
  json_t *frame = json_loadb(data, length, JSON_ALLOW_NUL, &error);
  if (!frame) {
    fprintf(stderr, "%s\n", error.text);
    exit(2);
  }
  free(data);
  return frame;
}

static json_t *converted(const struct format *format, const json_t *request, const json_t *item, int reads) {
  if (setjmp(place)) return json_pack("{ss}", "failed", reason);
  format->open(json_object_get(request, "schema"));
  struct peer_octets made = reads ? from_hex(item) : format->write(item);
  json_t *answer = reads ? format->read(made.data, made.length) : to_hex(made.data, made.length);
  free(made.data);
  return answer;
}

static void converted_all(const struct format *format, const json_t *request, int reads) {
  const json_t *items = json_object_get(request, reads ? "data" : "trees");
  json_t *made = json_array();
  for (size_t i = 0; i < json_array_size(items); i++)
    json_array_append_new(made, converted(format, request, json_array_get(items, i), reads));
  sent(json_pack("{so}", "done", made));
}

static void timed(const struct format *format, const json_t *request) {
  const json_t *items = json_object_get(request, "data"), *wanted = json_object_get(request, "operations");
  size_t count = json_array_size(items), kinds;
  struct peer_octets *messages = calloc(count + 1, sizeof *messages);
  struct peer_operation operations[2];
  char names[64] = "";
  for (size_t i = 0; i < json_array_size(wanted); i++)
    strncat(names, json_string_value(json_array_get(wanted, i)), sizeof names - strlen(names) - 1);
  kinds = peer_named(names, operations);
  for (size_t i = 0; i < count; i++) messages[i] = from_hex(json_array_get(items, i));
  if (setjmp(place)) {
    for (size_t k = 0; k < kinds; k++) operations[k].reason = reason;
  } else {
    format->open(json_object_get(request, "schema"));
    peer_timed(&format->codec, messages, count, json_integer_value(json_object_get(request, "budget_ns")), operations,
               kinds);
  }
  for (size_t k = 0; k < kinds; k++) {
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    peer_told(out, &operations[k]);
    fclose(out);
    send_text(text, length);
    free(text);
  }
  sent(json_pack("{s{sI}}", "done", "measured_ns", (json_int_t)peer_measured_ns(operations, kinds)));
  for (size_t i = 0; i < count; i++) free(messages[i].data);
  free(messages);
}

static void hello(void) {
  json_t *libraries = json_object(), *objects = json_object();
  for (int i = 0; i < FORMATS; i++) {
    json_object_set_new(libraries, formats[i]->name, json_string(formats[i]->library));
    json_object_set_new(objects, formats[i]->name, json_string(formats[i]->objects));
  }
  sent(json_pack("{sssiso s{ssssso}}", "hello", "serbench peer", "protocol", 1, "formats", libraries, "timing", "clock",
                 "CLOCK_MONOTONIC", "optimisation", "gcc " __VERSION__ " -O2", "objects", objects));
}

int main(void) {
  hello();
  while (1) {
    json_t *request = received();
    const char *asked = json_string_value(json_object_get(request, "request"));
    const char *name = json_string_value(json_object_get(request, "format"));
    const struct format *format = 0;
    for (int i = 0; i < FORMATS; i++)
      if (name && !strcmp(name, formats[i]->name)) format = formats[i];
    if (!format || !asked)
      sent(json_pack("{ss}", "failed", "no such format"));
    else if (!strcmp(asked, "time"))
      timed(format, request);
    else
      converted_all(format, request, !strcmp(asked, "read"));
    json_decref(request);
  }
}
