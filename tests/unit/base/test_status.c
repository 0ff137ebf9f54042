/* The names of the statuses.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/status.h>

#include "test.h"

TEST(status, has_names)
{
    CHECK_BYTES(weir_slice_of(weir_status_name(WEIR_OK)), WEIR_S("WEIR_OK"));
    CHECK_BYTES(weir_slice_of(weir_status_name(17)), WEIR_S("WEIR_OK"));
    CHECK_BYTES(weir_slice_of(weir_status_name(WEIR_E_TIMEOUT)),
                WEIR_S("WEIR_E_TIMEOUT"));
    CHECK_BYTES(weir_slice_of(weir_status_name(-9)), WEIR_S("unknown status"));
}

/* status.h: -1 to -3 leave the object as it was; from -10 on without a gap. */
TEST(status, are_numbered_without_gaps)
{
    for (int status = WEIR_E_SYSTEM; status < 0; status++) {
        bool gap = status > WEIR_E_TOO_BIG && status < WEIR_E_CANCELLED;
        CHECK_INT(strcmp(weir_status_name(status), "unknown status") == 0, gap);
    }
}
