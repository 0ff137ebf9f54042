/* The command line of a request.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/http.h>

#include "fetch.h"
#include "terminal.h"

enum {
    BEARER = 1,
    COMPRESSED,
    CONNECT_TIMEOUT,
    DIGEST,
    JSON,
    MAX_REDIRECTS,
    NO_FOLLOW,
    RAW,
    RESOLVE,
    RETRY,
    TIMEOUT,
    UNIX_SOCKET
};

const char FETCH_HELP[] =
    "Sends a request for each URL and writes the body of the response to standard\n"
    "output. Redirects are followed; URLs of one server share its connection; a URL\n"
    "without a scheme is one of http.\n"
    "\n"
    "What is sent:\n"
    "\n"
    "  -q NAME=VALUE     a parameter of the query; encoded\n"
    "  -H 'NAME: VALUE'  this field, in place of one that is sent anyway; 'NAME:' "
    "sends\n"
    "                    none of that name, 'NAME;' an empty one\n"
    "  -d DATA           DATA, as a form; of several -d, with & between them\n"
    "  --json DATA       DATA, as JSON\n"
    "  -F NAME=VALUE     a form of several parts (multipart); one that is a file with\n"
    "                    NAME=@FILE[;type=TYPE][;filename=NAME]\n"
    "  -T FILE           FILE, as it is read\n"
    "                    DATA may be @FILE: what is in it; FILE - is standard input\n"
    "  -u USER[:PASSWORD]\n"
    "                    who asks; a password that is missing is asked for. Basic, or\n"
    "  --digest          Digest\n"
    "  --bearer TOKEN    a token instead\n"
    "  -b COOKIES        'NAME=VALUE; ...', or a file of cookies, as -c writes\n"
    "  -c FILE           write the cookies to FILE at the end\n"
    "\n"
    "How:\n"
    "\n"
    "  --no-follow       take a redirect for the response; -L follows\n"
    "  --max-redirects N at most N of them; 10\n"
    "  --timeout S       the most seconds for each request, its body included\n"
    "  --connect-timeout S\n"
    "                    the most seconds to connect; 30\n"
    "  --retry N         try N more times what did not connect, took too long or was\n"
    "                    answered by 429, 502, 503 or 504; not POST and PATCH. Waits\n"
    "                    for 0.25 s, then twice as long each time, or as Retry-After\n"
    "                    says: 60 s at most\n"
    "  -4, -6            connect to addresses of IPv4, or IPv6, only\n"
    "  --resolve HOST:PORT:ADDRESS[,...]\n"
    "                    connect to ADDRESS for that host; HOST may be *\n"
    "  --unix-socket PATH\n"
    "                    connect to a Unix socket, whatever the host\n"
    "\n"
    "Where to:\n"
    "\n"
    "  -o FILE           to FILE, which appears when it is complete; of one URL\n"
    "  -O                to a file of the name that the server or the URL says\n"
    "  -C                go on with the file where it ends; what came stays\n"
    "  -i                write the head of the response, too; HEAD and OPTIONS always\n"
    "  -f                fail on a status of 400 or more, and write nothing\n"
    "  -v                show on standard error what is sent (>) and received (<), "
    "and\n"
    "                    how it is secured: certificates, and what was verified\n"
    "  -s                no progress, no word of another try\n"
    "  --raw             the body as it was sent. Else what is compressed is decoded,\n"
    "                    and JSON laid out on a terminal, and there alone\n"
    "\n"
    "For https:\n"
    "\n" SECURE_CLIENT_HELP "\n"
    "Long forms: --query, --header, --data, --form, --upload-file, --user, --cookie,\n"
    "--cookie-jar, --location, --output, --remote-name, --continue, --include, "
    "--fail,\n"
    "--verbose, --silent.\n"
    "\n" SECURE_ENVIRONMENT_HELP "\n"
    "Exit status: 0 when all of each response is there, whatever its status code is\n"
    "(but see -f); 1 when one could not be fetched or written; 2 when the command "
    "line\n"
    "is wrong, as with a URL that is none.\n";

static const char SHORT_OPTIONS[] = ":46b:c:Cd:fF:hH:iLo:Oq:sT:u:v";

static const struct option LONG_OPTIONS[] = {
    {"bearer", required_argument, NULL, BEARER},
    {"compressed", no_argument, NULL, COMPRESSED},
    {"connect-timeout", required_argument, NULL, CONNECT_TIMEOUT},
    {"continue", no_argument, NULL, 'C'},
    {"cookie", required_argument, NULL, 'b'},
    {"cookie-jar", required_argument, NULL, 'c'},
    {"data", required_argument, NULL, 'd'},
    {"digest", no_argument, NULL, DIGEST},
    {"fail", no_argument, NULL, 'f'},
    {"form", required_argument, NULL, 'F'},
    {"header", required_argument, NULL, 'H'},
    {"help", no_argument, NULL, 'h'},
    {"include", no_argument, NULL, 'i'},
    {"json", required_argument, NULL, JSON},
    {"location", no_argument, NULL, 'L'},
    {"max-redirects", required_argument, NULL, MAX_REDIRECTS},
    {"no-follow", no_argument, NULL, NO_FOLLOW},
    {"output", required_argument, NULL, 'o'},
    {"query", required_argument, NULL, 'q'},
    {"raw", no_argument, NULL, RAW},
    {"remote-name", no_argument, NULL, 'O'},
    {"resolve", required_argument, NULL, RESOLVE},
    {"retry", required_argument, NULL, RETRY},
    {"silent", no_argument, NULL, 's'},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"unix-socket", required_argument, NULL, UNIX_SOCKET},
    {"upload-file", required_argument, NULL, 'T'},
    {"user", required_argument, NULL, 'u'},
    {"verbose", no_argument, NULL, 'v'},
    SECURE_CLIENT_OPTIONS,
    {NULL, 0, NULL, 0},
};

static enum exit_status added(const struct fetch *fetch, bool added)
{
    if (added)
        return COMMAND_OK;
    command_complain(fetch->command, "no memory");
    return COMMAND_FAILED;
}

/* --- what is cut apart, in place -------------------------------------------------- */

