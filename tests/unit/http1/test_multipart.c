/* Bodies of many parts, decoded and encoded.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "multipart_feed.h"
#include "nth.h"
#include "test.h"

/* With the boundary "b". */
static void check(const char *input, const char *wanted)
{
    struct multipart_feed feed = {.boundary = WEIR_S("b")};
    CHECK(feed_check(&MULTIPART_FEED, &feed, weir_slice_of(input), wanted, FEED_PLAIN));
}

static void check_failure(const char *input, const char *wanted)
{
    struct multipart_feed feed = {.boundary = WEIR_S("b")};
    struct feed_log log = {0};
    size_t left;
    CHECK(feed_check(&MULTIPART_FEED, &feed, weir_slice_of(input), NULL, FEED_PLAIN));
    feed_run(&MULTIPART_FEED, &feed, weir_slice_of(input), NULL, 0, &log, &left,
             FEED_PLAIN, NULL);
    size_t len = strlen(wanted);
    weir_slice end = {log.text + (log.len > len ? log.len - len : 0),
                      log.len > len ? len : log.len};
    CHECK_BYTES(end, weir_slice_of(wanted));
    feed_log_clear(&log);
}

/* RFC 2046 5.1.1: the example, with preamble and epilogue. */
TEST(multipart, reads_the_example_of_the_standard)
{
    struct multipart_feed feed = {.boundary = WEIR_S("simple boundary")};
    CHECK(feed_check(&MULTIPART_FEED, &feed,
                     WEIR_S("This is the preamble.  It is to be ignored, though it\r\n"
                            "is a handy place to include an explanatory note.\r\n"
                            "\r\n"
                            "--simple boundary\r\n"
                            "\r\n"
                            "This is implicitly typed plain US-ASCII text.\r\n"
                            "It does NOT end with a linebreak.\r\n"
                            "--simple boundary\r\n"
                            "Content-type: text/plain; charset=us-ascii\r\n"
                            "\r\n"
                            "It DOES end with a linebreak.\r\n"
                            "\r\n"
                            "--simple boundary--\r\n"
                            "\r\n"
                            "This is the epilogue.  It is also to be ignored.\r\n"
                            "--simple boundary\r\n"),
                     "part\n"
                     "data \"This is implicitly typed plain US-ASCII text.\\r\\n"
                     "It does NOT end with a linebreak.\"\n"
                     "part end\n"
                     "part\n"
                     "field \"Content-type\": \"text/plain; charset=us-ascii\"\n"
                     "data \"It DOES end with a linebreak.\\r\\n\"\n"
                     "part end\n"
                     "end\n",
                     FEED_PLAIN));
}

/* As Chrome and Firefox send a form with a text, no file chosen, and a file. */
TEST(multipart, reads_what_browsers_send)
{
    struct multipart_feed feed = {.boundary =
                                      WEIR_S("----WebKitFormBoundary7MA4YWxkTrZu0gW")};
    CHECK(feed_check(
        &MULTIPART_FEED, &feed,
        WEIR_S("------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
               "Content-Disposition: form-data; name=\"t\xC3\xA4xt%22\"\r\n"
               "\r\n"
               "line one\r\nline two\r\n"
               "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
               "Content-Disposition: form-data; name=\"f\"; filename=\"\"\r\n"
               "Content-Type: application/octet-stream\r\n"
               "\r\n"
               "\r\n"
               "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
               "Content-Disposition: form-data; name=\"g\"; filename=\"a b.bin\"\r\n"
               "Content-Type: application/octet-stream\r\n"
               "\r\n"
               "\r\n\0\r\r\n--\r\n------WebKitFormBoundary7MA4\r\n\r\n"
               "------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n"),
        "part\n"
        "field \"Content-Disposition\": \"form-data; "
        "name=\\x22t\\xc3\\xa4xt%22\\x22\"\n"
        "data \"line one\\r\\nline two\"\n"
        "part end\n"
        "part\n"
        "field \"Content-Disposition\": \"form-data; name=\\x22f\\x22; "
        "filename=\\x22\\x22\"\n"
        "field \"Content-Type\": \"application/octet-stream\"\n"
        "part end\n"
        "part\n"
        "field \"Content-Disposition\": \"form-data; name=\\x22g\\x22; "
        "filename=\\x22a b.bin\\x22\"\n"
        "field \"Content-Type\": \"application/octet-stream\"\n"
        "data \"\\r\\n\\x00\\r\\r\\n--\\r\\n------WebKitFormBoundary7MA4\\r\\n\"\n"
        "part end\n"
        "end\n",
        FEED_PLAIN));
}

