/* The program for one schema, around a `struct peer_codec`, which the file that includes this defines as `codec`:

       program FORMAT                         each message decoded and encoded again
       program FORMAT BUDGET_NS OPERATIONS    the messages timed, a frame's text on each line

   A message stands on standard input with its length before it, in 4 octets, and so does the answer; ffffffff in the
   place of a length stands for a message that is not decoded, fffffffe for one that is not encoded. What a library says
   that it has seen follows in the same way, where the codec has `seen`. */
#include "timing.h"

static void peer_number(unsigned value) {
  unsigned char head[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16), (unsigned char)(value >> 8),
                          (unsigned char)value};
  fwrite(head, 1, 4, stdout);
}

/* The next message; 0 at the end. */
static int peer_message(struct peer_octets *read) {
  unsigned char head[4];
  if (fread(head, 1, 4, stdin) != 4) return 0;
  read->length = (unsigned)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
  read->data = (unsigned char *)aligned_alloc(8, read->length / 8 * 8 + 8);
  if (fread(read->data, 1, read->length, stdin) != read->length) exit(2);
  return 1;
}

static void peer_answer(const struct peer_octets *made) {
  peer_number(made->length);
  fwrite(made->data, 1, made->length, stdout);
}

static void peer_again(const struct peer_codec *codec, const struct peer_octets *given) {
  struct peer_octets made = {0, 0};
  void *object = codec->decode(given->data, given->length);
  if (!object) {
    peer_number(0xffffffff);
    return;
  }
  if (codec->encode(object, &made) == PEER_REFUSED) {
    peer_number(0xfffffffe);
  } else {
    peer_answer(&made);
    if (codec->seen) {
      free(made.data);
      codec->seen(object, &made);
      peer_answer(&made);
    }
  }
  free(made.data);
  codec->release(object);
}

static int peer_main(int argc, char **argv, const struct peer_codec *codec) {
  struct peer_octets given;
  if (argc < 4) {
    while (peer_message(&given)) {
      peer_again(codec, &given);
      free(given.data);
    }
    return 0;
  }
  struct peer_octets *messages = 0;
  struct peer_operation operations[2];
  size_t count = 0, kinds = peer_named(argv[3], operations);
  while (peer_message(&given)) {
    messages = (struct peer_octets *)realloc(messages, (count + 1) * sizeof *messages);
    messages[count++] = given;
  }
  peer_timed(codec, messages, count, atoll(argv[2]), operations, kinds);
  for (size_t k = 0; k < kinds; k++) {
    peer_told(stdout, &operations[k]);
    putchar('\n');
  }
  printf("{\"done\": {\"measured_ns\": %lld}}\n", (long long)peer_measured_ns(operations, kinds));
  return 0;
}
