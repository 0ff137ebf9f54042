/* SOCKS: a state for each message that is waited for.
 *
 *   5:  METHOD -+-------------> REPLY -> BOUND -> OPEN
 *               +-> PASSWORD -^
 *   4:  REPLY_4 -> OPEN                            any -> FAILED, for good
 *
 * SPDX-License-Identifier: MIT */
#include "socks.h"

#include <stdbool.h>
#include <string.h>
#include <weir/status.h>

enum {
    NO_AUTHENTICATION = 0, /* RFC 1928 3 */
    USER_AND_PASSWORD = 2,
    NOTHING_ACCEPTABLE = 0xFF
};

enum { IPV4 = 1, NAME = 3, IPV6 = 4 }; /* ATYP, RFC 1928 5 */

enum { CONNECT = 1 };

#define MOST_BYTES 255 /* of a name, a user, a password: their length is a byte */

static int fail(weir__socks *socks, int status, const char *reason)
{
    socks->state = WEIR__SOCKS_FAILED;
    socks->output_len = 0;
    socks->wanted = 0;
    socks->error = (weir_codec_error){status, reason, 0};
    return status;
}

static int wait_for(weir__socks *socks, enum weir__socks_state state, size_t wanted)
{
    socks->state = state;
    socks->wanted = wanted;
    return 1;
}

static void put(weir__socks *socks, weir_slice bytes)
{
    if (bytes.len > 0)
        memcpy(socks->output + socks->output_len, bytes.data, bytes.len);
    socks->output_len += bytes.len;
}

static void put_byte(weir__socks *socks, size_t byte)
{
    socks->output[socks->output_len++] = (char)(unsigned char)byte;
}

static void put_port(weir__socks *socks)
{
    put_byte(socks, socks->request->port >> 8);
    put_byte(socks, socks->request->port & 0xFF);
}

static weir_slice ip_of(const weir__socks_request *request)
{
    return (weir_slice){(const char *)request->ip, request->ip_len};
}

/* RFC 1928 4: VER CMD RSV ATYP DST.ADDR DST.PORT */
static int ask(weir__socks *socks)
{
    const weir__socks_request *request = socks->request;
    put(socks, (weir_slice){"\5\1\0", 3});
    if (request->ip_len > 0) {
        put_byte(socks, request->ip_len == 4 ? IPV4 : IPV6);
        put(socks, ip_of(request));
    } else {
        put_byte(socks, NAME);
        put_byte(socks, request->host.len);
        put(socks, request->host);
    }
    put_port(socks);
    return wait_for(socks, WEIR__SOCKS_REPLY, 5);
}

/* RFC 1929 2: VER ULEN UNAME PLEN PASSWD */
static int send_password(weir__socks *socks)
{
    put_byte(socks, 1);
    put_byte(socks, socks->request->user.len);
    put(socks, socks->request->user);
    put_byte(socks, socks->request->password.len);
    put(socks, socks->request->password);
    return wait_for(socks, WEIR__SOCKS_PASSWORD, 2);
}

static int begin_5(weir__socks *socks)
{
    const weir__socks_request *request = socks->request;
    if (request->user.len > MOST_BYTES || request->password.len > MOST_BYTES)
        return fail(socks, WEIR_E_INVALID,
                    "a user or a password of more than 255 bytes (RFC 1929 2)");
    bool has_user = request->user.data != NULL;
    put_byte(socks, 5);
    put_byte(socks, has_user ? 2 : 1);
    put_byte(socks, NO_AUTHENTICATION);
    if (has_user)
        put_byte(socks, USER_AND_PASSWORD);
    return wait_for(socks, WEIR__SOCKS_METHOD, 2);
}

/* VN CD DSTPORT DSTIP USERID NULL; of 4A an address that there is not, and the name
 * behind, which ends with NULL too. */
static int begin_4(weir__socks *socks)
{
    const weir__socks_request *request = socks->request;
    if (request->ip_len == 16)
        return fail(socks, WEIR_E_INVALID, "SOCKS4 has no IPv6");
    if (request->user.len > MOST_BYTES)
        return fail(socks, WEIR_E_INVALID, "a user of more than 255 bytes");
    if (request->password.len > 0)
        return fail(socks, WEIR_E_INVALID, "SOCKS4 has no passwords");
    if (request->user.len > 0 && memchr(request->user.data, '\0', request->user.len))
        return fail(socks, WEIR_E_INVALID, "a zero byte in the user's id");
    put_byte(socks, 4);
    put_byte(socks, CONNECT);
    put_port(socks);
    put(socks, request->ip_len > 0 ? ip_of(request) : (weir_slice){"\0\0\0\1", 4});
    put(socks, request->user);
    put_byte(socks, 0);
    if (request->ip_len == 0) {
        put(socks, request->host);
        put_byte(socks, 0);
    }
    return wait_for(socks, WEIR__SOCKS_REPLY_4, 8);
}

