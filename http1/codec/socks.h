/* The client's side of a SOCKS handshake, without a connection (RFC 1928, 1929; SOCKS4
 * and 4A as their memos have them).
 *
 *   rc = weir__socks_begin(&socks, &request);
 *   while (rc > 0) {
 *       ... send socks.output, read exactly socks.wanted bytes ...
 *       rc = weir__socks_take(&socks, bytes);
 *   }
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_SOCKS_H
#define WEIR_HTTP1_CODEC_SOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <weir/codec_error.h>
#include <weir/slice.h>

/* What is asked for. */
typedef struct weir__socks_request {
    int version;         /* 4 or 5 */
    weir_slice user;     /* data NULL: none. Of version 4: the user's id */
    weir_slice password; /* of version 5 */
    weir_slice host;     /* a name that the proxy is to resolve, unless ip_len */
    unsigned char ip[16];
    size_t ip_len; /* 4 or 16; 0: the host */
    uint16_t port;
} weir__socks_request;

enum weir__socks_state {
    WEIR__SOCKS_METHOD, /* RFC 1928 3 */
    WEIR__SOCKS_PASSWORD,
    WEIR__SOCKS_REPLY, /* 6, as far as it tells how long the rest is */
    WEIR__SOCKS_BOUND, /* the rest, an address of which nobody needs to know */
    WEIR__SOCKS_REPLY_4,
    WEIR__SOCKS_OPEN,
    WEIR__SOCKS_FAILED
};

/* The longest that is sent: a name and a password of 255 bytes. */
enum { WEIR__SOCKS_MAX_OUTPUT = 3 + 255 + 255 + 16 };

typedef struct weir__socks {
    enum weir__socks_state state;
    const weir__socks_request *request; /* the caller's, who keeps it */
    size_t wanted;
    size_t output_len; /* 0: nothing to send this time */
    char output[WEIR__SOCKS_MAX_OUTPUT];
    weir_codec_error error;
} weir__socks;

/* Writes the first message. 1, or WEIR_E_INVALID with the error: something is longer
 * than the protocol has room for. */
int weir__socks_begin(weir__socks *socks, const weir__socks_request *request);

/* Reads what comes: exactly socks->wanted bytes. 1 when there is more to come, perhaps
 * after an answer; WEIR_OK when the way is open; or, for good and with the error,
 * WEIR_E_CONNECTION: the proxy has refused, WEIR_E_PROTOCOL: it speaks no SOCKS. */
int weir__socks_take(weir__socks *socks, weir_slice bytes);

/* Overwrites what may be a secret. */
void weir__socks_clear(weir__socks *socks);

#endif
