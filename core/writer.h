/* A writer: what takes the bytes, and those who wait for it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_WRITER_H
#define WEIR_CORE_WRITER_H

#include <weir/writer.h>

/* What a writer writes to; each entry has the contract of the public function of
 * its name. */
struct weir__sink {
    int (*writelines)(void *self, const weir_slice *slices, size_t count);
    int (*sendall)(void *self, weir_slice bytes);
    /* Waits while the queue is over the high watermark, or holds anything at all. */
    int (*drain)(void *self, bool all);
    int (*write_eof)(void *self);
    size_t (*queued)(const void *self);
    int (*set_watermarks)(void *self, size_t high, size_t low);
};

struct weir_writer {
    const struct weir__sink *sink;
    void *self;
};

#endif
