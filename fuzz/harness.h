/* What the fuzz targets share: the cuts, and asserting.
 *
 * A target is LLVMFuzzerTestOneInput and nothing else: libFuzzer's main calls it
 * (WEIR_FUZZ), or replay.c's with the files of a corpus (CTest).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_FUZZ_HARNESS_H
#define WEIR_FUZZ_HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/slice.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run with the sentence when the invariant does not hold. */
#define HOLDS(condition)                                                            \
    ((condition)                                                                    \
         ? (void)0                                                                  \
         : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), \
            abort()))

/* Takes a byte off the end, where decisions come from, so that the front of an input
 * stays what it looks like; 0 when there is none. */
static inline uint8_t take_byte(weir_slice *input)
{
    return input->len > 0 ? (uint8_t)input->data[--input->len] : 0;
}

enum { MOST_CUTS = 8 };

/* Takes ascending cuts of the rest off the end of the input: how many, then where. */
static inline size_t take_cuts(weir_slice *input, size_t cuts[MOST_CUTS])
{
    size_t count = take_byte(input) % (MOST_CUTS + 1);
    size_t at = 0;
    uint8_t steps[MOST_CUTS];
    for (size_t i = 0; i < count; i++)
        steps[i] = take_byte(input);
    for (size_t i = 0; i < count; i++) {
        at += steps[i] % (input->len - at + 1);
        cuts[i] = at;
    }
    return count;
}

#endif
