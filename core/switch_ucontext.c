/* The switch by swapcontext(3), for processors that have no file of their own
 * (switch.h). Some fifty times slower: it keeps the signal mask in the context,
 * which takes a system call each time.
 *
 * A context that does not run has its ucontext_t on its own stack; the saved
 * stack pointer is the address of that.
 *
 * SPDX-License-Identifier: MIT */
#include "switch.h"

#include <stdint.h>
#include <ucontext.h>

/* What weir__switch_prepare leaves at the top of the stack. */
struct beginning {
    ucontext_t context;
    void (*entry)(void *arg);
    void *arg;
};

/* The sanitizers have been told already that another context runs, which these
 * two are not yet, or no longer, in. */
#define BETWEEN_CONTEXTS \
    __attribute__((no_sanitize("address"), no_sanitize("thread"), noinline))

/* makecontext hands over ints, and a pointer may take two. */
static void begin(unsigned high, unsigned low)
{
    uintptr_t address = (uintptr_t)(((uint64_t)high << 32) | low);
    struct beginning *beginning = (struct beginning *)address;
    beginning->entry(beginning->arg);
}

BETWEEN_CONTEXTS void weir__switch(void **save, void *load)
{
    ucontext_t here;
    /* swapcontext leaves these alone, and ASan's own swapcontext reads them. */
    here.uc_stack = (stack_t){0};
    *save = &here;
    swapcontext(&here, load);
}

void *weir__switch_prepare(void *stack_low, size_t stack_size, void (*entry)(void *arg),
                           void *arg)
{
    uintptr_t low = (uintptr_t)stack_low;
    uintptr_t place = (low + stack_size - sizeof(struct beginning)) & ~(uintptr_t)63;
    struct beginning *beginning = (struct beginning *)place;
    beginning->entry = entry;
    beginning->arg = arg;
    getcontext(&beginning->context);
    beginning->context.uc_stack.ss_sp = stack_low;
    beginning->context.uc_stack.ss_size = place - low;
    beginning->context.uc_link = NULL;
    /* A cast between function types that makecontext asks for. */
    makecontext(&beginning->context, (void (*)(void))begin, 2,
                (unsigned)((uint64_t)place >> 32), (unsigned)place);
    return &beginning->context;
}
