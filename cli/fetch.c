/* weir get, post, ...: requests over one session, one URL after the other.
 *
 * SPDX-License-Identifier: MIT */
#include "fetch.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weir/status.h>

#include "stopwatch.h"

/* --- an attempt ------------------------------------------------------------------- */

enum outcome { DONE, FAILED, AGAIN };

static void on_connect(weir_stream *stream, void *arg)
{
    struct transfer **current = arg;
    show_connection(*current, stream);
}

static void on_event(const weir_trace_event *event, void *arg)
{
    struct transfer **current = arg;
    show_event(*current, event);
}

static bool add_default(struct transfer *transfer, const char *name, const char *value)
{
    return pairs_have(&transfer->fields, name) ||
           pairs_add(&transfer->fields, name, value);
}

/* The fields of this attempt: those of the command line, and what goes with the rest
 * of it. */
static bool prepare_fields(struct transfer *transfer, const char *content_type)
{
    const struct fetch *fetch = transfer->fetch;
    bool ok = true;
    pairs_clear(&transfer->fields);
    for (size_t i = 0; ok && i < fetch->headers.count; i++)
        ok = pairs_add(&transfer->fields, fetch->headers.items[i].name,
                       fetch->headers.items[i].value);
    if (ok && content_type)
        ok = add_default(transfer, "Content-Type", content_type);
    if (ok && fetch->body.form)
        ok = add_default(transfer, "Content-Type",
                         weir_form_content_type(fetch->body.form));
    if (ok && fetch->body.kind == BODY_JSON)
        ok = add_default(transfer, "Accept", "application/json");
    if (ok && fetch->resume)
        ok = resume_prepare(transfer);
    if (!ok)
        command_complain(fetch->command, "no memory");
    return ok;
}

static weir_auth credentials(const struct fetch *fetch)
{
    if (fetch->bearer)
        return weir_bearer(fetch->bearer);
    if (!fetch->user)
        return (weir_auth){WEIR_AUTH_NONE, NULL, NULL};
    return fetch->digest ? weir_digest_auth(fetch->user, fetch->password)
                         : weir_basic_auth(fetch->user, fetch->password);
}

/* How the session sends the body, which -v shows. */
static void note_framing(struct transfer *transfer, const weir_request_options *options)
{
    static const char *const WITH_LENGTH[] = {"POST", "PUT", "PATCH"};
    int64_t form = options->multipart ? weir_form_length(options->multipart) : 0;
    bool has_length = false;
    transfer->length =
        options->body.len + options->body_length + (form > 0 ? (uint64_t)form : 0);
    for (size_t i = 0; i < sizeof(WITH_LENGTH) / sizeof(WITH_LENGTH[0]); i++)
        has_length = has_length || strcmp(transfer->fetch->method, WITH_LENGTH[i]) == 0;
    if (form < 0 || (options->body_reader && transfer->length == 0))
        transfer->framing = WEIR_HTTP_CHUNKED;
    else
        transfer->framing =
            has_length || transfer->length > 0 ? WEIR_HTTP_LENGTH : WEIR_HTTP_NO_BODY;
}

static int send_request(struct transfer *transfer, weir_request_options *options,
                        weir_response **response)
{
    const struct fetch *fetch = transfer->fetch;
    options->method = fetch->method;
    options->url = transfer->text;
    options->params = fetch->params.items;
    options->headers = transfer->fields.items;
    options->skip_headers = fetch->skipped;
    options->cookies = fetch->cookies.items;
    options->auth = credentials(fetch);
    if (fetch->verbose && !fetch->unix_path && fetch->addresses.count == 0)
        show_addresses(transfer);
    note_framing(transfer, options);
    transfer->start = stopwatch_ms();
    transfer->shown = !fetch->verbose;
    return weir_request(transfer->session, options, response);
}

static enum outcome try_again(struct transfer *transfer, const weir_response *response)
{
    retry_wait(transfer, response);
    return AGAIN;
}

static enum outcome give_up(const struct transfer *transfer)
{
    command_complain_of_failure(transfer->fetch->command);
    return FAILED;
}

static enum outcome finish(struct transfer *transfer, weir_response *response)
{
    const struct fetch *fetch = transfer->fetch;
    bool broke = false;
    if (fetch->fail_on_status && weir_response_raise_for_status(response) < 0 &&
        !(fetch->resume && weir_response_status(response) == 416))
        return give_up(transfer);
    if (fetch->remote_name && !transfer->path && !receive_name(transfer, response))
        return FAILED;
    if (receive(transfer, response, &broke))
        return DONE;
    if (!broke)
        return FAILED;
    /* What went to standard output cannot be taken back. */
    bool again =
        transfer->path && retry_after_failure(transfer, weir_last_error()->status);
    return again ? try_again(transfer, NULL) : give_up(transfer);
}

