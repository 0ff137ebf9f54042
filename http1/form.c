/* Forms: the heads of their parts, what stands between these, and how long it all is.
 *
 * SPDX-License-Identifier: MIT */
#include "form.h"

#include <stdio.h>
#include <string.h>

#include "allocator.h"
#include "checked.h"
#include "error.h"
#include "file.h"
#include "random.h"

static const weir_form_part NO_OPTIONS = {NULL, NULL};

static int choose_boundary(weir_form *form, const char *given, char *made)
{
    unsigned char random[WEIR_MULTIPART_RANDOM_BYTES];
    form->boundary = (weir_slice){made, WEIR_MULTIPART_BOUNDARY_BYTES};
    if (given) {
        form->boundary = weir_slice_of(given);
        if (!weir_multipart_is_boundary(form->boundary))
            return weir__fail(WEIR_E_INVALID, "form",
                              "the boundary is not one that can be sent (RFC 2046 "
                              "5.1.1)");
        return WEIR_OK;
    }
    int rc = weir__random(random, sizeof(random));
    if (rc == WEIR_OK)
        weir_multipart_make_boundary(random, made);
    return rc;
}

/* The boundary is kept where the end of the form has it. */
static void set_texts(weir_form *form)
{
    int len = (int)form->boundary.len;
    bool token = weir_http_is_token(form->boundary);
    form->end_len = (size_t)snprintf(form->end, sizeof(form->end), "\r\n--%.*s--\r\n",
                                     len, form->boundary.data);
    form->boundary.data = form->end + 4;
    snprintf(form->content_type, sizeof(form->content_type),
             token ? "multipart/form-data; boundary=%.*s"
                   : "multipart/form-data; boundary=\"%.*s\"",
             len, form->boundary.data);
}

weir_form *weir_form_new(const weir_form_options *options)
{
    const weir_allocator *allocator = options ? options->allocator : NULL;
    char made[WEIR_MULTIPART_BOUNDARY_BYTES];
    weir_form *form = weir__calloc(allocator, 1, sizeof(*form));
    if (!form) {
        weir__fail(WEIR_E_MEMORY, "form", "no memory for a form");
        return NULL;
    }
    form->allocator = allocator;
    weir__link_init(&form->parts);
    if (choose_boundary(form, options ? options->boundary : NULL, made) < 0) {
        weir__free(allocator, form);
        return NULL;
    }
    set_texts(form);
    return form;
}

void weir_form_free(weir_form *form)
{
    weir__link *link;
    if (!form)
        return;
    while ((link = weir__link_shift(&form->parts)))
        weir__free(form->allocator, WEIR__CONTAINER(link, weir__form_part, link));
    weir__free(form->allocator, form);
}

weir_slice weir__form_end(const weir_form *form)
{
    weir_slice end = {form->end, form->end_len};
    /* Without a part there is no line to end. */
    return weir__link_is_linked(&form->parts) ? end : weir_slice_skip(end, 2);
}

const char *weir_form_content_type(const weir_form *form)
{
    return form->content_type;
}

int64_t weir_form_length(const weir_form *form)
{
    int64_t end = (int64_t)weir__form_end(form).len;
    return form->length < 0 ? -1 : form->length + end;
}

bool weir_form_is_repeatable(const weir_form *form)
{
    for (const weir__link *l = form->parts.next; l != &form->parts; l = l->next) {
        if (WEIR__CONTAINER(l, weir__form_part, link)->used)
            return false;
    }
    return true;
}

static int check_line(weir_slice text, const char *what)
{
    char escaped[64];
    if (!text.data || weir_http_is_field_value(text))
        return WEIR_OK;
    return weir__fail(WEIR_E_INVALID, "form",
                      "the %s \"%s\" of a form has a line end, or another control "
                      "character",
                      what, weir__escape(text, escaped, sizeof(escaped)));
}

static int check_head(const weir_multipart_head *head, size_t *len)
{
    weir_codec_error error;
    int rc = check_line(head->name, "name");
    if (rc == WEIR_OK)
        rc = check_line(head->filename, "file name");
    if (rc < 0)
        return rc;
    rc = weir_multipart_encode_head(head, NULL, 0, len, &error);
    if (rc == WEIR_E_INVALID)
        return weir__fail(rc, "form", "a part of a form: %s", error.reason);
    return WEIR_OK;
}

