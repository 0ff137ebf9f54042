/* Heads, checked line by line, and the length of the body that follows
 * (RFC 9112 2.2, 3, 4, 5, 6.3).
 *
 * llhttp finds the fields; releases and builds of it differ in what else they let
 * pass (a bare LF, folded lines, blanks in names, HTTP/0.9). What this file refuses
 * is refused with all of them.
 *
 * SPDX-License-Identifier: MIT */
#include "head.h"

#include <string.h>
#include <weir/status.h>

#include "ascii.h"

static int refuse(weir_codec_error *error, const char *reason, size_t offset)
{
    *error = (weir_codec_error){WEIR_E_PROTOCOL, reason, offset};
    return WEIR_E_PROTOCOL;
}

/* The two versions there are of this syntax (RFC 9112 2.3). */
static bool read_version(weir_http_head *head, const char *text)
{
    if (memcmp(text, "HTTP/1.", 7) != 0 || (text[7] != '0' && text[7] != '1'))
        return false;
    head->minor_version = text[7] - '0';
    return true;
}

/* status-line = HTTP-version SP 3DIGIT SP [ reason-phrase ], RFC 9112 4; the second
 * SP may be missing when there is no reason. */
static int read_status_line(weir_http_head *head, weir_slice line,
                            weir_codec_error *error)
{
    int code = 0;
    if (line.len < 8 || !read_version(head, line.data))
        return refuse(error, "not HTTP/1.0 or 1.1 (RFC 9112 2.3)", 0);
    if (line.len < 12 || line.data[8] != ' ')
        return refuse(error, "bad status line (RFC 9112 4)", 8);
    for (size_t i = 9; i < 12; i++) {
        if (!weir__ascii_is_digit(line.data[i]))
            return refuse(error, "a status code is three digits (RFC 9112 4)", i);
        code = code * 10 + (line.data[i] - '0');
    }
    if (code < 100 || (line.len > 12 && line.data[12] != ' '))
        return refuse(error, "bad status code (RFC 9110 15)", 9);
    head->status_code = code;
    head->reason = weir_slice_skip(line, 13);
    if (!weir__is_field_text(head->reason.data, head->reason.len))
        return refuse(error, "bad byte in a reason phrase (RFC 9112 4)", 13);
    return WEIR_OK;
}

static bool is_visible(weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    }
    return text.len > 0;
}

/* request-line = method SP request-target SP HTTP-version, RFC 9112 3 */
static int read_request_line(weir_http_head *head, weir_slice line,
                             weir_codec_error *error)
{
    const char *space = memchr(line.data, ' ', line.len);
    size_t method = space ? (size_t)(space - line.data) : line.len;
    if (!weir__is_token(line.data, method))
        return refuse(error, "bad method (RFC 9112 3.1)", 0);
    if (!space || line.len < method + 11 || line.data[line.len - 9] != ' ' ||
        !read_version(head, line.data + line.len - 8))
        return refuse(error, "not HTTP/1.0 or 1.1 (RFC 9112 2.3)", method);
    head->method = (weir_slice){line.data, method};
    head->target = (weir_slice){space + 1, line.len - method - 10};
    if (!is_visible(head->target))
        return refuse(error, "bad byte in a request target (RFC 9112 3.2)", method + 1);
    return WEIR_OK;
}