static enum outcome take_response(struct transfer *transfer, weir_response *response)
{
    return retry_after_response(transfer, response) ? try_again(transfer, response)
                                                    : finish(transfer, response);
}

static enum outcome attempt(struct transfer *transfer)
{
    struct fetch *fetch = transfer->fetch;
    weir_request_options options = {.method = NULL};
    weir_response *response;
    if (!body_begin(fetch->command, &fetch->body, weir_session_loop(transfer->session),
                    &options) ||
        !prepare_fields(transfer, options.content_type))
        return FAILED;
    int rc = send_request(transfer, &options, &response);
    if (rc < 0)
        return retry_after_failure(transfer, rc) ? try_again(transfer, NULL)
                                                 : give_up(transfer);
    enum outcome outcome = take_response(transfer, response);
    weir_response_free(response);
    return outcome;
}

/* --- a URL ------------------------------------------------------------------------ */

/* A host alone is a URL to people. */
static char *with_scheme(const char *url)
{
    bool has_scheme = strncmp(url + strcspn(url, ":/?#"), "://", 3) == 0;
    const char *scheme = has_scheme ? "" : "http://";
    size_t size = strlen(scheme) + strlen(url) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", scheme, url);
    return text;
}

/* The parameters are added by the session; here they are but shown. */
static void add_params(const struct fetch *fetch, weir_url *url)
{
    for (size_t i = 0; i < fetch->params.count; i++)
        weir_url_add_param(url, weir_slice_of(fetch->params.items[i].name),
                           weir_slice_of(fetch->params.items[i].value));
}

static void name_url(struct transfer *transfer)
{
    weir_slice scheme = weir_url_scheme(&transfer->url);
    weir_slice host = weir_url_authority(&transfer->url);
    weir_slice path = weir_url_path(&transfer->url);
    snprintf(transfer->shown_url, sizeof(transfer->shown_url), "%.*s://%.*s%.*s",
             (int)scheme.len, scheme.data, (int)host.len, host.data, (int)path.len,
             path.data);
}

static enum exit_status run_transfer(struct transfer *transfer)
{
    struct fetch *fetch = transfer->fetch;
    enum outcome outcome = AGAIN;
    transfer->retries = fetch->retries;
    add_params(fetch, &transfer->url);
    name_url(transfer);
    if (fetch->path && !(transfer->path = strdup(fetch->path)))
        outcome = FAILED;
    if (fetch->remote_name && fetch->resume && !receive_name(transfer, NULL))
        outcome = FAILED;
    while (outcome == AGAIN) {
        outcome = attempt(transfer);
        body_end(&fetch->body);
    }
    pairs_clear(&transfer->fields);
    free(transfer->path);
    return outcome == DONE ? COMMAND_OK : COMMAND_FAILED;
}

static enum exit_status fetch_url(struct fetch *fetch, weir_session *session,
                                  struct transfer **current, const char *given)
{
    weir_codec_error error = {.reason = "no memory"};
    struct transfer transfer = {.fetch = fetch, .session = session};
    char *text = with_scheme(given);
    enum exit_status status = COMMAND_USAGE;
    int rc =
        text ? weir_url_parse(&transfer.url, weir_slice_of(text), NULL, NULL, &error)
             : WEIR_E_MEMORY;
    transfer.text = text;
    *current = &transfer;
    if (rc == WEIR_OK) {
        status = run_transfer(&transfer);
        weir_url_clear(&transfer.url);
    } else {
        command_complain(fetch->command, "%s is not a URL that can be fetched: %s",
                         given, error.reason);
    }
    *current = NULL;
    free(text);
    return status;
}

/* --- all of them ------------------------------------------------------------------ */

/* A jar that is to be written need not be there yet. */
static bool load_cookies(const struct fetch *fetch, weir_session *session)
{
    bool first = fetch->load_jar && fetch->save_jar &&
                 strcmp(fetch->load_jar, fetch->save_jar) == 0 &&
                 access(fetch->load_jar, F_OK) < 0 && errno == ENOENT;
    if (!fetch->load_jar || first ||
        weir_cookie_jar_load(weir_session_cookies(session), fetch->load_jar,
                             (int64_t)time(NULL)) >= 0)
        return true;
    command_complain_of_failure(fetch->command);
    return false;
}

static bool save_cookies(const struct fetch *fetch, weir_session *session)
{
    if (!fetch->save_jar ||
        weir_cookie_jar_save(weir_session_cookies(session), fetch->save_jar,
                             (int64_t)time(NULL)) >= 0)
        return true;
    command_complain_of_failure(fetch->command);
    return false;
}

