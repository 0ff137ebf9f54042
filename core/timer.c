/* Timers: the loop's own, and weir_timer for callbacks.
 *
 * SPDX-License-Identifier: MIT */
#include "timer.h"

#include <weir/timer.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"

int weir__timer_init(weir_loop *loop, weir__timer *timer,
                     void (*on_due)(weir__timer *timer))
{
    weir__heap_node_init(&timer->node);
    timer->deadline = WEIR__NEVER;
    timer->on_due = on_due;
    return weir__heap_reserve(&loop->timers);
}

void weir__timer_clear(weir_loop *loop, weir__timer *timer)
{
    weir__heap_remove(&loop->timers, &timer->node);
    weir__heap_release(&loop->timers);
}

void weir__timer_set(weir_loop *loop, weir__timer *timer, uint64_t deadline)
{
    timer->deadline = deadline;
    if (!weir__heap_contains(&timer->node) ||
        weir__heap_key(&loop->timers, &timer->node) > deadline)
        weir__heap_set(&loop->timers, &timer->node, deadline);
}

static weir__timer *first(weir_loop *loop, uint64_t *key)
{
    weir__heap_node *node = weir__heap_first(&loop->timers, key);
    return node ? WEIR__CONTAINER(node, weir__timer, node) : NULL;
}

uint64_t weir__timers_next(weir_loop *loop)
{
    uint64_t key;
    weir__timer *timer;
    while ((timer = first(loop, &key)) && timer->deadline != key) {
        if (timer->deadline == WEIR__NEVER)
            weir__heap_remove(&loop->timers, &timer->node);
        else
            weir__heap_set(&loop->timers, &timer->node, timer->deadline);
    }
    return timer ? key : WEIR__NEVER;
}

void weir__timers_run(weir_loop *loop)
{
    /* A timer that sets itself is for the next iteration, so this ends. */
    uint64_t now = loop->now;
    while (weir__timers_next(loop) <= now) {
        uint64_t key;
        weir__timer *timer = first(loop, &key);
        weir__heap_remove(&loop->timers, &timer->node);
        timer->deadline = WEIR__NEVER;
        timer->on_due(timer);
    }
}

uint64_t weir__deadline_after(uint64_t now, uint64_t ms)
{
    if (ms >= (WEIR__NEVER - now) / 1000000u)
        return WEIR__NEVER - 1;
    return now + ms * 1000000u;
}

struct weir_timer {
    weir__timer timer;
    weir_loop *loop;
    void (*function)(void *arg);
    void *arg;
    weir__link link; /* in loop->callback_timers */
};

static void on_due(weir__timer *base)
{
    weir_timer *timer = WEIR__CONTAINER(base, weir_timer, timer);
    timer->loop->active--;
    timer->function(timer->arg);
}

weir_timer *weir_timer_new(weir_loop *loop, void (*function)(void *arg), void *arg)
{
    weir_timer *timer = weir__calloc(loop->allocator, 1, sizeof(*timer));
    if (!timer || weir__timer_init(loop, &timer->timer, on_due) < 0) {
        weir__free(loop->allocator, timer);
        weir__fail(WEIR_E_MEMORY, "timer", "no memory for a timer");
        return NULL;
    }
    timer->loop = loop;
    timer->function = function;
    timer->arg = arg;
    weir__link_push(&loop->callback_timers, &timer->link);
    return timer;
}

void weir_timer_free(weir_timer *timer)
{
    if (!timer)
        return;
    weir_timer_stop(timer);
    weir__timer_clear(timer->loop, &timer->timer);
    weir__link_remove(&timer->link);
    weir__free(timer->loop->allocator, timer);
}

void weir_timer_set(weir_timer *timer, uint64_t after_ms)
{
    weir_loop *loop = timer->loop;
    uint64_t deadline = weir__deadline_after(loop->sys->now(loop->sys), after_ms);
    if (!weir_timer_is_set(timer))
        loop->active++;
    /* Never due in the iteration that is running, even if the clock stands still. */
    weir__timer_set(loop, &timer->timer,
                    deadline > loop->now ? deadline : loop->now + 1);
}

void weir_timer_stop(weir_timer *timer)
{
    if (weir_timer_is_set(timer))
        timer->loop->active--;
    weir__timer_stop(&timer->timer);
}

bool weir_timer_is_set(const weir_timer *timer)
{
    return timer->timer.deadline != WEIR__NEVER;
}

void weir__callback_timers_free(weir_loop *loop)
{
    while (weir__link_is_linked(&loop->callback_timers))
        weir_timer_free(WEIR__CONTAINER(loop->callback_timers.next, weir_timer, link));
}
