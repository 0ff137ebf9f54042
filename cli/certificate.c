/* A certificate as a person wants to see it: names in lines that fit, and dates with
 * how far away they are.
 *
 * SPDX-License-Identifier: MIT */
#include "certificate.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "terminal.h"

enum { LABEL = 11, MOST_NAMES_IN_BRIEF = 6, MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* Where a row is printed. */
struct page {
    FILE *file;
    const char *prefix;
};

static void print_label(const struct page *page, const char *label)
{
    fprintf(page->file, "%s  %s%-*s%s", page->prefix, terminal_colour(page->file, DIM),
            LABEL, label, terminal_colour(page->file, PLAIN));
}

static void print_row(const struct page *page, const char *label, const char *text)
{
    if (text[0] == '\0')
        return;
    print_label(page, label);
    terminal_print(page->file, weir_slice_of(text));
    fputc('\n', page->file);
}

/* One more name, in a new line where it would not fit into the one that ends at
 * *column. */
static void print_name(const struct page *page, size_t index, weir_slice name,
                       size_t *column)
{
    size_t width = (size_t)terminal_width(page->file);
    bool fits = *column + name.len + 3 <= width;
    if (index > 0)
        fputs(fits ? ", " : ",\n", page->file);
    if (index == 0 || !fits) {
        print_label(page, index == 0 ? "names" : "");
        *column = strlen(page->prefix) + 2 + LABEL;
    }
    terminal_print(page->file, name);
    *column += name.len + 2;
}

static void print_names(const struct page *page, enum secure_detail detail,
                        const weir_tls_certificate *certificate)
{
    size_t count = certificate->name_count;
    size_t most = count;
    size_t column = 0;
    if (detail == SECURE_BRIEF && count > MOST_NAMES_IN_BRIEF)
        most = MOST_NAMES_IN_BRIEF;
    for (size_t i = 0; i < most; i++)
        print_name(page, i, weir_slice_of(certificate->names[i]), &column);
    if (most < count)
        fprintf(page->file, " and %zu more", count - most);
    if (count > 0)
        fputc('\n', page->file);
}

/* "43 days", of the largest unit of which there are two. */
static void print_span(FILE *file, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } UNITS[] = {{DAY, "days"}, {HOUR, "hours"}, {MINUTE, "minutes"}, {1, "seconds"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * UNITS[i].seconds)
        i++;
    fprintf(file, "%lld %s", (long long)(seconds / UNITS[i].seconds), UNITS[i].name);
}

static void print_date(FILE *file, int64_t seconds)
{
    char text[40] = "?";
    time_t moment = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&moment, &utc))
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &utc);
    fputs(text, file);
}

static void print_dates(const struct page *page,
                        const weir_tls_certificate *certificate)
{
    FILE *file = page->file;
    int64_t now = (int64_t)time(NULL);
    int64_t age = now - certificate->not_before;
    int64_t left = certificate->not_after - now;
    print_label(page, "valid from");
    print_date(file, certificate->not_before);
    fputs(age < 0 ? " (in " : " (", file);
    print_span(file, age < 0 ? -age : age);
    fputs(age < 0 ? ")\n" : " ago)\n", file);
    print_label(page, "until");
    print_date(file, certificate->not_after);
    fputs(left < 0 ? " (expired " : " (in ", file);
    print_span(file, left < 0 ? -left : left);
    fputs(left < 0 ? " ago)\n" : ")\n", file);
}

void certificate_print(FILE *file, const char *prefix, enum secure_detail detail,
                       size_t number, const weir_tls_certificate *certificate)
{
    struct page page = {file, prefix};
    fprintf(file, "%s%scertificate %zu%s%s\n", prefix, terminal_colour(file, BOLD),
            number, terminal_colour(file, PLAIN),
            certificate->is_authority ? ", an authority" : "");
    print_row(&page, "subject", certificate->subject);
    print_row(&page, "issuer", certificate->issuer);
    print_names(&page, detail, certificate);
    print_dates(&page, certificate);
    if (detail == SECURE_BRIEF)
        return;
    print_row(&page, "key", certificate->key);
    print_row(&page, "signature", certificate->signature);
    print_row(&page, "serial", certificate->serial);
    print_row(&page, "pin", certificate->pin);
}
