/* A line on the terminal that says how far a download is.
 *
 *   42% [=========>            ]  12.3 MiB of 29.1 MiB  3.2 MiB/s  0:05 left
 *
 * SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "stopwatch.h"
#include "terminal.h"

enum { REDRAW_MS = 100, TEXT_BYTES = 128, LEAST_BAR = 10, MOST_BAR = 20 };

void progress_begin(struct progress *progress, bool shown, uint64_t from, int64_t total)
{
    *progress = (struct progress){.shown = shown,
                                  .from = from,
                                  .bytes = from,
                                  .total = total,
                                  .start = stopwatch_ms()};
    progress->latest = progress->start;
}

/* A number of bytes in a unit that suits it. */
static void print_size(char *text, size_t size, double bytes)
{
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    for (; bytes >= 1000 && unit + 1 < sizeof(UNITS) / sizeof(UNITS[0]); unit++)
        bytes /= 1024;
    snprintf(text, size, "%.*f %s", unit > 0 && bytes < 100 ? 1 : 0, bytes,
             UNITS[unit]);
}

static void print_duration(char *text, size_t size, double seconds)
{
    unsigned long whole = seconds < 1e8 ? (unsigned long)(seconds + 0.5) : 100000000;
    if (whole < 3600)
        snprintf(text, size, "%lu:%02lu", whole / 60, whole % 60);
    else
        snprintf(text, size, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60,
                 whole % 60);
}

/* All but the bar. */
static void describe(const struct progress *progress, bool over, char *text)
{
    char bytes[24];
    char total[24] = "";
    char rate[24];
    char time[24];
    double seconds = (stopwatch_ms() - progress->start) / 1e3;
    double moved = (double)(progress->bytes - progress->from);
    double speed = seconds > 0 ? moved / seconds : 0;
    bool bounded = !over && progress->total >= 0 && speed > 0;
    double left =
        bounded ? ((double)progress->total - (double)progress->bytes) / speed : seconds;
    print_size(bytes, sizeof(bytes), (double)progress->bytes);
    if (progress->total >= 0)
        print_size(total, sizeof(total), (double)progress->total);
    print_size(rate, sizeof(rate), speed);
    print_duration(time, sizeof(time), left > 0 ? left : 0);
    snprintf(text, TEXT_BYTES, "%s%s%s  %s/s  %s%s", bytes,
             progress->total >= 0 ? " of " : "", total, rate, time,
             bounded ? " left" : "");
}

static int percent(const struct progress *progress)
{
    if (progress->total <= 0)
        return 100;
    double part = (double)progress->bytes / (double)progress->total;
    return part < 1 ? (int)(part * 100) : 100;
}

static void draw_bar(int filled, int width)
{
    for (int i = 0; i < width; i++) {
        char cell = i == filled ? '>' : ' ';
        fputc(i < filled ? '=' : cell, stderr);
    }
}

/* The rest of the line is cleared with spaces: terminals that know nothing else are
 * used, too. */
static void draw(const struct progress *progress, bool over)
{
    char text[TEXT_BYTES];
    describe(progress, over, text);
    int width = terminal_width(stderr) - 1;
    int bar = width - (int)strlen(text) - (int)strlen("100% []  ");
    if (bar > MOST_BAR)
        bar = MOST_BAR;
    fputc('\r', stderr);
    if (progress->total >= 0 && bar >= LEAST_BAR) {
        fprintf(stderr, "%3d%% [", percent(progress));
        draw_bar(percent(progress) * bar / 100, bar);
        width -= fprintf(stderr, "]  %s", text) + bar + (int)strlen("100% [");
    } else {
        width -= fprintf(stderr, "%.*s", width > 0 ? width : 0, text);
    }
    fprintf(stderr, "%*s", width > 0 ? width : 0, "");
    fflush(stderr);
}

void progress_add(struct progress *progress, uint64_t bytes)
{
    progress->bytes += bytes;
    if (!progress->shown)
        return;
    double now = stopwatch_ms();
    if (now - progress->latest < REDRAW_MS)
        return;
    progress->latest = now;
    draw(progress, false);
}

void progress_end(struct progress *progress)
{
    if (!progress->shown)
        return;
    draw(progress, true);
    fputc('\n', stderr);
    progress->shown = false;
}
