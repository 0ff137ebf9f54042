/* Application-Layer Protocol Negotiation: the list and the choice (RFC 7301).
 *
 * SPDX-License-Identifier: MIT */
#include "alpn.h"

#include <stdio.h>
#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "error.h"
#include "failure.h"

#define MAX_NAME 255   /* 3.1: opaque ProtocolName<1..2^8-1> */
#define MAX_LIST 65533 /* 3.1: <2..2^16-1>, with its own length of two bytes */

static int measure(const char *const *names, size_t *size)
{
    *size = 0;
    for (size_t i = 0; names[i]; i++) {
        size_t len = strlen(names[i]);
        if (len == 0 || len > MAX_NAME)
            return weir__fail(WEIR_E_INVALID, "TLS",
                              "the name of a protocol in alpn has 1 to 255 bytes "
                              "(RFC 7301 3.1)");
        *size += len + 1;
        if (*size > MAX_LIST)
            return weir__fail(WEIR_E_INVALID, "TLS", "alpn has more than 65533 bytes");
    }
    if (*size == 0)
        return weir__fail(WEIR_E_INVALID, "TLS", "alpn is empty");
    return WEIR_OK;
}

int weir__tls_alpn_init(weir__tls_alpn *alpn, const char *const *names)
{
    size_t size;
    *alpn = (weir__tls_alpn){NULL, 0};
    if (!names)
        return WEIR_OK;
    int rc = measure(names, &size);
    if (rc < 0)
        return rc;
    unsigned char *next = weir__malloc(NULL, size);
    if (!next)
        return weir__tls_fail_memory();
    *alpn = (weir__tls_alpn){next, (unsigned)size};
    for (size_t i = 0; names[i]; i++) {
        size_t len = strlen(names[i]);
        *next++ = (unsigned char)len;
        memcpy(next, names[i], len);
        next += len;
    }
    return WEIR_OK;
}

void weir__tls_alpn_clear(weir__tls_alpn *alpn)
{
    weir__free(NULL, alpn->names);
    *alpn = (weir__tls_alpn){NULL, 0};
}

/* Takes the next name off a list; false at its end, or where it is malformed. */
static bool next_name(weir_slice *list, weir_slice *name)
{
    if (list->len == 0)
        return false;
    size_t len = (unsigned char)list->data[0];
    if (len == 0 || len >= list->len)
        return false;
    *name = (weir_slice){list->data + 1, len};
    *list = weir_slice_skip(*list, len + 1);
    return true;
}

static bool list_has(weir_slice list, weir_slice wanted)
{
    weir_slice name;
    while (next_name(&list, &name)) {
        if (weir_slice_equal(name, wanted))
            return true;
    }
    return false;
}

static weir_slice list_of(const weir__tls_alpn *alpn)
{
    return (weir_slice){(const char *)alpn->names, alpn->len};
}

bool weir__tls_alpn_has(const weir__tls_alpn *alpn, weir_slice name)
{
    return list_has(list_of(alpn), name);
}

weir_slice weir__tls_alpn_pick(const weir__tls_alpn *own, weir_slice peers)
{
    weir_slice list = list_of(own);
    weir_slice name;
    while (next_name(&list, &name)) {
        if (list_has(peers, name))
            return name;
    }
    return (weir_slice){NULL, 0};
}

const char *weir__tls_alpn_text(weir_slice names, char *text, size_t size)
{
    weir_slice name;
    size_t len = 0;
    text[0] = '\0';
    while (len + 1 < size && next_name(&names, &name)) {
        snprintf(text + len, size - len, "%s", len > 0 ? ", " : "");
        len += strlen(text + len);
        weir__escape(name, text + len, size - len);
        len += strlen(text + len);
    }
    return text;
}
