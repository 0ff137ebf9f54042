/* A response goes to standard output or a file, piece by piece as it comes.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "fetch.h"
#include "json_view.h"
#include "progress.h"
#include "stopwatch.h"
#include "terminal.h"

struct receiver {
    const struct transfer *transfer;
    weir_response *response;
    struct output output;
    struct progress progress;
    struct json_view json;
    bool is_json; /* for a person to read */
    bool is_first;
    bool broke;
};

/* --- the name of a file ----------------------------------------------------------- */

static int hex(char digit)
{
    static const char DIGITS[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = digit ? strchr(DIGITS, digit) : NULL;
    return found ? (int)(found - DIGITS) % 16 : -1;
}

/* The last part of the path of the URL, decoded. */
static size_t name_of_url(const struct transfer *transfer, char *space)
{
    weir_slice path = weir_url_path(&transfer->url);
    weir_slice last = path;
    size_t len = 0;
    while (weir_slice_split(&path, '/', &last))
        continue;
    for (size_t i = 0; i < last.len; i++) {
        const char *at = last.data + i;
        bool encoded =
            *at == '%' && last.len - i > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0;
        space[len++] = encoded ? (char)(hex(at[1]) * 16 + hex(at[2])) : *at;
        i += encoded ? 2 : 0;
    }
    return weir_safe_filename((weir_slice){space, len}, space);
}

/* What the server calls it, which takes no other file's place. */
static bool name_by_server(struct transfer *transfer, const weir_response *response,
                           bool *named)
{
    weir_disposition disposition;
    weir_slice value = weir_response_field(response, WEIR_S("Content-Disposition"));
    *named = false;
    if (!value.data || weir_disposition_parse(&disposition, value) < 0)
        return true;
    char *name = malloc(WEIR_DISPOSITION_FILENAME_BYTES(&disposition) + 1);
    if (!name)
        return false;
    if (weir_disposition_safe_filename(&disposition, name) == 0) {
        free(name);
        return true;
    }
    transfer->path = name;
    *named = true;
    if (access(name, F_OK) < 0)
        return true;
    command_complain(transfer->fetch->command,
                     "the server calls it %s, which is there already: use -o", name);
    return false;
}

bool receive_name(struct transfer *transfer, const weir_response *response)
{
    bool named = false;
    if (response && !name_by_server(transfer, response, &named))
        return false;
    if (named)
        return true;
    transfer->path = malloc(weir_url_path(&transfer->url).len + 2);
    if (transfer->path && name_of_url(transfer, transfer->path) > 0)
        return true;
    command_complain(transfer->fetch->command, "%s has no name of a file: use -o",
                     transfer->shown_url);
    return false;
}

/* --- where to --------------------------------------------------------------------- */

static bool open_output(struct receiver *receiver, enum resume resume)
{
    const struct transfer *transfer = receiver->transfer;
    if (!transfer->fetch->resume)
        return output_open(&receiver->output, weir_session_loop(transfer->session),
                           transfer->path);
    return output_open_growing(&receiver->output, transfer->path,
                               resume == RESUME_APPEND,
                               resume_time(receiver->response));
}

static bool write_head(struct receiver *receiver)
{
    const struct transfer *transfer = receiver->transfer;
    size_t len = 0;
    if (!transfer->fetch->include_head)
        return true;
    char *text = head_text(receiver->response, &len);
    bool ok = text != NULL;
    if (ok && !transfer->path && isatty(STDOUT_FILENO))
        show_head_on_terminal((weir_slice){text, len});
    else if (ok)
        ok = output_write(&receiver->output, (weir_slice){text, len});
    free(text);
    return ok;
}

/* --- the body --------------------------------------------------------------------- */

/* Only a person gets it in another form, who has not asked for the bytes. */
static bool is_json_for_terminal(const struct transfer *transfer,
                                 const weir_response *response)
{
    weir_media_type type;
    weir_slice value = weir_response_field(response, WEIR_S("Content-Type"));
    return !transfer->path && !transfer->fetch->raw && isatty(STDOUT_FILENO) &&
           weir_media_type_parse(&type, value) == WEIR_OK &&
           weir_media_type_is_json(&type);
}

/* The next piece of JSON, or its end with NULL. */
static bool write_json(struct receiver *receiver, const weir_slice *bytes)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (!file)
        return false;
    if (bytes)
        json_view_write(&receiver->json, *bytes, file);
    else
        json_view_end(&receiver->json, file);
    bool ok =
        fclose(file) == 0 && output_write(&receiver->output, (weir_slice){text, len});
    free(text);
    return ok;
}

