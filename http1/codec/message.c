/* Heads and trailer sections, read by llhttp (RFC 9112 2 to 5).
 *
 * llhttp finds the fields in bytes cut anywhere; head.c checks each line that it is
 * through with. The first offence in the order of the bytes is the one reported,
 * wherever the input was cut.
 *
 * This is the only file that knows llhttp. Releases 8.1 to 9.x will do, built
 * strict or loose.
 *
 * SPDX-License-Identifier: MIT */
#include "message.h"

#include <llhttp.h>
#include <string.h>
#include <weir/status.h>

/* What llhttp reads before a trailer section, for it reads fields behind a start
 * line only. */
#define TRAILER_PREFIX "HTTP/1.1 200 OK\r\n"

_Static_assert(sizeof(llhttp_t) <= sizeof(((weir__section *)0)->parser),
               "room for llhttp_t");

static llhttp_t *parser_of(weir__section *section)
{
    return (llhttp_t *)(void *)section->parser;
}

static int refuse(weir_codec_error *error, int status, const char *reason,
                  size_t offset)
{
    *error = (weir_codec_error){status, reason, offset};
    return status;
}

static uint32_t place_of(const weir__section *section, const char *at)
{
    return (uint32_t)(section->fed_at + (size_t)(at - section->fed));
}

static int on_name(llhttp_t *parser, const char *at, size_t len)
{
    weir__section *s = parser->data;
    if (s->span != WEIR__SPAN_NAME) {
        s->span = WEIR__SPAN_NAME;
        s->place = (struct weir__field_place){.name = place_of(s, at)};
    }
    s->place.name_len = place_of(s, at) + (uint32_t)len - s->place.name;
    return HPE_OK;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    weir__section *s = parser->data;
    if (s->span != WEIR__SPAN_VALUE) {
        s->span = WEIR__SPAN_VALUE;
        s->place.value = place_of(s, at);
    } else if (place_of(s, at) != s->place.value + s->place.value_len) {
        return HPE_USER; /* a second line: a folded value */
    }
    s->place.value_len += (uint32_t)len;
    return HPE_OK;
}

static int on_value_complete(llhttp_t *parser)
{
    weir__section *s = parser->data;
    s->span = WEIR__SPAN_NONE;
    if (s->place.value_len == 0)
        s->place.value = s->place.name + s->place.name_len + 1; /* behind the colon */
    s->push_status = weir__fields_push(weir__fields_of(s->fields), s->place);
    return s->push_status < 0 ? HPE_USER : HPE_OK;
}

/* Here llhttp stops: it would go on with the body. */
static int on_headers_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t SETTINGS = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

static int read_start_line(weir__section *s, weir_codec_error *error)
{
    const weir__fields *f = weir__fields_of(s->fields);
    return weir__head_start_line(s->head, s->role,
                                 weir__fields_text(f, 0, s->start_line), error);
}

/* Checks the start line as soon as it is there. */
static int check_start_line(weir__section *s, weir_codec_error *error)
{
    const weir__fields *f = weir__fields_of(s->fields);
    if (f->text.end == 0)
        return WEIR_OK;
    const char *lf = memchr(f->text.memory, '\n', f->text.end);
    size_t end = lf ? (size_t)(lf - f->text.memory) + 1 : f->text.end;
    if (end > f->max_field_bytes)
        return refuse(error, WEIR_E_TOO_BIG, "the start line is over the limit",
                      f->max_field_bytes);
    if (!lf)
        return WEIR_OK;
    s->start_line = end;
    s->line = end;
    return s->head ? read_start_line(s, error) : WEIR_OK;
}

/* Checks the lines that llhttp is through with: all but the latest, whose end may
 * not have come. */
