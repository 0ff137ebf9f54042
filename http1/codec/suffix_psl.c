/* Public suffixes by Mozilla's list (https://publicsuffix.org), as libpsl has it.
 *
 * The list is in the library: nothing is read. What it does not know (`internal`) is
 * one when it has no dot inside, by the list's own rule.
 *
 * SPDX-License-Identifier: MIT */
#include <libpsl.h>
#include <string.h>

#include "cookie.h"

#define MAX_NAME 253 /* of a host, in bytes: RFC 1035 2.3.4 */

bool weir__is_public_suffix(weir_slice domain)
{
    char name[MAX_NAME + 1];
    /* "com." is "com". */
    if (weir_slice_ends_with(domain, WEIR_S(".")))
        domain.len--;
    if (weir_slice_find(domain, WEIR_S(".")) == domain.len)
        return true;
    /* A host with such a name cannot be. */
    if (domain.len > MAX_NAME)
        return true;
    memcpy(name, domain.data, domain.len);
    name[domain.len] = '\0';
    const psl_ctx_t *list = psl_builtin();
    return list && psl_is_public_suffix(list, name);
}