/* Bytes that are no text can upset a terminal. */
static bool is_for_terminal(const struct transfer *transfer, weir_slice bytes)
{
    return transfer->path || !memchr(bytes.data, '\0', bytes.len) ||
           !isatty(STDOUT_FILENO);
}

static bool write_piece(struct receiver *receiver, weir_slice bytes)
{
    const struct transfer *transfer = receiver->transfer;
    if (receiver->is_first && !receiver->is_json && !is_for_terminal(transfer, bytes)) {
        command_complain(transfer->fetch->command,
                         "the body is not text: use -o FILE, or | cat");
        return false;
    }
    receiver->is_first = false;
    progress_add(&receiver->progress, bytes.len);
    return receiver->is_json ? write_json(receiver, &bytes)
                             : output_write(&receiver->output, bytes);
}

static bool write_body(struct receiver *receiver)
{
    weir_reader *body = weir_response_body(receiver->response);
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(body, WEIR_NO_LIMIT, &bytes)) > 0) {
        if (!write_piece(receiver, bytes))
            return false;
    }
    receiver->broke = rc < 0;
    if (receiver->is_json && !receiver->is_first && !write_json(receiver, NULL))
        return false;
    return rc == WEIR_OK;
}

static void begin_progress(struct receiver *receiver, uint64_t from)
{
    const struct transfer *transfer = receiver->transfer;
    int64_t length = weir_response_content_length(receiver->response);
    bool encoded =
        weir_response_field(receiver->response, WEIR_S("Content-Encoding")).len > 0;
    bool shown = transfer->path && !transfer->fetch->silent &&
                 strcmp(transfer->fetch->method, "HEAD") != 0 && isatty(STDERR_FILENO);
    progress_begin(&receiver->progress, shown, from,
                   length < 0 || encoded ? -1 : (int64_t)from + length);
}

static bool write_all(struct receiver *receiver, enum resume resume)
{
    const struct transfer *transfer = receiver->transfer;
    double head_ms = stopwatch_ms() - transfer->start;
    bool ok = open_output(receiver, resume) && write_head(receiver);
    if (ok) {
        begin_progress(receiver, resume == RESUME_APPEND ? transfer->from : 0);
        ok = write_body(receiver);
        progress_end(&receiver->progress);
    }
    ok = output_close(&receiver->output, ok) && ok;
    if (transfer->fetch->verbose)
        fprintf(
            stderr, "* head after %.1f ms, %llu bytes of body after %.1f ms\n", head_ms,
            (unsigned long long)(receiver->progress.bytes - receiver->progress.from),
            stopwatch_ms() - transfer->start);
    if (receiver->output.problem[0] != '\0' && !receiver->output.reader_left)
        command_complain(transfer->fetch->command, "%s", receiver->output.problem);
    return ok;
}

bool receive(const struct transfer *transfer, weir_response *response, bool *broke)
{
    const struct fetch *fetch = transfer->fetch;
    struct receiver receiver = {
        .transfer = transfer,
        .response = response,
        .is_json = is_json_for_terminal(transfer, response),
        .is_first = true,
        .json = {.coloured = terminal_has_colours(stdout)},
    };
    enum resume resume =
        fetch->resume ? resume_decide(transfer, response) : RESUME_ANEW;
    *broke = false;
    if (resume == RESUME_DONE)
        return true;
    bool ok = resume != RESUME_FAILED && write_all(&receiver, resume);
    *broke = receiver.broke;
    return ok;
}
