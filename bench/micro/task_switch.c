/* What a switch between tasks costs, beside the least that it could: a swap of
 * the callee-saved registers, written here; and beside swapcontext(3).
 *
 *   in a ring    tasks that all wait in the same function, some calls down, as
 *                they do in a program; the time includes these calls' returns
 *   to and fro   between two loops that switch at places of their own, which a
 *                processor cannot predict as a return
 *   a life       take a stack, make a context, switch there, and back for good,
 *                give the stack back
 *
 * Prints nanoseconds for one switch (or life), the median of ten rounds in which
 * all took turns, the range, and the ratio to the limit of the same kind.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "stack.h"
#include "switch.h"

enum {
    ROUNDS = 10,
    SWITCHES = 2000000,
    SLOW_SWITCHES = 200000,
    RING = 100,
    MAIN = RING, /* index of the thread's own context, beside those of the ring */
    PARTNER,     /* and of the one that main goes to and fro with */
    CONTEXTS,
    CALLS = 4
};

/* ---- the ring ---- */

static weir__stack_pool pool;
static long remaining;
static int current;
static volatile long depth_reached; /* so that call_down has a use */

/* Who runs next; main when enough switches have been made. */
static int advance(void)
{
    if (--remaining <= 0)
        return MAIN;
    return current + 1 >= RING ? 0 : current + 1;
}

/* Volatile, lest the compiler make a loop of it. */
__attribute__((noinline)) static long call_down(long calls, void (*yield)(void))
{
    volatile long mine = 1;
    if (calls == 0)
        yield();
    else
        mine = call_down(calls - 1, yield);
    return mine + 1;
}

static _Noreturn void go_round(void (*yield)(void))
{
    for (;;)
        depth_reached = call_down(CALLS, yield);
}

static weir__stack new_stack(void)
{
    weir__stack stack;
    if (weir__stack_take(&pool, 0, &stack) != 0)
        exit(1);
    return stack;
}

/* ---- the limit ---- */

void bare_swap(void **save, void *load);

#if defined(__x86_64__)
enum { FRAME_WORDS = 7, FRAME_RETURN = 6 };
__asm__(".text\n.p2align 5\n"
        "bare_swap:\n"
        "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp, (%rdi)\n mov %rsi, %rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
        "ret\n");
#elif defined(__aarch64__)
enum { FRAME_WORDS = 20, FRAME_RETURN = 1 };
__asm__(".text\n.p2align 5\n"
        "bare_swap:\n"
        "stp x29, x30, [sp, #-160]!\n"
        "stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n"
        "stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n"
        "stp x27, x28, [sp, #80]\n stp d8, d9, [sp, #96]\n"
        "stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n"
        "mov x2, sp\n str x2, [x0]\n mov sp, x1\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n"
        "ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, #64]\n"
        "ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n"
        "ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n"
        "ldp x29, x30, [sp], #160\n"
        "ret\n");
#endif

static void *bare[CONTEXTS];

__attribute__((noinline)) static void bare_yield(void)
{
    int from = current;
    current = advance();
    bare_swap(&bare[from], bare[current]);
}

static void bare_in_ring(void)
{
    go_round(bare_yield);
}

static void bare_to_and_fro(void)
{
    for (;;)
        bare_swap(&bare[PARTNER], bare[MAIN]);
}

static void bare_make(int i, void (*entry)(void))
{
    weir__stack stack = new_stack();
    /* As a call leaves it: aligned but for a return address on the stack. */
    char *top = (char *)stack.low + stack.size;
    uintptr_t *frame = (uintptr_t *)(void *)top - FRAME_WORDS - FRAME_WORDS % 2;
    memset(frame, 0, FRAME_WORDS * sizeof(*frame));
    frame[FRAME_RETURN] = (uintptr_t)entry;
    bare[i] = frame;
}

static void bare_begin(void)
{
    for (int i = 0; i < RING; i++)
        bare_make(i, bare_in_ring);
    bare_make(PARTNER, bare_to_and_fro);
}

static void bare_ring(long switches)
{
    remaining = switches;
    current = MAIN;
    bare_yield();
}

static void bare_pair(long switches)
{
    for (long i = 0; i < switches; i += 2)
        bare_swap(&bare[MAIN], bare[PARTNER]);
}

/* ---- weir ---- */

static weir__context weir[CONTEXTS];

__attribute__((noinline)) static void weir_yield(void)
{
    int from = current;
    current = advance();
    weir__context_switch(&weir[from], &weir[current]);
}

static void weir_in_ring(void *arg)
{
    (void)arg;
    go_round(weir_yield);
}

