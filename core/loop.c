/* The loop: one iteration is poll, timers, watches, posts, tasks.
 *
 * SPDX-License-Identifier: MIT */
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "error.h"
#include "park.h"
#include "resolver.h"
#include "server.h"
#include "signal.h"
#include "stream.h"
#include "transport.h"

#define EVENTS        256
#define DEFAULT_STACK ((size_t)64 * 1024)

/* Stacks kept for the next tasks, and so the most memory that past tasks hold. */
#define CACHED_STACKS 256

int weir__watch_add(weir_loop *loop, weir__watch *watch, int fd, uint8_t interest,
                    void (*on_ready)(weir__watch *watch))
{
    *watch = (weir__watch){.fd = fd, .interest = interest, .on_ready = on_ready};
    weir__link_init(&watch->link);
    int rc = loop->sys->poller->add(&loop->poll, watch);
    if (rc < 0)
        *watch = (weir__watch){.fd = fd};
    return rc;
}

void weir__watch_remove(weir_loop *loop, weir__watch *watch)
{
    if (!weir__watch_is_added(watch))
        return;
    loop->sys->poller->remove(&loop->poll, watch);
    weir__link_remove(&watch->link);
    watch->interest = 0;
}

/* How long the poller may wait, in nanoseconds; -1 for ever. */
static int64_t poll_timeout(weir_loop *loop, uint64_t deadline)
{
    if (deadline == 0 || loop->ready_first || weir__link_is_linked(&loop->news))
        return 0;
    uint64_t next = weir__timers_next(loop);
    if (deadline < next)
        next = deadline;
    if (next == WEIR__NEVER)
        return -1;
    uint64_t now = loop->sys->now(loop->sys);
    if (next <= now)
        return 0;
    return next - now < INT64_MAX ? (int64_t)(next - now) : INT64_MAX;
}

static int poll_news(weir_loop *loop, uint64_t deadline)
{
    weir__poll_event events[EVENTS];
    int count = loop->sys->poller->wait(&loop->poll, events, EVENTS,
                                        poll_timeout(loop, deadline));
    loop->now = loop->sys->now(loop->sys);
    for (int i = 0; i < count; i++) {
        events[i].watch->ready |= (uint8_t)events[i].ready;
        weir__watch_again(loop, events[i].watch);
    }
    return count;
}

static void run_watches(weir_loop *loop)
{
    weir__link news;
    weir__link *link;
    weir__link_move(&loop->news, &news);
    while ((link = weir__link_shift(&news))) {
        weir__watch *watch = WEIR__CONTAINER(link, weir__watch, link);
        watch->on_ready(watch);
    }
}

int weir__loop_iterate(weir_loop *loop, uint64_t deadline)
{
    weir_loop *previous = weir__thread_enter(loop);
    /* Whoever runs the loop this time: another thread, or a task of another loop. */
    weir__context_init_main(&loop->main.context);
    loop->phase = WEIR__LOOP_CALLBACKS;
    int count = poll_news(loop, deadline);
    weir__timers_run(loop);
    run_watches(loop);
    loop->phase = WEIR__LOOP_TASKS;
    weir__tasks_run(loop);
    if (!loop->ready_first && loop->main.state != WEIR__TASK_READY)
        weir__streams_bury(loop);
    loop->phase = WEIR__LOOP_OUTSIDE;
    weir__thread_enter(previous);
    if (count < 0)
        return weir__fail_errno(-count, "poll", "waiting for the kernel failed");
    return WEIR_OK;
}

static int check_outside(weir_loop *loop, const char *what)
{
    if (loop->phase == WEIR__LOOP_OUTSIDE)
        return WEIR_OK;
    return weir__fail(WEIR_E_MISUSE, what, "%s: the loop is running already", what);
}

static bool has_work(weir_loop *loop)
{
    return loop->active > 0 || weir__link_is_linked(&loop->tasks) ||
           weir__link_is_linked(&loop->news) || weir__post_is_pending(loop);
}

int weir_loop_run(weir_loop *loop)
{
    int rc = check_outside(loop, "run");
    if (rc == WEIR_OK)
        loop->stopping = false;
    while (rc == WEIR_OK && !loop->stopping && has_work(loop))
        rc = weir__loop_iterate(loop, WEIR__NEVER);
    return rc;
}

void weir_loop_stop(weir_loop *loop)
{
    loop->stopping = true;
}

int weir_loop_run_once(weir_loop *loop, int64_t timeout_ms)
{
    uint64_t deadline = WEIR__NEVER;
    int rc = check_outside(loop, "run_once");
    if (rc < 0)
        return rc;
    if (timeout_ms == 0)
        deadline = 0;
    else if (timeout_ms > 0)
        deadline =
            weir__deadline_after(loop->sys->now(loop->sys), (uint64_t)timeout_ms);
    return weir__loop_iterate(loop, deadline);
}