static int check_lines(weir__section *s, bool complete, weir_codec_error *error)
{
    weir__fields *f = weir__fields_of(s->fields);
    int rc = s->start_line ? WEIR_OK : check_start_line(s, error);
    while (rc == WEIR_OK && s->checked + !complete < f->count)
        rc = weir__head_field_line(f, s->checked++, &s->line, error);
    if (rc < 0 || !complete)
        return rc;
    if (f->text.end != s->line + 2 || memcmp(f->text.memory + s->line, "\r\n", 2) != 0)
        return refuse(error, WEIR_E_PROTOCOL,
                      "a line does not end with CRLF (RFC 9112 2.2)", s->line);
    f->bytes = f->text.end - s->start_line;
    /* Once more, since the text may have moved under the slices in the head. */
    return s->head ? read_start_line(s, error) : WEIR_OK;
}

/* Whether the latest value goes on in a second line, wherever llhttp is in that. */
static bool is_folded(const weir__section *s, const weir__fields *f, size_t *end)
{
    const char *text = f->text.memory;
    *end = s->place.value + s->place.value_len;
    return s->span == WEIR__SPAN_VALUE && f->text.end - *end > 2 &&
           text[*end] == '\r' && text[*end + 1] == '\n' &&
           (text[*end + 2] == ' ' || text[*end + 2] == '\t');
}

/* What stopped llhttp, as a failure. */
static int explain(weir__section *s, weir_codec_error *error)
{
    const weir__fields *f = weir__fields_of(s->fields);
    size_t at;
    if (is_folded(s, f, &at))
        return refuse(error, WEIR_E_PROTOCOL, "a folded line (RFC 9112 5.2)", at);
    at = f->text.end;
    if (s->push_status == WEIR_E_TOO_BIG)
        return refuse(error, WEIR_E_TOO_BIG,
                      "a field, or the number of fields, is over the limit", at);
    if (s->push_status == WEIR_E_MEMORY)
        return refuse(error, WEIR_E_MEMORY, "no memory for the fields", at);
    return refuse(error, WEIR_E_PROTOCOL, llhttp_get_error_reason(parser_of(s)), at);
}

int weir__section_read(weir__section *s, weir_slice *input, weir_codec_error *error)
{
    weir__fields *f = weir__fields_of(s->fields);
    size_t room = f->text.limit - f->text.end;
    size_t len = input->len < room ? input->len : room;
    s->fed = input->data;
    s->fed_at = f->text.end;
    llhttp_errno_t stop = llhttp_execute(parser_of(s), input->data, len);
    if (stop != HPE_OK)
        len = (size_t)(llhttp_get_error_pos(parser_of(s)) - input->data);
    if (weir__buffer_append(&f->text, (weir_slice){input->data, len}) < 0)
        return refuse(error, WEIR_E_MEMORY, "no memory for the head", s->fed_at);
    *input = weir_slice_skip(*input, len);
    int rc = check_lines(s, stop == HPE_PAUSED, error);
    if (rc < 0)
        return rc;
    if (stop != HPE_OK)
        return stop == HPE_PAUSED ? 1 : explain(s, error);
    if (f->text.end == f->text.limit)
        return refuse(error, WEIR_E_TOO_BIG, "the head is over the limit", f->text.end);
    return 0;
}

static void begin(weir__section *s, llhttp_type_t type, weir_http_fields *fields)
{
    *s = (weir__section){.fields = fields};
    llhttp_init(parser_of(s), type, &SETTINGS);
    parser_of(s)->data = s;
    weir_http_fields_reset(fields);
}

void weir__section_begin_head(weir__section *s, weir_http_role role,
                              weir_http_fields *fields, weir_http_head *head)
{
    begin(s, role == WEIR_HTTP_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, fields);
    s->role = role;
    s->head = head;
}

int weir__section_begin_trailers(weir__section *s, weir_http_fields *fields,
                                 weir_codec_error *error)
{
    weir_slice prefix = WEIR_S(TRAILER_PREFIX);
    begin(s, HTTP_RESPONSE, fields);
    return weir__section_read(s, &prefix, error);
}
