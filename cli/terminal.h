/* What is special when a person reads: colours, the width, bytes made visible.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_TERMINAL_H
#define WEIR_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>
#include <weir/slice.h>

enum colour { PLAIN, BOLD, DIM, GREEN, RED, BLUE, CYAN };

/* Whether the file is a terminal that takes colours, and nobody has set NO_COLOR
 * (no-color.org). */
bool terminal_has_colours(FILE *file);

/* What switches to a colour, or "" where there are none. PLAIN switches back. */
const char *terminal_colour(FILE *file, enum colour colour);

/* Columns; 80 where nobody says. */
int terminal_width(FILE *file);

/* Prints text of somebody else: control characters come out as \x1b and the like, so
 * that they neither move a terminal's cursor nor make one line look like two. UTF-8
 * stays as it is. */
void terminal_print(FILE *file, weir_slice text);

/* Asks for a secret on the terminal of the process, which does not show it. To be
 * freed; NULL when there is no terminal, or no answer. */
char *terminal_ask_secret(const char *question);

#endif
