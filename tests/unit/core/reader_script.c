/* Calls on a reader as words.
 *
 * SPDX-License-Identifier: MIT */
#include "reader_script.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CALL 256

/* Of more bytes the number and a checksum will do. */
#define LONG 2000

static void add(struct script_log *log, const char *text)
{
    size_t space = sizeof(log->text) - log->len;
    int len = snprintf(log->text + log->len, space, "%s", text);
    log->len += (size_t)len < space ? (size_t)len : space - 1;
}

static void add_checksum(struct script_log *log, weir_slice bytes)
{
    char text[64];
    uint32_t checksum = 0;
    for (size_t i = 0; i < bytes.len; i++)
        checksum = checksum * 31 + (unsigned char)bytes.data[i];
    snprintf(text, sizeof(text), "%zu bytes %08x", bytes.len, (unsigned)checksum);
    add(log, text);
}

static void add_bytes(struct script_log *log, weir_slice bytes)
{
    char text[8];
    if (bytes.len > LONG) {
        add_checksum(log, bytes);
        return;
    }
    add(log, "\"");
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        bool plain = c > ' ' && c <= '~' && c != '"' && c != '\\';
        snprintf(text, sizeof(text), plain ? "%c" : "\\x%02x", c);
        if (c == '\n')
            snprintf(text, sizeof(text), "\\n");
        add(log, text);
    }
    add(log, "\"");
}

static void add_status(struct script_log *log, int rc)
{
    char text[64];
    const char *name = weir_status_name(rc) + strlen("WEIR_E_");
    size_t len = 0;
    for (; name[len] && len < sizeof(text) - 1; len++)
        text[len] =
            (char)(name[len] >= 'A' && name[len] <= 'Z' ? name[len] + 32 : name[len]);
    text[len] = '\0';
    add(log, text);
    if (rc == WEIR_E_TOO_BIG) {
        snprintf(text, sizeof(text), "@%zu", weir_last_error()->offset);
        add(log, text);
    }
}

static int read_until_any(weir_reader *reader, char *list, weir_slice *bytes)
{
    weir_slice separators[16];
    size_t count = 0;
    for (char *word = list; word; count++) {
        char *bar = strchr(word, '|');
        if (bar)
            *bar = '\0';
        separators[count] = weir_slice_of(word);
        word = bar ? bar + 1 : NULL;
    }
    weir_readuntil_options options = {.separators = separators, .count = count};
    return weir_readuntil_any(reader, &options, bytes);
}

static int call_with_number(weir_reader *reader, const char *verb, size_t number,
                            weir_slice *bytes)
{
    if (strcmp(verb, "read") == 0)
        return weir_read(reader, number, bytes);
    if (strcmp(verb, "exact") == 0)
        return weir_readexactly(reader, number, bytes);
    if (strcmp(verb, "all") == 0)
        return weir_readall(reader, number, bytes);
    return weir_peek(reader, number, bytes);
}

/* The calls that have no result of their own. */
static bool do_quietly(weir_reader *reader, const char *verb, size_t number,
                       struct script_log *log)
{
    char text[32];
    if (strcmp(verb, "consume") == 0) {
        weir_consume(reader, number);
    } else if (strcmp(verb, "limit") == 0) {
        weir_reader_set_limit(reader, number);
    } else if (strcmp(verb, "eof") == 0) {
        add(log, weir_reader_at_eof(reader) ? " yes" : " no");
    } else if (strcmp(verb, "buffered") == 0) {
        snprintf(text, sizeof(text), " %zu", weir_reader_buffered(reader));
        add(log, text);
    } else {
        return false;
    }
    return true;
}

void script_call(weir_reader *reader, const char *call, struct script_log *log)
{
    char verb[MAX_CALL];
    weir_slice bytes = {NULL, 0};
    snprintf(verb, sizeof(verb), "%s", call);
    char *argument = strchr(verb, ':');
    if (argument)
        *argument++ = '\0';
    size_t number = argument ? strtoul(argument, NULL, 10) : 0;
    int rc;
    if (do_quietly(reader, verb, number, log))
        return;
    if (strcmp(verb, "line") == 0)
        rc = weir_readline(reader, &bytes);
    else if (strcmp(verb, "until") == 0)
        rc = weir_readuntil(reader, weir_slice_of(argument), &bytes);
    else if (strcmp(verb, "any") == 0)
        rc = read_until_any(reader, argument, &bytes);
    else
        rc = call_with_number(reader, verb, number, &bytes);
    if (log->len > 0)
        add(log, " ");
    if (rc > 0)
        add_bytes(log, bytes);
    else if (rc == 0)
        add(log, "end");
    else
        add_status(log, rc);
}

void script_run(weir_reader *reader, const char *calls, struct script_log *log)
{
    char call[MAX_CALL];
    while (*calls) {
        size_t len = strcspn(calls, " ");
        snprintf(call, sizeof(call), "%.*s", (int)len, calls);
        script_call(reader, call, log);
        calls += len + (calls[len] == ' ');
    }
}
