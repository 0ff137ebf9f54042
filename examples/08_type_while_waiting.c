/* Type while things happen: each number that is typed starts a wait of so many
 * milliseconds, and the keyboard is never held up by one. Works as well on a pipe or a
 * file:
 *
 *   ./08_type_while_waiting
 *   printf '300\n100\n200\n' | ./08_type_while_waiting
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

static weir_loop *loop;

static int delay(void *arg)
{
    uintptr_t ms = (uintptr_t)arg;
    int rc = weir_sleep(loop, ms);
    printf("%lu ms are over\n", (unsigned long)ms);
    fflush(stdout);
    return rc;
}

/* The number in a line; 0 if there is none. */
static uintptr_t number(weir_slice line)
{
    char text[16];
    snprintf(text, sizeof(text), "%.*s", (int)line.len, line.data);
    return (uintptr_t)strtoul(text, NULL, 10);
}

int main(void)
{
    weir_stream *input;
    weir_slice line;
    int rc;
    loop = weir_loop_new(NULL);
    weir_group *delays = weir_group_new(loop, NULL);
    if (!delays || weir_open_stdin(loop, &input) < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        return 1;
    }
    while ((rc = weir_readline(weir_stream_reader(input), &line)) > 0) {
        uintptr_t ms = number(line);
        rc = weir_group_spawn(delays, delay, (void *)ms);
        if (rc < 0)
            break;
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    weir_group_wait(delays);
    weir_group_free(delays);
    weir_stream_close(input);
    weir_loop_free(loop);
    return rc < 0;
}
