/* Trying again: what for, and after how long.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_RETRY_H
#define WEIR_HTTP1_RETRY_H

#include "request.h"

/* After a hop that has ended with `rc`: waits and returns 1 when it is to be tried again,
 * the response being gone then; else `rc`, or why the wait has ended, with its sentence.
 */
int weir__retry(weir__request *request, weir_response **response, int rc);

#endif
