/* What is special when a person reads.
 *
 * SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_has_colours(FILE *file)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(file)) && !(no_color && no_color[0]) && term &&
           strcmp(term, "dumb") != 0;
}

const char *terminal_colour(FILE *file, enum colour colour)
{
    static const char *const SWITCHES[] = {
        [PLAIN] = "\x1b[0m",  [BOLD] = "\x1b[1m", [DIM] = "\x1b[2m",
        [GREEN] = "\x1b[32m", [RED] = "\x1b[31m",
    };
    return terminal_has_colours(file) ? SWITCHES[colour] : "";
}

int terminal_width(FILE *file)
{
    struct winsize size;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void terminal_print(FILE *file, weir_slice text)
{
    const char *previous = NULL;
    for (const char *c = text.data; c < text.data + text.len; previous = c++) {
        unsigned char byte = (unsigned char)*c;
        /* C1 controls are the two bytes C2 80 to C2 9F in UTF-8. */
        bool is_c1 = previous && (unsigned char)*previous == 0xc2 && byte < 0xa0;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f || is_c1)
            fprintf(file, "\\x%02x", byte);
        else
            fputc(byte, file);
    }
}
