/* weir get: requests over one session, their bodies to standard output or a file.
 *
 * The body passes through piece by piece, so its size does not matter.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/http_codec.h>
#include <weir/resolver.h>
#include <weir/session.h>
#include <weir/url.h>

#include "command.h"
#include "output.h"
#include "secure.h"
#include "stopwatch.h"
#include "terminal.h"

enum { MAX_FIELDS = 64 };

static const char HELP[] =
    "usage: weir get [-fiv] [-H 'NAME: VALUE']... [-o FILE] [OPTION]... URL...\n"
    "\n"
    "Fetches each URL and writes the body of the response to standard output, one\n"
    "after the other. URLs of one server share its connection.\n"
    "\n"
    "  -H 'NAME: VALUE'  send this field; in place of one that is sent anyway\n"
    "                    (User-Agent, Accept, Host)\n"
    "  -o FILE           write to FILE instead, which appears when it is complete;\n"
    "                    of one URL\n"
    "  -i                write the head of the response, too, before the body\n"
    "  -f                fail on a status of 400 or more, and write nothing\n"
    "  -v                show on standard error what is sent (>) and received (<), "
    "and\n"
    "                    how it is secured: certificates, and what was verified\n"
    "\n"
    "For https:\n"
    "\n" SECURE_CLIENT_HELP "\n"
    "A URL without a scheme is one of http. Long forms: --header, --output, "
    "--include,\n"
    "--fail, --verbose.\n"
    "\n" SECURE_ENVIRONMENT_HELP "\n"
    "Exit status: 0 when all of each response is there, whatever its status code is\n"
    "(but see -f); 1 when one could not be fetched or written; 2 when the command "
    "line\n"
    "is wrong, as with a URL that is none.\n";

struct get {
    const char *url;
    const char *path; /* NULL: standard output */
    bool include_head;
    bool fail_on_status;
    bool verbose;
    bool request_shown; /* what is sent */
    const weir_url *parsed;
    struct secure_options secure;
    weir_pair fields[MAX_FIELDS + 3]; /* with the two below, and {0} */
    size_t field_count;
};

/* What is sent (-v) */

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

static void print_addresses(weir_loop *loop, const weir_url *url)
{
    weir_slice name = weir_url_hostname(url);
    weir_address addresses[WEIR_MAX_ADDRESSES];
    char host[256];
    char text[WEIR_ADDRESS_TEXT_BYTES];
    double start = stopwatch_ms();
    snprintf(host, sizeof(host), "%.*s", (int)name.len, name.data);
    int count =
        weir_resolve(loop, host, weir_url_port(url), WEIR_FAMILY_ANY, addresses);
    if (count <= 0)
        return; /* the request will say so */
    fprintf(stderr, "* %s is", host);
    for (int i = 0; i < count; i++) {
        weir_address_text(&addresses[i], text, sizeof(text));
        fprintf(stderr, " %s", text);
    }
    fprintf(stderr, " (%.1f ms)\n", stopwatch_ms() - start);
}

/* The head is encoded as the session does it, from the same fields. */
static void print_request(struct get *get, const weir_url *url)
{
    get->request_shown = true;
    weir_http_request_head head = {.target = weir_url_target(url),
                                   .host = weir_url_authority(url)};
    weir_http_fields fields;
    size_t len = 0;
    weir_http_fields_init(&fields, NULL, NULL);
    for (const weir_pair *pair = get->fields; pair->name; pair++) {
        weir_slice value = weir_slice_of(pair->value);
        if (weir_slice_equal_nocase(weir_slice_of(pair->name), WEIR_S("Host")))
            head.host = value;
        else
            weir_http_fields_add(&fields, weir_slice_of(pair->name), value);
    }
    head.fields = &fields;
    weir_http_encode_request(&head, NULL, 0, &len, NULL);
    char *text = malloc(len);
    if (text && weir_http_encode_request(&head, text, len, &len, NULL) == WEIR_OK)
        print_marked('>', (weir_slice){text, len});
    free(text);
    weir_http_fields_clear(&fields);
}

/* A connection was made: the request is sent on it. */
static void on_connect(weir_stream *stream, void *arg)
{
    struct get *get = arg;
    secure_show(stderr, "* ", SECURE_BRIEF, stream);
    print_request(get, get->parsed);
}

/* What is received */

