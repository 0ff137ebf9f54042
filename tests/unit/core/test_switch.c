/* The switch: what it preserves, and from where to where it goes (core/switch.h).
 *
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <pthread.h>
#include <stdalign.h>
#include <string.h>
#include <unwind.h>
#include <weir/status.h>

#include "sanitizer.h"
#include "stack.h"
#include "switch.h"
#include "test.h"

/* One side of a test: a context and what it runs. */
typedef struct side {
    weir__context context;
    weir__stack stack;
    struct side *back; /* where it switches to */
    void (*run)(struct side *self);
    long count;
    double number;
    uintptr_t seen;
} side;

static weir__stack_pool pool;

#ifdef RUNNING_ON_VALGRIND
#define IS_SLOW (RUNNING_ON_VALGRIND > 0)
#else
#define IS_SLOW 0
#endif

static void enter(void *arg)
{
    side *self = arg;
    self->run(self);
    weir__context_switch_last(&self->context, &self->back->context);
}

static void begin_test(side *main_side)
{
    *main_side = (side){0};
    weir__stack_pool_init(&pool, 0, 8);
    weir__context_init_main(&main_side->context);
}

static void begin(side *s, side *back, size_t stack_bytes, void (*run)(side *self))
{
    *s = (side){.back = back, .run = run};
    REQUIRE(weir__stack_take(&pool, stack_bytes, &s->stack) == WEIR_OK);
    weir__context_make(&s->context, s->stack.low, s->stack.size, enter, s);
}

static void end(side *s)
{
    weir__context_destroy(&s->context);
    weir__stack_give(&pool, s->stack);
}

static void go(side *from, side *to)
{
    weir__context_switch(&from->context, &to->context);
}

/* ---- there and back ---- */

static void count_once(side *self)
{
    self->count++;
}

static void count_for_ever(side *self)
{
    for (;;) {
        self->count++;
        go(self, self->back);
    }
}

TEST(switch, runs_an_entry_and_comes_back)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, count_once);
    CHECK_INT(task.count, 0);
    go(&main_side, &task);
    CHECK_INT(task.count, 1);
    end(&task);
    weir__stack_pool_clear(&pool);
}

TEST(switch, destroys_what_never_ran)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, count_once);
    end(&task);
    CHECK_INT(task.count, 0);
    weir__stack_pool_clear(&pool);
}

TEST(switch, works_a_million_times)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, count_for_ever);
    long rounds = IS_SLOW ? 10000 : 500000;
    for (long i = 0; i < rounds; i++)
        go(&main_side, &task);
    CHECK_INT(task.count, rounds);
    end(&task);
    weir__stack_pool_clear(&pool);
}

/* More contexts than ThreadSanitizer has fibers, on one stack after another. */
static void leave_a_deep_frame(side *self)
{
    volatile char bytes[3000];
    volatile char *first = bytes;
    bytes[0] = (char)self->count;
    bytes[2999] = 1;
    self->count += *first + bytes[2999];
    weir__context_switch_last(&self->context, &self->back->context);
}

TEST(switch, reuses_stacks_and_contexts)
{
    side main_side, task;
    begin_test(&main_side);
    int rounds = IS_SLOW ? 1000 : 20000;
    for (int i = 0; i < rounds; i++) {
        begin(&task, &main_side, 0, leave_a_deep_frame);
        go(&main_side, &task);
        REQUIRE(task.count == 1);
        end(&task);
    }
    CHECK_INT(pool.cached_count, 1);
    weir__stack_pool_clear(&pool);
}

/* ---- from any to any ---- */

static void pass_on(side *self)
{
    while (self->count < 1000) {
        self->count++;
        go(self, self->back);
    }
}

TEST(switch, goes_from_task_to_task)
{
    enum { RING = 5 };
    side main_side, ring[RING];
    begin_test(&main_side);
    for (int i = 0; i < RING; i++)
        begin(&ring[i], i == RING - 1 ? &main_side : &ring[i + 1], 0, pass_on);
    for (int i = 0; i < 1001; i++)
        go(&main_side, &ring[0]);
    for (int i = 0; i < RING; i++) {
        CHECK_INT(ring[i].count, 1000);
        end(&ring[i]);
    }
    weir__stack_pool_clear(&pool);
}

static void run_another(side *self)
{
    if (self->count < 8) {
        side inner;
        begin(&inner, self, 0, run_another);
        inner.count = self->count + 1;
        go(self, &inner);
        self->seen = inner.seen + 1;
        end(&inner);
    }
}

