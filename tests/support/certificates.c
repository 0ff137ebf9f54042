/* Where the certificates of the tests are.
 *
 * SPDX-License-Identifier: MIT */
#include "certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

const char *certificate(const char *file)
{
    static char paths[64][256];
    static size_t next;
    char *path = paths[next++ % 64];
    const char *directory = getenv("WEIR_CERTIFICATES");
    snprintf(path, sizeof(paths[0]), "%s/%s", directory ? directory : "", file);
    if (directory && access(path, R_OK) == 0)
        return path;
    if (!test_peers_required())
        SKIP("no certificates: WEIR_CERTIFICATES");
    fprintf(stderr, "%s cannot be read, and WEIR_REQUIRE_PEERS is set\n", path);
    test_fail();
}
