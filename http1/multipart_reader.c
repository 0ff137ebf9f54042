/* A body of many parts as readers, one after the other: the window of each is lent from
 * the body's own.
 *
 *   BETWEEN <-> INSIDE (a part)      BETWEEN -> OVER      any -> FAILED
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form.h>
#include <weir/http_values.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "reader.h"

enum state { BETWEEN, INSIDE, OVER, FAILED };

struct weir_multipart_reader {
    weir_reader body; /* of the part */
    weir_reader *outer;
    weir_slice input; /* of the outer reader, not decoded yet */
    weir_slice piece; /* decoded, not in the window yet */
    enum state state;
    bool is_form;
    char *names; /* of the part and its file, decoded */
    weir_multipart_decoder decoder;
    weir_error error;
};

static int fail_for_good(weir_multipart_reader *parts, int rc)
{
    parts->error = *weir_last_error();
    parts->state = FAILED;
    return rc;
}

static int fail_decoder(weir_multipart_reader *parts)
{
    const weir_codec_error *error = weir_multipart_decoder_error(&parts->decoder);
    return fail_for_good(parts, weir__fail_at(error->status, error->offset, "multipart",
                                              "multipart: %s, at byte %zu",
                                              error->reason, error->offset));
}

/* Gets more input, which may use the memory of what there was. 1, 0 at its end, or a
 * status. */
static int receive(weir_multipart_reader *parts)
{
    weir_slice input;
    int rc = weir__reader_keep(&parts->body);
    if (rc == WEIR_OK)
        rc = weir_read(parts->outer, WEIR_NO_LIMIT, &input);
    if (rc > 0)
        parts->input = input;
    if (rc < 0 && rc != WEIR_E_TIMEOUT && rc != WEIR_E_CANCELLED &&
        rc != WEIR_E_MEMORY && rc != WEIR_E_MISUSE)
        return fail_for_good(parts, rc);
    return rc > 0 ? 1 : rc;
}

/* The next event: 1, 0 at the end of the body, or a status with its sentence. */
static int next_event(weir_multipart_reader *parts, weir_multipart_event *event)
{
    for (;;) {
        int rc = weir_multipart_decode(&parts->decoder, &parts->input, event);
        if (rc == WEIR_MULTIPART_EVENT)
            return 1;
        if (rc == WEIR_MULTIPART_MORE)
            rc = receive(parts);
        else
            return fail_decoder(parts);
        if (rc < 0)
            return rc;
        if (rc > 0)
            continue;
        rc = weir_multipart_decode_end(&parts->decoder, event);
        return rc < 0 ? fail_decoder(parts) : rc;
    }
}

/* Goes on within a part to its next bytes: 1, 0 at its end, or a status. */
static int next_piece(weir_multipart_reader *parts)
{
    weir_multipart_event event;
    if (parts->state == FAILED)
        return weir__fail_again(&parts->error);
    if (parts->piece.len > 0)
        return 1;
    int rc = next_event(parts, &event);
    if (rc <= 0)
        return rc;
    if (event.type == WEIR_MULTIPART_DATA)
        parts->piece = event.data;
    else
        parts->state = BETWEEN;
    return event.type == WEIR_MULTIPART_DATA;
}

static int pull(void *self, weir_reader *reader)
{
    weir_multipart_reader *parts = self;
    int rc = next_piece(parts);
    if (rc <= 0)
        return rc;
    rc = weir__reader_lend(reader, parts->piece);
    if (rc < 0)
        return rc;
    parts->piece = (weir_slice){NULL, 0};
    return 1;
}

static const struct weir__source SOURCE = {.pull = pull};

static int read_boundary(weir_slice content_type, weir_media_type *type,
                         weir_http_param *param)
{
    char text[64];
    if (weir_media_type_parse(type, content_type) < 0 ||
        !weir_slice_equal_nocase(type->type, WEIR_S("multipart")))
        return weir__fail(WEIR_E_TYPE, "multipart", "\"%s\" is not a type multipart",
                          weir__escape(content_type, text, sizeof(text)));
    if (!weir_media_type_param(type, WEIR_S("boundary"), param))
        return weir__fail(WEIR_E_PROTOCOL, "multipart",
                          "the field Content-Type has no boundary: \"%s\"",
                          weir__escape(content_type, text, sizeof(text)));
    return WEIR_OK;
}

