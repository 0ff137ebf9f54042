/* Timers of weir: under test in the bench timers.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <weir/loop.h>
#include <weir/timer.h>

#include "argument.h"
#include "timer_load.h"

static weir_timer **timers;

static void due(void *arg)
{
    (void)arg;
    abort(); /* the load ends long before */
}

static void set_timer(size_t index, uint32_t after_ms)
{
    weir_timer_set(timers[index], after_ms);
}

static void cancel_timer(size_t index)
{
    weir_timer_stop(timers[index]);
}

int main(int argc, char **argv)
{
    static const struct timer_load_target target = {set_timer, cancel_timer};
    argument_count(argc, 1, "timers_weir COUNT");
    size_t count = (size_t)argument_number(argv[1], 1 << 28);
    weir_loop *loop = weir_loop_new(NULL);
    timers = calloc(count, sizeof(weir_timer *));
    if (!timers || !loop)
        return EXIT_FAILURE;
    for (size_t i = 0; i < count; i++)
        if (!(timers[i] = weir_timer_new(loop, due, NULL)))
            return EXIT_FAILURE;
    timer_load_run(&target, count);
    for (size_t i = 0; i < count; i++)
        weir_timer_free(timers[i]);
    free(timers);
    weir_loop_free(loop);
    return EXIT_SUCCESS;
}
