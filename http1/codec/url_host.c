/* Hosts of URLs: names, IPv4 numbers, IPv6 literals (WHATWG URL 3.5, RFC 5952).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/status.h>

#include "ascii.h"
#include "url_inside.h"

#define PIECES 8 /* of an IPv6 address, 16 bits each */

static int refuse(const char **reason, const char *why)
{
    *reason = why;
    return WEIR_E_INVALID;
}

/* Decimal, 0 octal, 0x hexadecimal. false when it is no number; what is too large
 * for an address stays too large. */
static bool read_number(weir_slice text, uint64_t *value)
{
    int base = 10;
    if (text.len == 0)
        return false;
    if (text.len >= 2 && text.data[0] == '0') {
        base = weir__ascii_lower(text.data[1]) == 'x' ? 16 : 8;
        text = weir_slice_skip(text, base == 16 ? 2 : 1);
    }
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = weir__ascii_hex_value(text.data[i]);
        if (digit < 0 || digit >= base)
            return false;
        if (*value <= UINT32_MAX)
            *value = *value * (uint64_t)base + (uint64_t)digit;
    }
    return true;
}

static bool is_all_digits(weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!weir__ascii_is_digit(text.data[i]))
            return false;
    }
    return text.len > 0;
}

/* The "ends in a number checker": then it is an IPv4 address or nothing. */
static bool ends_in_number(weir_slice name)
{
    uint64_t ignored;
    size_t start;
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    for (start = name.len; start > 0 && name.data[start - 1] != '.'; start--)
        ;
    weir_slice last = weir_slice_skip(name, start);
    return is_all_digits(last) || read_number(last, &ignored);
}

static int put_decimal(weir__buffer *out, uint32_t number)
{
    char digits[10];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return weir__buffer_append(out, (weir_slice){digits + at, sizeof(digits) - at});
}

static int put_ipv4(weir__buffer *out, uint32_t address)
{
    int rc = WEIR_OK;
    for (int shift = 24; shift >= 0 && rc == WEIR_OK; shift -= 8) {
        rc = put_decimal(out, address >> shift & 255);
        if (rc == WEIR_OK && shift > 0)
            rc = weir__buffer_append(out, WEIR_S("."));
    }
    return rc;
}

/* The last part fills the bytes that the parts before it leave: 127.1 is 127.0.0.1. */
static bool read_ipv4(weir_slice name, uint32_t *address)
{
    uint64_t parts[4] = {0};
    size_t count = 0;
    weir_slice part;
    if (name.data[name.len - 1] == '.')
        name.len--;
    while (weir_slice_split(&name, '.', &part)) {
        if (count == 4 || !read_number(part, &parts[count]))
            return false;
        count++;
    }
    uint64_t last = parts[count - 1];
    if (last >= (uint64_t)1 << 8 * (5 - count))
        return false;
    *address = (uint32_t)last;
    for (size_t i = 0; i + 1 < count; i++) {
        if (parts[i] > 255)
            return false;
        *address |= (uint32_t)parts[i] << 8 * (3 - i);
    }
    return true;
}

/* The IPv4 address that may end an IPv6 one: four plain decimal numbers. */
static bool read_ipv4_tail(weir_slice text, uint16_t *pieces)
{
    weir_slice part;
    uint64_t bytes[4] = {0};
    size_t count = 0;
    while (weir_slice_split(&text, '.', &part)) {
        if (count == 4 || part.len > 3 || !is_all_digits(part) ||
            (part.len > 1 && part.data[0] == '0') ||
            !read_number(part, &bytes[count]) || bytes[count] > 255)
            return false;
        count++;
    }
    pieces[0] = (uint16_t)(bytes[0] << 8 | bytes[1]);
    pieces[1] = (uint16_t)(bytes[2] << 8 | bytes[3]);
    return count == 4;
}

/* Takes up to four hexadecimal digits off the front. false when there is none. */
static bool take_piece(weir_slice *text, uint16_t *piece)
{
    size_t len = 0;
    *piece = 0;
    while (len < 4 && len < text->len && weir__ascii_hex_value(text->data[len]) >= 0) {
        *piece = (uint16_t)(*piece << 4 | weir__ascii_hex_value(text->data[len]));
        len++;
    }
    *text = weir_slice_skip(*text, len);
    return len > 0;
}

struct ipv6 {
    uint16_t pieces[PIECES];
    size_t count;
    size_t gap; /* where "::" is; PIECES + 1 for nowhere */
};

/* One piece and the colons behind it; or the IPv4 address at the end. */
static bool read_ipv6_piece(struct ipv6 *address, weir_slice *text)
{
    weir_slice before = *text;
    if (address->count == PIECES || !take_piece(text, &address->pieces[address->count]))
        return false;
    if (text->len > 0 && text->data[0] == '.') {
        if (address->count > PIECES - 2 ||
            !read_ipv4_tail(before, &address->pieces[address->count]))
            return false;
        address->count += 2;
        *text = (weir_slice){NULL, 0};
        return true;
    }
    address->count++;
    if (text->len == 0)
        return true;
    if (text->data[0] != ':' || text->len == 1)
        return false;
    *text = weir_slice_skip(*text, 1);
    if (text->data[0] != ':')
        return true;
    if (address->gap <= PIECES)
        return false;
    address->gap = address->count;
    *text = weir_slice_skip(*text, 1);
    return true;
}

