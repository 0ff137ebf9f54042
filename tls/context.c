/* What connections have in common.
 *
 * SPDX-License-Identifier: MIT */
#include "context.h"
