/* The smallest program that uses the library: a task that sleeps.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

static int wait_a_moment(void *loop)
{
    return weir_sleep(loop, 1);
}

int main(void)
{
    weir_loop *loop = weir_loop_new(NULL);
    int result = loop ? weir_join(weir_spawn(loop, wait_a_moment, loop)) : -1;
    printf("%s\n", weir_status_name(result));
    weir_loop_free(loop);
    return result == WEIR_OK ? 0 : 1;
}
