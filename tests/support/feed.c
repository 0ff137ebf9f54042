/* Feeding codecs in every way, and comparing what they tell.
 *
 * SPDX-License-Identifier: MIT */
#include "feed.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <weir/status.h>

#include "nth.h"

#define GUARDED_BYTES   ((size_t)1 << 20)
#define MOST_EVERY_CUT  512
#define RANDOM_RUNS     32
#define MOST_CUTS       16
#define TAIL            "tail that is not ours"
#define MOST_ALLOCATORS 64

static void grow(struct feed_log *log, size_t more)
{
    if (log->capacity - log->len > more)
        return;
    log->capacity = (log->capacity + more) * 2 + 256;
    log->text = realloc(log->text, log->capacity);
    if (!log->text)
        abort();
}

static void put(struct feed_log *log, const char *text, size_t len)
{
    grow(log, len);
    memcpy(log->text + log->len, text, len);
    log->len += len;
    log->text[log->len] = '\0';
}

static void close_data(struct feed_log *log)
{
    if (log->in_data)
        put(log, "\"\n", 2);
    log->in_data = false;
}

void feed_log_line(struct feed_log *log, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    close_data(log);
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof(line))
        abort();
    put(log, line, (size_t)len);
}

static void put_escaped(struct feed_log *log, weir_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];
        char escape[8];
        int len = 1;
        escape[0] = c;
        if (c == '\r' || c == '\n')
            len = snprintf(escape, sizeof(escape), "\\%c", c == '\r' ? 'r' : 'n');
        else if (c < ' ' || c > '~' || c == '"' || c == '\\')
            len = snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)c);
        put(log, escape, (size_t)len);
    }
}

void feed_log_quoted(struct feed_log *log, weir_slice bytes)
{
    close_data(log);
    put(log, "\"", 1);
    put_escaped(log, bytes);
    put(log, "\"", 1);
}

void feed_log_data(struct feed_log *log, weir_slice bytes)
{
    if (!log->in_data)
        put(log, "data \"", 6);
    log->in_data = true;
    put_escaped(log, bytes);
}

void feed_log_clear(struct feed_log *log)
{
    free(log->text);
    *log = (struct feed_log){0};
}

/* A copy of the bytes that ends where reading further is a fault. */
static weir_slice guarded(weir_slice bytes)
{
    static char *end;
    if (!end) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *start = mmap(NULL, GUARDED_BYTES + page, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED || mprotect(start + GUARDED_BYTES, page, PROT_NONE) < 0)
            abort();
        end = start + GUARDED_BYTES;
    }
    if (bytes.len > GUARDED_BYTES)
        abort();
    if (bytes.len > 0)
        memcpy(end - bytes.len, bytes.data, bytes.len);
    return (weir_slice){end - bytes.len, bytes.len};
}

/* A codec that has failed says so again, uses nothing and tells nothing. */
static void check_sticky(const struct feed_codec *codec, void *state, int status)
{
    struct feed_log log = {0};
    weir_slice more = WEIR_S("more");
    if (codec->feed(state, &more, &log) != status || more.len != 4) {
        fprintf(stderr, "a failure is not for good\n%s", log.text ? log.text : "");
        abort();
    }
    feed_log_clear(&log);
}

int feed_run(const struct feed_codec *codec, const void *arg, weir_slice input,
             const size_t *cuts, size_t count, struct feed_log *log, size_t *left,
             enum feed_flags flags, const weir_allocator *allocator)
{
    void *state = codec->open(allocator, arg);
    size_t at = 0;
    int rc = 0;
    *left = 0;
    for (size_t i = 0; i <= count && rc == 0; i++) {
        size_t end = i < count ? cuts[i] : input.len;
        weir_slice piece = guarded((weir_slice){input.data + at, end - at});
        rc = codec->feed(state, &piece, log);
        at = end;
        *left = piece.len + (input.len - end);
    }
    if (rc == 0 && codec->end && !(flags & FEED_NO_END))
        rc = codec->end(state, log);
    close_data(log);
    if (rc < 0 && rc != WEIR_E_MEMORY)
        check_sticky(codec, state, rc);
    codec->close(state);
    return rc;
}

static void report(const char *how, weir_slice input, const size_t *cuts, size_t count,
                   const struct feed_log *got, const char *wanted)
{
    fprintf(stderr, "input of %zu bytes, %s, cut at", input.len, how);
    for (size_t i = 0; i < count && i < MOST_CUTS; i++)
        fprintf(stderr, " %zu", cuts[i]);
    fprintf(stderr, "\n--- got\n%s--- wanted\n%s---\n", got->text ? got->text : "",
            wanted);
}

