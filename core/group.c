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

/* Runs as the last thing in each task of the group. */
static void on_end(weir_task *task)
{
    weir_group *group = task->owner;
    weir__link_remove(&task->siblings);
    group->running--;
    if (task->result < 0)
        fail(group, task->result, &task->error);
    weir__unpark_all(&group->waiters, WEIR_OK);
}

static int failure(const weir_group *group)
{
    return weir__fail_again(&group->error);
}

static bool must_stop(const weir_group *group)
{
    return group->failure < 0 && !group->options.keep_going;
}

int weir_group_spawn(weir_group *group, weir_task_function function, void *arg)
{
    while (!must_stop(group) && group->running >= group->options.limit) {
        int rc = weir__park_in(group->loop, &group->waiters, "group spawn");
        if (rc < 0)
            return rc;
    }
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

static void wait_shielded(weir_group *group)
{
    while (group->running > 0) {
        weir__waiter waiter = {.task = group->loop->current};
        weir__link_push(&group->waiters, &waiter.link);
        weir__park_shielded(group->loop);
        weir__link_remove(&waiter.link);
    }
}

int weir_group_wait(weir_group *group)
{
    int rc = weir__check_may_wait(group->loop, "group wait");
    if (rc < 0)
        return rc;
    while (rc == WEIR_OK && group->running > 0)
        rc = weir__park_in(group->loop, &group->waiters, "group wait");
    if (rc < 0) {
        weir_group_cancel(group);
        wait_shielded(group);
        group->failure = WEIR_OK;
        return rc;
    }
    rc = group->failure;
    group->failure = WEIR_OK;
    return rc < 0 ? failure(group) : rc;
}

void weir_group_free(weir_group *group)
{
    if (!group)
        return;
    weir_group_cancel(group);
    if (weir__check_may_wait(group->loop, "group free") == WEIR_OK)
        wait_shielded(group);
    weir__free(group->loop->allocator, group);
}
