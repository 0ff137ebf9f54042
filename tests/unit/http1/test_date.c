/* Dates: HTTP-date in its three forms, those of cookies, and back.
 *
 * SPDX-License-Identifier: MIT */
#include "date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "test.h"

#define NONE  INT64_MIN
#define A_DAY INT64_C(86400)

static const int64_t NOW = 1700000000; /* 2023-11-14 */

static int64_t http_date(const char *text)
{
    int64_t seconds = NONE;
    bool ok = weir__date_parse(weir_slice_of(text), NOW, &seconds);
    CHECK(ok == (seconds != NONE));
    return seconds;
}

static int64_t cookie_date(weir_slice text)
{
    int64_t seconds = NONE;
    bool ok = weir__date_parse_cookie(text, &seconds);
    CHECK(ok == (seconds != NONE));
    return seconds;
}

/* RFC 9110 5.6.7 */
TEST(date, has_three_forms)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } CASES[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 16 08:49:37 1994", 784975777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Mon, 01 Jan 1601 00:00:00 GMT", INT64_C(-11644473600)},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
        {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648)},
        /* 23:59:60 may be said, and is the second after in a count without it. */
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
        /* Recipients need not check the day of the week. */
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        if (!CHECK_INT(http_date(CASES[i].text), CASES[i].seconds))
            fprintf(stderr, "in %s\n", CASES[i].text);
    }
}

/* RFC 9110 5.6.7: case-sensitive, no more whitespace than the grammar has. */
TEST(date, refuses_all_else)
{
    static const char *const CASES[] = {
        "",
        "Sun",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 23:59:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1600 08:49:37 GMT",
        "Sun, 06 Nov 19994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov   6 08:49:37 1994",
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        if (!CHECK_INT(http_date(CASES[i]), NONE))
            fprintf(stderr, "in \"%s\"\n", CASES[i]);
    }
    int64_t seconds;
    CHECK(!weir__date_parse((weir_slice){"Sun, 06 Nov 1994 08:49:37 GM\0", 29}, NOW,
                            &seconds));
}

static int64_t year_of(const char *text, const char *now)
{
    int64_t at = 0;
    int64_t seconds = 0;
    CHECK(weir__date_parse(weir_slice_of(now), 0, &at));
    CHECK(weir__date_parse(weir_slice_of(text), at, &seconds));
    char printed[WEIR__DATE_LEN];
    CHECK(weir__date_print(seconds, printed));
    return strtol(printed + 12, NULL, 10);
}

/* RFC 9110 5.6.7: "more than 50 years in the future" is the past. */
TEST(date, finds_the_century_of_two_digits)
{
    static const char NOW_TEXT[] = "Tue, 14 Nov 2023 12:00:00 GMT";
    CHECK_INT(year_of("Sunday, 06-Nov-94 08:49:37 GMT", NOW_TEXT), 1994);
    CHECK_INT(year_of("Sunday, 06-Nov-24 08:49:37 GMT", NOW_TEXT), 2024);
    CHECK_INT(year_of("Sunday, 14-Nov-73 12:00:00 GMT", NOW_TEXT), 2073);
    CHECK_INT(year_of("Sunday, 14-Nov-73 12:00:01 GMT", NOW_TEXT), 1973);
    CHECK_INT(year_of("Sunday, 14-Nov-74 12:00:00 GMT", NOW_TEXT), 1974);
    CHECK_INT(year_of("Sunday, 01-Jan-00 00:00:00 GMT", NOW_TEXT), 2000);
    CHECK_INT(
        year_of("Friday, 01-Jan-05 00:00:00 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"),
        2005);
    int64_t seconds;
    weir_slice date = WEIR_S("Sunday, 06-Nov-94 08:49:37 GMT");
    CHECK(!weir__date_parse(date, INT64_MIN, &seconds)); /* 1594 */
    CHECK(weir__date_parse(date, INT64_MAX, &seconds));
}

/* RFC 6265bis 5.1.1: the suite of the working group. */
TEST(date, of_cookies_agrees_with_http_state)
{
    struct json *vectors = json_read_vectors("cookies-http-state.json");
    size_t count = 0, passed = 0;
    if (!vectors)
        SKIP("shared/vectors: not there");
    const struct json *test = json_member(vectors, "dates")->first;
    for (; test; test = test->next, count++) {
        const struct json *expected = json_member(test, "expected");
        int64_t wanted =
            expected->type == JSON_NULL ? NONE : json_number(test, "expected");
        if (CHECK_INT(cookie_date(json_text(test, "input")), wanted))
            passed++;
        else
            fprintf(stderr, "in %s\n", json_text(test, "input").data);
    }
    CHECK_INT(count, 70);
    printf("%zu of %zu dates of http-state pass\n", passed, count);
    json_free(vectors);
}

