/* Heads, chunks and trailers, written.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/http_codec.h>
#include <weir/status.h>

#include "encode.h"
#include "nth.h"
#include "test.h"

static weir_http_fields *with(weir_http_fields *fields, const char *name,
                              const char *value)
{
    weir_http_fields_init(fields, NULL, NULL);
    REQUIRE(weir_http_fields_add(fields, weir_slice_of(name), weir_slice_of(value)) ==
            WEIR_OK);
    return fields;
}

static void encodes_request(weir_http_request_head head, const char *wanted)
{
    char space[512];
    size_t len;
    CHECK_INT(weir_http_encode_request(&head, space, sizeof(space), &len, NULL),
              WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(wanted));
}

/* RFC 9112 3.2, 6: the four forms of a target, Host first, one framing field. */
TEST(request, is_written)
{
    weir_http_fields fields;
    with(&fields, "Accept", "*/*");
    encodes_request((weir_http_request_head){.target = WEIR_S("/a?b"),
                                             .host = WEIR_S("h:1"),
                                             .fields = &fields},
                    "GET /a?b HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\n\r\n");
    encodes_request((weir_http_request_head){.method = WEIR_S("POST"),
                                             .target = WEIR_S("http://h/"),
                                             .host = WEIR_S("h"),
                                             .framing = WEIR_HTTP_LENGTH},
                    "POST http://h/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    encodes_request((weir_http_request_head){.method = WEIR_S("PUT"),
                                             .target = WEIR_S("/"),
                                             .host = WEIR_S("[::1]"),
                                             .framing = WEIR_HTTP_LENGTH,
                                             .content_length = UINT64_MAX},
                    "PUT / HTTP/1.1\r\nHost: [::1]\r\n"
                    "Content-Length: 18446744073709551615\r\n\r\n");
    encodes_request((weir_http_request_head){.method = WEIR_S("OPTIONS"),
                                             .target = WEIR_S("*"),
                                             .host = WEIR_S(""),
                                             .framing = WEIR_HTTP_CHUNKED},
                    "OPTIONS * HTTP/1.1\r\nHost: \r\n"
                    "Transfer-Encoding: chunked\r\n\r\n");
    encodes_request((weir_http_request_head){.method = WEIR_S("CONNECT"),
                                             .target = WEIR_S("h:443"),
                                             .host = WEIR_S("h:443")},
                    "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
    weir_http_fields_clear(&fields);
}

static void refuses_request(weir_http_request_head head)
{
    char space[512];
    size_t len;
    weir_codec_error error = {0};
    CHECK_INT(weir_http_encode_request(&head, space, sizeof(space), &len, &error),
              WEIR_E_INVALID);
    CHECK_INT(error.status, WEIR_E_INVALID);
    CHECK(error.reason != NULL);
}

/* RFC 9112 11.1, RFC 9110 17.5: nothing that ends a line, or says the framing twice. */
TEST(request, refuses_to_inject)
{
    static const char *const BAD_METHODS[] = {"GE T", "G\r\n", "G:", "\xC3\xA9"};
    static const char *const BAD_TARGETS[] = {"",    "/ a",   "/\r\n",    "/\n",
                                              "/#f", "/\x7F", "/\xC3\xA9"};
    static const char *const BAD_HOSTS[] = {"a b", "a\r\nX: y", "u@a",
                                            "a/b", "a#",        "a?"};
    static const char *const BAD_FIELDS[] = {"host", "Content-Length",
                                             "transfer-encoding"};
    weir_http_request_head good = {.target = WEIR_S("/"), .host = WEIR_S("h")};
    for (size_t i = 0; i < sizeof(BAD_METHODS) / sizeof(*BAD_METHODS); i++) {
        weir_http_request_head head = good;
        head.method = weir_slice_of(BAD_METHODS[i]);
        refuses_request(head);
    }
    for (size_t i = 0; i < sizeof(BAD_TARGETS) / sizeof(*BAD_TARGETS); i++) {
        weir_http_request_head head = good;
        head.target = weir_slice_of(BAD_TARGETS[i]);
        refuses_request(head);
    }
    for (size_t i = 0; i < sizeof(BAD_HOSTS) / sizeof(*BAD_HOSTS); i++) {
        weir_http_request_head head = good;
        head.host = weir_slice_of(BAD_HOSTS[i]);
        refuses_request(head);
    }
    for (size_t i = 0; i < sizeof(BAD_FIELDS) / sizeof(*BAD_FIELDS); i++) {
        weir_http_fields fields;
        weir_http_request_head head = good;
        head.fields = with(&fields, BAD_FIELDS[i], "5");
        refuses_request(head);
        weir_http_fields_clear(&fields);
    }
    refuses_request(
        (weir_http_request_head){.target = WEIR_S("/\0a"), .host = good.host});
    refuses_request((weir_http_request_head){.target = WEIR_S("/")});
    good.framing = WEIR_HTTP_UNTIL_CLOSE;
    refuses_request(good);
}

