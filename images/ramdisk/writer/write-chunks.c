/*
 * Writes an OS image to a disk: takes its chunks from standard input as they come, verifies, unpacks and writes each.
 *
 *   write-chunks check PLAN ROOT ESP BIOS     prints the bytes that the plan writes; exit 2 where it does not fit the targets
 *   write-chunks FIRST PLAN ROOT ESP BIOS     writes what the plan lists from chunk FIRST on, counted from 0
 *
 * PLAN is the chunk list as the appliance sends it: `digest compressedBytes offsetBytes lengthBytes target` a line, `digest` the BLAKE2b-512
 * (RFC 7693) of the zstd frame (RFC 8878), `target` root, esp or bios, in this order. ROOT, ESP and BIOS are devices or files, and as large as
 * may be written to them. Standard output says how far it came, `chunks bytes` a line, every few seconds, and last of all where exit is 3.
 *
 * Exit 0: all is on the disk. 1: used wrongly, or no memory. 2: the plan is wrong, or a chunk that is what the plan says does not hold what the
 * plan says. 3: bytes came damaged, or not all of them; what was told is written. 4: the disk refused. 5: nobody reads what is told any more.
 * Standard error has the sentence.
 *
 * INVARIANTS: no byte is decoded before its chunk is verified, and none written that is not verified; nothing is written outside its target;
 * chunks are written in the plan's order, and a target is on the disk before the next one is begun.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum { exit_use = 1, exit_plan, exit_damaged, exit_disk, exit_unheard };
enum { digest_bytes = 64, chunk_bytes = 4 << 20, packed_bytes = ZSTD_COMPRESSBOUND(chunk_bytes), plan_chunks = 1 << 16, huge_page = 2 << 20, pipe_bytes = 8 << 20 };
enum { root, esp, bios, targets };

struct chunk {
  uint8_t digest[digest_bytes];
  uint64_t packed, offset, length;
  int target;
};

struct target {
  const char *name, *path;
  int fd;
  uint64_t size;
};

static struct target target[targets] = {{.name = "root"}, {.name = "esp"}, {.name = "bios"}};
static struct chunk *plan;
static size_t chunks;

/* Chunk N lies in buffer N % buffers from when it is decoded until it is written: one is written while the next is decoded. */
enum { buffers = 3 };
static uint8_t *buffer[buffers];
static struct {
  pthread_mutex_t lock;
  pthread_cond_t moved;
  size_t decoded, written;
} line = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

__attribute__((noreturn, format(printf, 2, 3))) static void stop(int code, const char *sentence, ...)
{
  va_list values;
  va_start(values, sentence);
  vfprintf(stderr, sentence, values);
  va_end(values);
  fputc('\n', stderr);
  /* Not exit(): the other thread may be in the middle of its work. */
  fflush(stderr);
  _exit(code);
}

/* A decimal number without sign, from 0 to `most`. */
static bool parse_number(const char *text, uint64_t most, uint64_t *number)
{
  char *end;
  if (text == NULL || *text < '0' || *text > '9') return false;
  errno = 0;
  *number = strtoull(text, &end, 10);
  return errno == 0 && *end == '\0' && *number <= most;
}

static bool parse_digest(const char *text, uint8_t digest[digest_bytes])
{
  if (text == NULL || strlen(text) != 2 * digest_bytes || strspn(text, "0123456789abcdef") != 2 * digest_bytes) return false;
  for (int i = 0; i < digest_bytes; i++) sscanf(text + 2 * i, "%2hhx", &digest[i]);
  return true;
}

/* One line of the plan, which it takes apart. Room is subtracted, never added to: no sum can overflow. */
static bool parse_chunk(char *text, struct chunk *chunk)
{
  if (!parse_digest(strsep(&text, " "), chunk->digest)) return false;
  if (!parse_number(strsep(&text, " "), packed_bytes, &chunk->packed) || chunk->packed == 0) return false;
  if (!parse_number(strsep(&text, " "), INT64_MAX, &chunk->offset)) return false;
  if (!parse_number(strsep(&text, " "), chunk_bytes, &chunk->length) || chunk->length == 0) return false;
  for (chunk->target = root; chunk->target < targets; chunk->target++) {
    if (text == NULL || strcmp(text, target[chunk->target].name) != 0) continue;
    const uint64_t size = target[chunk->target].size;
    return chunk->length <= size && chunk->offset <= size - chunk->length;
  }
  return false;
}