static void weir_to_and_fro(void *arg)
{
    for (;;)
        weir__context_switch(arg, &weir[MAIN]);
}

static void weir_begin(void)
{
    weir__context_init_main(&weir[MAIN]);
    for (int i = 0; i < RING; i++) {
        weir__stack stack = new_stack();
        weir__context_make(&weir[i], stack.low, stack.size, weir_in_ring, NULL);
    }
    weir__stack stack = new_stack();
    weir__context_make(&weir[PARTNER], stack.low, stack.size, weir_to_and_fro,
                       &weir[PARTNER]);
}

static void weir_ring(long switches)
{
    remaining = switches;
    current = MAIN;
    weir_yield();
}

static void weir_pair(long switches)
{
    for (long i = 0; i < switches; i += 2)
        weir__context_switch(&weir[MAIN], &weir[PARTNER]);
}

static void weir_live(void *arg)
{
    weir__context_switch_last(arg, &weir[MAIN]);
}

static void weir_lives(long lives)
{
    for (long i = 0; i < lives; i++) {
        weir__context context;
        weir__stack stack = new_stack();
        weir__context_make(&context, stack.low, stack.size, weir_live, &context);
        weir__context_switch(&weir[MAIN], &context);
        weir__context_destroy(&context);
        weir__stack_give(&pool, stack);
    }
}

/* ---- swapcontext ---- */

static ucontext_t uc[CONTEXTS];

__attribute__((noinline)) static void uc_yield(void)
{
    int from = current;
    current = advance();
    swapcontext(&uc[from], &uc[current]);
}

static void uc_in_ring(void)
{
    go_round(uc_yield);
}

static void uc_to_and_fro(void)
{
    for (;;)
        swapcontext(&uc[PARTNER], &uc[MAIN]);
}

static void uc_make(int i, void (*entry)(void))
{
    weir__stack stack = new_stack();
    getcontext(&uc[i]);
    uc[i].uc_stack.ss_sp = stack.low;
    uc[i].uc_stack.ss_size = stack.size;
    makecontext(&uc[i], entry, 0);
}

static void uc_begin(void)
{
    for (int i = 0; i < RING; i++)
        uc_make(i, uc_in_ring);
    uc_make(PARTNER, uc_to_and_fro);
}

static void uc_ring(long switches)
{
    remaining = switches;
    current = MAIN;
    uc_yield();
}

static void uc_pair(long switches)
{
    for (long i = 0; i < switches; i += 2)
        swapcontext(&uc[MAIN], &uc[PARTNER]);
}

/* ---- rounds ---- */

static const struct peer {
    const char *name;
    void (*run)(long times);
    long times;
    int limit; /* index of what it is compared with */
} peers[] = {
    {"in a ring: bare swap (limit)", bare_ring, SWITCHES, 0},
    {"in a ring: weir", weir_ring, SWITCHES, 0},
    {"in a ring: swapcontext", uc_ring, SLOW_SWITCHES, 0},
    {"to and fro: bare swap (limit)", bare_pair, SWITCHES, 3},
    {"to and fro: weir", weir_pair, SWITCHES, 3},
    {"to and fro: swapcontext", uc_pair, SLOW_SWITCHES, 3},
    {"a life, in switches in a ring", weir_lives, SLOW_SWITCHES, 1},
};

enum { PEERS = sizeof(peers) / sizeof(peers[0]) };

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *sorted)
{
    return (sorted[(ROUNDS - 1) / 2] + sorted[ROUNDS / 2]) / 2;
}

static void run_round(double ns[][ROUNDS], int round)
{
    for (int p = 0; p < PEERS; p++) {
        double start = now_ns();
        peers[p].run(peers[p].times);
        ns[p][round] = (now_ns() - start) / (double)peers[p].times;
    }
}

int main(void)
{
    static double ns[PEERS][ROUNDS];
    weir__stack_pool_init(&pool, 0, WEIR__STACK_DEFAULT_CACHED);
    bare_begin();
    weir_begin();
    uc_begin();
    run_round(ns, 0); /* warms up; overwritten */
    for (int round = 0; round < ROUNDS; round++)
        run_round(ns, round);
    for (int p = 0; p < PEERS; p++)
        qsort(ns[p], ROUNDS, sizeof(ns[p][0]), compare);
    printf("%-32s %8s %17s %7s\n", "", "ns", "range", "ratio");
    for (int p = 0; p < PEERS; p++)
        printf("%-32s %8.2f %8.2f-%8.2f %7.2f\n", peers[p].name, median(ns[p]),
               ns[p][0], ns[p][ROUNDS - 1], median(ns[p]) / median(ns[peers[p].limit]));
    return 0;
}