bool feed_same(const struct feed_codec *codec, const void *arg, weir_slice input,
               const size_t *cuts, size_t count, enum feed_flags flags)
{
    struct feed_log whole = {0}, cut = {0};
    size_t whole_left, cut_left;
    int whole_rc =
        feed_run(codec, arg, input, NULL, 0, &whole, &whole_left, flags, NULL);
    int cut_rc = feed_run(codec, arg, input, cuts, count, &cut, &cut_left, flags, NULL);
    bool same = whole_rc == cut_rc && (whole_rc < 0 || whole_left == cut_left) &&
                whole.len == cut.len &&
                (whole.len == 0 || memcmp(whole.text, cut.text, whole.len) == 0);
    if (!same) {
        report("in pieces", input, cuts, count, &cut, whole.text ? whole.text : "");
        fprintf(stderr, "status %d, whole %d; left %zu, whole %zu\n", cut_rc, whole_rc,
                cut_left, whole_left);
    }
    feed_log_clear(&whole);
    feed_log_clear(&cut);
    return same;
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static int compare(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static bool same_at_random(const struct feed_codec *codec, const void *arg,
                           weir_slice input, enum feed_flags flags)
{
    uint64_t start = (uint64_t)time(NULL);
    const char *given = getenv("WEIR_SEED");
    if (given)
        start = strtoull(given, NULL, 10);
    uint64_t seed = start;
    for (int run = 0; run < RANDOM_RUNS; run++) {
        size_t cuts[MOST_CUTS];
        size_t count = next_random(&seed) % MOST_CUTS;
        for (size_t i = 0; i < count; i++)
            cuts[i] = next_random(&seed) % (input.len + 1);
        qsort(cuts, count, sizeof(*cuts), compare);
        if (!feed_same(codec, arg, input, cuts, count, flags)) {
            fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)start);
            return false;
        }
    }
    return true;
}

static bool same_byte_by_byte(const struct feed_codec *codec, const void *arg,
                              weir_slice input, enum feed_flags flags)
{
    size_t *cuts = calloc(input.len + 1, sizeof(*cuts));
    if (!cuts)
        abort();
    for (size_t i = 0; i < input.len; i++)
        cuts[i] = i + 1;
    bool same = feed_same(codec, arg, input, cuts, input.len, flags);
    free(cuts);
    return same;
}

static bool same_at_every_cut(const struct feed_codec *codec, const void *arg,
                              weir_slice input, enum feed_flags flags)
{
    if (input.len > MOST_EVERY_CUT)
        return true;
    for (size_t cut = 0; cut <= input.len; cut++) {
        if (!feed_same(codec, arg, input, &cut, 1, flags))
            return false;
    }
    return true;
}

/* The same events, and all of the tail left, when more follows. */
static bool leaves_tail(const struct feed_codec *codec, const void *arg,
                        weir_slice input, const struct feed_log *wanted,
                        size_t wanted_left)
{
    struct feed_log log = {0};
    size_t left;
    size_t len = input.len + sizeof(TAIL) - 1;
    char *bytes = malloc(len);
    if (!bytes)
        abort();
    memcpy(bytes, input.data, input.len);
    memcpy(bytes + input.len, TAIL, sizeof(TAIL) - 1);
    feed_run(codec, arg, (weir_slice){bytes, len}, NULL, 0, &log, &left, FEED_PLAIN,
             NULL);
    bool ok = left == wanted_left + sizeof(TAIL) - 1 && log.len == wanted->len &&
              memcmp(log.text, wanted->text, log.len) == 0;
    if (!ok)
        report("with a tail", (weir_slice){bytes, len}, NULL, 0, &log, wanted->text);
    free(bytes);
    feed_log_clear(&log);
    return ok;
}

static bool survives_failures(const struct feed_codec *codec, const void *arg,
                              weir_slice input, int status, enum feed_flags flags)
{
    size_t cut = input.len / 2;
    for (size_t cuts = 0; cuts < 2; cuts++) {
        for (size_t n = 1; n < MOST_ALLOCATORS; n++) {
            struct nth nth;
            struct feed_log log = {0};
            size_t left;
            nth_init(&nth, n);
            int rc = feed_run(codec, arg, input, &cut, cuts, &log, &left, flags,
                              &nth.allocator);
            feed_log_clear(&log);
            bool told = rc == WEIR_E_MEMORY || (rc < 0 && rc == status);
            if (nth.live != 0 || (nth.failed && !told)) {
                fprintf(stderr, "allocation %zu fails: status %d, %zu blocks leaked\n",
                        n, rc, nth.live);
                return false;
            }
            if (!nth.failed)
                break;
        }
    }
    return true;
}

bool feed_check(const struct feed_codec *codec, const void *arg, weir_slice input,
                const char *wanted, enum feed_flags flags)
{
    struct feed_log whole = {0};
    size_t left;
    int status = feed_run(codec, arg, input, NULL, 0, &whole, &left, flags, NULL);
    bool ok = !wanted || strcmp(whole.text ? whole.text : "", wanted) == 0;
    if (!ok)
        report("whole", input, NULL, 0, &whole, wanted);
    ok = ok && same_byte_by_byte(codec, arg, input, flags) &&
         same_at_every_cut(codec, arg, input, flags) &&
         same_at_random(codec, arg, input, flags) &&
         survives_failures(codec, arg, input, status, flags);
    if (ok && (flags & FEED_DELIMITED))
        ok = leaves_tail(codec, arg, input, &whole, left);
    feed_log_clear(&whole);
    return ok;
}
