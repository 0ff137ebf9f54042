/* The fast way through a head that is complete and has nothing unusual.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_PLAIN_H
#define WEIR_HTTP1_CODEC_PLAIN_H

#include "head.h"

/* Reads the head at the front of the input into head->fields, which is empty, the
 * start line's members of `head`, and what is noted of its fields into `known`.
 *
 * Returns the length of the head; 0, having changed nothing that counts, when it is
 * not complete or not plain; or WEIR_E_MEMORY. */
int weir__plain_head(weir_http_head *head, weir_http_role role, weir_slice input,
                     weir__head_known *known);

#endif
