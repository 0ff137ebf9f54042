/* The content decoder, whatever the codings (weir/content_codec.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/features.h>
#include <weir/http.h>
#include <weir/status.h>

#include "content_scene.h"
#include "nth.h"

/* RFC 9110 8.4.1: identity is no coding, and so is an empty list. */
TEST(content, hands_on_what_is_not_coded)
{
    CHECK(content_check("", WEIR_S("as it is"), "data \"as it is\"\nend\n"));
    CHECK(content_check("identity", WEIR_S("abc"), "data \"abc\"\nend\n"));
    CHECK(
        content_check(" , IDENTITY ,\tidentity", WEIR_S("abc"), "data \"abc\"\nend\n"));
    CHECK(content_check("", WEIR_S(""), "end\n"));
}

TEST(content, says_which_coding_it_does_not_know)
{
    static const struct {
        const char *codings;
        size_t offset;
    } CASES[] = {
        {"compress", 0}, {"identity, foo", 10}, {"gz ip", 0},
        {"\"gzip\"", 0}, {"x-deflate", 0},      {" dcb;q=1", 1},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_content_decoder d;
        size_t len;
        char space[8];
        weir_slice input = WEIR_S("abc");
        weir_content_decoder_init(&d, NULL);
        CHECK_INT(weir_content_decoder_add(&d, weir_slice_of(CASES[i].codings)),
                  WEIR_E_UNSUPPORTED);
        CHECK_INT(weir_content_decoder_error(&d)->status, WEIR_E_UNSUPPORTED);
        CHECK_INT(weir_content_decoder_error(&d)->offset, CASES[i].offset);
        CHECK_BYTES(weir_content_decoder_coding(&d), WEIR_S(""));
        CHECK_INT(weir_content_decoder_add(&d, WEIR_S("identity")), WEIR_E_UNSUPPORTED);
        CHECK_INT(weir_content_decode(&d, &input, space, sizeof(space), &len),
                  WEIR_E_UNSUPPORTED);
        CHECK_INT(weir_content_decode_end(&d), WEIR_E_UNSUPPORTED);
        weir_content_decoder_clear(&d);
        CHECK_INT(weir_content_decoder_error(&d)->status, WEIR_OK);
        CHECK_INT(weir_content_decode(&d, &input, space, sizeof(space), &len),
                  WEIR_CONTENT_DATA);
    }
}

TEST(content, takes_calls_only_in_their_order)
{
    weir_content_decoder d;
    weir_slice input = WEIR_S("abc");
    size_t len = 99;
    char space[2];
    weir_content_decoder_init(&d, NULL);
    CHECK_INT(weir_content_decode(&d, &input, space, 0, &len), WEIR_E_INVALID);
    CHECK_INT(len, 99);
    CHECK_INT(weir_content_decode(&d, &input, space, 2, &len), WEIR_CONTENT_DATA);
    CHECK_INT(len, 2);
    CHECK_INT(weir_content_decoder_add(&d, WEIR_S("identity")), WEIR_E_MISUSE);
    CHECK_INT(weir_content_decode(&d, &input, space, 2, &len), WEIR_CONTENT_DATA);
    CHECK_INT(len, 1);
    CHECK_INT(weir_content_decode(&d, &input, space, 2, &len), WEIR_CONTENT_MORE);
    CHECK_INT(weir_content_decode_end(&d), WEIR_OK);
    weir_content_decoder_clear(&d);
}

TEST(content, stops_at_the_limit_and_not_before)
{
    weir_content_limits limits = {.max_bytes = 5};
    CHECK(content_check_brief("", WEIR_S("12345"), "data \"12345\"\nend\n", &limits));
    CHECK(content_check_brief("", WEIR_S("123456"),
                              "data \"12345\"\nfailed WEIR_E_TOO_BIG\n", &limits));
    struct content_result result = content_count("", WEIR_S("123456"), '1', &limits);
    CHECK_INT(result.len, 5);
    CHECK_BYTES(weir_slice_of(result.error.reason),
                WEIR_S("more decoded bytes than max_bytes"));
    CHECK_BYTES(result.coding, WEIR_S("identity"));
}

TEST(content, offers_what_it_can_decode)
{
    weir_slice rest = weir_content_accept_encoding();
    weir_slice name;
    size_t count = 0;
    while (weir_http_list_next(&rest, &name)) {
        weir_content_decoder d;
        weir_content_decoder_init(&d, NULL);
        CHECK_INT(weir_content_decoder_add(&d, name), WEIR_OK);
        weir_content_decoder_clear(&d);
        count++;
    }
    CHECK_INT(count, WEIR_HAS_ZLIB * 2 + WEIR_HAS_BROTLI + WEIR_HAS_ZSTD);
}

/* What is not in the build is as unknown as what nobody knows. */
TEST(content, refuses_what_is_not_in_the_build)
{
    static const struct {
        const char *name;
        bool known;
    } CASES[] = {
        {"gzip", WEIR_HAS_ZLIB}, {"X-GZip", WEIR_HAS_ZLIB}, {"deflate", WEIR_HAS_ZLIB},
        {"br", WEIR_HAS_BROTLI}, {"zstd", WEIR_HAS_ZSTD},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_content_decoder d;
        weir_content_encoder e;
        weir_content_decoder_init(&d, NULL);
        CHECK_INT(weir_content_decoder_add(&d, weir_slice_of(CASES[i].name)),
                  CASES[i].known ? WEIR_OK : WEIR_E_UNSUPPORTED);
        weir_content_decoder_clear(&d);
        if (!CASES[i].known)
            CHECK_INT(weir_content_encoder_init(&e, weir_slice_of(CASES[i].name), NULL),
                      WEIR_E_UNSUPPORTED);
    }
}
