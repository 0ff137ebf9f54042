/* Encodings by iconv, of the system.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <iconv.h>
#include <stdint.h>

#include "charset.h"
#include "error.h"

/* Room that is made at a time. */
#define PIECE_BYTES 4096

static int fail_memory(void)
{
    return weir__fail(WEIR_E_MEMORY, "text", "no memory for the text");
}

/* Converts what fits, off the front of `bytes`; NULL: what an encoding keeps back until
 * the end. 0, or an errno. */
static int convert_some(iconv_t conversion, weir_slice *bytes, weir__buffer *text)
{
    /* iconv does not write through the pointer whose type says that it may. */
    union {
        const char *data;
        char *as_iconv_has_it;
    } from = {bytes ? bytes->data : NULL};
    char *space;
    if (weir__buffer_reserve(text, PIECE_BYTES, &space) < 0)
        return ENOMEM;
    char *out = space;
    size_t room = PIECE_BYTES;
    size_t rc = iconv(conversion, bytes ? &from.as_iconv_has_it : NULL,
                      bytes ? &bytes->len : NULL, &out, &room);
    int error = rc == (size_t)-1 ? errno : 0;
    if (bytes)
        bytes->data = from.data;
    weir__buffer_commit(text, PIECE_BYTES - room);
    return error;
}

static int convert(iconv_t conversion, weir_slice bytes, weir__buffer *text)
{
    while (bytes.len > 0) {
        int error = convert_some(conversion, &bytes, text);
        if (error == 0 || error == E2BIG)
            continue;
        if (error == ENOMEM)
            return fail_memory();
        /* EILSEQ is a malformed character; EINVAL the beginning of one, at the end. */
        bytes = weir_slice_skip(bytes, error == EINVAL ? bytes.len : 1);
        if (weir__charset_put(text, WEIR__REPLACEMENT_CHARACTER) < 0)
            return fail_memory();
    }
    return convert_some(conversion, NULL, text) == ENOMEM ? fail_memory() : WEIR_OK;
}

int weir__charset_convert(const char *name, weir_slice bytes, weir__buffer *text)
{
    iconv_t conversion = iconv_open("UTF-8", name);
    if ((intptr_t)conversion == -1)
        return errno == ENOMEM ? fail_memory()
                               : weir__fail(WEIR_E_UNSUPPORTED, "text",
                                            "the system's iconv cannot read %s", name);
    int rc = convert(conversion, bytes, text);
    iconv_close(conversion);
    return rc;
}
