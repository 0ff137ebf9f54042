/* Contexts: a stack each, and the switch from one to another.
 *
 *     weir__context main, task;
 *     weir__context_init_main(&main);
 *     weir__context_make(&task, stack.low, stack.size, entry, argument);
 *     weir__context_switch(&main, &task);      runs entry(argument)
 *
 * A switch saves and loads the registers that a call preserves, and nothing
 * else: on x86-64 rbx, rbp, r12 to r15 and rsp; on AArch64 x19 to x30, sp and d8
 * to d15. It goes from any context to any other of the same thread. Control
 * words of floating point (mxcsr, the x87 word, fpcr) stay as they are, as do
 * the signal mask and errno: they belong to the thread, not to the context, and
 * loading them costs more than the rest of the switch. Code that changes the
 * rounding mode sets it back before it waits.
 *
 * Processors predict returns. A switch costs least, 4 ns instead of 8 or 28, when
 * the context that it leaves and the one that it enters wait in the same function,
 * called from alike places: let tasks wait in one function, not inlined.
 *
 * The machine's part is two functions, in switch_x86_64.S, switch_aarch64.S or
 * switch_ucontext.c, one of which is in a build.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SWITCH_H
#define WEIR_CORE_SWITCH_H

#include <stddef.h>

#include "sanitizer.h"

typedef struct weir__context {
    void *stack_pointer; /* where its registers lie while it does not run */
#ifdef WEIR__ASAN
    const void *stack_low;
    size_t stack_size;
    void *fake_stack; /* of ASan's own, for locals that outlive their frame */
    void (*entry)(void *arg);
    void *arg;
#endif
#ifdef WEIR__TSAN
    void *fiber;
#endif
} weir__context;

/* The machine's part. Saves the registers on this stack and their place in
 * *save, then goes on where `load`, saved before or prepared, left off. */
void weir__switch(void **save, void *load);

/* What to load in order to begin entry(arg) at the top of this stack, 16-byte
 * aligned as in a call. A backtrace ends there; the entry must not return. */
void *weir__switch_prepare(void *stack_low, size_t stack_size, void (*entry)(void *arg),
                           void *arg);

/* What the sanitizers want to know, and when. */
#ifdef WEIR__ASAN

/* `from` NULL: it will not run again, and ASan frees its fake stack. */
static inline void weir__asan_leave(weir__context *from, const weir__context *to)
{
    __sanitizer_start_switch_fiber(from ? &from->fake_stack : NULL, to->stack_low,
                                   to->stack_size);
}

static inline void weir__asan_arrive(weir__context *self)
{
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
}

static inline void weir__asan_enter(void *context)
{
    weir__context *self = context;
    weir__asan_arrive(self);
    self->entry(self->arg);
}

static inline void weir__asan_make(weir__context *c, void *stack_low, size_t stack_size,
                                   void (*entry)(void *arg), void *arg)
{
    *c = (weir__context){
        .stack_low = stack_low, .stack_size = stack_size, .entry = entry, .arg = arg};
    c->stack_pointer = weir__switch_prepare(stack_low, stack_size, weir__asan_enter, c);
}

/* ASan knows the bounds of the thread's stack and tells them only to whoever
 * arrives on another one; so say that we go somewhere, which is nowhere, and
 * back again. Not instrumented: in between this stack is not the current one. */
__attribute__((no_sanitize("address"))) static inline void
weir__asan_init_main(weir__context *c)
{
    void *fake_stack = NULL;
    __sanitizer_start_switch_fiber(&fake_stack, c, sizeof(*c));
    __sanitizer_finish_switch_fiber(fake_stack, &c->stack_low, &c->stack_size);
    __sanitizer_start_switch_fiber(&fake_stack, c->stack_low, c->stack_size);
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

#else
#define weir__asan_leave(from, to) ((void)(from), (void)(to))
#define weir__asan_arrive(self)    ((void)(self))
#define weir__asan_init_main(c)    ((void)(c))
#define weir__asan_make(c, low, size, entry, arg) \
    ((c)->stack_pointer = weir__switch_prepare((low), (size), (entry), (arg)))
#endif

#ifdef WEIR__TSAN
#define weir__tsan_make(c)      ((c)->fiber = __tsan_create_fiber(0))
#define weir__tsan_init_main(c) ((c)->fiber = __tsan_get_current_fiber())
#define weir__tsan_leave(to)    __tsan_switch_to_fiber((to)->fiber, 0)
#define weir__tsan_destroy(c)   __tsan_destroy_fiber((c)->fiber)
#else
#define weir__tsan_make(c)      ((void)(c))
#define weir__tsan_init_main(c) ((void)(c))
#define weir__tsan_leave(to)    ((void)(to))
#define weir__tsan_destroy(c)   ((void)(c))
#endif

/* The context that is running: the thread's own stack. To be called on the
 * thread that will switch, each time that another thread takes over. */
static inline void weir__context_init_main(weir__context *c)
{
    c->stack_pointer = NULL;
    weir__asan_init_main(c);
    weir__tsan_init_main(c);
}

/* A context that begins entry(arg) at the first switch to it. The entry must not
 * return: it ends in weir__context_switch_last. Neither *c nor the stack may
 * move from now on. weir__context_destroy undoes this. */
static inline void weir__context_make(weir__context *c, void *stack_low,
                                      size_t stack_size, void (*entry)(void *arg),
                                      void *arg)
{
    weir__asan_make(c, stack_low, stack_size, entry, arg);
    weir__tsan_make(c);
}

/* Leaves `from`, the running context, for `to`; returns when something switches
 * to `from` again. */
static inline void weir__context_switch(weir__context *from, weir__context *to)
{
    weir__asan_leave(from, to);
    weir__tsan_leave(to);
    weir__switch(&from->stack_pointer, to->stack_pointer);
    weir__asan_arrive(from);
}

/* The same, for good: nothing may switch to `from` again. */
static inline void weir__context_switch_last(weir__context *from, weir__context *to)
{
    weir__asan_leave(NULL, to);
    weir__tsan_leave(to);
    weir__switch(&from->stack_pointer, to->stack_pointer);
}

/* For a context made by weir__context_make that is not running and will not run
 * again (or never has), before its stack is given back. */
static inline void weir__context_destroy(weir__context *c)
{
    weir__tsan_destroy(c);
    c->stack_pointer = NULL;
}

#endif