TEST(switch, nests)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, run_another);
    go(&main_side, &task);
    CHECK_INT(task.seen, 8);
    end(&task);
    weir__stack_pool_clear(&pool);
}

static void *switch_on_another_thread(void *arg)
{
    side main_side, task;
    (void)arg;
    begin_test(&main_side);
    begin(&task, &main_side, 0, count_for_ever);
    for (int i = 0; i < 1000; i++)
        go(&main_side, &task);
    CHECK_INT(task.count, 1000);
    end(&task);
    weir__stack_pool_clear(&pool);
    return NULL;
}

TEST(switch, works_on_any_thread)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, switch_on_another_thread, NULL) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
}

/* ---- what is preserved ---- */

/* Loads the callee-saved registers from in[], switches, stores them in out[]. */
void switch_with_registers(const uint64_t *in, uint64_t *out, void **save, void *load);

#if defined(__x86_64__) && defined(__ELF__)
enum { REGISTERS = 6 };
__asm__(".text\n"
        "switch_with_registers:\n"
        "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "push %rsi\n"
        "mov (%rdi), %rbp\n mov 8(%rdi), %rbx\n mov 16(%rdi), %r12\n"
        "mov 24(%rdi), %r13\n mov 32(%rdi), %r14\n mov 40(%rdi), %r15\n"
        "mov %rdx, %rdi\n mov %rcx, %rsi\n"
        "call weir__switch\n"
        "pop %rsi\n"
        "mov %rbp, (%rsi)\n mov %rbx, 8(%rsi)\n mov %r12, 16(%rsi)\n"
        "mov %r13, 24(%rsi)\n mov %r14, 32(%rsi)\n mov %r15, 40(%rsi)\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
        "ret\n");
#elif defined(__aarch64__) && defined(__ELF__)
enum { REGISTERS = 19 };
__asm__(".text\n"
        "switch_with_registers:\n"
        "stp x29, x30, [sp, #-176]!\n"
        "stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n"
        "stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n"
        "stp x27, x28, [sp, #80]\n stp d8, d9, [sp, #96]\n"
        "stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n str x1, [sp, #160]\n"
        "ldp x19, x20, [x0]\n ldp x21, x22, [x0, #16]\n ldp x23, x24, [x0, #32]\n"
        "ldp x25, x26, [x0, #48]\n ldp x27, x28, [x0, #64]\n ldr x29, [x0, #80]\n"
        "ldp d8, d9, [x0, #88]\n ldp d10, d11, [x0, #104]\n"
        "ldp d12, d13, [x0, #120]\n ldp d14, d15, [x0, #136]\n"
        "mov x0, x2\n mov x1, x3\n"
        "bl weir__switch\n"
        "ldr x0, [sp, #160]\n"
        "stp x19, x20, [x0]\n stp x21, x22, [x0, #16]\n stp x23, x24, [x0, #32]\n"
        "stp x25, x26, [x0, #48]\n stp x27, x28, [x0, #64]\n str x29, [x0, #80]\n"
        "stp d8, d9, [x0, #88]\n stp d10, d11, [x0, #104]\n"
        "stp d12, d13, [x0, #120]\n stp d14, d15, [x0, #136]\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n"
        "ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, #64]\n"
        "ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n"
        "ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n"
        "ldp x29, x30, [sp], #176\n"
        "ret\n");
#else
enum { REGISTERS = 1 };
void switch_with_registers(const uint64_t *in, uint64_t *out, void **save, void *load)
{
    weir__switch(save, load);
    out[0] = in[0];
}
#endif

/* As weir__context_switch, with the registers full. True if they came back. */
static bool switch_full(side *from, side *to, uint64_t seed)
{
    uint64_t in[REGISTERS];
    uint64_t out[REGISTERS];
    for (uint64_t i = 0; i < REGISTERS; i++) {
        in[i] = seed * (i + 1);
        out[i] = 0;
    }
    weir__asan_leave(&from->context, &to->context);
    weir__tsan_leave(&to->context);
    switch_with_registers(in, out, &from->context.stack_pointer,
                          to->context.stack_pointer);
    weir__asan_arrive(&from->context);
    return memcmp(in, out, sizeof(in)) == 0;
}

static void fill_registers(side *self)
{
    for (uint64_t i = 1; i < 100; i++)
        self->count += switch_full(self, self->back, i * 0x9e3779b97f4a7c15u);
    go(self, self->back);
}

