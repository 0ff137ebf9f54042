/* Dates.
 *
 * - A date that is read is written, and read again: the same second.
 * - A second is written if and only if its year is 1601 to 9999, and is read again by
 *   both parsers.
 * - Nothing that follows its end matters to a cookie's date when a blank parts the two.
 *
 * SPDX-License-Identifier: MIT */
#include "date.h"

#include <string.h>

#include "harness.h"

static const int64_t FIRST = INT64_C(-11644473600), LAST = INT64_C(253402300799);

static void check_second(int64_t seconds)
{
    char text[WEIR__DATE_LEN + 4] = {0};
    int64_t again = 0;
    bool ok = weir__date_print(seconds, text);
    HOLDS(ok == (seconds >= FIRST && seconds <= LAST));
    if (!ok)
        return;
    weir_slice date = {text, WEIR__DATE_LEN};
    HOLDS(weir__date_parse(date, 0, &again) && again == seconds);
    HOLDS(weir__date_parse_cookie(date, &again) && again == seconds);
    memcpy(text + WEIR__DATE_LEN, " 7:8", 4);
    HOLDS(weir__date_parse_cookie((weir_slice){text, sizeof(text)}, &again));
    HOLDS(again == seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice input = {(const char *)data, size};
    int64_t now = 0, seconds = 0;
    if (input.len >= sizeof(now)) {
        memcpy(&now, input.data + input.len - sizeof(now), sizeof(now));
        input.len -= sizeof(now);
    }
    check_second(now);
    check_second(now % (LAST + 1));
    if (weir__date_parse(input, now, &seconds))
        HOLDS(seconds >= FIRST && seconds <= LAST + 1);
    if (seconds <= LAST)
        check_second(seconds);
    if (weir__date_parse_cookie(input, &seconds))
        check_second(seconds);
    return 0;
}