/* http_codec.h: too little space is a status, and says how much there must be. */
TEST(request, says_how_much_space_it_needs)
{
    weir_http_request_head head = {.target = WEIR_S("/"), .host = WEIR_S("h")};
    char space[64];
    size_t needed, len;
    CHECK_INT(weir_http_encode_request(&head, NULL, 0, &needed, NULL), WEIR_E_TOO_BIG);
    CHECK_INT(weir_http_encode_request(&head, space, needed - 1, &len, NULL),
              WEIR_E_TOO_BIG);
    CHECK_INT(len, needed);
    CHECK_INT(weir_http_encode_request(&head, space, needed, &len, NULL), WEIR_OK);
    CHECK_INT(len, needed);
}

/* RFC 9112 4, 6 */
TEST(request, has_a_response)
{
    weir_http_fields fields;
    weir_http_response_head head = {.status_code = 404, .framing = WEIR_HTTP_LENGTH};
    weir_codec_error error;
    char space[256];
    size_t len;
    CHECK_INT(weir_http_encode_response(&head, space, sizeof(space), &len, &error),
              WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}),
                WEIR_S("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    head = (weir_http_response_head){.status_code = 299,
                                     .reason = "Fine",
                                     .fields = with(&fields, "A", "b"),
                                     .framing = WEIR_HTTP_UNTIL_CLOSE};
    CHECK_INT(weir_http_encode_response(&head, space, sizeof(space), &len, &error),
              WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}),
                WEIR_S("HTTP/1.1 299 Fine\r\nA: b\r\n\r\n"));
    const weir_http_response_head BAD[] = {
        {.status_code = 99},
        {.status_code = 1000},
        {.status_code = 200, .reason = "a\r\nb"},
        {.status_code = 204, .framing = WEIR_HTTP_LENGTH},
        {.status_code = 100, .framing = WEIR_HTTP_CHUNKED},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++)
        CHECK_INT(
            weir_http_encode_response(&BAD[i], space, sizeof(space), &len, &error),
            WEIR_E_INVALID);
    weir_http_fields_clear(&fields);
}

/* RFC 9112 7.1 */
TEST(request, is_chunked)
{
    static const struct {
        uint64_t size;
        const char *line;
    } CHUNKS[] = {{1, "1\r\n"},
                  {16, "10\r\n"},
                  {0xABC, "abc\r\n"},
                  {UINT64_MAX, "ffffffffffffffff\r\n"}};
    char space[64];
    size_t len;
    weir_http_fields trailers;
    for (size_t i = 0; i < sizeof(CHUNKS) / sizeof(*CHUNKS); i++) {
        len = weir_http_encode_chunk(CHUNKS[i].size, space);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(CHUNKS[i].line));
    }
    CHECK_INT(weir_http_encode_last_chunk(NULL, space, sizeof(space), &len, NULL),
              WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}), WEIR_S("0\r\n\r\n"));
    with(&trailers, "Digest", "x");
    CHECK_INT(weir_http_encode_last_chunk(&trailers, space, sizeof(space), &len, NULL),
              WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}), WEIR_S("0\r\nDigest: x\r\n\r\n"));
    weir_http_fields_clear(&trailers);
    with(&trailers, "Content-Length", "5");
    CHECK_INT(weir_http_encode_last_chunk(&trailers, space, sizeof(space), &len, NULL),
              WEIR_E_INVALID);
    weir_http_fields_clear(&trailers);
}

/* encode.h: into a buffer, until it is full, and then not at all. */
TEST(request, is_written_into_buffers)
{
    weir__buffer buffer;
    weir_http_request_head head = {.target = WEIR_S("/"), .host = WEIR_S("h")};
    weir_http_response_head response = {.status_code = 200};
    weir__buffer_init(&buffer, NULL, 64);
    CHECK_INT(weir__http_write_request(&buffer, &head, NULL), WEIR_OK);
    CHECK_INT(weir__http_write_chunk(&buffer, 255), WEIR_OK);
    CHECK_INT(weir__http_write_last_chunk(&buffer, NULL, NULL), WEIR_OK);
    CHECK_BYTES(weir__buffer_slice(&buffer),
                WEIR_S("GET / HTTP/1.1\r\nHost: h\r\n\r\nff\r\n0\r\n\r\n"));
    weir__buffer_consume(&buffer, 27);
    CHECK_INT(weir__http_write_response(&buffer, &response, NULL), WEIR_OK);
    CHECK_BYTES(weir__buffer_slice(&buffer),
                WEIR_S("ff\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));
    CHECK_INT(weir__http_write_request(&buffer, &head, NULL), WEIR_OK);
    size_t len = weir__buffer_len(&buffer);
    CHECK_INT(weir__http_write_request(&buffer, &head, NULL), WEIR_E_TOO_BIG);
    CHECK_INT(weir__buffer_len(&buffer), len);
    weir__buffer_clear(&buffer);
}

/* The guess of the space is wrong here, so that there are two allocations. */
TEST(request, survives_failing_allocations)
{
    static char target[2000];
    struct nth nth;
    size_t n = 0;
    memset(target, '/', sizeof(target));
    weir_http_request_head head = {.target = {target, sizeof(target)},
                                   .host = WEIR_S("h")};
    do {
        weir__buffer buffer;
        nth_init(&nth, ++n);
        weir__buffer_init(&buffer, &nth.allocator, 5000);
        int rc = weir__http_write_request(&buffer, &head, NULL);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        CHECK_INT(weir__buffer_len(&buffer) > 0, !nth.failed);
        weir__buffer_clear(&buffer);
        CHECK_INT(nth.live, 0);
    } while (nth.failed);
    CHECK(n > 2);
}
