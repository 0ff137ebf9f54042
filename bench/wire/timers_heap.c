/* Timers in a binary heap in an array, hand-written: the limit of the bench timers.
 * To move one to a later time is to write a number; the heap learns it when the old
 * time has come.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "argument.h"
#include "timer_load.h"

struct entry {
    uint64_t due_ms;
    size_t index;
};

struct timer {
    uint64_t due_ms;
    size_t place; /* in the heap, from 1; 0: not set */
};

static struct entry *heap; /* [1] is the earliest */
static size_t heap_len;
static struct timer *timers;

static void put(size_t place, struct entry entry)
{
    heap[place] = entry;
    timers[entry.index].place = place;
}

static void move_up(size_t place, struct entry entry)
{
    while (place > 1 && heap[place / 2].due_ms > entry.due_ms) {
        put(place, heap[place / 2]);
        place /= 2;
    }
    put(place, entry);
}

static void move_down(size_t place, struct entry entry)
{
    for (;;) {
        size_t child = place * 2;
        if (child < heap_len && heap[child + 1].due_ms < heap[child].due_ms)
            child++;
        if (child > heap_len || heap[child].due_ms >= entry.due_ms)
            break;
        put(place, heap[child]);
        place = child;
    }
    put(place, entry);
}

static void set_timer(size_t index, uint32_t after_ms)
{
    struct timer *timer = &timers[index];
    struct entry entry = {.due_ms = after_ms, .index = index};
    timer->due_ms = after_ms;
    if (timer->place == 0)
        move_up(++heap_len, entry);
    else if (heap[timer->place].due_ms > after_ms)
        move_up(timer->place, entry);
}

static void cancel_timer(size_t index)
{
    size_t place = timers[index].place;
    struct entry last = heap[heap_len--];
    timers[index].place = 0;
    if (last.index == index)
        return;
    if (place > 1 && heap[place / 2].due_ms > last.due_ms)
        move_up(place, last);
    else
        move_down(place, last);
}

int main(int argc, char **argv)
{
    static const struct timer_load_target target = {set_timer, cancel_timer};
    argument_count(argc, 1, "timers_heap COUNT");
    size_t count = (size_t)argument_number(argv[1], 1 << 28);
    timers = calloc(count, sizeof *timers);
    heap = calloc(count + 1, sizeof *heap);
    if (!timers || !heap)
        return EXIT_FAILURE;
    timer_load_run(&target, count);
    free(heap);
    free(timers);
    return EXIT_SUCCESS;
}
