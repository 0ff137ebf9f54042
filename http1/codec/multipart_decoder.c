/* The decoder of bodies of many parts (RFC 2046 5.1).
 *
 *   PREAMBLE -> DELIMITER -+-> LINE -> LF -> HEAD -> DATA -> DELIMITER
 *                          +-> DASH -> EPILOGUE              any -> FAILED, for good
 *
 * A delimiter is CRLF, "--", the boundary. What has come of one may turn out to be data;
 * it need not be kept for that, being what the delimiter begins with.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form_codec.h>
#include <weir/status.h>

#include "buffer.h"

#define DEFAULT_PARTS      1000
#define DEFAULT_HEAD_BYTES 16384
#define DEFAULT_FIELDS     128
#define MOST_HEAD_BYTES    ((size_t)1 << 30)

/* The CRLF that a delimiter begins with may be the line end of what comes before: the
 * beginning of the body, or the head of a part without bytes. */
#define LINE_END 2

enum state {
    PREAMBLE,  /* looking for the first delimiter */
    DELIMITER, /* what follows one: "--", or the end of its line */
    DASH,      /* the second of "--" */
    LINE,      /* transport padding, then CR */
    LF,
    HEAD,
    DATA,
    EPILOGUE,
    FAILED
};

struct decoder {
    enum state state;
    size_t matched; /* bytes of the delimiter that have come */
    size_t
        borrowed; /* and those of them that belong to what is before: LINE_END or 0 */
    size_t delimiter_len;
    char delimiter[4 + WEIR_MULTIPART_BOUNDARY_MAX];
    weir__buffer head; /* of a part, until it is complete */
    size_t line;       /* where its last line begins */
    weir_http_fields fields;
    weir_multipart_limits limits;
    size_t parts;
    size_t offset; /* in the body */
    weir_codec_error error;
};

_Static_assert(sizeof(struct decoder) <= sizeof(weir_multipart_decoder),
               "opaque is too small");

static struct decoder *inside(weir_multipart_decoder *decoder)
{
    return (struct decoder *)(void *)decoder;
}

static void restart(struct decoder *d)
{
    d->state = PREAMBLE;
    d->matched = LINE_END;
    d->borrowed = LINE_END;
    d->line = 0;
    d->parts = 0;
    d->offset = 0;
    d->error = (weir_codec_error){WEIR_OK, NULL, 0};
}

int weir_multipart_decoder_init(weir_multipart_decoder *decoder, weir_slice boundary,
                                const weir_multipart_decoder_options *options)
{
    struct decoder *d = inside(decoder);
    weir_multipart_decoder_options o =
        options ? *options : (weir_multipart_decoder_options){.allocator = NULL};
    weir_multipart_limits *limits = &o.limits;
    if (boundary.len == 0 || boundary.len > WEIR_MULTIPART_BOUNDARY_MAX)
        return WEIR_E_INVALID;
    for (size_t i = 0; i < boundary.len; i++) {
        if (boundary.data[i] < ' ' || boundary.data[i] > '~')
            return WEIR_E_INVALID;
    }
    limits->max_parts = limits->max_parts ? limits->max_parts : DEFAULT_PARTS;
    limits->max_fields = limits->max_fields ? limits->max_fields : DEFAULT_FIELDS;
    if (limits->max_head_bytes == 0)
        limits->max_head_bytes = DEFAULT_HEAD_BYTES;
    if (limits->max_head_bytes > MOST_HEAD_BYTES)
        limits->max_head_bytes = MOST_HEAD_BYTES;
    memset(d, 0, sizeof(*d));
    d->limits = *limits;
    memcpy(d->delimiter, "\r\n--", 4);
    memcpy(d->delimiter + 4, boundary.data, boundary.len);
    d->delimiter_len = 4 + boundary.len;
    weir__buffer_init(&d->head, o.allocator, limits->max_head_bytes);
    /* The head is within its limit, so no list of its fields is over one of bytes. */
    weir_http_fields_init(&d->fields, o.allocator,
                          &(weir_http_limits){2 * limits->max_head_bytes,
                                              limits->max_fields,
                                              limits->max_head_bytes});
    restart(d);
    return WEIR_OK;
}

void weir_multipart_decoder_reset(weir_multipart_decoder *decoder)
{
    struct decoder *d = inside(decoder);
    weir__buffer_consume(&d->head, weir__buffer_len(&d->head));
    weir_http_fields_reset(&d->fields);
    restart(d);
}

void weir_multipart_decoder_clear(weir_multipart_decoder *decoder)
{
    struct decoder *d = inside(decoder);
    weir__buffer_clear(&d->head);
    weir_http_fields_clear(&d->fields);
    restart(d);
}

const weir_codec_error *
weir_multipart_decoder_error(const weir_multipart_decoder *decoder)
{
    return &((const struct decoder *)(const void *)decoder)->error;
}

