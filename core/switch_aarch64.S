/* The switch on AArch64, AAPCS64 (switch.h).
 *
 * A context that does not run has on its stack, from its stack pointer up:
 *
 *     x29 x30  x19 x20  x21 x22  x23 x24  x25 x26  x27 x28  d8 d9 ... d14 d15
 *
 * x18 is not touched: it is the platform's. The return goes through x30 as in
 * any function, so branch target identification (BTI) is content; a return
 * address that was signed (PAC) stays in its own frame, with its own stack.
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
    hint #34 /* bti c, a no-op where there is none */
    stp x29, x30, [sp, #-160]!
    .cfi_def_cfa_offset 160
    .cfi_offset x29, -160
    .cfi_offset x30, -152
    stp x19, x20, [sp, #16]
    .cfi_offset x19, -144
    .cfi_offset x20, -136
    stp x21, x22, [sp, #32]
    .cfi_offset x21, -128
    .cfi_offset x22, -120
    stp x23, x24, [sp, #48]
    .cfi_offset x23, -112
    .cfi_offset x24, -104
    stp x25, x26, [sp, #64]
    .cfi_offset x25, -96
    .cfi_offset x26, -88
    stp x27, x28, [sp, #80]
    .cfi_offset x27, -80
    .cfi_offset x28, -72
    stp d8, d9, [sp, #96]
    .cfi_offset d8, -64
    .cfi_offset d9, -56
    stp d10, d11, [sp, #112]
    .cfi_offset d10, -48
    .cfi_offset d11, -40
    stp d12, d13, [sp, #128]
    .cfi_offset d12, -32
    .cfi_offset d13, -24
    stp d14, d15, [sp, #144]
    .cfi_offset d14, -16
    .cfi_offset d15, -8
    mov x2, sp
    str x2, [x0]
    /* Both stacks look alike here, so what an unwinder was told still holds. */
    mov sp, x1
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore d8
    .cfi_restore d9
    .cfi_restore d10
    .cfi_restore d11
    .cfi_restore d12
    .cfi_restore d13
    .cfi_restore d14
    .cfi_restore d15
    ret
    .cfi_endproc

/* Where a prepared context begins: x19 is the entry, x20 its argument. No return
 * address and no frame pointer: backtraces end here. The no-op is for unwinders,
 * which look up the byte before a return address. */
    .p2align 4
begin:
    .cfi_startproc
    .cfi_undefined x30
    nop
after_nop:
    mov x0, x20
    blr x19
    brk #1
    .cfi_endproc

/* void *weir__switch_prepare(void *stack_low, size_t stack_size,
 *                            void (*entry)(void *arg), void *arg) */
    .p2align 4
    .globl NAME(weir__switch_prepare)
    HIDDEN NAME(weir__switch_prepare)
NAME(weir__switch_prepare):
    .cfi_startproc
    hint #34
    add x0, x0, x1
    and x0, x0, #-16
    sub x0, x0, #160
    adr x4, after_nop
    stp xzr, x4, [x0]       /* x29, x30 */
    stp x2, x3, [x0, #16]   /* x19, x20 */
    stp xzr, xzr, [x0, #32]
    stp xzr, xzr, [x0, #48]
    stp xzr, xzr, [x0, #64]
    stp xzr, xzr, [x0, #80]
    stp xzr, xzr, [x0, #96]
    stp xzr, xzr, [x0, #112]
    stp xzr, xzr, [x0, #128]
    stp xzr, xzr, [x0, #144]
    ret
    .cfi_endproc

#ifdef __ELF__
    .type weir__switch, %function
    .size weir__switch, begin - weir__switch
    .type begin, %function
    .size begin, weir__switch_prepare - begin
    .type weir__switch_prepare, %function
    .size weir__switch_prepare, . - weir__switch_prepare

/* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI, PAC; not GCS, the shadow stack */
    .section .note.gnu.property, "a", %note
    .p2align 3
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000000, 4, 3, 0

    .section .note.GNU-stack, "", %progbits
#endif
