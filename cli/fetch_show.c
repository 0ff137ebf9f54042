/* What -v and -i show: connections, heads, redirects.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/content_codec.h>
#include <weir/resolver.h>

#include "fetch.h"
#include "stopwatch.h"
#include "terminal.h"

/* --- connections ------------------------------------------------------------------ */

void show_addresses(const struct transfer *transfer)
{
    weir_slice name = weir_url_hostname(&transfer->url);
    weir_address addresses[WEIR_MAX_ADDRESSES];
    char host[256];
    char text[WEIR_ADDRESS_TEXT_BYTES];
    double start = stopwatch_ms();
    snprintf(host, sizeof(host), "%.*s", (int)name.len, name.data);
    int count =
        weir_resolve(weir_session_loop(transfer->session), host,
                     weir_url_port(&transfer->url), transfer->fetch->family, addresses);
    if (count <= 0)
        return; /* the request will say so */
    fprintf(stderr, "* %s is", host);
    for (int i = 0; i < count; i++) {
        weir_address_text(&addresses[i], text, sizeof(text));
        fprintf(stderr, " %s", text);
    }
    fprintf(stderr, " (%.1f ms)\n", stopwatch_ms() - start);
}

void show_connection(struct transfer *transfer, weir_stream *stream)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address address;
    weir_stream_peer_address(stream, &address);
    weir_address_text(&address, text, sizeof(text));
    fprintf(stderr, "* connected to %s\n", text);
    secure_show(stderr, "* ", SECURE_BRIEF, stream);
    show_request(transfer);
}

/* --- requests --------------------------------------------------------------------- */

/* Takes a line of a head off the front of it, without its CRLF. */
static bool take_line(weir_slice *head, weir_slice *line)
{
    if (!weir_slice_split(head, '\n', line) || !head->data)
        return false;
    if (weir_slice_ends_with(*line, WEIR_S("\r")))
        line->len--;
    return true;
}

static void print_marked(char mark, weir_slice head)
{
    weir_slice line;
    while (take_line(&head, &line)) {
        fprintf(stderr, "%c%s", mark, line.len > 0 ? " " : "");
        terminal_print(stderr, line);
        fputc('\n', stderr);
    }
}

static void add(weir_http_fields *fields, const char *name, const char *value)
{
    if (!weir_http_fields_value(fields, weir_slice_of(name)).data)
        weir_http_fields_add(fields, weir_slice_of(name), weir_slice_of(value));
}

/* Those of the command line, and those of the jar that fit. */
static void add_cookies(const struct transfer *transfer, weir_http_fields *fields)
{
    weir_cookie_jar *jar = weir_session_cookies(transfer->session);
    weir_slice stored = {NULL, 0};
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (!file)
        return;
    for (size_t i = 0; i < transfer->fetch->cookies.count; i++) {
        const weir_pair *pair = &transfer->fetch->cookies.items[i];
        fprintf(file, "%s%s=%s", i > 0 ? "; " : "", pair->name, pair->value);
    }
    if (jar && weir_cookie_jar_header(jar, &transfer->url, time(NULL), &stored) > 0)
        fprintf(file, "%s%.*s", transfer->fetch->cookies.count > 0 ? "; " : "",
                (int)stored.len, stored.data);
    if (fclose(file) == 0 && len > 0)
        add(fields, "Cookie", text);
    free(text);
}

/* The secret itself is nobody's business who looks over a shoulder. */
static void add_credentials(const struct transfer *transfer, weir_http_fields *fields)
{
    const struct fetch *fetch = transfer->fetch;
    if (fetch->bearer)
        add(fields, "Authorization", "Bearer (hidden)");
    else if ((fetch->user && !fetch->digest) ||
             weir_url_username(&transfer->url).len > 0)
        add(fields, "Authorization", "Basic (hidden)");
}

static bool is_skipped(const struct fetch *fetch, const char *name)
{
    for (size_t i = 0; i < fetch->skipped_count; i++) {
        if (weir_slice_equal_nocase(weir_slice_of(fetch->skipped[i]),
                                    weir_slice_of(name)))
            return true;
    }
    return false;
}

