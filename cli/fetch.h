/* The parts of the commands that make a request: what the command line says, and what
 * is done with a response.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_FETCH_H
#define WEIR_CLI_FETCH_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/http_codec.h>
#include <weir/session.h>
#include <weir/trace.h>
#include <weir/url.h>

#include "body.h"
#include "command.h"
#include "output.h"
#include "pairs.h"
#include "secure.h"

/* What the command line says. */
struct fetch {
    const struct command *command;
    const char *method;

    /* what is sent */
    struct pairs params;
    struct pairs headers;
    const char **skipped; /* names of fields that are left out; ended by NULL */
    size_t skipped_count;
    struct pairs cookies;
    struct body body;
    char *user;
    char *password;
    char *bearer;
    bool digest;
    const char *load_jar;
    const char *save_jar;

    /* how */
    uint32_t max_redirects;
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms;
    unsigned retries;
    bool raw;
    const char *unix_path;
    struct pairs addresses; /* of hosts that are not looked up */
    weir_family family;
    struct secure_options secure;

    /* where to */
    const char *path; /* NULL: standard output, or */
    bool remote_name; /* what the server calls it */
    bool resume;
    bool include_head;
    bool fail_on_status;
    bool verbose;
    bool silent;
};

/* A URL that is being fetched. */
struct transfer {
    struct fetch *fetch;
    weir_session *session;
    weir_url url;
    const char *text;          /* the URL as it was given, but for its scheme */
    char shown_url[200];       /* the same for messages: without a password */
    char *path;                /* of the file; NULL: standard output */
    unsigned retries;          /* that are left */
    double start;              /* of the attempt */
    bool shown;                /* that is what is sent (-v) */
    uint64_t from;             /* how much of the file is there already (-C) */
    struct pairs fields;       /* to send, in this attempt; */
    weir_http_framing framing; /* how its body is sent, */
    uint64_t length;           /* and how long that is */
    char range[40];            /* the values of two of them */
    char unchanged[40];
};

/* --- fetch_options.c -------------------------------------------------------------- */

/* Takes all options. False: the command ends with `status`, having complained. The
 * rest of argv begins at optind. */
bool fetch_read_options(struct fetch *fetch, int argc, char **argv,
                        enum exit_status *status);

extern const char FETCH_HELP[];

/* --- fetch_show.c: what -v and -i show -------------------------------------------- */

/* Where a host is. */
void show_addresses(const struct transfer *transfer);

/* A connection was made. */
void show_connection(struct transfer *transfer, weir_stream *stream);

/* The head of the request, as far as it is known: once an attempt. */
void show_request(struct transfer *transfer);

/* A response has come, or leads elsewhere. */
void show_event(struct transfer *transfer, const weir_trace_event *event);

/* The head as text, to be freed; NULL without memory. */
char *head_text(const weir_response *response, size_t *len);

/* Prints a head on standard output, a terminal. */
void show_head_on_terminal(weir_slice head);

/* --- fetch_resume.c: -C ----------------------------------------------------------- */

/* Looks how much of the file is there, and asks for the rest. False without memory. */
bool resume_prepare(struct transfer *transfer);

enum resume { RESUME_ANEW, RESUME_APPEND, RESUME_DONE, RESUME_FAILED };

/* What the response means for the file. RESUME_FAILED: it has complained. */
enum resume resume_decide(const struct transfer *transfer,
                          const weir_response *response);

/* When what the response holds was changed last, as it says; 0: it does not. */
int64_t resume_time(const weir_response *response);

/* --- fetch_receive.c -------------------------------------------------------------- */

/* Gives the file of a transfer its name (-O). False, having complained: there is
 * none. */
bool receive_name(struct transfer *transfer, const weir_response *response);

/* Writes the response to where it belongs. False, having complained; or `*broke`: the
 * body broke off, and weir_last_error() says why. */
bool receive(const struct transfer *transfer, weir_response *response, bool *broke);

/* --- fetch_retry.c ---------------------------------------------------------------- */

/* Whether a request that has failed so may do better later, and may be repeated. */
bool retry_after_failure(const struct transfer *transfer, int rc);
bool retry_after_response(const struct transfer *transfer,
                          const weir_response *response);

/* Says why, and waits. `response` may be NULL. */
void retry_wait(struct transfer *transfer, const weir_response *response);

#endif
