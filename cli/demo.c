/* weir demo: weir talks to itself, and says what it finds.
 *
 * SPDX-License-Identifier: MIT */
#include "demo.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "stopwatch.h"
#include "terminal.h"

enum { INDENT = 12, MIN_WIDTH = 79, MAX_WIDTH = 96 };

static const char HELP[] =
    "Starts servers on free ports of 127.0.0.1, in this process, and talks to them:\n"
    "lines, deadlines, backpressure, names, HTTP, TLS, and an orderly end. No network "
    "is\n"
    "needed. The numbers are of this machine, now.\n"
    "\n"
    "Exit status: 0 when everything held; 1 when something did not; 2 when the\n"
    "command line is wrong.\n";

static void print_step(const struct demo_step *step)
{
    printf("  %s%-*s%s%s\n", terminal_colour(stdout, BOLD), INDENT - 2, step->name,
           terminal_colour(stdout, PLAIN), step->what);
    fflush(stdout);
}

/* What was found, a row of dots, and how it went, at the right edge. */
static void print_outcome(const struct demo *demo, bool held, double ms)
{
    int width = terminal_width(stdout) < MAX_WIDTH ? MIN_WIDTH : MAX_WIDTH;
    int dots = width - INDENT - (int)strlen(demo->found) - 20;
    printf("%*s%s %s", INDENT, "", demo->found, terminal_colour(stdout, DIM));
    for (int i = 0; i < dots; i++)
        putchar('.');
    printf("%s %7.1f ms  %s%s%s\n", terminal_colour(stdout, PLAIN), ms,
           terminal_colour(stdout, held ? GREEN : RED), held ? "held" : "failed",
           terminal_colour(stdout, PLAIN));
    fflush(stdout);
}

/* Returns how many steps have held; without servers the rest is not tried. */
static int run_steps(struct demo *demo)
{
    int held = 0;
    for (int i = 0; i < DEMO_STEP_COUNT; i++) {
        double start = stopwatch_ms();
        print_step(&DEMO_STEPS[i]);
        bool ok = DEMO_STEPS[i].run(demo);
        print_outcome(demo, ok, stopwatch_ms() - start);
        held += ok;
        if (!ok && i == 0)
            break;
    }
    return held;
}

static enum exit_status show(void)
{
    struct demo demo = {.silent_host = NULL};
    weir_resolver resolver = {.resolve = demo_resolve, .user_data = &demo};
    double start = stopwatch_ms();
    demo.loop = weir_loop_new(&(weir_loop_options){.resolver = &resolver});
    if (!demo.loop) {
        command_complain_of_failure(&DEMO_COMMAND);
        return COMMAND_FAILED;
    }
    printf("weir %s talks to itself, over 127.0.0.1\n\n", WEIR_VERSION);
    int held = run_steps(&demo);
    weir_server_free(demo.http);
    weir_server_free(demo.echo);
    weir_loop_free(demo.loop);
    printf("\n%d of %d held, in %.2f s\n", held, DEMO_STEP_COUNT,
           (stopwatch_ms() - start) / 1e3);
    bool printed = fflush(stdout) == 0 && !ferror(stdout);
    return held == DEMO_STEP_COUNT && printed ? COMMAND_OK : COMMAND_FAILED;
}

static enum exit_status run(const struct command *command, int argc, char **argv)
{
    static const struct option LONG[] = {{"help", no_argument, NULL, 'h'},
                                         {NULL, 0, NULL, 0}};
    opterr = 0;
    int option = getopt_long(argc, argv, ":h", LONG, NULL);
    if (option != -1)
        return command_other_option(command, option, argv);
    if (optind < argc)
        return command_refuse(command, "it takes no arguments");
    return show();
}

const struct command DEMO_COMMAND = {
    .name = "demo",
    .summary = "weir talks to itself",
    .usage = "",
    .help = HELP,
    .run = run,
};
