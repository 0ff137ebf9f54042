/* A group: tasks that are waited for together.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/group.h>

#include <stdio.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

struct weir_group {
    weir_loop *loop;
    weir_group_options options;
    weir__link tasks;
    size_t running;
    weir__link waiters; /* for room, or for the end of all */
    size_t users;       /* calls that wait in it, or are about to */
    bool freed;         /* memory goes with the last user and the last task */
    int failure;        /* of the first task that failed, or WEIR_OK */
    weir_error error;   /* and its words */
};

weir_group *weir_group_new(weir_loop *loop, const weir_group_options *options)
{
    weir_group *group = weir__calloc(loop->allocator, 1, sizeof(*group));
    if (!group) {
        weir__fail(WEIR_E_MEMORY, "group", "group: no memory");
        return NULL;
    }
    group->loop = loop;
    if (options)
        group->options = *options;
    if (group->options.limit == 0)
        group->options.limit = SIZE_MAX;
    weir__link_init(&group->tasks);
    weir__link_init(&group->waiters);
    return group;
}

void weir_group_cancel(weir_group *group)
{
    for (weir__link *link = group->tasks.next; link != &group->tasks; link = link->next)
        weir_cancel(WEIR__CONTAINER(link, weir_task, siblings));
}

size_t weir_group_running(const weir_group *group)
{
    return group->running;
}

static void fail(weir_group *group, int status, const weir_error *error)
{
    if (group->failure < 0)
        return;
    group->failure = status;
    group->error = *error;
    if (!error->operation || error->status != status) {
        group->error = (weir_error){.status = status, .operation = "task"};
        snprintf(group->error.message, sizeof(group->error.message),
                 "a task of the group returned %s", weir_status_name(status));
    }
    if (!group->options.keep_going)
        weir_group_cancel(group);
}

/* Lets the memory go when the last has left who may touch it. */
static void release(weir_group *group)
{
    if (group->freed && group->users == 0 && group->running == 0)
        weir__free(group->loop->allocator, group);
}

static int leave(weir_group *group, int rc)
{
    group->users--;
    release(group);
    return rc;
}

/* Runs as the last thing in each task of the group. */
static void on_end(weir_task *task)
{
    weir_group *group = task->owner;
    weir__link_remove(&task->siblings);
    group->running--;
    if (task->result < 0)
        fail(group, task->result, &task->error);
    weir__unpark_all(&group->waiters, WEIR_OK);
    release(group);
}

static int failure(const weir_group *group)
{
    return weir__fail_again(&group->error);
}

static bool must_stop(const weir_group *group)
{
    return group->failure < 0 && !group->options.keep_going;
}

static bool is_member(const weir_group *group, const weir_task *task)
{
    return task->owner == group;
}

static int park(weir_group *group, const char *what)
{
    int rc = weir__park_in(group->loop, &group->waiters, what);
    return rc == WEIR_E_CLOSED
               ? weir__fail(rc, what, "%s: the group was freed while waiting", what)
               : rc;
}

static int start(weir_group *group, weir_task_function function, void *arg)
{
    int rc = WEIR_OK;
    while (rc == WEIR_OK && !must_stop(group) && group->running >= group->options.limit)
        rc = park(group, "group spawn");
    if (rc < 0)
        return rc;
    if (must_stop(group))
        return failure(group);
    weir_task_options options = {
        .function = function, .arg = arg, .stack_bytes = group->options.stack_bytes};
    weir_task *task = weir__task_spawn(group->loop, &options, on_end, group);
    if (!task) {
        fail(group, WEIR_E_MEMORY, weir_last_error());
        return WEIR_E_MEMORY;
    }
    weir_detach(task);
    weir__link_push(&group->tasks, &task->siblings);
    group->running++;
    return WEIR_OK;
}

int weir_group_spawn(weir_group *group, weir_task_function function, void *arg)
{
    group->users++;
    return leave(group, start(group, function, arg));
}

/* Until no task is left, or the poller fails. Being freed does not end it. */
static int wait_shielded(weir_group *group)
{
    int rc = WEIR_OK;
    while ((rc == WEIR_OK || rc == WEIR_E_CLOSED) && group->running > 0) {
        weir__waiter waiter = {.task = group->loop->current};
        weir__link_push(&group->waiters, &waiter.link);
        rc = weir__park_shielded(group->loop);
        weir__link_remove(&waiter.link);
    }
    return group->running > 0 ? rc : WEIR_OK;
}

/* The words of the latest failure are kept: outside of tasks, callbacks write to the
 * same record while this waits. Returns that failure, or the poller's. */
static int stop_tasks(weir_group *group)
{
    weir_error words = *weir_last_error();
    weir_group_cancel(group);
    int rc = wait_shielded(group);
    return rc < 0 ? rc : weir__fail_again(&words);
}

static int wait_for_tasks(weir_group *group)
{
    int rc = WEIR_OK;
    while (rc == WEIR_OK && group->running > 0)
        rc = park(group, "group wait");
    if (rc < 0)
        rc = stop_tasks(group);
    else if (group->failure < 0)
        rc = failure(group);
    group->failure = WEIR_OK;
    return rc;
}

int weir_group_wait(weir_group *group)
{
    int rc = weir__check_may_wait(group->loop, "group wait");
    if (rc < 0)
        return rc;
    if (is_member(group, group->loop->current))
        return weir__fail(WEIR_E_MISUSE, "group wait",
                          "group wait: a task cannot wait for its own group");
    group->users++;
    return leave(group, wait_for_tasks(group));
}

/* Where waiting is not possible, the tasks end by themselves. */
void weir_group_free(weir_group *group)
{
    if (!group)
        return;
    group->users++;
    group->freed = true;
    weir_group_cancel(group);
    weir__unpark_all(&group->waiters, WEIR_E_CLOSED);
    if (weir__may_wait(group->loop) && !is_member(group, group->loop->current))
        (void)wait_shielded(group);
    (void)leave(group, WEIR_OK);
}
