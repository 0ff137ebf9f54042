/* STARTTLS: SMTP (RFC 3207), IMAP (RFC 9051 6.2.1), XMPP (RFC 6120 5) and PostgreSQL
 * ("SSL Session Encryption" in its manual).
 *
 * What is read is bounded, in lines, in their length and in time: all of it is in the
 * clear, and may come from anybody.
 *
 * SPDX-License-Identifier: MIT */
#include "starttls.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <weir/timeout.h>

enum {
    MOST_SECONDS = 30,
    MOST_LINES = 100, /* of one reply */
    MOST_BYTES = 8192 /* of a line, or of XML */
};

struct dialogue {
    const struct command *command;
    const char *protocol;
    weir_stream *stream;
    const char *name;
};

/* --- what all of them say and hear ------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static bool fail(const struct dialogue *d,
                                                       const char *format, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    command_complain(d->command, "before TLS, in %s: %s", d->protocol, sentence);
    return false;
}

static bool not_offered(const struct dialogue *d)
{
    return fail(d, "the server does not offer TLS");
}

/* A read that gave nothing. */
static bool fail_read(const struct dialogue *d, int rc)
{
    if (rc == 0 || rc == WEIR_E_INCOMPLETE)
        return fail(d, "the server closed the connection");
    if (rc == WEIR_E_TIMEOUT)
        return fail(d, "no answer within %d s", MOST_SECONDS);
    return fail(d, "%s", weir_last_error()->message);
}

static bool fail_answer(const struct dialogue *d, weir_slice answer)
{
    answer = weir_slice_trim(answer);
    return fail(d, "the server answers \"%.*s\"",
                (int)(answer.len < 200 ? answer.len : 200), answer.data);
}

static bool say(const struct dialogue *d, weir_slice bytes)
{
    weir_writer *writer = weir_stream_writer(d->stream);
    if (weir_write(writer, bytes) == WEIR_OK && weir_drain(writer) == WEIR_OK)
        return true;
    return fail(d, "%s", weir_last_error()->message);
}

static bool hear_line(const struct dialogue *d, weir_slice *line)
{
    int rc = weir_readline(weir_stream_reader(d->stream), line);
    if (rc <= 0)
        return fail_read(d, rc);
    *line = weir_slice_chomp(*line);
    return true;
}

/* --- SMTP ------------------------------------------------------------------------- */

/* A reply of one or several lines (RFC 5321 4.2.1), which must have this code. Whether
 * one of them is STARTTLS is told in *offered, unless that is NULL. */
static bool hear_reply(const struct dialogue *d, weir_slice code, bool *offered)
{
    weir_slice line;
    for (int i = 0; i < MOST_LINES; i++) {
        if (!hear_line(d, &line))
            return false;
        if (!weir_slice_starts_with(line, code))
            return fail_answer(d, line);
        weir_slice text = weir_slice_skip(line, code.len + 1);
        if (offered && weir_slice_equal_nocase(text, WEIR_S("STARTTLS")))
            *offered = true;
        if (line.len == code.len || line.data[code.len] != '-')
            return true;
    }
    return fail(d, "a reply without end");
}

static bool speak_smtp(const struct dialogue *d)
{
    bool offered = false;
    if (!hear_reply(d, WEIR_S("220"), NULL) ||
        !say(d, WEIR_S("EHLO [127.0.0.1]\r\n")) ||
        !hear_reply(d, WEIR_S("250"), &offered))
        return false;
    if (!offered)
        return not_offered(d);
    return say(d, WEIR_S("STARTTLS\r\n")) && hear_reply(d, WEIR_S("220"), NULL);
}

/* --- IMAP ------------------------------------------------------------------------- */

/* Whether a word of the line, which has spaces and brackets between them, is STARTTLS. */
static bool has_starttls(weir_slice line)
{
    weir_slice word;
    while (weir_slice_split(&line, ' ', &word)) {
        if (weir_slice_ends_with(word, WEIR_S("]")))
            word.len--;
        if (weir_slice_equal_nocase(word, WEIR_S("STARTTLS")))
            return true;
    }
    return false;
}

/* The lines up to the one with the tag, which must be an OK. */
static bool hear_tagged(const struct dialogue *d, weir_slice tag, bool *offered)
{
    weir_slice line;
    for (int i = 0; i < MOST_LINES; i++) {
        if (!hear_line(d, &line))
            return false;
        if (weir_slice_starts_with(line, tag))
            return weir_slice_starts_with(weir_slice_skip(line, tag.len),
                                          WEIR_S("OK")) ||
                   fail_answer(d, line);
        if (!weir_slice_starts_with(line, WEIR_S("* ")))
            return fail_answer(d, line);
        *offered = *offered || has_starttls(line);
    }
    return fail(d, "a reply without end");
}