int weir__head_start_line(weir_http_head *head, weir_http_role role, weir_slice line,
                          weir_codec_error *error)
{
    if (line.len < 2 || line.data[line.len - 2] != '\r')
        return refuse(error, "LF without CR (RFC 9112 2.2)", line.len - 1);
    line.len -= 2;
    if (role == WEIR_HTTP_RESPONSE)
        return read_status_line(head, line, error);
    return read_request_line(head, line, error);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* field-line = field-name ":" OWS field-value OWS, RFC 9112 5. The text goes on
 * behind the line, so its ends are found without asking for the length. */
int weir__head_field_line(weir__fields *fields, size_t index, size_t *line,
                          weir_codec_error *error)
{
    const char *text = fields->text.memory;
    struct weir__field_place *place = &fields->places[index];
    size_t at = place->name + place->name_len;
    if (place->name != *line)
        return refuse(error, "a line does not end with CRLF (RFC 9112 2.2)", *line);
    if (text[at] != ':' || !weir__is_token(text + place->name, place->name_len))
        return refuse(error, "a field name is a token (RFC 9110 5.1)", at);
    for (at++; at < place->value; at++) {
        if (!is_blank(text[at]))
            return refuse(error, "a folded line (RFC 9112 5.2)", at);
    }
    at = place->value + place->value_len;
    while (is_blank(text[at]))
        at++;
    if (text[at] != '\r' || text[at + 1] != '\n')
        return refuse(error, "a line does not end with CRLF (RFC 9112 2.2)", at);
    while (place->value_len > 0 &&
           is_blank(text[place->value + place->value_len - 1])) {
        place->value_len--;
        fields->bytes--;
    }
    *line = at + 2;
    return WEIR_OK;
}

void weir__head_note(weir__head_known *known, weir_slice name, weir_slice value)
{
    switch (name.len) {
    case 7:
        known->upgrade |= weir__is_named(name, WEIR_S("upgrade"));
        break;
    case 10:
        if (weir__is_named(name, WEIR_S("connection"))) {
            known->connections++;
            known->connection = value;
        } else if (weir__is_named(name, WEIR_S("keep-alive"))) {
            known->keep_alive = value;
        }
        break;
    case 14:
        if (weir__is_named(name, WEIR_S("content-length"))) {
            known->lengths++;
            known->length = value;
        }
        break;
    case 17:
        if (weir__is_named(name, WEIR_S("transfer-encoding"))) {
            known->encodings++;
            known->encoding = value;
        }
        break;
    }
}

void weir__head_note_all(weir__head_known *known, const weir__fields *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct weir__field_place *place = &f->places[i];
        if (weir__head_may_be_known(place->name_len))
            weir__head_note(known, weir__fields_text(f, place->name, place->name_len),
                            weir__fields_text(f, place->value, place->value_len));
    }
}

static bool read_length(weir_slice text, uint64_t *length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!weir__ascii_is_digit(text.data[i]) || value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *length = value;
    return text.len > 0;
}

/* RFC 9112 6.3, rules 3 and 4: chunked, when it is there, is last and once. */
static int frame_transfer_encoding(weir_http_head *head, weir_http_role role,
                                   weir_codec_error *error)
{
    size_t cursor = 0;
    size_t chunked = 0;
    bool last = false;
    weir_slice rest;
    weir_slice coding;
    while (weir_http_fields_next(head->fields, WEIR_S("Transfer-Encoding"), &cursor,
                                 &rest)) {
        while (weir_http_list_next(&rest, &coding)) {
            last = weir_slice_equal_nocase(coding, WEIR_S("chunked"));
            chunked += last;
        }
    }
    if (role == WEIR_HTTP_REQUEST && (!last || chunked != 1))
        return refuse(error,
                      "Transfer-Encoding does not end with one chunked "
                      "(RFC 9112 6.3)",
                      0);
    head->framing = last ? WEIR_HTTP_CHUNKED : WEIR_HTTP_UNTIL_CLOSE;
    return WEIR_OK;
}

/* RFC 9112 6.3, rule 1 and, for CONNECT, rule 2 */
static bool has_no_body(const weir_http_head *head, enum weir__http_question question)
{
    int code = head->status_code;
    return code / 100 == 1 || code == 204 || code == 304 ||
           question == WEIR__HTTP_HEAD ||
           (question == WEIR__HTTP_CONNECT && code / 100 == 2);
}