static int init(weir_multipart_reader *parts, weir_reader *body,
                weir_slice content_type, const weir_multipart_limits *limits)
{
    const weir_allocator *allocator = body->loop->allocator;
    weir_multipart_decoder_options options = {.allocator = allocator};
    weir_media_type type = {.type = {NULL, 0}};
    weir_http_param param = {.quoted = false};
    char boundary[2 * WEIR_MULTIPART_BOUNDARY_MAX];
    size_t len = sizeof(boundary);
    if (limits)
        options.limits = *limits;
    int rc = read_boundary(content_type, &type, &param);
    if (rc < 0)
        return rc;
    if (param.value.len <= sizeof(boundary))
        len = weir_http_param_text(&param, boundary);
    if (weir_multipart_decoder_init(&parts->decoder, (weir_slice){boundary, len},
                                    &options) < 0)
        return weir__fail(WEIR_E_PROTOCOL, "multipart",
                          "the boundary in the field Content-Type cannot be one "
                          "(RFC 2046 5.1.1)");
    weir__reader_init(&parts->body, body->loop, &SOURCE, parts, 0);
    weir__reader_end(&parts->body);
    parts->outer = body;
    parts->is_form = weir_slice_equal_nocase(type.subtype, WEIR_S("form-data"));
    return WEIR_OK;
}

int weir_multipart_reader_new(weir_multipart_reader **parts, weir_reader *body,
                              weir_slice content_type,
                              const weir_multipart_limits *limits)
{
    const weir_allocator *allocator = body->loop->allocator;
    weir_multipart_reader *p = weir__calloc(allocator, 1, sizeof(*p));
    if (!p)
        return weir__fail(WEIR_E_MEMORY, "multipart", "no memory for a reader");
    int rc = init(p, body, content_type, limits);
    if (rc < 0)
        weir__free(allocator, p);
    else
        *parts = p;
    return rc;
}

/* Decodes the names that the part has; what is no disposition has none, but is not
 * to be in a form. */
static int read_names(weir_multipart_reader *parts, weir_multipart_part *part)
{
    weir_slice field =
        weir_http_fields_value(part->fields, WEIR_S("Content-Disposition"));
    weir_disposition d;
    if (!field.data)
        return WEIR_OK;
    if (weir_disposition_parse(&d, field) < 0 && !parts->is_form)
        return WEIR_OK;
    if (weir_disposition_parse(&d, field) < 0)
        return weir__fail(WEIR_E_PROTOCOL, "multipart",
                          "multipart: the Content-Disposition of a part is none");
    size_t size = d.name.value.len + WEIR_DISPOSITION_FILENAME_BYTES(&d);
    char *names = weir__malloc(parts->outer->loop->allocator, size);
    if (!names)
        return weir__fail(WEIR_E_MEMORY, "multipart", "no memory for a part's names");
    parts->names = names;
    if (d.name.value.data)
        part->name = (weir_slice){names, weir_disposition_name(&d, names)};
    names += part->name.len;
    if (d.filename.value.data || d.filename_ext.value.data)
        part->filename = (weir_slice){names, weir_disposition_filename(&d, names)};
    names[part->filename.len] = '\0';
    return WEIR_OK;
}

/* Leaves the part there is, whatever is left of it. */
static int skip_part(weir_multipart_reader *parts)
{
    int rc = 1;
    weir__reader_clear(&parts->body);
    weir__reader_init(&parts->body, parts->outer->loop, &SOURCE, parts, 0);
    while (parts->state == INSIDE && rc > 0) {
        rc = next_piece(parts);
        if (rc > 0)
            parts->piece = (weir_slice){NULL, 0};
    }
    return rc;
}

static int begin_part(weir_multipart_reader *parts, weir_multipart_part *part)
{
    weir_multipart_event event;
    weir_multipart_part found = {.body = &parts->body};
    int rc;
    do
        rc = next_event(parts, &event);
    while (rc > 0 && event.type == WEIR_MULTIPART_END); /* and on to the body's end */
    if (rc == 0)
        parts->state = OVER;
    if (rc <= 0)
        return rc;
    parts->state = INSIDE;
    found.fields = event.fields;
    rc = read_names(parts, &found);
    if (rc < 0)
        return fail_for_good(parts, rc);
    *part = found;
    return 1;
}

int weir_multipart_reader_next(weir_multipart_reader *parts, weir_multipart_part *part)
{
    if (parts->body.reading)
        return weir__fail(WEIR_E_MISUSE, "multipart",
                          "another task reads the body of the part");
    if (parts->state == FAILED)
        return weir__fail_again(&parts->error);
    int rc = skip_part(parts);
    if (rc >= 0 && parts->state != OVER) {
        weir__free(parts->outer->loop->allocator, parts->names);
        parts->names = NULL;
        rc = begin_part(parts, part);
    }
    if (parts->state == BETWEEN || parts->state == OVER)
        weir__reader_end(&parts->body);
    return parts->state == OVER && rc >= 0 ? 0 : rc;
}

void weir_multipart_reader_free(weir_multipart_reader *parts)
{
    if (!parts)
        return;
    const weir_allocator *allocator = parts->outer->loop->allocator;
    weir__reader_clear(&parts->body);
    weir_multipart_decoder_clear(&parts->decoder);
    weir__free(allocator, parts->names);
    weir__free(allocator, parts);
}
