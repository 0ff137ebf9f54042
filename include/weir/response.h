/**
 * A response: its head, and its body as a reader.
 *
 *   weir_response *response;
 *   weir_slice text;
 *   if (weir_get(session, &response, "http://example.com/") < 0) ...
 *   if (weir_response_text(response, &text) == WEIR_OK)
 *       printf("%d\n%.*s\n", weir_response_status(response), (int)text.len, text.data);
 *   weir_response_free(response);
 *
 * A response is there as soon as its head is; the body comes while it is read. Its
 * connection goes back to the session when the end of the body has been read, or
 * with weir_response_free(): so a program that waits for many responses frees each.
 *
 * Slices and fields that the functions return are memory of the response, valid
 * until it is freed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_RESPONSE_H
#define WEIR_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/address.h>
#include <weir/http.h>
#include <weir/http_values.h>
#include <weir/reader.h>
#include <weir/slice.h>
#include <weir/url.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_response weir_response;

/** The status code: 200 to 999, or 101. Those of 1xx but 101 are left out. */
int weir_response_status(const weir_response *response);

/** Whether the status code is less than 400. */
bool weir_response_ok(const weir_response *response);

/** The reason phrase as it was sent; may be empty. */
weir_slice weir_response_reason(const weir_response *response);

/** 1 for HTTP/1.1, 0 for HTTP/1.0. */
int weir_response_minor_version(const weir_response *response);

/** The URL that answered, without its fragment. */
weir_slice weir_response_url(const weir_response *response);

/** The fields of the head, in their order. */
const weir_http_fields *weir_response_fields(const weir_response *response);

/**
 * The value of the first field of that name, as in
 * `weir_response_field(response, WEIR_S("Content-Type"))`.
 *
 * Its data is NULL when there is none.
 */
weir_slice weir_response_field(const weir_response *response, weir_slice name);

/**
 * The length of the body as the field Content-Length says, coded if it is, also when there is no
 * body because the method was HEAD; -1 when there is no such field.
 */
int64_t weir_response_content_length(const weir_response *response);

/**
 * The body, without the framing of its transfer, and decoded (Content-Encoding) unless
 * that was not wanted. It is the response's own: do not free it.
 *
 * Reading it returns 0 at the end of the body. Besides what reader.h lists:
 *
 *   WEIR_E_INCOMPLETE  the connection ended before the body did; all that came has
 *                      been handed out. Over TLS also when the body is to last until
 *                      the connection ends and the server has not said goodbye
 *                      (close_notify): somebody else may have ended it
 *   WEIR_E_PROTOCOL    the chunks make no sense (RFC 9112 7.1), or a coding is corrupt
 *   WEIR_E_TOO_BIG     also: the body decodes to more than .content_limits allow
 *   WEIR_E_TIMEOUT     also: nothing came for .read_timeout_ms, or .timeout_ms have
 *                      passed since the request began. Reading may go on
 *   WEIR_E_CLOSED      the session was freed
 *
 * After all but WEIR_E_TIMEOUT, _CANCELLED and _MEMORY the connection is closed, and
 * further reads return the same.
 */
weir_reader *weir_response_body(weir_response *response);

/**
 * The whole body, or what of it has not been read before.
 *
 *   text   out: the bytes, whatever they are. The second call returns the same
 *
 * Returns WEIR_OK; WEIR_E_TOO_BIG when the body is longer than .max_text_bytes: then
 * it can still be read from weir_response_body(); or what reading returns.
 */
int weir_response_text(weir_response *response, weir_slice *text);

/**
 * The same as UTF-8, with U+FFFD for what is malformed.
 *
 * The encoding is that of the byte order mark, which is left out; else UTF-8 for JSON
 * (RFC 8259 8.1); else the parameter `charset` of Content-Type, if it names one of the
 * encodings of the web (WHATWG Encoding 4.2; as there, `iso-8859-1` is windows-1252);
 * else the default. In memory of its own unless it is UTF-8 already.
 *
 *   default_charset   where the response says nothing. NULL: UTF-8
 *   text              out. The second call returns the same, whatever the default
 *
 * Returns WEIR_OK; WEIR_E_INVALID when the default is no encoding; WEIR_E_UNSUPPORTED
 * when iconv is needed, and does not know the encoding, or this build has none; or what
 * weir_response_text returns. After a failure weir_response_text still has the bytes.
 */
int weir_response_text_utf8(weir_response *response, const char *default_charset,
                            weir_slice *text);

/** The media type of the field Content-Type. False, leaving *type alone, when there is
 * none that makes sense. */