static enum exit_status skip_field(struct fetch *fetch, const char *name)
{
    const char **names =
        realloc((void *)fetch->skipped, (fetch->skipped_count + 2) * sizeof(names[0]));
    if (!names)
        return added(fetch, false);
    fetch->skipped = names;
    names[fetch->skipped_count++] = name;
    names[fetch->skipped_count] = NULL;
    return COMMAND_OK;
}

/* "NAME: VALUE", "NAME:" or "NAME;". */
static enum exit_status take_field(struct fetch *fetch, char *text)
{
    size_t len = strcspn(text, ":;");
    bool empty = text[len] == ';' && text[len + 1] == '\0';
    const char *value = text[len] ? text + len + 1 : "";
    value += strspn(value, " \t");
    if ((text[len] != ':' && !empty) || !weir_http_is_token((weir_slice){text, len}) ||
        !weir_http_is_field_value(weir_slice_of(value)))
        return command_refuse(fetch->command, "-H %s is not NAME: VALUE", text);
    text[len] = '\0';
    if (value[0] == '\0' && !empty)
        return skip_field(fetch, text);
    return added(fetch, pairs_add(&fetch->headers, text, value));
}

static enum exit_status take_param(struct fetch *fetch, char *text)
{
    char *value = strchr(text, '=');
    if (value)
        *value++ = '\0';
    return added(fetch, pairs_add(&fetch->params, text, value ? value : ""));
}

/* Cookies, or the name of a file that has some. */
static enum exit_status take_cookies(struct fetch *fetch, char *text)
{
    if (!strchr(text, '=')) {
        fetch->load_jar = text;
        return COMMAND_OK;
    }
    for (char *next = text; next; text = next) {
        next = strchr(text, ';');
        if (next)
            *next++ = '\0';
        text += strspn(text, " \t");
        char *value = strchr(text, '=');
        if (value)
            *value++ = '\0';
        if (text[0] == '\0' && !value)
            continue;
        if (!value)
            return command_refuse(fetch->command, "-b: %s is not NAME=VALUE", text);
        if (!pairs_add(&fetch->cookies, text, value))
            return added(fetch, false);
    }
    return COMMAND_OK;
}

/* "HOST:PORT:ADDRESS,...", of which the addresses may have colons, too. */
static enum exit_status take_addresses(struct fetch *fetch, char *text)
{
    char *addresses = text[0] == '[' ? strchr(text, ']') : text;
    for (int colons = 0; addresses && colons < 2; colons++) {
        addresses = strchr(addresses, ':');
        if (addresses)
            addresses++;
    }
    if (!addresses || addresses[0] == '\0')
        return command_refuse(fetch->command, "--resolve %s is not HOST:PORT:ADDRESS",
                              text);
    addresses[-1] = '\0';
    return added(fetch, pairs_add(&fetch->addresses, text, addresses));
}

/* Copied, so that the list of processes does not go on showing it. */
static enum exit_status take_user(struct fetch *fetch, char *text)
{
    char *password = strchr(text, ':');
    free(fetch->user);
    free(fetch->password);
    fetch->password = password ? strdup(password + 1) : NULL;
    fetch->user = strndup(text, strcspn(text, ":"));
    if (password)
        memset(password + 1, '*', strlen(password + 1));
    return added(fetch, fetch->user && (fetch->password || !password));
}

static enum exit_status take_bearer(struct fetch *fetch, char *token)
{
    free(fetch->bearer);
    fetch->bearer = strdup(token);
    memset(token, '*', strlen(token));
    return added(fetch, fetch->bearer != NULL);
}

/* --- numbers ---------------------------------------------------------------------- */

static enum exit_status take_number(const struct fetch *fetch, const char *name,
                                    uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || value > 1000000)
        return command_refuse(fetch->command, "%s %s is not a number up to 1000000",
                              name, optarg);
    *number = (uint32_t)value;
    return COMMAND_OK;
}