/* RFC 6265bis 5.1.1, step by step */
TEST(date, of_cookies_takes_what_it_finds)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } CASES[] = {
        {"1994 nov 06 8:49:37", 784111777},
        {"06 NOVEMBER 94 8:49:37abc", 784111777},
        {"6th November 1994 08:49:37 GMT", 784111777},
        {"8:49:37 6 nov 1994x", 784111777},
        {"1 jan 70 0:0:0", 0},
        {"1 jan 69 0:0:0", INT64_C(3124224000)},
        {"31 dec 9999 23:59:59", INT64_C(253402300799)},
        {"1 jan 1601 0:0:0", INT64_C(-11644473600)},
        {"31 dec 1600 23:59:59", NONE},
        {"1 jan 100 0:0:0", NONE},
        {"31 nov 1994 08:49:37", NONE},
        {"29 feb 2023 0:0:0", NONE},
        {"29 feb 2024 0:0:0", 1709164800},
        {"0 nov 1994 08:49:37", NONE},
        {"6 nov 1994 24:0:0", NONE},
        {"6 nov 1994 0:60:0", NONE},
        {"31 dec 2016 23:59:60", NONE}, /* leap seconds cannot be represented */
        {"6 nov 1994 008:49:37", NONE},
        {"6 nov 1994 08:49:370", NONE},
        {"6 nov 1994 08:49", NONE},
        {"6 nov 08:49:37", NONE},
        {"6 1994 08:49:37", NONE},
        {"nov 1994 08:49:37", NONE},
        {"6 no 1994 08:49:37", NONE},
        {"006 nov 1994 08:49:37", NONE},
        {"6 nov 01994 08:49:37", NONE},
        {"", NONE},
        {";;;", NONE},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        if (!CHECK_INT(cookie_date(weir_slice_of(CASES[i].text)), CASES[i].seconds))
            fprintf(stderr, "in \"%s\"\n", CASES[i].text);
    }
    weir_slice bytes = WEIR_S("\x80 6 nov 1994\x7f 08:49:37\xff\0");
    CHECK_INT(cookie_date(bytes), 784111777);
}

/* A calendar that counts on its fingers. */
static void tomorrow(int *year, int *month, int *day)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
    if (++*day <= DAYS[*month - 1] + (*month == 2 && leap))
        return;
    *day = 1;
    if (++*month <= 12)
        return;
    *month = 1;
    ++*year;
}

/* All days from 1601 to 9999: every 61st, in Valgrind's interest. */
TEST(date, is_written_as_it_is_read)
{
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int year = 1601, month = 1, day = 1;
    size_t wrong = 0, count = 0;
    for (int64_t i = 0; year <= 9999; i++, tomorrow(&year, &month, &day)) {
        bool edge = (month == 2 && day >= 28) || (month == 3 && day == 1) ||
                    (month == 12 && day == 31) || (month == 1 && day == 1);
        if (i % 61 != 0 && !(edge && year % 25 == 0))
            continue;
        char wanted[64];
        char got[WEIR__DATE_LEN];
        int64_t at = INT64_C(-11644473600) + i * A_DAY + i % A_DAY;
        int64_t back = 0;
        int second = (int)(i % A_DAY);
        snprintf(wanted, sizeof(wanted), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                 DAYS[i % 7], day, MONTHS[month - 1], year, second / 3600,
                 second / 60 % 60, second % 60);
        bool ok = weir__date_print(at, got) && memcmp(got, wanted, sizeof(got)) == 0 &&
                  weir__date_parse((weir_slice){got, sizeof(got)}, NOW, &back) &&
                  back == at;
        wrong += !ok;
        count++;
    }
    CHECK_INT(wrong, 0);
    CHECK(count > 50000);
    char text[WEIR__DATE_LEN];
    CHECK(!weir__date_print(INT64_C(-11644473601), text));
    CHECK(!weir__date_print(INT64_C(253402300800), text));
    CHECK(!weir__date_print(INT64_MIN, text));
    CHECK(!weir__date_print(INT64_MAX, text));
}
