/* Connecting: a descriptor from options.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_CONNECT_H
#define WEIR_CORE_CONNECT_H

#include <weir/stream.h>

#include "transport.h"

/* A connected socket, non-blocking, and its kind. Fails as weir_stream_connect(). */
int weir__connect(weir_loop *loop, const weir_connect_options *options, int *fd,
                  enum weir__descriptor_kind *kind);

#endif