/* Seconds, with a fraction or without, to milliseconds. */
static enum exit_status take_seconds(const struct fetch *fetch, const char *name,
                                     uint32_t *ms)
{
    char *end;
    double seconds = strtod(optarg, &end);
    if (optarg[0] < '.' || optarg[0] > '9' || *end != '\0' || !(seconds <= 1e6))
        return command_refuse(fetch->command, "%s %s is not a number of seconds", name,
                              optarg);
    *ms = seconds > 0 ? (uint32_t)(seconds * 1e3 + 0.999) : WEIR_NO_TIMEOUT;
    return COMMAND_OK;
}

static enum exit_status take_max_redirects(struct fetch *fetch)
{
    enum exit_status status =
        take_number(fetch, "--max-redirects", &fetch->max_redirects);
    if (status == COMMAND_OK && fetch->max_redirects == 0)
        fetch->max_redirects = WEIR_NONE;
    return status;
}

/* --- one option ------------------------------------------------------------------- */

/* Whether it is one without a value. */
static bool take_flag(struct fetch *fetch, int option)
{
    switch (option) {
    case '4':
        fetch->family = WEIR_FAMILY_IPV4;
        return true;
    case '6':
        fetch->family = WEIR_FAMILY_IPV6;
        return true;
    case 'C':
        fetch->resume = true;
        return true;
    case 'f':
        fetch->fail_on_status = true;
        return true;
    case 'i':
        fetch->include_head = true;
        return true;
    case 'L':
    case COMPRESSED:
        return true; /* as it is anyway */
    case 'O':
        fetch->remote_name = true;
        return true;
    case 's':
        fetch->silent = true;
        return true;
    case 'v':
        fetch->verbose = true;
        return true;
    case DIGEST:
        fetch->digest = true;
        return true;
    case NO_FOLLOW:
        fetch->max_redirects = WEIR_NONE;
        return true;
    case RAW:
        fetch->raw = true;
        return true;
    default:
        return false;
    }
}

static enum exit_status take_how(struct fetch *fetch, int option, char **argv)
{
    switch (option) {
    case 'b':
        return take_cookies(fetch, optarg);
    case 'c':
        fetch->save_jar = optarg;
        return COMMAND_OK;
    case 'o':
        fetch->path = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return COMMAND_OK;
    case CONNECT_TIMEOUT:
        return take_seconds(fetch, "--connect-timeout", &fetch->connect_timeout_ms);
    case MAX_REDIRECTS:
        return take_max_redirects(fetch);
    case RESOLVE:
        return take_addresses(fetch, optarg);
    case RETRY:
        return take_number(fetch, "--retry", &fetch->retries);
    case TIMEOUT:
        return take_seconds(fetch, "--timeout", &fetch->timeout_ms);
    case UNIX_SOCKET:
        fetch->unix_path = optarg;
        return COMMAND_OK;
    default:
        return secure_take(fetch->command, &fetch->secure, option, argv);
    }
}

static enum exit_status take_value(struct fetch *fetch, int option, char **argv)
{
    switch (option) {
    case 'd':
        return body_take_data(fetch->command, &fetch->body, optarg);
    case 'F':
        return body_take_part(fetch->command, &fetch->body, optarg);
    case 'H':
        return take_field(fetch, optarg);
    case 'q':
        return take_param(fetch, optarg);
    case 'T':
        return body_take_file(fetch->command, &fetch->body, optarg);
    case 'u':
        return take_user(fetch, optarg);
    case BEARER:
        return take_bearer(fetch, optarg);
    case JSON:
        return body_take_json(fetch->command, &fetch->body, optarg);
    default:
        return take_how(fetch, option, argv);
    }
}

/* --- all of them ------------------------------------------------------------------ */

static enum exit_status ask_password(struct fetch *fetch)
{
    char question[300];
    snprintf(question, sizeof(question), "Password of %.250s: ", fetch->user);
    fetch->password = terminal_ask_secret(question);
    if (fetch->password)
        return COMMAND_OK;
    return command_refuse(fetch->command,
                          "-u %s has no password, and there is no terminal to ask",
                          fetch->user);
}

static enum exit_status check(struct fetch *fetch)
{
    const struct command *command = fetch->command;
    if (fetch->path && fetch->remote_name)
        return command_refuse(command, "-o and -O do not go together");
    if (fetch->resume && !fetch->path && !fetch->remote_name)
        return command_refuse(command, "-C takes a file: -o or -O");
    if (fetch->resume && fetch->include_head)
        return command_refuse(command, "-C and -i do not go together");
    if (fetch->bearer && fetch->user)
        return command_refuse(command, "-u and --bearer do not go together");
    if (fetch->digest && !fetch->user)
        return command_refuse(command, "--digest takes -u");
    return fetch->user && !fetch->password ? ask_password(fetch) : COMMAND_OK;
}

bool fetch_read_options(struct fetch *fetch, int argc, char **argv,
                        enum exit_status *status)
{
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, SHORT_OPTIONS, LONG_OPTIONS, NULL)) !=
           -1) {
        *status =
            take_flag(fetch, option) ? COMMAND_OK : take_value(fetch, option, argv);
        if (*status != COMMAND_OK || option == 'h')
            return false;
    }
    *status = check(fetch);
    return *status == COMMAND_OK;
}