static int fail(struct decoder *d, int status, const char *reason)
{
    d->error = (weir_codec_error){status, reason, d->offset};
    d->state = FAILED;
    return status;
}

static void use(struct decoder *d, weir_slice *input, size_t count)
{
    *input = weir_slice_skip(*input, count);
    d->offset += count;
}

static int tell(weir_multipart_event *event, weir_multipart_event_type type)
{
    *event = (weir_multipart_event){.type = type};
    return WEIR_MULTIPART_EVENT;
}

static int tell_data(weir_multipart_event *event, const char *data, size_t len)
{
    *event = (weir_multipart_event){WEIR_MULTIPART_DATA, NULL, {data, len}};
    return WEIR_MULTIPART_EVENT;
}

/* How many bytes come before the first place where a delimiter is, or may begin. */
static size_t before_delimiter(const struct decoder *d, weir_slice input)
{
    size_t at = 0;
    while (at < input.len) {
        const char *cr = memchr(input.data + at, '\r', input.len - at);
        if (!cr)
            return input.len;
        at = (size_t)(cr - input.data);
        size_t left = input.len - at;
        size_t len = left < d->delimiter_len ? left : d->delimiter_len;
        if (memcmp(cr, d->delimiter, len) == 0)
            return at;
        at++;
    }
    return at;
}

/* Goes on with a delimiter that has begun; whether it is one so far. */
static bool match(struct decoder *d, weir_slice *input)
{
    size_t wanted = d->delimiter_len - d->matched;
    size_t len = input->len < wanted ? input->len : wanted;
    size_t same = 0;
    while (same < len && input->data[same] == d->delimiter[d->matched + same])
        same++;
    use(d, input, same);
    d->matched += same;
    return same == len;
}

/* It was none. What came of it is data, but for what belongs to what is before. */
static weir_slice unmatch(struct decoder *d)
{
    weir_slice data = {d->delimiter + d->borrowed, d->matched - d->borrowed};
    d->matched = 0;
    d->borrowed = 0;
    return data;
}

static int read_preamble(struct decoder *d, weir_slice *input)
{
    if (d->matched == 0)
        use(d, input, before_delimiter(d, *input));
    if (!match(d, input))
        unmatch(d);
    else if (d->matched == d->delimiter_len)
        d->state = DELIMITER;
    return WEIR_MULTIPART_MORE;
}

static int read_data(struct decoder *d, weir_slice *input, weir_multipart_event *event)
{
    if (d->matched == 0) {
        weir_slice data = {input->data, before_delimiter(d, *input)};
        use(d, input, data.len);
        if (data.len > 0)
            return tell_data(event, data.data, data.len);
    }
    if (!match(d, input)) {
        weir_slice data = unmatch(d);
        return data.len > 0 ? tell_data(event, data.data, data.len)
                            : WEIR_MULTIPART_MORE;
    }
    if (d->matched < d->delimiter_len)
        return WEIR_MULTIPART_MORE;
    d->state = DELIMITER;
    return tell(event, WEIR_MULTIPART_PART_END);
}

/* RFC 2046 5.1.1: a delimiter is one whatever follows the boundary, so whoever made
 * this body chose it badly, or wants two readers to see two things. */
static int read_line(struct decoder *d, weir_slice *input)
{
    char c = input->data[0];
    if (c == '\r')
        d->state = LF;
    else if (c == '-' && d->state == DELIMITER)
        d->state = DASH;
    else if (c == ' ' || c == '\t')
        d->state = LINE;
    else if (c == '\n')
        return fail(d, WEIR_E_PROTOCOL, "a boundary's line ends without CR");
    else
        return fail(d, WEIR_E_PROTOCOL, "something follows a boundary on its line");
    use(d, input, 1);
    return WEIR_MULTIPART_MORE;
}

static int read_dash(struct decoder *d, weir_slice *input, weir_multipart_event *event)
{
    if (input->data[0] != '-')
        return fail(d, WEIR_E_PROTOCOL, "one dash behind a boundary");
    use(d, input, 1);
    d->state = EPILOGUE;
    return tell(event, WEIR_MULTIPART_END);
}

static int read_lf(struct decoder *d, weir_slice *input)
{
    if (input->data[0] != '\n')
        return fail(d, WEIR_E_PROTOCOL, "a boundary's line ends without LF");
    use(d, input, 1);
    if (d->parts == d->limits.max_parts)
        return fail(d, WEIR_E_TOO_BIG, "too many parts");
    d->parts++;
    d->line = 0;
    d->state = HEAD;
    return WEIR_MULTIPART_MORE;
}

