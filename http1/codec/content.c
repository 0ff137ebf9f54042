/* The content decoder: codings on top of each other, undone from the last to the
 * first (RFC 9110 8.4), and within limits.
 *
 *   input -> stage n -> its memory -> ... -> stage 0 -> the caller's space
 *
 * A stage runs when the one behind it needs input, so each holds what it gave last
 * and nothing else. What a stage has decoded before it failed goes through all the
 * others before its failure is told.
 *
 * SPDX-License-Identifier: MIT */
#include "content.h"

#include <string.h>
#include <weir/content_codec.h>
#include <weir/http.h>
#include <weir/status.h>

#include "allocator.h"

#define MAX_STAGES 8

/* From a stage to the next at a time. */
#define STAGE_BYTES ((size_t)16 * 1024)

/* In one call of a coding: some of them count in 32 bits. */
#define MAX_ROOM ((size_t)1 << 30)

/* Why 200 and 64 MiB: content_codec.h. */
#define DEFAULT_CODINGS   5
#define DEFAULT_RATIO     200
#define DEFAULT_UNBOUNDED ((uint64_t)64 << 20)

struct stage {
    const weir__coding *coding;
    void *state;
    char *memory;     /* where the stage before writes; NULL for the outermost */
    weir_slice input; /* of that, not used yet */
    uint64_t used;
    uint64_t made;
    weir_codec_error failure; /* that comes behind what it gave */
    bool starved;             /* it gives nothing without more input */
};

struct decoder {
    const weir_allocator *allocator;
    weir_content_limits limits;
    size_t count;                    /* of codings; 0: one stage hands all on */
    struct stage stages[MAX_STAGES]; /* in the order in which they were applied */
    const struct stage *failed;
    weir_codec_error error;
};

_Static_assert(sizeof(struct decoder) <= sizeof(weir_content_decoder),
               "opaque is too small");

static struct decoder *inside(weir_content_decoder *decoder)
{
    return (struct decoder *)(void *)decoder;
}

static const struct decoder *inside_const(const weir_content_decoder *decoder)
{
    return (const struct decoder *)(const void *)decoder;
}

/* ---- no coding ---- */

static int hand_on(void *state, weir_slice *input, char *space, size_t *size,
                   const char **reason)
{
    (void)state;
    (void)reason;
    if (input->len < *size)
        *size = input->len;
    if (*size > 0)
        memcpy(space, input->data, *size);
    *input = weir_slice_skip(*input, *size);
    return WEIR_OK;
}

static bool may_always_end(const void *state)
{
    (void)state;
    return true;
}

static const weir__coding IDENTITY = {
    .name = "identity",
    .decode = hand_on,
    .may_end = may_always_end,
};

/* ---- the codings of a decoder ---- */

static void begin_stage(struct stage *stage, const weir__coding *coding)
{
    *stage = (struct stage){.coding = coding, .starved = true};
}

void weir_content_decoder_init(weir_content_decoder *decoder,
                               const weir_content_decoder_options *options)
{
    static const weir_content_decoder_options DEFAULTS;
    struct decoder *d = inside(decoder);
    if (!options)
        options = &DEFAULTS;
    *d = (struct decoder){.allocator = options->allocator, .limits = options->limits};
    if (d->limits.max_bytes == 0)
        d->limits.max_bytes = UINT64_MAX;
    if (d->limits.max_ratio == 0)
        d->limits.max_ratio = DEFAULT_RATIO;
    if (d->limits.unbounded_bytes == 0)
        d->limits.unbounded_bytes = DEFAULT_UNBOUNDED;
    if (d->limits.max_codings == 0)
        d->limits.max_codings = DEFAULT_CODINGS;
    if (d->limits.max_codings > MAX_STAGES)
        d->limits.max_codings = MAX_STAGES;
    begin_stage(&d->stages[0], &IDENTITY);
}

static int fail(struct decoder *d, const struct stage *stage, weir_codec_error error)
{
    d->failed = stage;
    d->error = error;
    return error.status;
}

static int add_coding(struct decoder *d, const weir__coding *coding)
{
    struct stage *stage = &d->stages[d->count];
    if (d->count > 0) {
        stage[-1].memory = weir__malloc(d->allocator, STAGE_BYTES);
        if (!stage[-1].memory)
            return WEIR_E_MEMORY;
    }
    void *state = coding->open(d->allocator);
    if (!state)
        return WEIR_E_MEMORY;
    begin_stage(stage, coding);
    stage->state = state;
    d->count++;
    return WEIR_OK;
}

int weir_content_decoder_add(weir_content_decoder *decoder, weir_slice codings)
{
    struct decoder *d = inside(decoder);
    weir_slice rest = codings;
    weir_slice name;
    if (d->error.status < 0)
        return d->error.status;
    if (d->stages[d->count > 0 ? d->count - 1 : 0].used > 0)
        return WEIR_E_MISUSE;
    while (weir_http_list_next(&rest, &name)) {
        size_t offset = (size_t)(name.data - codings.data);
        const weir__coding *coding = weir__coding_find(name);
        if (weir_slice_equal_nocase(name, WEIR_S("identity")))
            continue;
        if (!coding)
            return fail(d, NULL,
                        (weir_codec_error){WEIR_E_UNSUPPORTED,
                                           "a content coding that is unknown, or not "
                                           "in this build",
                                           offset});
        if (d->count == d->limits.max_codings)
            return fail(
                d, NULL,
                (weir_codec_error){WEIR_E_TOO_BIG, "too many content codings", offset});
        if (add_coding(d, coding) < 0)
            return fail(
                d, NULL,
                (weir_codec_error){WEIR_E_MEMORY, "no memory for a decoder", offset});
    }
    return WEIR_OK;
}

