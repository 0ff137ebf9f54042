/* Ordinary files, read while the loop waits: a disk is never not ready.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_FILE_H
#define WEIR_CORE_FILE_H

#include <stdint.h>
#include <weir/loop.h>

/* The length of the file. WEIR_OK; or, with a sentence, WEIR_E_UNSUPPORTED when it is no
 * ordinary file, or WEIR_E_SYSTEM when it is not there, or may not be read. */
int weir__file_length(const char *path, uint64_t *length);

/* Opens it for reading: the descriptor, or as above. `length` as it is now. */
int weir__file_open(weir_loop *loop, const char *path, uint64_t *length);

/* How many bytes were read; 0 at the end; or a status with its sentence. */
int weir__file_read(weir_loop *loop, int fd, void *memory, size_t size,
                    const char *path);

void weir__file_close(weir_loop *loop, int fd);

#endif