int weir_loop_fd(const weir_loop *loop)
{
    if (loop->poll.fd >= 0)
        return loop->poll.fd;
    return weir__fail(WEIR_E_UNSUPPORTED, "loop fd", "the poller %s has no descriptor",
                      loop->sys->poller->name);
}

int64_t weir_loop_timeout(weir_loop *loop)
{
    int64_t ns = poll_timeout(loop, WEIR__NEVER);
    return ns < 0 ? -1 : ns / 1000000 + (ns % 1000000 != 0);
}

uint64_t weir_loop_now_ms(const weir_loop *loop)
{
    return loop->now / 1000000u;
}

static void init_lists(weir_loop *loop)
{
    weir__link *heads[] = {&loop->tasks,   &loop->ended_tasks,    &loop->news,
                           &loop->servers, &loop->transports,     &loop->streams,
                           &loop->graves,  &loop->callback_timers};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        weir__link_init(heads[i]);
}

static int open_parts(weir_loop *loop)
{
    loop->poll = (weir__poll){.sys = loop->sys, .allocator = loop->allocator, .fd = -1};
    int rc = loop->sys->poller->open(&loop->poll);
    if (rc < 0)
        return weir__fail_errno(-rc, "loop", "loop: cannot open the poller %s",
                                loop->sys->poller->name);
    rc = weir__post_open(loop);
    if (rc < 0)
        loop->sys->poller->close(&loop->poll);
    return rc;
}

static int init(weir_loop *loop, const weir_loop_options *options, weir_sys *sys)
{
    loop->own_sys = weir__sys_posix();
    loop->sys = sys ? sys : &loop->own_sys;
    loop->allocator = options->allocator;
    loop->stack_bytes = options->stack_bytes ? options->stack_bytes : DEFAULT_STACK;
    loop->resolver = options->resolver;
    loop->resolver_cache_ms = options->resolver_cache_ms;
    init_lists(loop);
    weir__heap_init(&loop->timers, loop->allocator);
    weir__blocks_init(&loop->blocks, loop->allocator);
    weir__stack_pool_init(&loop->stacks, loop->stack_bytes, CACHED_STACKS);
    loop->current = &loop->main;
    loop->now = loop->sys->now(loop->sys);
    if (weir__task_init(loop, &loop->main) < 0)
        return weir__fail(WEIR_E_MEMORY, "loop", "loop: no memory");
    weir__context_init_main(&loop->main.context);
    return open_parts(loop);
}

weir_loop *weir__loop_new(const weir_loop_options *options, weir_sys *sys)
{
    static const weir_loop_options DEFAULTS;
    if (!options)
        options = &DEFAULTS;
    weir_loop *loop = weir__calloc(options->allocator, 1, sizeof(*loop));
    if (!loop) {
        weir__fail(WEIR_E_MEMORY, "loop", "loop: no memory");
        return NULL;
    }
    if (init(loop, options, sys) < 0) {
        weir__heap_clear(&loop->timers);
        weir__stack_pool_clear(&loop->stacks);
        weir__free(options->allocator, loop);
        return NULL;
    }
    return loop;
}

weir_loop *weir_loop_new(const weir_loop_options *options)
{
    return weir__loop_new(options, NULL);
}

/* Each task meets WEIR_E_CANCELLED in its wait and in all further ones, so that it
 * returns; one that will not is left where it is. No news comes in any more: whom
 * callbacks work for may be gone. */
static void finish_tasks(weir_loop *loop)
{
    loop->closing = true;
    for (weir__link *link = loop->tasks.next; link != &loop->tasks; link = link->next)
        weir_cancel(WEIR__CONTAINER(link, weir_task, link));
    weir_loop *previous = weir__thread_enter(loop);
    loop->phase = WEIR__LOOP_TASKS;
    while (loop->ready_first)
        weir__tasks_run(loop);
    loop->phase = WEIR__LOOP_OUTSIDE;
    weir__thread_enter(previous);
}

static void free_tasks(weir__link *tasks)
{
    while (weir__link_is_linked(tasks))
        weir__task_free(WEIR__CONTAINER(tasks->next, weir_task, link));
}

void weir_loop_free(weir_loop *loop)
{
    if (!loop || loop->phase != WEIR__LOOP_OUTSIDE)
        return;
    finish_tasks(loop);
    weir__servers_free(loop);
    weir__transports_free(loop);
    weir__streams_free(loop);
    weir__callback_timers_free(loop);
    weir__signals_free(loop);
    weir__resolver_free(loop);
    free_tasks(&loop->tasks);
    free_tasks(&loop->ended_tasks);
    weir__post_close(loop);
    loop->sys->poller->close(&loop->poll);
    weir__timer_clear(loop, &loop->main.timer);
    weir__heap_clear(&loop->timers);
    weir__stack_pool_clear(&loop->stacks);
    weir__blocks_clear(&loop->blocks);
    weir__free(loop->allocator, loop);
}