static void print_field(FILE *file, weir_http_field field)
{
    fwrite(field.name.data, 1, field.name.len, file);
    fputs(": ", file);
    fwrite(field.value.data, 1, field.value.len, file);
    fputs("\r\n", file);
}

/* The head as text, to be freed; NULL without memory. */
static char *head_text(const weir_response *response, size_t *len)
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

static void print_made_visible(weir_slice head)
{
    weir_slice line;
    while (take_line(&head, &line)) {
        terminal_print(stdout, line);
        putchar('\n');
    }
    fflush(stdout);
}

static bool write_head(const struct get *get, const weir_response *response,
                       struct output *output)
{
    size_t len = 0;
    char *text = head_text(response, &len);
    bool ok = text != NULL;
    weir_slice head = {text, len};
    if (ok && get->verbose)
        print_marked('<', head);
    if (ok && get->include_head && !get->path && isatty(STDOUT_FILENO))
        print_made_visible(head);
    else if (ok && get->include_head)
        ok = output_write(output, head);
    free(text);
    return ok;
}

/* Bytes that are no text can upset a terminal. */
static bool is_for_terminal(const struct get *get, weir_slice bytes)
{
    return get->path || !memchr(bytes.data, '\0', bytes.len) || !isatty(STDOUT_FILENO);
}

static bool write_body(const struct get *get, weir_response *response,
                       struct output *output, unsigned long long *total)
{
    weir_reader *body = weir_response_body(response);
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(body, WEIR_NO_LIMIT, &bytes)) > 0) {
        if (*total == 0 && !is_for_terminal(get, bytes)) {
            command_complain(&GET_COMMAND,
                             "the body is not text: use -o FILE, or | cat");
            return false;
        }
        *total += bytes.len;
        if (!output_write(output, bytes))
            return false;
    }
    if (rc < 0)
        command_complain_of_failure(&GET_COMMAND);
    return rc == WEIR_OK;
}

static bool receive(const struct get *get, weir_response *response, weir_loop *loop,
                    double start)
{
    struct output output;
    unsigned long long total = 0;
    double head_ms = stopwatch_ms() - start;
    if (get->fail_on_status && weir_response_raise_for_status(response) < 0) {
        command_complain_of_failure(&GET_COMMAND);
        return false;
    }
    bool ok = output_open(&output, loop, get->path) &&
              write_head(get, response, &output) &&
              write_body(get, response, &output, &total);
    ok = output_close(&output, ok) && ok;
    if (get->verbose)
        fprintf(stderr, "* head after %.1f ms, %llu bytes of body after %.1f ms\n",
                head_ms, total, stopwatch_ms() - start);
    if (output.problem[0] != '\0' && !output.reader_left)
        command_complain(&GET_COMMAND, "%s", output.problem);
    return ok;
}

static enum exit_status fetch(struct get *get, weir_session *session,
                              const weir_url *url)
{
    weir_response *response;
    get->parsed = url;
    get->request_shown = false;
    if (get->verbose)
        print_addresses(weir_session_loop(session), url);
    double start = stopwatch_ms();
    if (weir_get(session, &response, get->url, .headers = get->fields) < 0) {
        command_complain_of_failure(&GET_COMMAND);
        return COMMAND_FAILED;
    }
    if (get->verbose && !get->request_shown) /* over a connection that there was */
        print_request(get, url);
    bool ok = receive(get, response, weir_session_loop(session), start);
    weir_response_free(response);
    return ok ? COMMAND_OK : COMMAND_FAILED;
}

/* The command line */

/* Takes "NAME: VALUE" apart, in place. */
static enum exit_status add_field(struct get *get, char *text)
{
    size_t len = strcspn(text, ":");
    const char *value = text + len + (text[len] == ':');
    value += strspn(value, " \t");
    if (text[len] == '\0' || !weir_http_is_token((weir_slice){text, len}) ||
        !weir_http_is_field_value(weir_slice_of(value)))
        return command_refuse(&GET_COMMAND, "-H %s is not NAME: VALUE", text);
    if (get->field_count == MAX_FIELDS)
        return command_refuse(&GET_COMMAND, "more than %d fields", MAX_FIELDS);
    text[len] = '\0';
    get->fields[get->field_count++] = (weir_pair){text, value};
    return COMMAND_OK;
}