/* One that fails does not keep the others from being fetched. */
static enum exit_status fetch_urls(struct fetch *fetch, weir_session *session,
                                   struct transfer **current, char *const *urls)
{
    enum exit_status worst = COMMAND_OK;
    if (!load_cookies(fetch, session))
        return COMMAND_FAILED;
    for (; *urls; urls++) {
        enum exit_status status = fetch_url(fetch, session, current, *urls);
        worst = status > worst ? status : worst;
    }
    if (!save_cookies(fetch, session) && worst == COMMAND_OK)
        worst = COMMAND_FAILED;
    return worst;
}

static enum exit_status fetch_in_session(struct fetch *fetch, weir_tls_context *tls,
                                         char *const *urls)
{
    struct transfer *current = NULL;
    weir_trace trace = {on_event, &current};
    weir_session_options options = {
        .trace = fetch->verbose ? &trace : NULL,
        .user_agent = "weir/" WEIR_VERSION,
        .unix_path = fetch->unix_path,
        .resolve = fetch->addresses.items,
        .family = fetch->family,
        .tls = tls,
        .no_decoding = fetch->raw || fetch->resume, /* ranges count coded bytes */
        .max_redirects = fetch->max_redirects,
        .timeout_ms = fetch->timeout_ms,
        .connect_timeout_ms = fetch->connect_timeout_ms,
        .on_connect = fetch->verbose ? on_connect : NULL,
        .arg = &current,
    };
    enum exit_status status = COMMAND_FAILED;
    weir_loop *loop = weir_loop_new(NULL);
    weir_session *session = loop ? weir_session_new(loop, &options) : NULL;
    if (session)
        status = fetch_urls(fetch, session, &current, urls);
    else
        command_complain_of_failure(fetch->command);
    weir_session_free(session);
    weir_loop_free(loop);
    return status;
}

static enum exit_status fetch_securely(struct fetch *fetch, char *const *urls)
{
    weir_tls_context *tls;
    fetch->secure.alpn[0] = "http/1.1";
    fetch->secure.alpn_count = 1;
    enum exit_status status = secure_open(fetch->command, &fetch->secure, false, &tls);
    if (status != COMMAND_OK)
        return status;
    status = fetch_in_session(fetch, tls, urls);
    secure_close(tls);
    return status;
}

static enum exit_status fetch_all(struct fetch *fetch, int argc, char **argv)
{
    const struct command *command = fetch->command;
    int first = optind + (command->method ? 0 : 1);
    if (argc <= first)
        return command_refuse(command, "it takes %sa URL",
                              command->method ? "" : "a method and ");
    fetch->method = command->method ? command->method : argv[optind];
    if (fetch->path && argc - first > 1)
        return command_refuse(command, "-o takes the body of one URL");
    if (!weir_http_is_token(weir_slice_of(fetch->method)))
        return command_refuse(command, "%s is not a method", fetch->method);
    if (strcmp(fetch->method, "HEAD") == 0 || strcmp(fetch->method, "OPTIONS") == 0)
        fetch->include_head = !fetch->resume;
    return fetch_securely(fetch, argv + first);
}

static enum exit_status run(const struct command *command, int argc, char **argv)
{
    struct fetch fetch = {.command = command};
    enum exit_status status;
    if (fetch_read_options(&fetch, argc, argv, &status))
        status = fetch_all(&fetch, argc, argv);
    pairs_clear(&fetch.params);
    pairs_clear(&fetch.headers);
    pairs_clear(&fetch.cookies);
    pairs_clear(&fetch.addresses);
    body_clear(&fetch.body);
    free((void *)fetch.skipped);
    free(fetch.user);
    free(fetch.password);
    free(fetch.bearer);
    return status;
}

/* --- the commands ----------------------------------------------------------------- */

#define FETCH_COMMAND(command_name, command_method, text)                         \
    {                                                                             \
        .name = (command_name), .summary = (text), .usage = "[OPTION]... URL...", \
        .help = FETCH_HELP, .method = (command_method), .run = run,               \
    }

const struct command GET_COMMAND = FETCH_COMMAND("get", "GET", "fetch a URL");
const struct command HEAD_COMMAND =
    FETCH_COMMAND("head", "HEAD", "what is known of a URL: the head of the response");
const struct command POST_COMMAND =
    FETCH_COMMAND("post", "POST", "send data, a form or JSON to a URL");
const struct command PUT_COMMAND = FETCH_COMMAND("put", "PUT", "upload to a URL");
const struct command PATCH_COMMAND =
    FETCH_COMMAND("patch", "PATCH", "change what is at a URL");
const struct command DELETE_COMMAND =
    FETCH_COMMAND("delete", "DELETE", "remove what is at a URL");
const struct command OPTIONS_COMMAND =
    FETCH_COMMAND("options", "OPTIONS", "what can be done with a URL");
const struct command REQUEST_COMMAND = {
    .name = "request",
    .summary = "the same with any method",
    .usage = "[OPTION]... METHOD URL...",
    .help = FETCH_HELP,
    .run = run,
};
