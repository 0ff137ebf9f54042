/* What another process has cost so far.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BENCH_PROCESS_COST_H
#define WEIR_BENCH_PROCESS_COST_H

#include <sys/types.h>

/* User and system time of all threads of `pid`, in nanoseconds. */
long long process_cpu_ns(pid_t pid);

/* Resident memory of `pid`, in bytes: counted page by page, since the kernel's
 * running total (VmRSS) may be off by some hundred pages. */
long long process_resident_bytes(pid_t pid);

#endif