TEST(switch, preserves_the_registers_of_both_sides)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, fill_registers);
    for (uint64_t i = 1; i <= 100; i++)
        main_side.count += switch_full(&main_side, &task, ~(i * 0xff51afd7ed558ccdu));
    CHECK_INT(main_side.count, 100);
    CHECK_INT(task.count, 99);
    end(&task);
    weir__stack_pool_clear(&pool);
}

static void sum_of_series(side *self)
{
    double sum = 0;
    double power = 1;
    for (int i = 0; i < 50; i++) {
        sum += power;
        power /= 2;
        go(self, self->back);
    }
    self->number = sum;
}

TEST(switch, preserves_floating_point)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, sum_of_series);
    double product = 1;
    for (int i = 0; i < 51; i++) {
        go(&main_side, &task);
        product *= 1.5;
    }
    CHECK(task.number > 1.9999 && task.number < 2.0001);
    CHECK(product > 9.56e8 && product < 9.57e8);
    end(&task);
    weir__stack_pool_clear(&pool);
}

/* A task that leaves the rounding mode alone does not disturb that of others. */
TEST(switch, leaves_the_rounding_mode_alone)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, sum_of_series);
    int before = fegetround();
    REQUIRE(fesetround(FE_UPWARD) == 0);
    for (int i = 0; i < 51; i++)
        go(&main_side, &task);
    CHECK_INT(fegetround(), FE_UPWARD);
    fesetround(before);
    end(&task);
    weir__stack_pool_clear(&pool);
}

/* ---- the stack at the entry ---- */

__attribute__((noinline)) static void note_alignment(side *self)
{
    alignas(16) volatile double pair[2] = {1, 2};
    volatile double *place = pair;
    self->seen = (uintptr_t)place % 16;
    /* Frames are aligned only if that of the caller was. */
    self->count = (long)((uintptr_t)__builtin_frame_address(0) % 16);
    self->number = place[0] + pair[1];
}

TEST(switch, enters_with_an_aligned_stack)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, note_alignment);
    go(&main_side, &task);
    CHECK_INT(task.seen, 0);
    CHECK_INT(task.count, 0);
    CHECK(task.number > 2.9 && task.number < 3.1);
    end(&task);
    weir__stack_pool_clear(&pool);
}

static void note_stack(side *self)
{
    char here = 0;
    self->seen = (uintptr_t)__builtin_frame_address(0);
    self->count = here;
}

/* Tasks that wait should not own a page more than they need. */
TEST(switch, uses_little_of_the_stack_itself)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, note_stack);
    go(&main_side, &task);
    uintptr_t low = (uintptr_t)task.stack.low;
    uintptr_t high = low + task.stack.size;
    CHECK(task.seen > low && task.seen < high);
    CHECK(high - task.seen < 8192);
    end(&task);
    weir__stack_pool_clear(&pool);
}

__attribute__((noinline)) static long deepen(long depth, volatile const char *above)
{
    volatile char frame[100];
    frame[0] = (char)depth;
    frame[99] = above[0];
    if (depth == 0)
        return frame[99];
    return deepen(depth - 1, frame) + (frame[0] == (char)depth);
}

static void use_all_of_the_stack(side *self)
{
    char first = 0;
    self->count = deepen(2000, &first);
    go(self, self->back);
    self->count += deepen(2000, &first);
}

TEST(switch, stands_a_deep_stack)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 2 * 1024 * 1024, use_all_of_the_stack);
    go(&main_side, &task);
    CHECK(task.count >= 2000);
    go(&main_side, &task);
    CHECK(task.count >= 4000);
    end(&task);
    weir__stack_pool_clear(&pool);
}

/* ---- unwinding ---- */

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *arg)
{
    long *count = arg;
    (void)context;
    ++*count;
    return *count > 100 ? _URC_FOREIGN_EXCEPTION_CAUGHT : _URC_NO_REASON;
}

static void unwind(side *self)
{
    self->seen = _Unwind_Backtrace(count_frame, &self->count);
}

/* unwind, enter, the frame that the switch prepared; one more with ASan. */
TEST(switch, ends_backtraces_at_the_entry)
{
    side main_side, task;
    begin_test(&main_side);
    begin(&task, &main_side, 0, unwind);
    go(&main_side, &task);
    CHECK_INT(task.seen, _URC_END_OF_STACK);
    CHECK(task.count >= 1 && task.count <= 5);
    end(&task);
    weir__stack_pool_clear(&pool);
}