/* Python's requests ends without more; its email package folds long fields; curl -F
 * with a file of a type. */
TEST(multipart, reads_what_programs_send)
{
    check("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
          "part\nfield \"Content-Disposition\": \"form-data; name=\\x22a\\x22\"\n"
          "data \"1\"\npart end\nend\n");
    check(
        "--b\r\nContent-Disposition: form-data;\r\n name=\"a\";\r\n\tfilename=\"x\"\r\n"
        "MIME-Version: 1.0\r\n\r\n1\r\n--b--",
        "part\nfield \"Content-Disposition\": \"form-data;   name=\\x22a\\x22;  "
        "\\x09filename=\\x22x\\x22\"\n"
        "field \"MIME-Version\": \"1.0\"\ndata \"1\"\npart end\nend\n");
    check("\r\n--b\r\nX:\r\n\r\n\r\n--b--\r\n",
          "part\nfield \"X\": \"\"\npart end\nend\n");
}

/* RFC 2046 5.1.1: padding behind a boundary; parts without fields or without bytes,
 * whose head's line end is the delimiter's; none at all. */
TEST(multipart, reads_what_is_allowed_though_unusual)
{
    check("--b \t \r\n\r\nx\r\n--b\t\r\n\r\ny\r\n--b--",
          "part\ndata \"x\"\npart end\npart\ndata \"y\"\npart end\nend\n");
    check("--b\r\nA: b\r\n\r\n--b\r\n\r\n--b--",
          "part\nfield \"A\": \"b\"\npart end\npart\npart end\nend\n");
    check("--b\r\n\r\n--\r\n--b--", "part\ndata \"--\"\npart end\nend\n");
    check("--b\r\n\r\n-\r\n--b--", "part\ndata \"-\"\npart end\nend\n");
    check("--b--", "end\n");
    check("preamble --b\r\n--b--\r\n--b\r\n\r\n", "end\n");
    check("--c\r\n\r--b\r\n-b\r\n\r\n--b--more", "end\n");
    check("--b\r\n\r\n\r\r\n\r\n-\r\n--\r\n--B\r\n--b--",
          "part\ndata \"\\r\\r\\n\\r\\n-\\r\\n--\\r\\n--B\"\npart end\nend\n");
}

TEST(multipart, that_ends_early_is_incomplete)
{
    check("",
          "failed WEIR_E_INCOMPLETE at 0: the body ends before its last boundary\n");
    check("--b", "failed WEIR_E_INCOMPLETE at 3: the body ends before its last "
                 "boundary\n");
    check("--b\r\nA: b",
          "failed WEIR_E_INCOMPLETE at 9: the body ends before its last boundary\n");
    /* What came before is told before. */
    check("--b\r\n\r\nx\r\n--", "part\ndata \"x\\r\\n--\"\nfailed WEIR_E_INCOMPLETE at "
                                "12: the body ends before its last boundary\n");
    check("--b\r\n\r\n--", "part\ndata \"--\"\nfailed WEIR_E_INCOMPLETE at 9: the body "
                           "ends before its last boundary\n");
    check("--b\r\n\r\nx\r\n--b\r\n",
          "part\ndata \"x\"\npart end\nfailed WEIR_E_INCOMPLETE at 15: the body ends "
          "before its last boundary\n");
}

