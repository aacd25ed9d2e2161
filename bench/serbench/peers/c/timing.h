/* How the libraries of C and C++ are timed: what is decoded, encoded and released, and by which clock.

   A sample is a number of loops over all messages, found out once, so that it takes 100 us. Operations take turns, and
   a sample that is thrown away goes before each that is kept. What a call makes is released in its time. */
#ifndef SERBENCH_TIMING_H
#define SERBENCH_TIMING_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEER_REFUSED ((size_t)-1)

enum { PEER_SAMPLES = 200, PEER_TRIES = 5 };
static const int64_t PEER_SAMPLE_NS = 100000, PEER_WARM_NS = 50000000;

struct peer_octets {
  unsigned char *data;
  size_t length;
};

/* What a library does: `decode` gives an object, or a null pointer where it refuses; `encode` the number of octets
   that it makes of one, PEER_REFUSED where it refuses, which it puts into `made` unless that is null; `release` takes what
   `decode` gave. `seen`, where there is one, puts what the library says of an object, in text, into `made`. */
struct peer_codec {
  void *(*decode)(const unsigned char *data, size_t length);
  size_t (*encode)(void *object, struct peer_octets *made);
  void (*release)(void *object);
  void (*seen)(void *object, struct peer_octets *made);
};

struct peer_operation {
  const char *name;
  int decodes;
  int64_t loops, warm_up_ns, samples[PEER_SAMPLES];
  int count;
  const char *reason;
};

static int64_t peer_now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* To the compiler, somebody reads what is there. */
static inline void peer_consumed(const void *data) { __asm__ volatile("" : : "r"(data) : "memory"); }

/* What an encoder made: kept if that is wanted. */
static inline size_t peer_finished(struct peer_octets *made, const void *data, size_t length) {
  peer_consumed(data);
  if (made) {
    made->data = (unsigned char *)malloc(length + 1);
    memcpy(made->data, data, length);
    made->length = length;
  }
  return length;
}

static int64_t peer_called(const volatile struct peer_codec *codec, const struct peer_operation *operation,
                           const struct peer_octets *messages, void **objects, size_t count, int64_t loops) {
  static volatile size_t sink;
  size_t sum = 0;
  int64_t begin = peer_now_ns();
  for (int64_t i = 0; i < loops; i++)
    for (size_t j = 0; j < count; j++)
      if (operation->decodes) {
        void *object = codec->decode(messages[j].data, messages[j].length);
        sum += object != 0;
        codec->release(object);
      } else {
        sum += codec->encode(objects[j], 0);
      }
  sink = sink + sum;
  return peer_now_ns() - begin;
}

/* Why the messages cannot be timed, or a null pointer; `objects` are then what they are decoded to. */
static const char *peer_opened(const struct peer_codec *codec, const struct peer_octets *messages, void **objects,
                               size_t count) {
  if (!count) return "no messages";
  for (size_t i = 0; i < count; i++) {
    struct peer_octets made = {0, 0};
    void *again;
    objects[i] = codec->decode(messages[i].data, messages[i].length);
    if (!objects[i]) return "not decoded";
    if (codec->encode(objects[i], &made) == PEER_REFUSED) return "not encoded";
    again = codec->decode(made.data, made.length);
    if (again) codec->release(again);
    free(made.data);
    if (!again) return "what was encoded is not decoded";
  }
  return 0;
}

/* Time the operations within the budget, their samples into `operations`. */
static void peer_timed(const struct peer_codec *codec, const struct peer_octets *messages, size_t count,
                       int64_t budget_ns, struct peer_operation *operations, size_t number) {
  void **objects = (void **)calloc(count + 1, sizeof *objects);
  int64_t end = peer_now_ns() + budget_ns, share = budget_ns / (int64_t)(number ? number : 1);
  int64_t warm = share / 5 < PEER_WARM_NS ? share / 5 : PEER_WARM_NS;
  const char *reason = peer_opened(codec, messages, objects, count);
  int going = 1;
  for (size_t k = 0; k < number; k++) {
    struct peer_operation *it = &operations[k];
    int64_t begin = peer_now_ns(), first;
    it->loops = 1;
    if ((it->reason = reason)) continue;
    first = peer_called(codec, it, messages, objects, count, 1);
    if (first >= share) {
      it->samples[it->count++] = first;
      continue;
    }
    while (peer_now_ns() - begin < warm) peer_called(codec, it, messages, objects, count, 1);
    it->warm_up_ns = peer_now_ns() - begin;
    for (int enough = 0; enough < PEER_TRIES && peer_now_ns() - begin < share / 2;) {
      if (peer_called(codec, it, messages, objects, count, it->loops) >= PEER_SAMPLE_NS) {
        enough++;
      } else {
        it->loops *= 2;
        enough = 0;
      }
    }
  }
  while (going) {
    going = 0;
    for (size_t k = 0; k < number; k++) {
      struct peer_operation *it = &operations[k];
      if (it->reason || it->count == PEER_SAMPLES || (it->count && (peer_now_ns() >= end || !it->warm_up_ns))) continue;
      peer_called(codec, it, messages, objects, count, it->loops);
      it->samples[it->count++] = peer_called(codec, it, messages, objects, count, it->loops);
      going = 1;
    }
  }
  for (size_t i = 0; i < count; i++)
    if (objects[i]) codec->release(objects[i]);
  free(objects);
}

/* The operations of a list of names with commas between; how many. */
static size_t peer_named(const char *names, struct peer_operation *operations) {
  static const char *known[] = {"encode", "decode"};
  size_t number = 0;
  for (int i = 0; i < 2; i++)
    if (strstr(names, known[i])) {
      memset(&operations[number], 0, sizeof *operations);
      operations[number].name = known[i];
      operations[number++].decodes = i;
    }
  return number;
}

/* A row as the frame that tells it. */
static void peer_told(FILE *out, const struct peer_operation *it) {
  fprintf(out, "{\"row\": {\"operation\": \"%s\", ", it->name);
  if (it->reason) {
    fprintf(out, "\"reason\": \"%s\"}}", it->reason);
    return;
  }
  fprintf(out, "\"loops\": %lld, \"warm_up_ns\": %lld, \"steady\": true, \"samples_ns\": [", (long long)it->loops,
          (long long)it->warm_up_ns);
  for (int i = 0; i < it->count; i++) fprintf(out, "%s%lld", i ? ", " : "", (long long)it->samples[i]);
  fprintf(out, "]}}");
}

static int64_t peer_measured_ns(const struct peer_operation *operations, size_t number) {
  int64_t sum = 0;
  for (size_t k = 0; k < number; k++)
    for (int i = 0; i < operations[k].count; i++) sum += operations[k].samples[i];
  return sum;
}

#endif
