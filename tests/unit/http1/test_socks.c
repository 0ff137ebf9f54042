/* The handshakes of SOCKS 4, 4A and 5: what is sent, and what each answer means.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/status.h>

#include "socks.h"
#include "test.h"

#define CONST_BYTES(literal)               \
    {                                      \
        "" literal, sizeof("" literal) - 1 \
    }
#define BYTES(literal) ((weir_slice)CONST_BYTES(literal))

static const weir__socks_request NAMED = {
    .version = 5, .host = {"name.test", 9}, .port = 0x1F90};

static const weir__socks_request KNOWN = {.version = 5,
                                          .user = {"user", 4},
                                          .password = {"pw", 2},
                                          .ip = {192, 0, 2, 1},
                                          .ip_len = 4,
                                          .port = 80};

static weir_slice output(const weir__socks *socks)
{
    return (weir_slice){socks->output, socks->output_len};
}

/* Gives all of the answers, as many bytes at a time as are asked for. */
static int take_all(weir__socks *socks, weir_slice answers)
{
    int rc = 1;
    while (rc > 0) {
        REQUIRE(answers.len >= socks->wanted);
        weir_slice piece = {answers.data, socks->wanted};
        answers = weir_slice_skip(answers, socks->wanted);
        rc = weir__socks_take(socks, piece);
    }
    CHECK_INT(answers.len, 0);
    return rc;
}

/* RFC 1928 3, 4, 6 */
TEST(socks, version_5_asks_for_a_name)
{
    weir__socks socks;
    REQUIRE(weir__socks_begin(&socks, &NAMED) == 1);
    CHECK_BYTES(output(&socks), BYTES("\5\1\0"));
    CHECK_INT(socks.wanted, 2);
    CHECK_INT(weir__socks_take(&socks, BYTES("\5\0")), 1);
    CHECK_BYTES(output(&socks), BYTES("\5\1\0\3\11name.test\x1F\x90"));
    CHECK_INT(take_all(&socks, BYTES("\5\0\0\1\1\2\3\4\5\6")), WEIR_OK);
    CHECK_INT(socks.output_len, 0);
    CHECK_INT(weir__socks_take(&socks, BYTES("")), WEIR_OK);
}

/* RFC 1929 2 */
TEST(socks, version_5_gives_a_password_when_asked)
{
    weir__socks socks;
    REQUIRE(weir__socks_begin(&socks, &KNOWN) == 1);
    CHECK_BYTES(output(&socks), BYTES("\5\2\0\2"));
    CHECK_INT(weir__socks_take(&socks, BYTES("\5\2")), 1);
    CHECK_BYTES(output(&socks), BYTES("\1\4user\2pw"));
    CHECK_INT(weir__socks_take(&socks, BYTES("\1\0")), 1);
    CHECK_BYTES(output(&socks), BYTES("\5\1\0\1\xC0\0\2\1\0\x50"));
    weir__socks_clear(&socks);
    CHECK(!memchr(socks.output, 'p', sizeof(socks.output)));
}

TEST(socks, version_5_is_open_after_an_address_of_any_kind)
{
    static const weir_slice ANSWERS[] = {
        CONST_BYTES("\5\0\5\0\0\1\1\2\3\4\5\6"),
        CONST_BYTES("\5\0\5\0\0\3\0\5\6"),
        CONST_BYTES("\5\0\5\0\0\3\4name\5\6"),
        CONST_BYTES("\5\0\5\0\0\4\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\5\6"),
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        weir__socks socks;
        REQUIRE(weir__socks_begin(&socks, &KNOWN) == 1);
        CHECK_INT(take_all(&socks, ANSWERS[i]), WEIR_OK);
    }
}