/* ---- decoding ---- */

static struct stage *outermost_of(struct decoder *d)
{
    return &d->stages[d->count > 0 ? d->count - 1 : 0];
}

/* How many bytes a stage may have made by now. */
static uint64_t allowance(struct decoder *d, const struct stage *stage)
{
    uint64_t used = outermost_of(d)->used;
    uint64_t ratio = d->limits.max_ratio;
    uint64_t most = used > UINT64_MAX / ratio ? UINT64_MAX : used * ratio;
    if (most < d->limits.unbounded_bytes)
        most = d->limits.unbounded_bytes;
    if (ratio == WEIR_NO_LIMIT)
        most = UINT64_MAX;
    if (stage == d->stages && most > d->limits.max_bytes)
        most = d->limits.max_bytes;
    return most;
}

/* Takes back what is over the limit. */
static void enforce_limits(struct decoder *d, struct stage *stage, size_t *len)
{
    uint64_t most = allowance(d, stage);
    if (stage->made <= most)
        return;
    *len -= (size_t)(stage->made - most);
    stage->made = most;
    stage->failure = (weir_codec_error){
        WEIR_E_TOO_BIG,
        most == d->limits.max_bytes ? "more decoded bytes than max_bytes"
                                    : "more decoded bytes than max_ratio allows: it "
                                      "may be a decompression bomb",
        (size_t)stage->used};
}

static bool is_exhausted(const struct stage *stage, const weir_slice *input)
{
    return stage->failure.status < 0 || (stage->starved && input->len == 0);
}

/* Lets a stage decode what it can, into the memory of the one behind it or into the
 * space. Returns how many bytes it has given. */
static size_t run_stage(struct decoder *d, struct stage *stage, weir_slice *input,
                        char *space, size_t size)
{
    if (is_exhausted(stage, input))
        return 0;
    if (stage != d->stages) {
        space = stage[-1].memory;
        size = STAGE_BYTES;
    }
    /* One byte over the limit is room for, so that its last one is known to be the
     * last. */
    uint64_t left = allowance(d, stage) - stage->made;
    size_t room = size < MAX_ROOM ? size : MAX_ROOM;
    if (room > left)
        room = (size_t)left + 1;
    size_t len = room;
    size_t before = input->len;
    const char *reason = NULL;
    int rc = stage->coding->decode(stage->state, input, space, &len, &reason);
    stage->used += before - input->len;
    stage->made += len;
    stage->starved = input->len == 0 && len < room;
    if (rc < 0)
        stage->failure = (weir_codec_error){rc, reason, (size_t)stage->used};
    enforce_limits(d, stage, &len);
    return len;
}

int weir_content_decode(weir_content_decoder *decoder, weir_slice *input, char *space,
                        size_t size, size_t *len)
{
    struct decoder *d = inside(decoder);
    struct stage *outermost = outermost_of(d);
    struct stage *stage = d->stages;
    if (d->error.status < 0)
        return d->error.status;
    if (size == 0)
        return WEIR_E_INVALID;
    for (;;) {
        weir_slice *in = stage == outermost ? input : &stage->input;
        size_t made = run_stage(d, stage, in, space, size);
        if (made > 0 && stage == d->stages) {
            *len = made;
            return WEIR_CONTENT_DATA;
        }
        if (made > 0) {
            stage--;
            stage->input = (weir_slice){stage->memory, made};
        } else if (stage->failure.status < 0) {
            return fail(d, stage, stage->failure);
        } else if (in->len == 0 && stage == outermost) {
            return WEIR_CONTENT_MORE;
        } else if (in->len == 0) {
            stage++;
        }
    }
}

int weir_content_decode_end(weir_content_decoder *decoder)
{
    struct decoder *d = inside(decoder);
    if (d->error.status < 0)
        return d->error.status;
    for (struct stage *stage = outermost_of(d); stage >= d->stages; stage--) {
        if (stage->used > 0 && !stage->coding->may_end(stage->state))
            return fail(d, stage,
                        (weir_codec_error){WEIR_E_INCOMPLETE,
                                           "the data ends in the middle",
                                           (size_t)stage->used});
    }
    return WEIR_OK;
}

void weir_content_decoder_clear(weir_content_decoder *decoder)
{
    struct decoder *d = inside(decoder);
    for (size_t i = 0; i < d->count; i++) {
        weir__free(d->allocator, d->stages[i].memory);
        d->stages[i].coding->close(d->stages[i].state);
    }
    d->count = 0;
    d->failed = NULL;
    d->error = (weir_codec_error){0};
    begin_stage(&d->stages[0], &IDENTITY);
}

const weir_codec_error *weir_content_decoder_error(const weir_content_decoder *decoder)
{
    return &inside_const(decoder)->error;
}

weir_slice weir_content_decoder_coding(const weir_content_decoder *decoder)
{
    const struct stage *stage = inside_const(decoder)->failed;
    return weir_slice_of(stage ? stage->coding->name : NULL);
}