static bool speak_imap(const struct dialogue *d)
{
    weir_slice greeting;
    bool offered = false;
    if (!hear_line(d, &greeting))
        return false;
    if (!weir_slice_starts_with(greeting, WEIR_S("* OK")))
        return fail_answer(d, greeting);
    if (!say(d, WEIR_S("a CAPABILITY\r\n")) || !hear_tagged(d, WEIR_S("a "), &offered))
        return false;
    if (!offered)
        return not_offered(d);
    return say(d, WEIR_S("b STARTTLS\r\n")) && hear_tagged(d, WEIR_S("b "), &offered);
}

/* --- XMPP ------------------------------------------------------------------------- */

static bool has(weir_slice text, weir_slice part)
{
    return weir_slice_find(text, part) < text.len;
}

static bool hear_until(const struct dialogue *d, const weir_slice *ends, size_t count,
                       weir_slice *text)
{
    weir_readuntil_options options = {.separators = ends, .count = count};
    int rc = weir_readuntil_any(weir_stream_reader(d->stream), &options, text);
    return rc > 0 || fail_read(d, rc);
}

/* RFC 6120 5.4.2.3: what follows <proceed/> is TLS. */
static bool hear_proceed(const struct dialogue *d)
{
    static const weir_slice END = {">", 1};
    static const weir_slice CLOSED = {"</proceed>", 10};
    weir_slice text;
    if (!hear_until(d, &END, 1, &text))
        return false;
    text = weir_slice_skip(text, weir_slice_find(text, WEIR_S("<"))); /* blanks */
    if (!weir_slice_starts_with(text, WEIR_S("<proceed")))
        return fail_answer(d, text);
    return weir_slice_ends_with(text, WEIR_S("/>")) || hear_until(d, &CLOSED, 1, &text);
}

static bool speak_xmpp(const struct dialogue *d)
{
    static const weir_slice ENDS[] = {{"</stream:features>", 18},
                                      {"<stream:features/>", 18},
                                      {"</stream:stream>", 16}};
    char header[512];
    weir_slice text;
    if (strpbrk(d->name, "<>&'\"") || strlen(d->name) > 255)
        return fail(d, "%s is no name of a server", d->name);
    snprintf(header, sizeof(header),
             "<?xml version='1.0'?><stream:stream to='%s' version='1.0' "
             "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
             d->name);
    if (!say(d, weir_slice_of(header)) ||
        !hear_until(d, ENDS, sizeof(ENDS) / sizeof(ENDS[0]), &text))
        return false;
    if (weir_slice_ends_with(text, ENDS[2]))
        return fail_answer(d, text);
    if (!has(text, WEIR_S("urn:ietf:params:xml:ns:xmpp-tls")))
        return not_offered(d);
    return say(d, WEIR_S("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")) &&
           hear_proceed(d);
}

/* --- PostgreSQL ------------------------------------------------------------------- */

static bool speak_postgres(const struct dialogue *d)
{
    /* SSLRequest: its length, and 80877103. */
    static const char REQUEST[] = {0, 0, 0, 8, 0x04, (char)0xd2, 0x16, 0x2f};
    weir_slice answer;
    if (!say(d, (weir_slice){REQUEST, sizeof(REQUEST)}))
        return false;
    int rc = weir_readexactly(weir_stream_reader(d->stream), 1, &answer);
    if (rc <= 0)
        return fail_read(d, rc);
    if (answer.data[0] == 'N')
        return not_offered(d);
    return answer.data[0] == 'S' || fail_answer(d, answer);
}

/* --- which one -------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*speak)(const struct dialogue *d);
} PROTOCOLS[] = {
    {"smtp", speak_smtp},
    {"imap", speak_imap},
    {"xmpp", speak_xmpp},
    {"postgres", speak_postgres},
};

enum { PROTOCOL_COUNT = sizeof(PROTOCOLS) / sizeof(PROTOCOLS[0]) };

static int find(const char *protocol)
{
    int i = 0;
    while (i < PROTOCOL_COUNT && strcmp(PROTOCOLS[i].name, protocol) != 0)
        i++;
    return i;
}

bool starttls_knows(const char *protocol)
{
    return find(protocol) < PROTOCOL_COUNT;
}

bool starttls_speak(const struct command *command, weir_stream *stream,
                    const char *protocol, const char *name)
{
    struct dialogue dialogue = {command, protocol, stream, name};
    weir_reader *reader = weir_stream_reader(stream);
    weir_reader_set_limit(reader, MOST_BYTES);
    weir_timeout timeout =
        weir_timeout_start(weir_stream_loop(stream), MOST_SECONDS * UINT64_C(1000));
    bool ok = PROTOCOLS[find(protocol)].speak(&dialogue);
    weir_timeout_end(&timeout);
    weir_reader_set_limit(reader, (size_t)64 * 1024);
    return ok;
}
