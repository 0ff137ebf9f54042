/* Server names: A-labels as in the DNS (RFC 9525 6.3), or IP addresses.
 *
 * SPDX-License-Identifier: MIT */
#include "server_name.h"

#include <string.h>
#include <weir/address.h>
#include <weir/status.h>

#include "allocator.h"
#include "ascii.h"
#include "error.h"
#include "failure.h"

#define MAX_NAME  253 /* RFC 1035 2.3.4: 255 bytes on the wire */
#define MAX_LABEL 63

static bool is_label(weir_slice label)
{
    if (label.len == 0 || label.len > MAX_LABEL)
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.data[i];
        if (!weir__ascii_is_alpha(c) && !weir__ascii_is_digit(c) && c != '-' &&
            c != '_')
            return false;
    }
    return true;
}

bool weir__tls_is_host_name(weir_slice name)
{
    weir_slice label;
    if (name.len == 0 || name.len > MAX_NAME)
        return false;
    while (weir_slice_split(&name, '.', &label)) {
        if (!is_label(label))
            return false;
    }
    return true;
}

static int refuse(const char *text)
{
    char shown[80];
    weir__escape(weir_slice_of(text), shown, sizeof(shown));
    return weir__fail(WEIR_E_INVALID, "TLS",
                      "\"%s\" is no host name and no IP address to ask for", shown);
}

int weir__tls_server_name_new(const weir_allocator *allocator, const char *text,
                              char **name, bool *is_address)
{
    weir_address address;
    weir_slice bytes = weir_slice_of(text);
    bool literal = weir_address_parse(&address, text, 0) == WEIR_OK;
    if (literal)
        bytes.len = weir_slice_find(bytes, WEIR_S("%"));
    else if (weir_slice_ends_with(bytes, WEIR_S(".")))
        bytes.len--;
    if (!literal && !weir__tls_is_host_name(bytes))
        return refuse(text);
    char *made = weir__strndup(allocator, bytes.data, bytes.len);
    if (!made)
        return weir__tls_fail_memory();
    for (char *c = made; *c; c++)
        *c = weir__ascii_lower(*c);
    *name = made;
    *is_address = literal;
    return WEIR_OK;
}
