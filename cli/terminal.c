/* What is special when a person reads.
 *
 * SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
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
        [GREEN] = "\x1b[32m", [RED] = "\x1b[31m", [BLUE] = "\x1b[34m",
        [CYAN] = "\x1b[36m",
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

/* A signal that ends the program while it asks turns the echo on again. */
static int asked = -1;
static struct termios as_before;

static void end_asking(int number)
{
    tcsetattr(asked, TCSAFLUSH, &as_before);
    signal(number, SIG_DFL);
    raise(number);
}

static char *read_secret(int fd)
{
    FILE *file = fdopen(fd, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len = file ? getline(&line, &size, file) : -1;
    if (file)
        fclose(file);
    else
        close(fd);
    if (len < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}

char *terminal_ask_secret(const char *question)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &as_before) < 0) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    asked = dup(fd);
    void (*interrupt)(int) = signal(SIGINT, end_asking);
    void (*terminate)(int) = signal(SIGTERM, end_asking);
    struct termios silent = as_before;
    silent.c_lflag &= (tcflag_t)~ECHO;
    tcsetattr(asked, TCSAFLUSH, &silent);
    dprintf(asked, "%s", question);
    char *secret = read_secret(fd);
    dprintf(asked, "\n");
    tcsetattr(asked, TCSAFLUSH, &as_before);
    signal(SIGINT, interrupt);
    signal(SIGTERM, terminate);
    close(asked);
    return secret;
}
