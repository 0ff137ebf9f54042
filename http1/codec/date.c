/* Dates: HTTP-date (RFC 9110 5.6.7) and those of cookies (RFC 6265bis 5.1.1).
 *
 * SPDX-License-Identifier: MIT */
#include "date.h"

#include <string.h>

#include "ascii.h"

#define SECONDS_A_DAY INT64_C(86400)
#define FIRST_YEAR    1601
#define LAST_YEAR     9999

struct date {
    int year;
    int month; /* from 1 */
    int day;   /* from 1 */
    int hour;
    int minute;
    int second;
};

static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const DAYS[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

static bool is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const char DAYS_OF[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS_OF[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

/* Days since 1970 of the first of March of a year: a year that begins there has its
 * leap day at its end, so that months have the same lengths in each. */
static int64_t days_before_march(int64_t year)
{
    return year * 365 + year / 4 - year / 100 + year / 400 - 719468;
}

/* Days from the first of March to the first of a month, March being 0. */
static int days_before_month(int month)
{
    return (153 * month + 2) / 5;
}

static int64_t seconds_of(const struct date *date)
{
    bool before_march = date->month < 3;
    int64_t year = date->year - (before_march ? 1 : 0);
    int month = date->month + (before_march ? 9 : -3);
    int64_t days = days_before_march(year) + days_before_month(month) + date->day - 1;
    return days * SECONDS_A_DAY + (int64_t)date->hour * 3600 +
           (int64_t)date->minute * 60 + date->second;
}

/* The date of seconds that are within FIRST_YEAR and LAST_YEAR. */
static struct date date_of(int64_t seconds)
{
    int64_t days =
        (seconds >= 0 ? seconds : seconds - SECONDS_A_DAY + 1) / SECONDS_A_DAY;
    int rest = (int)(seconds - days * SECONDS_A_DAY);
    /* 400 years have 146097 days. This is the year, or one too far. */
    int64_t year = (days + 719468) * 400 / 146097 + 1;
    while (days_before_march(year) > days)
        year--;
    int day = (int)(days - days_before_march(year));
    int month = (5 * day + 2) / 153;
    return (struct date){
        .year = (int)year + (month >= 10 ? 1 : 0),
        .month = month + (month < 10 ? 3 : -9),
        .day = day - days_before_month(month) + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

static bool exists(const struct date *date)
{
    return date->year >= FIRST_YEAR && date->year <= LAST_YEAR && date->month >= 1 &&
           date->day >= 1 && date->day <= days_of_month(date->year, date->month) &&
           date->hour <= 23 && date->minute <= 59 && date->second <= 59;
}

/* --- HTTP-date ---------------------------------------------------------------- */

static bool take_digits(weir_slice *rest, size_t count, int *number)
{
    int n = 0;
    if (rest->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!weir__ascii_is_digit(rest->data[i]))
            return false;
        n = n * 10 + (rest->data[i] - '0');
    }
    *number = n;
    *rest = weir_slice_skip(*rest, count);
    return true;
}

/* One of `count` names, or of their first `len` letters; *index is which. The names
 * are case-sensitive. */
static bool take_name(weir_slice *rest, const char *const *names, int count, size_t len,
                      int *index)
{
    for (int i = 0; i < count; i++) {
        weir_slice name = weir_slice_of(names[i]);
        name.len = name.len < len ? name.len : len;
        if (!weir_slice_starts_with(*rest, name))
            continue;
        *index = i;
        *rest = weir_slice_skip(*rest, name.len);
        return true;
    }
    return false;
}

static bool take_literal(weir_slice *rest, char literal)
{
    if (rest->len == 0 || rest->data[0] != literal)
        return false;
    *rest = weir_slice_skip(*rest, 1);
    return true;
}

static bool take_time(weir_slice *rest, struct date *date)
{
    return take_digits(rest, 2, &date->hour) && take_literal(rest, ':') &&
           take_digits(rest, 2, &date->minute) && take_literal(rest, ':') &&
           take_digits(rest, 2, &date->second);
}

static bool take_month(weir_slice *rest, struct date *date)
{
    if (!take_name(rest, MONTHS, 12, 3, &date->month))
        return false;
    date->month++;
    return true;
}

/* A field of strptime()'s. The day of the week has to be one, but not the right one:
 * nothing depends on it. */
static bool take_field(weir_slice *rest, char field, struct date *date)
{
    int weekday;
    switch (field) {
    case 'a':
        return take_name(rest, DAYS, 7, 3, &weekday);
    case 'A':
        return take_name(rest, DAYS, 7, SIZE_MAX, &weekday);
    case 'b':
        return take_month(rest, date);
    case 'd':
        return take_digits(rest, 2, &date->day);
    case 'e':
        return take_digits(rest, take_literal(rest, ' ') ? 1 : 2, &date->day);
    case 'T':
        return take_time(rest, date);
    case 'y':
        return take_digits(rest, 2, &date->year);
    default: /* 'Y' */
        return take_digits(rest, 4, &date->year);
    }
}

static bool has_form(weir_slice text, const char *form, struct date *date)
{
    for (; *form; form++) {
        if (*form == '%') {
            if (!take_field(&text, *++form, date))
                return false;
        } else if (!take_literal(&text, *form)) {
            return false;
        }
    }
    return text.len == 0;
}

/* A date whose year has two digits is at most 50 years in the future, and otherwise the
 * latest that it can be (RFC 9110 5.6.7). */
static void find_century(struct date *date, int64_t now)
{
    static const struct date FIRST = {FIRST_YEAR, 1, 1, 0, 0, 0};
    static const struct date LAST = {LAST_YEAR, 12, 31, 23, 59, 59};
    int64_t earliest = seconds_of(&FIRST);
    int64_t latest = seconds_of(&LAST);
    now = now < earliest ? earliest : now;
    struct date limit = date_of(now > latest ? latest : now);
    limit.year += 50;
    int two_digits = date->year;
    date->year = limit.year - (limit.year - two_digits) % 100;
    if (seconds_of(date) > seconds_of(&limit))
        date->year -= 100;
}

/* "23:59:60 (leap second)" of RFC 9110 5.6.7: in seconds since 1970, the next one. */
static int take_leap_second(struct date *date)
{
    if (date->hour != 23 || date->minute != 59 || date->second != 60)
        return 0;
    date->second = 59;
    return 1;
}

bool weir__date_parse(weir_slice text, int64_t now, int64_t *seconds)
{
    struct date date = {0};
    if (has_form(text, "%A, %d-%b-%y %T GMT", &date))
        find_century(&date, now);
    else if (!has_form(text, "%a, %d %b %Y %T GMT", &date) &&
             !has_form(text, "%a %b %e %T %Y", &date))
        return false;
    int leap_second = take_leap_second(&date);
    if (!exists(&date))
        return false;
    *seconds = seconds_of(&date) + leap_second;
    return true;
}

static char *put_digits(char *to, int number, int count)
{
    for (int i = count; i-- > 0; number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + count;
}

static char *put_text(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

bool weir__date_print(int64_t seconds, char text[WEIR__DATE_LEN])
{
    static const struct date FIRST = {FIRST_YEAR, 1, 1, 0, 0, 0};
    static const struct date LAST = {LAST_YEAR, 12, 31, 23, 59, 59};
    int64_t earliest = seconds_of(&FIRST);
    if (seconds < earliest || seconds > seconds_of(&LAST))
        return false;
    struct date date = date_of(seconds);
    /* The first of January of 1601 was a Monday. */
    int64_t weekday = ((seconds - earliest) / SECONDS_A_DAY + 1) % 7;
    text = put_text(text, DAYS[weekday], 3);
    text = put_text(text, ", ", 2);
    text = put_digits(text, date.day, 2);
    *text++ = ' ';
    text = put_text(text, MONTHS[date.month - 1], 3);
    *text++ = ' ';
    text = put_digits(text, date.year, 4);
    *text++ = ' ';
    text = put_digits(text, date.hour, 2);
    *text++ = ':';
    text = put_digits(text, date.minute, 2);
    *text++ = ':';
    text = put_digits(text, date.second, 2);
    put_text(text, " GMT", 4);
    return true;
}

/* --- dates of cookies (RFC 6265bis 5.1.1) --------------------------------------- */

struct cookie_date {
    struct date date;
    bool has_time;
    bool has_day;
    bool has_month;
    bool has_year;
};

static bool is_delimiter(char c)
{
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/* All digits at the front, when they are `least` to `most`. */
static bool take_number(weir_slice *token, size_t least, size_t most, int *number)
{
    size_t count = 0;
    while (count < token->len && count <= most &&
           weir__ascii_is_digit(token->data[count]))
        count++;
    return count >= least && count <= most && take_digits(token, count, number);
}

static bool is_time(weir_slice token, struct date *date)
{
    struct date time = *date;
    bool ok = take_number(&token, 1, 2, &time.hour) && take_literal(&token, ':') &&
              take_number(&token, 1, 2, &time.minute) && take_literal(&token, ':') &&
              take_number(&token, 1, 2, &time.second);
    if (ok)
        *date = time;
    return ok;
}

static bool is_month(weir_slice token, struct date *date)
{
    for (int i = 0; i < 12 && token.len >= 3; i++) {
        weir_slice name = weir_slice_of(MONTHS[i]);
        if (weir_slice_equal_nocase((weir_slice){token.data, 3}, name)) {
            date->month = i + 1;
            return true;
        }
    }
    return false;
}

/* A token is the first of these that it can be and that is still missing. */
static void take_token(struct cookie_date *found, weir_slice token)
{
    struct date *date = &found->date;
    if (!found->has_time && is_time(token, date))
        found->has_time = true;
    else if (!found->has_day && take_number(&token, 1, 2, &date->day))
        found->has_day = true;
    else if (!found->has_month && is_month(token, date))
        found->has_month = true;
    else if (!found->has_year && take_number(&token, 2, 4, &date->year))
        found->has_year = true;
}

bool weir__date_parse_cookie(weir_slice text, int64_t *seconds)
{
    struct cookie_date found = {0};
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && !is_delimiter(text.data[i]))
            continue;
        if (i > start)
            take_token(&found, (weir_slice){text.data + start, i - start});
        start = i + 1;
    }
    if (!found.has_time || !found.has_day || !found.has_month || !found.has_year)
        return false;
    if (found.date.year <= 99)
        found.date.year += found.date.year >= 70 ? 1900 : 2000;
    if (!exists(&found.date))
        return false;
    *seconds = seconds_of(&found.date);
    return true;
}