/* No two readers may see two bodies. */
TEST(multipart, that_can_be_read_in_two_ways_is_refused)
{
    static const char *const ROWS[][2] = {
        {"--b\n\n", "at 3: a boundary's line ends without CR\n"},
        {"--b\r\r\n", "at 4: a boundary's line ends without LF\n"},
        {"--bc\r\n", "at 3: something follows a boundary on its line\n"},
        {"--b -\r\n", "at 4: something follows a boundary on its line\n"},
        {"--b-\r\n", "at 4: one dash behind a boundary\n"},
        {"--b\r\n\r\nx\r\n--b2\r\n",
         "at 13: something follows a boundary on its line\n"},
        {"--b\r\nA: b\n\r\n", "a line of a part's head ends without CR\n"},
        {"--b\r\n\n", "a line of a part's head ends without CR\n"},
        {"--b\r\n A: b\r\n\r\n", "a part begins with a continued line\n"},
        {"--b\r\nA\r\n\r\n", "a field of a part without a colon\n"},
        {"--b\r\n: b\r\n\r\n", "that may not be in one (RFC 9110 5)\n"},
        {"--b\r\nA : b\r\n\r\n", "that may not be in one (RFC 9110 5)\n"},
        {"--b\r\nA: b\rc\r\n\r\n", "that may not be in one (RFC 9110 5)\n"},
        {"--b\r\nA: b\x01\r\n\r\n", "that may not be in one (RFC 9110 5)\n"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        check_failure(ROWS[i][0], ROWS[i][1]);
}

TEST(multipart, has_limits)
{
    struct multipart_feed feed = {.boundary = WEIR_S("b"), .limits = {2, 14, 2}};
    CHECK(feed_check(&MULTIPART_FEED, &feed,
                     WEIR_S("--b\r\nA:\r\nB: 1\r\n\r\n\r\n--b\r\n\r\n\r\n--b--"),
                     "part\nfield \"A\": \"\"\nfield \"B\": \"1\"\npart end\n"
                     "part\npart end\nend\n",
                     FEED_PLAIN));
    CHECK(feed_check(&MULTIPART_FEED, &feed,
                     WEIR_S("--b\r\n\r\n--b\r\n\r\n--b\r\n\r\n--b--"),
                     "part\npart end\npart\npart end\n"
                     "failed WEIR_E_TOO_BIG at 19: too many parts\n",
                     FEED_PLAIN));
    CHECK(feed_check(&MULTIPART_FEED, &feed, WEIR_S("--b\r\nA:\r\nB: 1234\r\n\r\n"),
                     "failed WEIR_E_TOO_BIG at 19: the fields of a part are too long\n",
                     FEED_PLAIN));
    CHECK(feed_check(&MULTIPART_FEED, &feed, WEIR_S("--b\r\nA:\r\nB:\r\nC:\r\n\r\n"),
                     "failed WEIR_E_TOO_BIG at 19: too many fields in a part\n",
                     FEED_PLAIN));
}

TEST(multipart, boundaries_are_looked_at)
{
    char longest[71];
    weir_multipart_decoder d;
    memset(longest, 'x', sizeof(longest));
    CHECK_INT(weir_multipart_decoder_init(&d, (weir_slice){longest, 70}, NULL), 0);
    CHECK_INT(weir_multipart_decoder_init(&d, (weir_slice){longest, 71}, NULL),
              WEIR_E_INVALID);
    CHECK_INT(weir_multipart_decoder_init(&d, WEIR_S(""), NULL), WEIR_E_INVALID);
    CHECK_INT(weir_multipart_decoder_init(&d, WEIR_S("a\rb"), NULL), WEIR_E_INVALID);
    CHECK_INT(weir_multipart_decoder_init(&d, WEIR_S("\xC3\xA4"), NULL),
              WEIR_E_INVALID);
    CHECK(weir_multipart_is_boundary((weir_slice){longest, 70}));
    CHECK(!weir_multipart_is_boundary((weir_slice){longest, 71}));
    CHECK(weir_multipart_is_boundary(WEIR_S("aZ09'()+_,-./:=? x")));
    CHECK(!weir_multipart_is_boundary(WEIR_S("a ")));
    CHECK(!weir_multipart_is_boundary(WEIR_S("")));
    CHECK(!weir_multipart_is_boundary(WEIR_S("a;b")));
    CHECK(!weir_multipart_is_boundary(WEIR_S("a\0b")));
}

/* A megabyte of bytes that nearly are delimiters allocates nothing. */
TEST(multipart, allocates_nothing_for_the_bytes_of_a_part)
{
    struct nth nth;
    weir_multipart_decoder d;
    weir_multipart_event event;
    weir_slice input = WEIR_S("--b\r\nA: b\r\n\r\n");
    size_t size = 0;
    nth_init(&nth, 0);
    weir_multipart_decoder_options options = {.allocator = &nth.allocator};
    REQUIRE(weir_multipart_decoder_init(&d, WEIR_S("b"), &options) == 0);
    CHECK_INT(weir_multipart_decode(&d, &input, &event), WEIR_MULTIPART_EVENT);
    size_t count = nth.count;
    for (int i = 0; i < 1 << 18; i++) {
        input = WEIR_S("\r\n-x");
        while (weir_multipart_decode(&d, &input, &event) == WEIR_MULTIPART_EVENT)
            size += event.data.len;
    }
    CHECK_INT(size, 1 << 20);
    CHECK_INT(nth.count, count);
    weir_multipart_decoder_reset(&d);
    input = WEIR_S("--b--");
    CHECK_INT(weir_multipart_decode(&d, &input, &event), WEIR_MULTIPART_EVENT);
    CHECK_INT(event.type, WEIR_MULTIPART_END);
    weir_multipart_decoder_clear(&d);
    CHECK_INT(nth.live, 0);
}

/* RFC 7578 4.2, 5.1; WHATWG HTML 4.10.21.8 */
TEST(multipart, heads_are_written_so_that_nothing_gets_out_of_its_quotes)
{
    weir_multipart_head head = {.boundary = WEIR_S("b"),
                                .name = WEIR_S("a\"b\r\nc%\\d\xC3\xA4"),
                                .filename = WEIR_S("\"\r\n"),
                                .content_type = WEIR_S("text/plain; charset=utf-8")};
    weir_slice wanted =
        WEIR_S("--b\r\n"
               "Content-Disposition: form-data; name=\"a%22b%0D%0Ac%\\d\xC3\xA4\"; "
               "filename=\"%22%0D%0A\"\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    char space[256];
    size_t len;
    CHECK_INT(weir_multipart_encode_head(&head, space, sizeof(space), &len, NULL), 0);
    CHECK_BYTES(((weir_slice){space, len}), wanted);
    CHECK_INT(weir_multipart_encode_head(&head, space, wanted.len, &len, NULL), 0);
    CHECK_INT(weir_multipart_encode_head(&head, space, wanted.len - 1, &len, NULL),
              WEIR_E_TOO_BIG);
    CHECK_INT(len, wanted.len);
    head = (weir_multipart_head){.boundary = WEIR_S("b"), .name = WEIR_S("a")};
    CHECK_INT(weir_multipart_encode_head(&head, space, sizeof(space), &len, NULL), 0);
    CHECK_BYTES(((weir_slice){space, len}),
                WEIR_S("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"));
    CHECK_INT(weir_multipart_encode_end(head.boundary, space, sizeof(space), &len), 0);
    CHECK_BYTES(((weir_slice){space, len}), WEIR_S("--b--\r\n"));
    CHECK_INT(weir_multipart_encode_end(head.boundary, NULL, 0, &len), WEIR_E_TOO_BIG);
    CHECK_INT(len, 7);
}

TEST(multipart, heads_that_would_inject_or_be_misread_are_refused)
{
    static const weir_multipart_head BAD[] = {
        {.boundary = {"b\r\n", 3}},
        {.boundary = {"b", 1}, .name = {"a\0b", 3}},
        {.boundary = {"b", 1}, .name = {"a\x01", 2}},
        {.boundary = {"b", 1}, .name = {"a\x7F", 2}},
        {.boundary = {"b", 1}, .name = {"a\\", 2}},
        {.boundary = {"b", 1}, .name = {"a", 1}, .filename = {"x\\", 2}},
        {.boundary = {"b", 1}, .name = {"a", 1}, .filename = {"\0", 1}},
        {.boundary = {"b", 1}, .content_type = {"a/b\r\nX: y", 9}},
        {.boundary = {"b", 1}, .content_type = {"a/b;\r\nX: y", 10}},
        {.boundary = {"b", 1}, .content_type = {"text", 4}},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        weir_codec_error error = {0};
        size_t len;
        CHECK_INT(weir_multipart_encode_head(&BAD[i], NULL, 0, &len, &error),
                  WEIR_E_INVALID);
        CHECK(error.reason != NULL);
    }
}

TEST(multipart, boundaries_are_made_of_random_bytes)
{
    unsigned char random[WEIR_MULTIPART_RANDOM_BYTES];
    char boundary[WEIR_MULTIPART_BOUNDARY_BYTES];
    for (size_t i = 0; i < sizeof(random); i++)
        random[i] = (unsigned char)(i * 17);
    weir_multipart_make_boundary(random, boundary);
    CHECK_BYTES(((weir_slice){boundary, sizeof(boundary)}),
                WEIR_S("----weir00112233445566778899aabbccddeeff"));
    CHECK(weir_multipart_is_boundary((weir_slice){boundary, sizeof(boundary)}));
}