bool weir_response_media_type(const weir_response *response, weir_media_type *type);

/** The most bytes that weir_response_filename writes, with the NUL behind them. */
#define WEIR_FILENAME_BYTES 256

/**
 * A name to save the body by, in the present folder: that of Content-Disposition, else
 * the last part of the URL's path; made safe (weir_safe_filename).
 *
 *   space   at least WEIR_FILENAME_BYTES
 *
 * Returns its length; 0 when neither has a name, so that the caller needs one; or
 * WEIR_E_MEMORY.
 */
int weir_response_filename(const weir_response *response, char *space);

/**
 * Where a link of the fields Link points, as in
 * `weir_response_link(response, WEIR_S("next"), &url)` (RFC 8288): the first of that
 * relation, relative to the URL that answered.
 *
 *   url   out, with 1: the caller's, until weir_url_clear()
 *
 * Returns 1; 0 when there is no such link; or, when it is no URL, what weir_url_parse
 * returns.
 */
int weir_response_link(const weir_response *response, weir_slice rel, weir_url *url);

/**
 * The fields that came behind a chunked body (RFC 9112 7.1.2); NULL until the end of
 * the body has been read. Mostly empty.
 */
const weir_http_fields *weir_response_trailers(const weir_response *response);

/**
 * Makes a failure of an unsuccessful response.
 *
 * Returns WEIR_E_STATUS when the status code is 400 or more, the words being the
 * request, the reason, and as much of the body as has come and fits; else WEIR_OK. The
 * response is as before.
 */
int weir_response_raise_for_status(weir_response *response);

/** Which connection a request got. */
typedef enum weir_connection_choice {
    WEIR_CONNECTION_REUSED = 1, /**< one that was idle */
    WEIR_CONNECTION_NONE_IDLE,  /**< a new one: none was idle to there */
    WEIR_CONNECTION_WAS_CLOSED, /**< a new one: the idle one had just been closed */
    WEIR_CONNECTION_NEVER_KEPT  /**< a new one: .force_close keeps none */
} weir_connection_choice;

/** What is known of a response's connection. */
typedef struct weir_connection_info {
    weir_connection_choice choice;
    uint32_t request_number; /**< this is the n-th request on it, from 1 */
    uint64_t idle_ms;        /**< before this request; 0 for a new one */
} weir_connection_info;

/** Why the response has come over the connection that it has come over. */
weir_connection_info weir_response_connection_info(const weir_response *response);

/**
 * The same as a sentence: "reused, idle for 120 ms, request 5 on it", "opened: none idle
 * to https://example.com:443".
 *
 *   text   out: NUL-terminated, cut to `size`
 */
void weir_response_connection_text(const weir_response *response, char *text,
                                   size_t size);

/** How long the parts of a request took, in milliseconds, and how much was sent and
 * received. The first four are durations; of a connection that was there they are 0, but
 * for the wait for it. */
typedef struct weir_response_times {
    double wait_ms;    /**< for a connection, while there were too many */
    double resolve_ms; /**< to find the addresses of the host */
    double connect_ms; /**< to connect to one of them */
    double tls_ms;     /**< for the handshake */

    double first_byte_ms; /**< from the beginning to the first byte of the answer */
    double total_ms; /**< from the beginning to the end of the body, or until now */

    uint64_t sent_bytes;     /**< head and body; without what TLS adds */
    uint64_t received_bytes; /**< head and body, coded and with their framing */
    uint64_t body_bytes;     /**< of the body, as it was sent: coded, without framing */
    uint64_t decoded_bytes;  /**< of the body, decoded so far */
} weir_response_times;

/** The times and sizes of a response, as far as it has come; redirects that led to it
 * have their own (weir_response_history). Accurate to a round of the loop. */
weir_response_times weir_response_timings(const weir_response *response);

/** The addresses at both ends of the connection, which may be closed by now: those of
 * the proxy, where there is one. */
const weir_address *weir_response_local_address(const weir_response *response);
const weir_address *weir_response_peer_address(const weir_response *response);

/** How many redirects led to this response, and each of them, from the first; they are
 * freed with it. Of an `index` too large: NULL. */
size_t weir_response_history_count(const weir_response *response);
const weir_response *weir_response_history(const weir_response *response, size_t index);

/**
 * Frees the response. Never waits.
 *
 * When the rest of the body has come already, and is short (64 KiB), its connection
 * can be used again; else it is closed. Not while another task reads the body, which
 * then gets WEIR_E_CLOSED, the response staying as it is. NULL is allowed.
 */
void weir_response_free(weir_response *response);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
