/* Timers of libuv: a peer of the bench timers.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <uv.h>

#include "argument.h"
#include "timer_load.h"

static uv_timer_t *timers;

static void due(uv_timer_t *timer)
{
    (void)timer;
    abort(); /* the load ends long before */
}

static void set_timer(size_t index, uint32_t after_ms)
{
    uv_timer_start(&timers[index], due, after_ms, 0);
}

static void cancel_timer(size_t index)
{
    uv_timer_stop(&timers[index]);
}

int main(int argc, char **argv)
{
    static const struct timer_load_target target = {set_timer, cancel_timer};
    argument_count(argc, 1, "timers_uv COUNT");
    size_t count = (size_t)argument_number(argv[1], 1 << 28);
    timers = calloc(count, sizeof *timers);
    if (!timers)
        return EXIT_FAILURE;
    for (size_t i = 0; i < count; i++)
        uv_timer_init(uv_default_loop(), &timers[i]);
    timer_load_run(&target, count);
    for (size_t i = 0; i < count; i++)
        uv_close((uv_handle_t *)&timers[i], NULL);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    uv_loop_close(uv_default_loop());
    free(timers);
    return EXIT_SUCCESS;
}
