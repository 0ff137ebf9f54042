/* What is known of methods and status codes (RFC 9110 9, 15).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http.h>

static bool is_one_of(weir_slice method, const char *const *names)
{
    for (; *names; names++) {
        if (weir_slice_equal(method, weir_slice_of(*names)))
            return true;
    }
    return false;
}

bool weir_http_method_is_safe(weir_slice method)
{
    static const char *const SAFE[] = {"GET",   "HEAD",  "OPTIONS",
                                       "TRACE", "QUERY", NULL};
    return is_one_of(method, SAFE);
}

bool weir_http_method_is_idempotent(weir_slice method)
{
    static const char *const OTHERS[] = {"PUT", "DELETE", NULL};
    return weir_http_method_is_safe(method) || is_one_of(method, OTHERS);
}

struct reason {
    int status_code;
    const char *phrase;
};

/* The registry of RFC 9110 16.2, in order. */
static const struct reason REASONS[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

const char *weir_http_status_reason(int status_code)
{
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(*REASONS); i++) {
        if (REASONS[i].status_code == status_code)
            return REASONS[i].phrase;
    }
    return "";
}
