/* JSON as a person reads it, piece by piece as it comes.
 *
 * SPDX-License-Identifier: MIT */
#include "json_view.h"

#include <string.h>

enum { INDENT = 2, MOST_INDENT = 100 };

static const char PLAIN_TEXT[] = "\x1b[0m";
static const char NAME[] = "\x1b[34m";
static const char STRING[] = "\x1b[32m";
static const char WORD[] = "\x1b[36m";

static void colour(const struct json_view *view, const char *code, FILE *file)
{
    if (view->coloured)
        fputs(code, file);
}

static void new_line(const struct json_view *view, FILE *file)
{
    unsigned indent = view->depth * INDENT;
    fprintf(file, "\n%*s", (int)(indent < MOST_INDENT ? indent : MOST_INDENT), "");
}

/* C1 controls are the two bytes C2 80 to C2 9F in UTF-8. */
static void put(struct json_view *view, unsigned char byte, FILE *file)
{
    bool is_c1 = view->last == 0xc2 && byte >= 0x80 && byte < 0xa0;
    if (byte < ' ' || byte == 0x7f || is_c1)
        fprintf(file, "\\x%02x", byte);
    else
        fputc(byte, file);
    view->last = byte;
}

static void in_string(struct json_view *view, unsigned char byte, FILE *file)
{
    put(view, byte, file);
    if (view->escaped) {
        view->escaped = false;
    } else if (byte == '\\') {
        view->escaped = true;
    } else if (byte == '"') {
        view->place = JSON_BETWEEN;
        colour(view, PLAIN_TEXT, file);
    }
}

static void open_value(struct json_view *view, unsigned char byte, FILE *file)
{
    view->depth++;
    view->objects = view->objects << 1 | (byte == '{');
    view->opened = true;
    view->at_value = false;
    fputc(byte, file);
}

static void close_value(struct json_view *view, unsigned char byte, FILE *file)
{
    if (view->depth > 0)
        view->depth--;
    view->objects >>= 1;
    if (!view->opened)
        new_line(view, file);
    view->opened = false;
    fputc(byte, file);
}

/* Before a name or a value. */
static void begin(struct json_view *view, FILE *file)
{
    if (view->opened)
        new_line(view, file);
    view->opened = false;
}

static void separate(struct json_view *view, unsigned char byte, FILE *file)
{
    fputc(byte, file);
    view->at_value = byte == ':';
    if (byte == ':')
        fputc(' ', file);
    else
        new_line(view, file);
}

static void begin_token(struct json_view *view, unsigned char byte, FILE *file)
{
    begin(view, file);
    if (byte == '"') {
        bool is_name = (view->objects & 1) && !view->at_value;
        view->place = JSON_IN_STRING;
        colour(view, is_name ? NAME : STRING, file);
    } else {
        view->place = JSON_IN_WORD;
        colour(view, WORD, file);
    }
    put(view, byte, file);
}

static void between(struct json_view *view, unsigned char byte, FILE *file)
{
    switch (byte) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return;
    case '{':
    case '[':
        begin(view, file);
        open_value(view, byte, file);
        return;
    case '}':
    case ']':
        close_value(view, byte, file);
        return;
    case ',':
    case ':':
        separate(view, byte, file);
        return;
    default:
        begin_token(view, byte, file);
    }
}

static void in_word(struct json_view *view, unsigned char byte, FILE *file)
{
    if (byte != '\0' && !strchr(" \t\r\n{}[],:\"", byte)) {
        put(view, byte, file);
        return;
    }
    view->place = JSON_BETWEEN;
    colour(view, PLAIN_TEXT, file);
    between(view, byte, file);
}

void json_view_write(struct json_view *view, weir_slice text, FILE *file)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (view->place == JSON_IN_STRING)
            in_string(view, byte, file);
        else if (view->place == JSON_IN_WORD)
            in_word(view, byte, file);
        else
            between(view, byte, file);
    }
}

void json_view_end(struct json_view *view, FILE *file)
{
    if (view->place != JSON_BETWEEN)
        colour(view, PLAIN_TEXT, file);
    fputc('\n', file);
}