static void add_default(struct get *get, const char *name, const char *value)
{
    for (size_t i = 0; i < get->field_count; i++) {
        if (weir_slice_equal_nocase(weir_slice_of(get->fields[i].name),
                                    weir_slice_of(name)))
            return;
    }
    get->fields[get->field_count++] = (weir_pair){name, value};
}

static const struct option LONG_OPTIONS[] = {
    {"fail", no_argument, NULL, 'f'},
    {"header", required_argument, NULL, 'H'},
    {"help", no_argument, NULL, 'h'},
    {"include", no_argument, NULL, 'i'},
    {"output", required_argument, NULL, 'o'},
    {"verbose", no_argument, NULL, 'v'},
    SECURE_CLIENT_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* False: the command ends with `status`. */
static bool read_options(struct get *get, int argc, char **argv,
                         enum exit_status *status)
{
    int option;
    opterr = 0;
    *status = COMMAND_OK;
    while ((option = getopt_long(argc, argv, ":fhH:io:v", LONG_OPTIONS, NULL)) != -1) {
        if (option == 'f') {
            get->fail_on_status = true;
        } else if (option == 'i') {
            get->include_head = true;
        } else if (option == 'v') {
            get->verbose = true;
        } else if (option == 'o') {
            get->path = optarg;
        } else {
            *status = option == 'H'
                          ? add_field(get, optarg)
                          : secure_take(&GET_COMMAND, &get->secure, option, argv);
            if (*status != COMMAND_OK || option == 'h')
                return false;
        }
    }
    return true;
}

/* A host alone is a URL to people. */
static char *with_scheme(const char *url)
{
    const char *scheme = strstr(url, "://") ? "" : "http://";
    size_t size = strlen(scheme) + strlen(url) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", scheme, url);
    return text;
}

static enum exit_status get_url(struct get *get, weir_session *session,
                                const char *given)
{
    weir_url url;
    weir_codec_error error = {.reason = "no memory"};
    char *text = with_scheme(given);
    enum exit_status status = COMMAND_USAGE;
    int rc = text ? weir_url_parse(&url, weir_slice_of(text), NULL, NULL, &error)
                  : WEIR_E_MEMORY;
    get->url = text;
    if (rc == WEIR_OK) {
        status = fetch(get, session, &url);
        weir_url_clear(&url);
    } else {
        command_complain(&GET_COMMAND, "%s is not a URL that can be fetched: %s", given,
                         error.reason);
    }
    free(text);
    return status;
}

/* One that fails does not keep the others from being fetched. */
static enum exit_status get_urls(struct get *get, weir_tls_context *tls,
                                 char *const *urls)
{
    weir_session_options options = {
        .tls = tls, .on_connect = get->verbose ? on_connect : NULL, .arg = get};
    weir_loop *loop = weir_loop_new(NULL);
    weir_session *session = loop ? weir_session_new(loop, &options) : NULL;
    enum exit_status worst = COMMAND_OK;
    if (!session) {
        command_complain_of_failure(&GET_COMMAND);
        worst = COMMAND_FAILED;
    }
    for (; session && *urls; urls++) {
        enum exit_status status = get_url(get, session, *urls);
        worst = status > worst ? status : worst;
    }
    weir_session_free(session);
    weir_loop_free(loop);
    return worst;
}

static enum exit_status run(int argc, char **argv)
{
    struct get get = {.url = NULL};
    enum exit_status status;
    if (!read_options(&get, argc, argv, &status))
        return status;
    if (argc == optind)
        return command_refuse(&GET_COMMAND, "it takes a URL");
    if (get.path && argc - optind > 1)
        return command_refuse(&GET_COMMAND, "-o takes the body of one URL");
    add_default(&get, "User-Agent", "weir/" WEIR_VERSION);
    add_default(&get, "Accept", "*/*");
    if (weir_content_accept_encoding().len > 0)
        add_default(&get, "Accept-Encoding", weir_content_accept_encoding().data);
    get.secure.alpn[0] = "http/1.1";
    get.secure.alpn_count = 1;
    weir_tls_context *tls;
    status = secure_open(&GET_COMMAND, &get.secure, false, &tls);
    if (status == COMMAND_OK) {
        status = get_urls(&get, tls, argv + optind);
        secure_close(tls);
    }
    return status;
}

const struct command GET_COMMAND = {
    .name = "get",
    .summary = "fetch a URL",
    .help = HELP,
    .run = run,
};
