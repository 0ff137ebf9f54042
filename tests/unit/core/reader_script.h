/* Calls on a reader as words, and their results as words, for tables and for the
 * comparison with asyncio (tests/oracle).
 *
 *   line   read:5   exact:5   until:ab   any:a|bc   all:5   peek:5   consume:5
 *   limit:5   buffered   eof
 *
 * A result is the bytes in quotes, or how many, if they are very many; "end"; or the
 * status: too_big@7, incomplete.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_READER_SCRIPT_H
#define WEIR_TESTS_READER_SCRIPT_H

#include <stddef.h>
#include <weir/reader.h>

struct script_log {
    char text[16384];
    size_t len;
};

/* Does one call and adds its result, with a space before all but the first. */
void script_call(weir_reader *reader, const char *call, struct script_log *log);

/* Does all the calls of a line that spaces separate. */
void script_run(weir_reader *reader, const char *calls, struct script_log *log);

#endif