/* The length of the form with another part; the promise is 63 bits long. */
static int add_length(int64_t *sum, size_t head, int64_t content)
{
    if (*sum < 0 || content < 0) {
        *sum = -1;
        return WEIR_OK;
    }
    if (content > INT64_MAX / 2 || *sum > INT64_MAX / 4 || head > INT64_MAX / 8)
        return weir__fail(WEIR_E_INVALID, "form", "the form is too long");
    *sum += content + (int64_t)head;
    return WEIR_OK;
}

static void copy(char **at, weir_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
}

/* Adds a part like `model`, behind which `text`, its bytes or path, is copied. */
static int add(weir_form *form, const weir_multipart_head *head,
               const weir__form_part *model, weir_slice text)
{
    /* The line end of the part before belongs to the head, so that the two are sent
     * as one; not so before the first. */
    size_t prefix = weir__link_is_linked(&form->parts) ? 2 : 0;
    size_t head_len;
    size_t size;
    int64_t length = form->length;
    int rc = check_head(head, &head_len);
    if (rc == WEIR_OK)
        rc = add_length(&length, prefix + head_len, model->length);
    if (rc < 0)
        return rc;
    weir__form_part *part = NULL;
    if (weir__checked_add(sizeof(*part) + prefix + head_len + 1, text.len, &size))
        part = weir__malloc(form->allocator, size);
    if (!part)
        return weir__fail(WEIR_E_MEMORY, "form", "no memory for a part of a form");
    *part = *model;
    char *at = (char *)(part + 1);
    part->head = (weir_slice){at, prefix + head_len};
    copy(&at, (weir_slice){"\r\n", prefix});
    weir_multipart_encode_head(head, at, head_len, &head_len, NULL);
    at += head_len;
    part->bytes = (weir_slice){at, text.len};
    part->path = at;
    copy(&at, text);
    *at = '\0';
    weir__link_init(&part->link);
    weir__link_push(&form->parts, &part->link);
    form->length = length;
    return WEIR_OK;
}

static weir_multipart_head head_of(const weir_form *form, const char *name,
                                   const weir_form_part *part)
{
    return (weir_multipart_head){
        .boundary = form->boundary,
        .name = weir_slice_of(name),
        .filename = weir_slice_of(part->filename),
        .content_type = weir_slice_of(part->content_type),
    };
}

int weir_form_add(weir_form *form, const char *name, weir_slice value,
                  const weir_form_part *part)
{
    weir_multipart_head head = head_of(form, name, part ? part : &NO_OPTIONS);
    weir__form_part model = {.source = WEIR__FORM_BYTES};
    if (value.len > INT64_MAX)
        return weir__fail(WEIR_E_INVALID, "form", "the form is too long");
    model.length = (int64_t)value.len;
    return add(form, &head, &model, value);
}

int weir_form_add_file(weir_form *form, const char *name, const char *path,
                       const weir_form_part *part)
{
    weir_multipart_head head = head_of(form, name, part ? part : &NO_OPTIONS);
    weir__form_part model = {.source = WEIR__FORM_FILE};
    uint64_t length;
    int rc = weir__file_length(path, &length);
    if (rc < 0)
        return weir__fail_prefix("form");
    if (length > INT64_MAX)
        return weir__fail(WEIR_E_INVALID, "form", "the form is too long");
    model.length = (int64_t)length;
    if (head.content_type.len == 0)
        head.content_type = WEIR_S("application/octet-stream");
    if (!head.filename.data) {
        const char *slash = strrchr(path, '/');
        head.filename = weir_slice_of(slash ? slash + 1 : path);
    }
    return add(form, &head, &model, weir_slice_of(path));
}

int weir_form_add_reader(weir_form *form, const char *name, weir_reader *reader,
                         int64_t length, const weir_form_part *part)
{
    weir_multipart_head head = head_of(form, name, part ? part : &NO_OPTIONS);
    weir__form_part model = {
        .source = WEIR__FORM_READER, .reader = reader, .length = length};
    if (length < -1)
        return weir__fail(WEIR_E_INVALID, "form", "a length below -1");
    return add(form, &head, &model, (weir_slice){NULL, 0});
}
