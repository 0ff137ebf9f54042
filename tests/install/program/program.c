/* The smallest program that uses the library: a task that sleeps, and a context of TLS,
 * for what a static library needs of OpenSSL.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

static int wait_a_moment(void *loop)
{
    return weir_sleep(loop, 1);
}

static int make_context(void)
{
#if WEIR_HAS_TLS
    weir_tls_context *context;
    weir_tls_options options = {.insecure_skip_verify =
                                    true}; /* needs no trust store */
    int result = weir_tls_client_new(&context, &options);
    if (result == WEIR_OK)
        weir_tls_context_free(context);
    return result;
#else
    return WEIR_OK;
#endif
}

int main(void)
{
    weir_loop *loop = weir_loop_new(NULL);
    int result = loop ? weir_join(weir_spawn(loop, wait_a_moment, loop)) : -1;
    if (result == WEIR_OK)
        result = make_context();
    printf("%s\n", weir_status_name(result));
    weir_loop_free(loop);
    return result == WEIR_OK ? 0 : 1;
}