/* What the session sends by itself. */
static void add_defaults(const struct fetch *fetch, weir_http_fields *fields)
{
    char codings[128];
    weir_slice known = fetch->raw ? WEIR_S("") : weir_content_accept_encoding();
    const weir_pair defaults[] = {{"Accept", "*/*"},
                                  {"Accept-Encoding", codings},
                                  {"User-Agent", "weir/" WEIR_VERSION}};
    snprintf(codings, sizeof(codings), "%.*s", (int)known.len, known.data);
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (defaults[i].value[0] != '\0' && !is_skipped(fetch, defaults[i].name))
            add(fields, defaults[i].name, defaults[i].value);
    }
}

static void add_fields(const struct transfer *transfer, weir_http_fields *fields,
                       weir_slice *host)
{
    for (size_t i = 0; i < transfer->fields.count; i++) {
        const weir_pair *pair = &transfer->fields.items[i];
        weir_slice name = weir_slice_of(pair->name);
        if (weir_slice_equal_nocase(name, WEIR_S("Host")))
            *host = weir_slice_of(pair->value);
        else
            weir_http_fields_add(fields, name, weir_slice_of(pair->value));
    }
    add_credentials(transfer, fields);
    add_cookies(transfer, fields);
    add_defaults(transfer->fetch, fields);
}

void show_request(struct transfer *transfer)
{
    weir_http_request_head head = {.method = weir_slice_of(transfer->fetch->method),
                                   .target = weir_url_target(&transfer->url),
                                   .host = weir_url_authority(&transfer->url),
                                   .framing = transfer->framing,
                                   .content_length = transfer->length};
    weir_http_fields fields;
    size_t len = 0;
    if (transfer->shown)
        return;
    transfer->shown = true;
    weir_http_fields_init(&fields, NULL, NULL);
    add_fields(transfer, &fields, &head.host);
    head.fields = &fields;
    weir_http_encode_request(&head, NULL, 0, &len, NULL);
    char *text = malloc(len);
    if (text && weir_http_encode_request(&head, text, len, &len, NULL) == WEIR_OK)
        print_marked('>', (weir_slice){text, len});
    free(text);
    weir_http_fields_clear(&fields);
}

/* --- responses -------------------------------------------------------------------- */

static void print_field(FILE *file, weir_http_field field)
{
    fwrite(field.name.data, 1, field.name.len, file);
    fputs(": ", file);
    fwrite(field.value.data, 1, field.value.len, file);
    fputs("\r\n", file);
}

char *head_text(const weir_response *response, size_t *len)
{
    const weir_http_fields *fields = weir_response_fields(response);
    weir_slice reason = weir_response_reason(response);
    char *text = NULL;
    FILE *file = open_memstream(&text, len);
    if (!file)
        return NULL;
    fprintf(file, "HTTP/1.%d %d ", weir_response_minor_version(response),
            weir_response_status(response));
    fwrite(reason.data, 1, reason.len, file);
    fputs("\r\n", file);
    for (size_t i = 0; i < weir_http_fields_count(fields); i++)
        print_field(file, weir_http_fields_at(fields, i));
    fputs("\r\n", file);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}

static void show_response(const weir_response *response)
{
    size_t len = 0;
    char *text = head_text(response, &len);
    if (text)
        print_marked('<', (weir_slice){text, len});
    free(text);
}

/* The URL without its name and password. */
static void show_step(const char *what, weir_slice text)
{
    weir_url url;
    if (weir_url_parse(&url, text, NULL, NULL, NULL) < 0)
        return;
    weir_slice scheme = weir_url_scheme(&url);
    weir_slice host = weir_url_authority(&url);
    weir_slice target = weir_url_target(&url);
    fprintf(stderr, "* %s %.*s://%.*s%.*s\n", what, (int)scheme.len, scheme.data,
            (int)host.len, host.data, (int)target.len, target.data);
    weir_url_clear(&url);
}

void show_event(struct transfer *transfer, const weir_trace_event *event)
{
    if (event->type == WEIR_TRACE_HEAD_RECEIVED) {
        show_request(transfer); /* over a connection that there was */
        show_response(event->response);
    } else if (event->type == WEIR_TRACE_REDIRECTED) {
        show_step("redirected to", event->url);
    } else if (event->type == WEIR_TRACE_RETRY) {
        show_step(event->response ? "once more, with credentials:" : "once more:",
                  event->url);
    }
}

void show_head_on_terminal(weir_slice head)
{
    weir_slice line;
    while (take_line(&head, &line)) {
        terminal_print(stdout, line);
        putchar('\n');
    }
    fflush(stdout);
}
