/* The switch on x86-64, System V calling convention (switch.h).
 *
 * A context that does not run has on its stack, from its stack pointer up:
 *
 *     r15  r14  r13  r12  rbx  rbp  return address
 *
 * It is left by `ret` and not by a jump: the processor predicts the return from
 * the call it saw last, and rightly when both contexts wait at the same place; a
 * jump would leave that call's prediction behind for the next return, and so on up
 * all callers. (A ring of tasks, four calls down: 4 ns a switch; by a jump, 27.)
 * That rules out shadow stacks (CET), so the property note below names indirect
 * branch tracking only, and a program with this file in it runs without them.
 *
 * SPDX-License-Identifier: MIT */
#ifdef __APPLE__
#define NAME(symbol) _##symbol
#define HIDDEN       .private_extern
#else
#define NAME(symbol) symbol
#define HIDDEN       .hidden
#endif

    .text

/* void weir__switch(void **save, void *load) */
    .p2align 5
    .globl NAME(weir__switch)
    HIDDEN NAME(weir__switch)
NAME(weir__switch):
    .cfi_startproc
    .byte 0xf3, 0x0f, 0x1e, 0xfa /* endbr64, which older assemblers lack */
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq %rsp, (%rdi)
    /* Both stacks look alike here, so what an unwinder was told still holds. */
    movq %rsi, %rsp
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    retq
    .cfi_endproc

/* Where a prepared context begins: r12 is the entry, r13 its argument. No return
 * address and no frame pointer: backtraces end here. The no-op is for unwinders,
 * which look up the byte before a return address. */
    .p2align 4
begin:
    .cfi_startproc
    .cfi_undefined %rip
    nop
after_nop:
    movq %r13, %rdi
    callq *%r12
    ud2
    .cfi_endproc

/* void *weir__switch_prepare(void *stack_low, size_t stack_size,
 *                            void (*entry)(void *arg), void *arg) */
    .p2align 4
    .globl NAME(weir__switch_prepare)
    HIDDEN NAME(weir__switch_prepare)
NAME(weir__switch_prepare):
    .cfi_startproc
    .byte 0xf3, 0x0f, 0x1e, 0xfa
    leaq (%rdi, %rsi), %rax
    andq $-16, %rax
    leaq after_nop(%rip), %r8
    movq %r8, -8(%rax)   /* return address; then rsp is the top, aligned */
    movq $0, -16(%rax)   /* rbp */
    movq $0, -24(%rax)   /* rbx */
    movq %rdx, -32(%rax) /* r12 */
    movq %rcx, -40(%rax) /* r13 */
    movq $0, -48(%rax)   /* r14 */
    movq $0, -56(%rax)   /* r15 */
    subq $56, %rax
    retq
    .cfi_endproc

#ifdef __ELF__
    .type weir__switch, @function
    .size weir__switch, begin - weir__switch
    .type begin, @function
    .size begin, weir__switch_prepare - begin
    .type weir__switch_prepare, @function
    .size weir__switch_prepare, . - weir__switch_prepare

/* GNU_PROPERTY_X86_FEATURE_1_AND: IBT */
    .section .note.gnu.property, "a", @note
    .p2align 3
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000002, 4, 1, 0

    .section .note.GNU-stack, "", @progbits
#endif