TEST(socks, version_5_says_why_not)
{
    static const struct {
        const weir__socks_request *request;
        weir_slice answers;
        int status;
        const char *reason;
    } CASES[] = {
        {&NAMED, CONST_BYTES("HT"), WEIR_E_PROTOCOL, "not that of SOCKS5"},
        {&NAMED, CONST_BYTES("\4\0"), WEIR_E_PROTOCOL, "not that of SOCKS5"},
        {&NAMED, CONST_BYTES("\5\xFF"), WEIR_E_CONNECTION, "there is no password"},
        {&KNOWN, CONST_BYTES("\5\xFF"), WEIR_E_CONNECTION,
         "neither a password nor none"},
        {&NAMED, CONST_BYTES("\5\2"), WEIR_E_PROTOCOL, "not offered"},
        {&KNOWN, CONST_BYTES("\5\1"), WEIR_E_PROTOCOL, "not offered"},
        {&KNOWN, CONST_BYTES("\5\2\1\1"), WEIR_E_CONNECTION,
         "user or password is wrong"},
        {&NAMED, CONST_BYTES("\5\0\4\0\0\1\0"), WEIR_E_PROTOCOL, "not that of SOCKS5"},
        {&NAMED, CONST_BYTES("\5\0\5\1\0\1\0"), WEIR_E_CONNECTION, "general failure"},
        {&NAMED, CONST_BYTES("\5\0\5\2\0\1\0"), WEIR_E_CONNECTION, "its rules"},
        {&NAMED, CONST_BYTES("\5\0\5\5\0\1\0"), WEIR_E_CONNECTION,
         "connection refused"},
        {&NAMED, CONST_BYTES("\5\0\5\10\0\1\0"), WEIR_E_CONNECTION, "no addresses"},
        {&NAMED, CONST_BYTES("\5\0\5\11\0\1\0"), WEIR_E_CONNECTION, "no word for"},
        {&NAMED, CONST_BYTES("\5\0\5\xFF\0\1\0"), WEIR_E_CONNECTION, "no word for"},
        {&NAMED, CONST_BYTES("\5\0\5\0\0\2\0"), WEIR_E_PROTOCOL, "of a kind"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir__socks socks;
        REQUIRE(weir__socks_begin(&socks, CASES[i].request) == 1);
        CHECK_INT(take_all(&socks, CASES[i].answers), CASES[i].status);
        CHECK(strstr(socks.error.reason, CASES[i].reason) != NULL);
        CHECK_INT(weir__socks_take(&socks, BYTES("\5\0")), CASES[i].status);
    }
}

TEST(socks, version_4_asks_for_an_address_or_a_name)
{
    weir__socks socks;
    weir__socks_request request = KNOWN;
    request.version = 4;
    request.password = (weir_slice){NULL, 0};
    REQUIRE(weir__socks_begin(&socks, &request) == 1);
    CHECK_BYTES(output(&socks), BYTES("\4\1\0\x50\xC0\0\2\1user\0"));
    CHECK_INT(socks.wanted, 8);
    CHECK_INT(take_all(&socks, BYTES("\0\x5A\1\2\3\4\5\6")), WEIR_OK);
    request = NAMED;
    request.version = 4;
    REQUIRE(weir__socks_begin(&socks, &request) == 1);
    CHECK_BYTES(output(&socks), BYTES("\4\1\x1F\x90\0\0\0\1\0name.test\0"));
    CHECK_INT(take_all(&socks, BYTES("\0\x5B\1\2\3\4\5\6")), WEIR_E_CONNECTION);
    CHECK(strstr(socks.error.reason, "rejected") != NULL);
    REQUIRE(weir__socks_begin(&socks, &request) == 1);
    CHECK_INT(take_all(&socks, BYTES("\5\0\1\2\3\4\5\6")), WEIR_E_PROTOCOL);
    REQUIRE(weir__socks_begin(&socks, &request) == 1);
    CHECK_INT(take_all(&socks, BYTES("\0\0\1\2\3\4\5\6")), WEIR_E_PROTOCOL);
}

TEST(socks, has_room_for_255_bytes_and_says_so)
{
    static char LONG[256];
    weir__socks socks;
    memset(LONG, 'x', sizeof(LONG));
    weir__socks_request request = {.version = 5,
                                   .user = {LONG, 255},
                                   .password = {LONG, 255},
                                   .host = {LONG, 255},
                                   .port = 1};
    REQUIRE(weir__socks_begin(&socks, &request) == 1);
    CHECK_INT(weir__socks_take(&socks, BYTES("\5\2")), 1);
    CHECK_INT(socks.output_len, 3 + 255 + 255);
    CHECK_INT(weir__socks_take(&socks, BYTES("\1\0")), 1);
    CHECK_INT(socks.output_len, 4 + 1 + 255 + 2);
    request.password.len = 256;
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.password.len = 0;
    request.user.len = 256;
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.version = 4;
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.user.len = 255;
    CHECK_INT(weir__socks_begin(&socks, &request), 1);
    CHECK_INT(socks.output_len, 8 + 255 + 1 + 255 + 1);
    request.password.len = 1;
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.password.len = 0;
    LONG[3] = '\0'; /* it would end the user's id, and then the name */
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.user = (weir_slice){NULL, 0};
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.host = (weir_slice){NULL, 0};
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
    request.ip_len = 16;
    CHECK_INT(weir__socks_begin(&socks, &request), WEIR_E_INVALID);
}
