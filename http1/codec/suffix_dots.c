/* Public suffixes without a list of them: names without a dot inside.
 *
 * That keeps a cookie off `com` and `localhost`, and not off `co.uk`: suffix_psl.c is
 * for that, where libpsl is.
 *
 * SPDX-License-Identifier: MIT */
#include "cookie.h"

bool weir__is_public_suffix(weir_slice domain)
{
    size_t dot = weir_slice_find(domain, WEIR_S("."));
    return dot + 1 >= domain.len;
}