/* Reads the plan into `plan`; returns the bytes that it writes. */
static uint64_t read_plan(const char *path)
{
  FILE *file = fopen(path, "re");
  if (file == NULL) stop(exit_use, "%s: %s", path, strerror(errno));
  plan = calloc(plan_chunks, sizeof *plan);
  if (plan == NULL) stop(exit_use, "no memory for the plan");
  char *text = NULL;
  size_t room = 0;
  uint64_t total = 0;
  int next = root;
  for (ssize_t length; (length = getline(&text, &room, file)) > 0; chunks++) {
    text[strcspn(text, "\n")] = '\0';
    if (chunks == plan_chunks || !parse_chunk(text, &plan[chunks])) stop(exit_plan, "line %zu of the chunk list is no chunk of this disk", chunks + 1);
    const int here = plan[chunks].target;
    if (here > next || here < next - 1) stop(exit_plan, "line %zu of the chunk list is for %s out of turn", chunks + 1, target[here].name);
    next = here + 1;
    total += plan[chunks].length;
  }
  if (next != targets) stop(exit_plan, "the chunk list has nothing for %s", target[next].name);
  fclose(file);
  free(text);
  return total;
}

/* The page cache would copy each byte once more, and drop what the machine has read; not all that can be written goes without it. */
static void open_target(struct target *target, const char *path)
{
  target->path = path;
  target->fd = open(path, O_RDWR | O_CLOEXEC | O_DIRECT);
  if (target->fd < 0 && errno == EINVAL) target->fd = open(path, O_RDWR | O_CLOEXEC);
  const off_t size = target->fd < 0 ? -1 : lseek(target->fd, 0, SEEK_END);
  if (size < 0) stop(exit_disk, "%s: %s", path, strerror(errno));
  target->size = size;
}

static void write_chunk(const struct chunk *chunk, const uint8_t *bytes)
{
  const struct target *to = &target[chunk->target];
  for (uint64_t done = 0; done < chunk->length;) {
    const ssize_t wrote = pwrite(to->fd, bytes + done, chunk->length - done, chunk->offset + done);
    if (wrote > 0) { done += wrote; continue; }
    if (wrote < 0 && errno == EINTR) continue;
    const int flags = fcntl(to->fd, F_GETFL);
    /* Past the page cache only whole sectors can be written. */
    if (wrote < 0 && errno == EINVAL && (flags & O_DIRECT) != 0 && fcntl(to->fd, F_SETFL, flags & ~O_DIRECT) == 0) continue;
    stop(exit_disk, "writing at byte %" PRIu64 " of %s: %s", chunk->offset + done, to->path, wrote == 0 ? "nothing was taken" : strerror(errno));
  }
}

static void settle_target(const struct target *target)
{
  /* A file in memory need not be settled. */
  if (fdatasync(target->fd) != 0 && errno != EINVAL) stop(exit_disk, "writing %s: %s", target->path, strerror(errno));
}

static int64_t seconds_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

static void tell(size_t written, uint64_t bytes) { dprintf(STDOUT_FILENO, "%zu %" PRIu64 "\n", written, bytes); }

static uint64_t bytes_of(size_t written)
{
  uint64_t bytes = 0;
  for (size_t i = 0; i < written; i++) bytes += plan[i].length;
  return bytes;
}

/* The second thread: a disk takes its time while the processor decodes on. */
static void *write_decoded(void *unused)
{
  (void)unused;
  /* What is told costs a small machine a request over TLS, as much as some megabytes of writing. */
  const int64_t pause = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 5 : 10;
  int64_t told = seconds_now();
  for (size_t i = line.written; i < chunks; i++) {
    pthread_mutex_lock(&line.lock);
    while (line.decoded == i) pthread_cond_wait(&line.moved, &line.lock);
    pthread_mutex_unlock(&line.lock);
    write_chunk(&plan[i], buffer[i % buffers]);
    if (i + 1 == chunks || plan[i + 1].target != plan[i].target) settle_target(&target[plan[i].target]);
    pthread_mutex_lock(&line.lock);
    line.written = i + 1;
    pthread_cond_signal(&line.moved);
    pthread_mutex_unlock(&line.lock);
    if (seconds_now() - told < pause) continue;
    told = seconds_now();
    tell(i + 1, bytes_of(i + 1));
  }
  return NULL;
}