int weir__socks_begin(weir__socks *socks, const weir__socks_request *request)
{
    memset(socks, 0, sizeof(*socks));
    socks->request = request;
    if (request->ip_len == 0 &&
        (request->host.len == 0 || request->host.len > MOST_BYTES ||
         memchr(request->host.data, '\0', request->host.len)))
        return fail(socks, WEIR_E_INVALID, "no name that SOCKS can carry");
    return request->version == 4 ? begin_4(socks) : begin_5(socks);
}

static int take_method(weir__socks *socks, const unsigned char *bytes)
{
    if (bytes[0] != 5)
        return fail(socks, WEIR_E_PROTOCOL, "the answer is not that of SOCKS5");
    if (bytes[1] == NO_AUTHENTICATION)
        return ask(socks);
    if (bytes[1] == USER_AND_PASSWORD && socks->request->user.data)
        return send_password(socks);
    if (bytes[1] != NOTHING_ACCEPTABLE)
        return fail(socks, WEIR_E_PROTOCOL,
                    "it chose an authentication that was not offered");
    return fail(socks, WEIR_E_CONNECTION,
                socks->request->user.data
                    ? "it takes neither a password nor none"
                    : "it wants to know who asks, and there is no password for it");
}

/* RFC 1929 2. Some servers put their 5 where the version of this exchange, 1, should
 * be, and no client minds. */
static int take_verdict(weir__socks *socks, const unsigned char *bytes)
{
    if (bytes[1] != 0)
        return fail(socks, WEIR_E_CONNECTION, "user or password is wrong");
    return ask(socks);
}

/* RFC 1928 6 */
static const char *refusal_of(unsigned char code)
{
    static const char *const REASONS[] = {
        "general failure",     "not allowed by its rules",
        "network unreachable", "host unreachable",
        "connection refused",  "TTL expired",
        "it does not connect", "it has no addresses of that kind"};
    if (code > sizeof(REASONS) / sizeof(REASONS[0]))
        return "for a reason that it has no word for";
    return REASONS[code - 1];
}

/* VER REP RSV ATYP and the first byte of the address, of a name its length. */
static int take_reply(weir__socks *socks, const unsigned char *bytes)
{
    if (bytes[0] != 5)
        return fail(socks, WEIR_E_PROTOCOL, "the answer is not that of SOCKS5");
    if (bytes[1] != 0)
        return fail(socks, WEIR_E_CONNECTION, refusal_of(bytes[1]));
    switch (bytes[3]) {
    case IPV4:
        return wait_for(socks, WEIR__SOCKS_BOUND, 3 + 2);
    case IPV6:
        return wait_for(socks, WEIR__SOCKS_BOUND, 15 + 2);
    case NAME:
        return wait_for(socks, WEIR__SOCKS_BOUND, (size_t)bytes[4] + 2);
    default:
        return fail(socks, WEIR_E_PROTOCOL, "an address of a kind that there is not");
    }
}

static int open_way(weir__socks *socks)
{
    socks->state = WEIR__SOCKS_OPEN;
    socks->wanted = 0;
    return WEIR_OK;
}

static int take_reply_4(weir__socks *socks, const unsigned char *bytes)
{
    if (bytes[0] != 0)
        return fail(socks, WEIR_E_PROTOCOL, "the answer is not that of SOCKS4");
    switch (bytes[1]) {
    case 90:
        return open_way(socks);
    case 91:
        return fail(socks, WEIR_E_CONNECTION, "rejected or failed");
    case 92:
        return fail(socks, WEIR_E_CONNECTION, "it cannot ask this machine who asks");
    case 93:
        return fail(socks, WEIR_E_CONNECTION, "this machine names another user");
    default:
        return fail(socks, WEIR_E_PROTOCOL, "an answer that there is not");
    }
}

int weir__socks_take(weir__socks *socks, weir_slice bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    if (socks->state != WEIR__SOCKS_FAILED && bytes.len != socks->wanted)
        return fail(socks, WEIR_E_MISUSE, "not as many bytes as were asked for");
    socks->output_len = 0;
    switch (socks->state) {
    case WEIR__SOCKS_METHOD:
        return take_method(socks, data);
    case WEIR__SOCKS_PASSWORD:
        return take_verdict(socks, data);
    case WEIR__SOCKS_REPLY:
        return take_reply(socks, data);
    case WEIR__SOCKS_BOUND:
        return open_way(socks);
    case WEIR__SOCKS_REPLY_4:
        return take_reply_4(socks, data);
    case WEIR__SOCKS_OPEN:
        return WEIR_OK;
    case WEIR__SOCKS_FAILED:
        break;
    }
    return socks->error.status;
}

void weir__socks_clear(weir__socks *socks)
{
    volatile char *byte = socks->output;
    for (size_t i = 0; i < sizeof(socks->output); i++)
        byte[i] = 0;
}