/* A line that begins with a space continues the one before (RFC 5322 2.2.3). */
static bool unfold(weir_slice head, char *text)
{
    for (size_t i = 0; i < head.len; i++) {
        bool begins = i == 0 || text[i - 1] == '\n';
        if (!begins || (text[i] != ' ' && text[i] != '\t'))
            continue;
        if (i < LINE_END)
            return false;
        memset(text + i - LINE_END, ' ', LINE_END);
    }
    return true;
}

static int add_field(struct decoder *d, weir_slice line)
{
    weir_slice name;
    if (!weir_slice_split(&line, ':', &name) || !line.data)
        return fail(d, WEIR_E_PROTOCOL, "a field of a part without a colon");
    int rc = weir_http_fields_add(&d->fields, name, line);
    if (rc == WEIR_E_INVALID)
        return fail(d, WEIR_E_PROTOCOL,
                    "a field of a part with a character that may "
                    "not be in one (RFC 9110 5)");
    if (rc == WEIR_E_TOO_BIG)
        return fail(d, rc, "too many fields in a part");
    return rc < 0 ? fail(d, rc, "no memory for the fields of a part") : rc;
}

static int end_head(struct decoder *d, weir_multipart_event *event)
{
    weir_slice rest = weir__buffer_slice(&d->head);
    weir_slice line;
    rest.len -= LINE_END; /* the empty line */
    weir_http_fields_reset(&d->fields);
    if (!unfold(rest, d->head.memory + d->head.start))
        return fail(d, WEIR_E_PROTOCOL, "a part begins with a continued line");
    while (rest.len > 0 && weir_slice_split(&rest, '\n', &line)) {
        line.len--; /* CR */
        int rc = add_field(d, line);
        if (rc < 0)
            return rc;
    }
    weir__buffer_consume(&d->head, weir__buffer_len(&d->head));
    d->state = DATA;
    d->matched = LINE_END;
    d->borrowed = LINE_END;
    *event = (weir_multipart_event){.type = WEIR_MULTIPART_PART, .fields = &d->fields};
    return WEIR_MULTIPART_EVENT;
}

/* At the first byte that is too many, wherever the input was cut. */
static int fail_head(struct decoder *d)
{
    d->offset += d->head.limit - weir__buffer_len(&d->head);
    return fail(d, WEIR_E_TOO_BIG, "the fields of a part are too long");
}

static int read_head(struct decoder *d, weir_slice *input, weir_multipart_event *event)
{
    const char *lf = memchr(input->data, '\n', input->len);
    size_t len = lf ? (size_t)(lf - input->data) + 1 : input->len;
    int rc = weir__buffer_append(&d->head, (weir_slice){input->data, len});
    if (rc == WEIR_E_TOO_BIG)
        return fail_head(d);
    if (rc < 0)
        return fail(d, rc, "no memory for the fields of a part");
    use(d, input, len);
    if (!lf)
        return WEIR_MULTIPART_MORE;
    weir_slice head = weir__buffer_slice(&d->head);
    weir_slice line = weir_slice_skip(head, d->line);
    if (!weir_slice_ends_with(line, WEIR_S("\r\n")))
        return fail(d, WEIR_E_PROTOCOL, "a line of a part's head ends without CR");
    d->line = head.len;
    return line.len == LINE_END ? end_head(d, event) : WEIR_MULTIPART_MORE;
}

static int step(struct decoder *d, weir_slice *input, weir_multipart_event *event)
{
    switch (d->state) {
    case PREAMBLE:
        return read_preamble(d, input);
    case DELIMITER:
    case LINE:
        return read_line(d, input);
    case DASH:
        return read_dash(d, input, event);
    case LF:
        return read_lf(d, input);
    case HEAD:
        return read_head(d, input, event);
    case DATA:
        return read_data(d, input, event);
    case EPILOGUE:
        use(d, input, input->len);
        return WEIR_MULTIPART_MORE;
    case FAILED:
        return d->error.status;
    }
    return WEIR_E_MISUSE;
}

int weir_multipart_decode(weir_multipart_decoder *decoder, weir_slice *input,
                          weir_multipart_event *event)
{
    struct decoder *d = inside(decoder);
    int rc = d->state == FAILED ? d->error.status : WEIR_MULTIPART_MORE;
    while (rc == WEIR_MULTIPART_MORE && input->len > 0)
        rc = step(d, input, event);
    return rc;
}

int weir_multipart_decode_end(weir_multipart_decoder *decoder,
                              weir_multipart_event *event)
{
    struct decoder *d = inside(decoder);
    if (d->state == FAILED)
        return d->error.status;
    if (d->state == EPILOGUE)
        return WEIR_MULTIPART_MORE;
    if (d->state == DATA) {
        weir_slice data = unmatch(d);
        if (data.len > 0)
            return tell_data(event, data.data, data.len);
    }
    return fail(d, WEIR_E_INCOMPLETE, "the body ends before its last boundary");
}