static int frame_body(weir_http_head *head, weir_http_role role,
                      const weir__head_known *known, weir_codec_error *error)
{
    if (known->lengths > 1)
        return refuse(error, "more than one Content-Length (RFC 9112 6.3)", 0);
    if (known->lengths == 1 && !read_length(known->length, &head->content_length))
        return refuse(error, "bad Content-Length (RFC 9110 8.6)", 0);
    head->has_content_length = known->lengths == 1;
    if (known->encodings > 0 && head->has_content_length)
        return refuse(error,
                      "both Transfer-Encoding and Content-Length "
                      "(RFC 9112 6.3)",
                      0);
    if (known->encodings > 0)
        return frame_transfer_encoding(head, role, error);
    if (head->has_content_length)
        head->framing = WEIR_HTTP_LENGTH;
    else if (role == WEIR_HTTP_RESPONSE)
        head->framing = WEIR_HTTP_UNTIL_CLOSE;
    return WEIR_OK;
}

/* Keep-Alive: timeout=SECONDS, max=REQUESTS (RFC 2068 19.7.1.1, for want of a newer one).
 * False when it says that there will be no other request. */
static bool read_keep_alive(weir_slice value, uint32_t *seconds)
{
    weir_slice item;
    uint64_t number;
    while (weir_http_list_next(&value, &item)) {
        weir_slice name = {NULL, 0};
        if (!weir_slice_split(&item, '=', &name) || !item.data ||
            !read_length(weir_slice_trim(item), &number))
            continue;
        name = weir_slice_trim(name);
        bool is_timeout = weir_slice_equal_nocase(name, WEIR_S("timeout"));
        if (number == 0 && (is_timeout || weir_slice_equal_nocase(name, WEIR_S("max"))))
            return false;
        if (is_timeout)
            *seconds = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
    }
    return true;
}

/* RFC 9112 9.3; an HTTP/1.0 message with Transfer-Encoding is not to be trusted with
 * a second one (6.1). */
static bool keeps_alive(const weir_http_head *head, const weir__head_known *known)
{
    bool alive = head->minor_version > 0;
    if (head->framing == WEIR_HTTP_UNTIL_CLOSE || (!alive && known->encodings > 0))
        return false;
    if (known->connections == 0)
        return alive;
    /* What most servers send: no need to take the list apart. */
    if (known->connections == 1 &&
        weir_slice_equal(known->connection, WEIR_S("keep-alive")))
        return true;
    if (weir_http_fields_has_token(head->fields, WEIR_S("Connection"), WEIR_S("close")))
        return false;
    return alive || weir_http_fields_has_token(head->fields, WEIR_S("Connection"),
                                               WEIR_S("keep-alive"));
}

static bool is_upgrade(const weir_http_head *head, enum weir__http_question question,
                       const weir__head_known *known)
{
    if (head->status_code != 0)
        return head->status_code == 101 ||
               (question == WEIR__HTTP_CONNECT && head->status_code / 100 == 2);
    if (weir_slice_equal(head->method, WEIR_S("CONNECT")))
        return true;
    return known->upgrade && known->connections > 0 &&
           weir_http_fields_has_token(head->fields, WEIR_S("Connection"),
                                      WEIR_S("upgrade"));
}

int weir__head_frame(weir_http_head *head, weir_http_role role,
                     enum weir__http_question question, const weir__head_known *known,
                     weir_codec_error *error)
{
    int rc = frame_body(head, role, known, error);
    if (rc < 0)
        return rc;
    if (role == WEIR_HTTP_RESPONSE && has_no_body(head, question))
        head->framing = WEIR_HTTP_NO_BODY;
    if (role == WEIR_HTTP_REQUEST && weir_slice_equal(head->method, WEIR_S("CONNECT")))
        head->framing = WEIR_HTTP_NO_BODY; /* RFC 9110 9.3.6 */
    head->upgrade = is_upgrade(head, question, known);
    head->informational = head->status_code / 100 == 1 && head->status_code != 101;
    head->keep_alive =
        keeps_alive(head, known) && !(role == WEIR_HTTP_RESPONSE && head->upgrade);
    head->keep_alive_s = 0;
    if (known->keep_alive.data && role == WEIR_HTTP_RESPONSE)
        head->keep_alive =
            read_keep_alive(known->keep_alive, &head->keep_alive_s) && head->keep_alive;
    return WEIR_OK;
}
