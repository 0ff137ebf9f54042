/* Going on with a file that is there in part (RFC 9110 14).
 *
 * The file has the time that the server gave as that of its latest change, if it gave
 * one. Sent back in If-Range, it makes the server send all of it when it has changed
 * since. A time with fractions of a second is not from there: then the rest is asked
 * for without a condition, as other programs do.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fetch.h"

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

static const char DATE[] = "%a, %d %b %Y %H:%M:%S GMT"; /* RFC 9110 5.6.7 */

bool resume_prepare(struct transfer *transfer)
{
    struct stat status;
    struct tm utc;
    transfer->from = 0;
    if (!pairs_add(&transfer->fields, "Accept-Encoding", "identity"))
        return false;
    if (stat(transfer->path, &status) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size <= 0)
        return true;
    transfer->from = (uint64_t)status.st_size;
    snprintf(transfer->range, sizeof(transfer->range), "bytes=%" PRIu64 "-",
             transfer->from);
    if (!pairs_add(&transfer->fields, "Range", transfer->range))
        return false;
    if (status.st_mtim.tv_nsec != 0 || !gmtime_r(&status.st_mtim.tv_sec, &utc))
        return true;
    strftime(transfer->unchanged, sizeof(transfer->unchanged), DATE, &utc);
    return pairs_add(&transfer->fields, "If-Range", transfer->unchanged);
}

int64_t resume_time(const weir_response *response)
{
    char text[40];
    struct tm utc = {.tm_isdst = 0};
    weir_slice value = weir_response_field(response, WEIR_S("Last-Modified"));
    if (value.len >= sizeof(text))
        return 0;
    snprintf(text, sizeof(text), "%.*s", (int)value.len, value.data ? value.data : "");
    const char *end = strptime(text, DATE, &utc);
    return end && *end == '\0' ? (int64_t)timegm(&utc) : 0;
}

/* `bytes 100-199/200`: whether it begins where the file ends. */
static bool fits(const struct transfer *transfer, weir_slice range)
{
    char wanted[40];
    snprintf(wanted, sizeof(wanted), "bytes %" PRIu64 "-", transfer->from);
    return transfer->from > 0 && weir_slice_starts_with(range, weir_slice_of(wanted));
}

/* `bytes * / 200` without the spaces: whether that is what the file has. */
static bool is_all(const struct transfer *transfer, weir_slice range)
{
    char wanted[40];
    snprintf(wanted, sizeof(wanted), "bytes */%" PRIu64, transfer->from);
    return weir_slice_equal(range, weir_slice_of(wanted));
}

/* Whether what the server has is newer than the file, of which it was not told. */
static bool is_newer(const struct transfer *transfer, const weir_response *response)
{
    struct stat status;
    return transfer->unchanged[0] == '\0' && stat(transfer->path, &status) == 0 &&
           resume_time(response) > (int64_t)status.st_mtime;
}

enum resume resume_decide(const struct transfer *transfer,
                          const weir_response *response)
{
    const struct command *command = transfer->fetch->command;
    int status_code = weir_response_status(response);
    weir_slice range = weir_response_field(response, WEIR_S("Content-Range"));
    if (status_code == 200)
        return RESUME_ANEW;
    if (status_code == 206 && fits(transfer, range)) {
        if (!is_newer(transfer, response))
            return RESUME_APPEND;
        command_complain(command, "%s has changed since %s was begun: remove the file",
                         transfer->shown_url, transfer->path);
        return RESUME_FAILED;
    }
    if (status_code == 416 && transfer->from > 0 && is_all(transfer, range))
        return RESUME_DONE;
    command_complain(command, "%s cannot be continued: the server answers %d%s%.*s",
                     transfer->path, status_code, range.len > 0 ? ", " : "",
                     (int)(range.len < 100 ? range.len : 100),
                     range.data ? range.data : "");
    return RESUME_FAILED;
}