static bool read_ipv6(weir_slice text, struct ipv6 *address)
{
    *address = (struct ipv6){.gap = PIECES + 1};
    if (weir_slice_starts_with(text, WEIR_S("::"))) {
        address->gap = 0;
        text = weir_slice_skip(text, 2);
    } else if (text.len == 0) {
        return false;
    }
    while (text.len > 0) {
        if (!read_ipv6_piece(address, &text))
            return false;
    }
    if (address->gap > PIECES)
        return address->count == PIECES;
    size_t behind = address->count - address->gap;
    memmove(address->pieces + PIECES - behind, address->pieces + address->gap,
            behind * sizeof(*address->pieces));
    memset(address->pieces + address->gap, 0,
           (PIECES - address->count) * sizeof(*address->pieces));
    return address->count < PIECES;
}

/* The first of the longest runs of zero pieces, two at least (RFC 5952 4.2). */
static size_t find_zeros(const uint16_t *pieces, size_t *len)
{
    size_t best = PIECES;
    *len = 1;
    for (size_t i = 0; i < PIECES; i++) {
        size_t run = 0;
        while (i + run < PIECES && pieces[i + run] == 0)
            run++;
        if (run > *len) {
            best = i;
            *len = run;
        }
    }
    return best;
}

static int put_piece(weir__buffer *out, uint16_t piece)
{
    char digits[4];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[piece & 15];
        piece >>= 4;
    } while (piece > 0);
    return weir__buffer_append(out, (weir_slice){digits + at, sizeof(digits) - at});
}

static int put_ipv6(weir__buffer *out, const uint16_t *pieces)
{
    size_t zeros_len;
    size_t zeros = find_zeros(pieces, &zeros_len);
    int rc = weir__buffer_append(out, WEIR_S("["));
    for (size_t i = 0; i < PIECES && rc == WEIR_OK; i++) {
        if (i == zeros) {
            rc = weir__buffer_append(out, i == 0 ? WEIR_S("::") : WEIR_S(":"));
            i += zeros_len - 1;
            continue;
        }
        rc = put_piece(out, pieces[i]);
        if (rc == WEIR_OK && i < PIECES - 1)
            rc = weir__buffer_append(out, WEIR_S(":"));
    }
    return rc == WEIR_OK ? weir__buffer_append(out, WEIR_S("]")) : rc;
}

static int put_literal(weir__buffer *out, weir_slice host, const char **reason)
{
    struct ipv6 address;
    if (host.data[host.len - 1] != ']')
        return refuse(reason, "an IPv6 address without its ]");
    if (!read_ipv6((weir_slice){host.data + 1, host.len - 2}, &address))
        return refuse(reason, "bad IPv6 address");
    return put_ipv6(out, address.pieces);
}

static bool is_forbidden(char c)
{
    return (c >= '\0' && c <= ' ') || c == 0x7F || strchr("#/:<>?@[\\]^|%", c);
}

/* The byte at the front, percent-decoded (RFC 3986 2.1). */
static char take_decoded(weir_slice *text)
{
    char c = text->data[0];
    if (c == '%' && text->len >= 3) {
        int high = weir__ascii_hex_value(text->data[1]);
        int low = weir__ascii_hex_value(text->data[2]);
        if (high >= 0 && low >= 0) {
            *text = weir_slice_skip(*text, 3);
            return (char)(unsigned char)(high << 4 | low);
        }
    }
    *text = weir_slice_skip(*text, 1);
    return c;
}

static int put_name(weir__buffer *out, weir_slice host, const char **reason)
{
    char *space;
    size_t len = 0;
    int rc = weir__buffer_reserve(out, host.len, &space);
    if (rc < 0)
        return rc;
    while (host.len > 0) {
        char c = take_decoded(&host);
        if ((unsigned char)c > 0x7F) {
            *reason = "a host outside of ASCII: give its xn-- form";
            return WEIR_E_UNSUPPORTED;
        }
        if (is_forbidden(c))
            return refuse(reason, "bad byte in a host");
        space[len++] = weir__ascii_lower(c);
    }
    weir__buffer_commit(out, len);
    return WEIR_OK;
}

int weir__url_put_host(weir__buffer *out, weir_slice host, const char **reason)
{
    size_t start = weir__buffer_len(out);
    uint32_t address;
    if (host.data[0] == '[')
        return put_literal(out, host, reason);
    int rc = put_name(out, host, reason);
    if (rc < 0)
        return rc;
    weir_slice name = weir_slice_skip(weir__buffer_slice(out), start);
    if (!ends_in_number(name))
        return WEIR_OK;
    if (!read_ipv4(name, &address))
        return refuse(reason, "a host that ends in a number is an IPv4 address");
    out->end -= name.len;
    return put_ipv4(out, address);
}
