/* A gzip file decoded by zlib, 256 KiB at a time: the limit of the bench content.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "argument.h"
#include "whole_file.h"

enum { BLOCK_BYTES = 256 * 1024 };

static unsigned char block[BLOCK_BYTES];

static unsigned long long decode(unsigned char *bytes, size_t len)
{
    unsigned long long sum = 0;
    z_stream zlib = {.next_in = bytes, .avail_in = (uInt)len};
    int rc = inflateInit2(&zlib, MAX_WBITS + 16);
    while (rc == Z_OK) {
        zlib.next_out = block;
        zlib.avail_out = BLOCK_BYTES;
        rc = inflate(&zlib, Z_NO_FLUSH);
        sum += BLOCK_BYTES - zlib.avail_out;
    }
    inflateEnd(&zlib);
    return rc == Z_STREAM_END ? sum : 0;
}

int main(int argc, char **argv)
{
    unsigned long long sum = 0;
    size_t len;
    argument_count(argc, 2, "content_zlib FILE TIMES");
    char *bytes = whole_file(argv[1], &len);
    for (long long times = argument_number(argv[2], 1 << 20); times > 0; times--)
        sum += decode((unsigned char *)bytes, len);
    printf("%llu\n", sum);
    free(bytes);
    return EXIT_SUCCESS;
}