/* Waits until no more than `waiting` decoded chunks are still to be written. */
static void wait_for_writer(size_t waiting)
{
  pthread_mutex_lock(&line.lock);
  while (line.decoded - line.written > waiting) pthread_cond_wait(&line.moved, &line.lock);
  pthread_mutex_unlock(&line.lock);
}

/* Sleeps while the pipe fills up with `wanted` bytes, or by half: to wake for each 16 KiB that are sent costs a small machine more than to read them. */
static void let_fill(size_t wanted)
{
  const struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
  const int half = fcntl(STDIN_FILENO, F_GETPIPE_SZ) / 2;
  for (int before = -1, now; ioctl(STDIN_FILENO, FIONREAD, &now) == 0 && now > before && now < half && (size_t)now < wanted; before = now) nanosleep(&nap, NULL);
}

/* Whether all bytes came. Who does not read what is told has withdrawn the order. */
static bool read_packed(uint8_t *into, size_t wanted)
{
  while (wanted > 0) {
    struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    if (poll(ends, 2, -1) > 0 && ends[1].revents != 0) stop(exit_unheard, "nobody reads how far it came");
    let_fill(wanted);
    const ssize_t got = read(STDIN_FILENO, into, wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    wanted -= got;
  }
  return true;
}

__attribute__((noreturn)) static void stop_damaged(size_t chunk, const char *what)
{
  wait_for_writer(0);
  for (int i = root; i < targets; i++) settle_target(&target[i]);
  tell(chunk, bytes_of(chunk));
  stop(exit_damaged, "chunk %zu of %zu %s", chunk + 1, chunks, what);
}

/* To find a page of 4 KiB costs a small machine more than to fill it. */
static uint8_t *allocate(size_t bytes)
{
  const size_t rounded = (bytes + huge_page - 1) / huge_page * huge_page;
  uint8_t *memory = aligned_alloc(huge_page, rounded);
  if (memory == NULL) stop(exit_use, "no memory for chunks");
  madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

static void write_image(size_t first)
{
  uint8_t *packed = allocate(packed_bytes), digest[digest_bytes];
  for (int i = 0; i < buffers; i++) buffer[i] = allocate(chunk_bytes);
  if (!gcry_check_version(GCRYPT_VERSION)) stop(exit_use, "libgcrypt is older than this program");
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  if (gcry_md_test_algo(GCRY_MD_BLAKE2B_512) != 0) stop(exit_use, "libgcrypt may not compute BLAKE2b here");
  ZSTD_DCtx *decoder = ZSTD_createDCtx();
  pthread_t writer;
  line.decoded = line.written = first;
  if (decoder == NULL || pthread_create(&writer, NULL, write_decoded, NULL) != 0) stop(exit_use, "no memory for the decoder");
  /* Two chunks: one is on its way while the other is decoded. */
  fcntl(STDIN_FILENO, F_SETPIPE_SZ, pipe_bytes);
  for (size_t i = first; i < chunks; i++) {
    const struct chunk *chunk = &plan[i];
    if (!read_packed(packed, chunk->packed)) stop_damaged(i, "did not come whole");
    gcry_md_hash_buffer(GCRY_MD_BLAKE2B_512, digest, packed, chunk->packed);
    if (memcmp(digest, chunk->digest, sizeof digest) != 0) stop_damaged(i, "came damaged");
    wait_for_writer(buffers - 1);
    if (ZSTD_decompressDCtx(decoder, buffer[i % buffers], chunk->length, packed, chunk->packed) != chunk->length)
      stop(exit_plan, "chunk %zu does not hold the %" PRIu64 " bytes that the chunk list says", i + 1, chunk->length);
    pthread_mutex_lock(&line.lock);
    line.decoded = i + 1;
    pthread_cond_signal(&line.moved);
    pthread_mutex_unlock(&line.lock);
  }
  pthread_join(writer, NULL);
}

int main(int count, char **words)
{
  uint64_t first = 0;
  if (count != 6 || (strcmp(words[1], "check") != 0 && !parse_number(words[1], plan_chunks, &first))) stop(exit_use, "use: write-chunks check|FIRST PLAN ROOT ESP BIOS");
  for (int i = root; i < targets; i++) open_target(&target[i], words[3 + i]);
  const uint64_t total = read_plan(words[2]);
  if (strcmp(words[1], "check") == 0) { printf("%" PRIu64 "\n", total); return 0; }
  if (first > chunks) stop(exit_use, "the chunk list has %zu chunks", chunks);
  write_image(first);
  return 0;
}
