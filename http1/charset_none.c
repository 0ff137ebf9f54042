/* Encodings in a build without iconv: those of charset.c alone.
 *
 * SPDX-License-Identifier: MIT */
#include "charset.h"
#include "error.h"

int weir__charset_convert(const char *name, weir_slice bytes, weir__buffer *text)
{
    (void)bytes;
    (void)text;
    return weir__fail(WEIR_E_UNSUPPORTED, "text",
                      "this build of weir cannot read %s: it has no iconv", name);
}
