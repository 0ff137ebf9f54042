/* Addresses as text and back (weir/address.h).
 *
 * SPDX-License-Identifier: MIT */
#include "address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <weir/status.h>

#include "test.h"

static void check_text(const weir_address *address, const char *wanted)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_text(address, text, sizeof(text));
    CHECK_BYTES(weir_slice_of(text), weir_slice_of(wanted));
}

TEST(address, is_read_and_written_as_people_do)
{
    static const struct {
        const char *text;
        int port;
        const char *written;
    } CASES[] = {
        {"127.0.0.1", 80, "127.0.0.1:80"},
        {"0.0.0.0", 0, "0.0.0.0:0"},
        {"255.255.255.255", 65535, "255.255.255.255:65535"},
        {"::1", 80, "[::1]:80"},
        {"::", 0, "[::]:0"},
        {"2001:DB8:0:0::1", 1, "[2001:db8::1]:1"},
        {"::ffff:1.2.3.4", 5, "[::ffff:1.2.3.4]:5"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_address address;
        CHECK_INT(weir_address_parse(&address, CASES[i].text, CASES[i].port), WEIR_OK);
        CHECK_INT(weir_address_port(&address), CASES[i].port);
        check_text(&address, CASES[i].written);
    }
}

TEST(address, refuses_what_is_no_literal)
{
    static const char *const TEXTS[] = {
        "",        "localhost", "127.1",     "2130706433", "0x7f000001",
        "1.2.3",   "1.2.3.4.5", "1.2.3.256", " 1.2.3.4",   "1.2.3.4 ",
        "[::1]",   ":::",       "1::2::3",   "::1%",       "::1%no-such-interface",
        "12345::", "01.2.3.4",  "%lo",       "1.2.3.4%lo", "1.2.3.4:80",
    };
    weir_address address = {.len = 77};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (!CHECK_INT(weir_address_parse(&address, TEXTS[i], 80), WEIR_E_INVALID))
            fprintf(stderr, "    %s\n", TEXTS[i]);
    }
    CHECK_INT(weir_address_parse(&address, "1.2.3.4", -1), WEIR_E_INVALID);
    CHECK_INT(weir_address_parse(&address, "1.2.3.4", 65536), WEIR_E_INVALID);
    CHECK_INT(address.len, 77);
}

TEST(address, of_a_scope_is_written_with_its_number)
{
    weir_address address;
    if (weir_address_parse(&address, "fe80::1%lo", 80) < 0 &&
        weir_address_parse(&address, "fe80::1%lo0", 80) < 0)
        SKIP("no interface lo");
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_text(&address, text, sizeof(text));
    CHECK(strncmp(text, "[fe80::1%", 9) == 0);
}

TEST(address, of_a_path_is_the_path)
{
    weir_address address;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    CHECK_INT(weir__address_unix(&address, "/run/x.sock"), WEIR_OK);
    check_text(&address, "/run/x.sock");
    CHECK_INT(weir_address_port(&address), 0);
    CHECK_INT(weir__address_unix(&address, ""), WEIR_E_INVALID);
    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    CHECK_INT(weir__address_unix(&address, path), WEIR_E_INVALID);
    path[sizeof(path) - 2] = '\0';
    CHECK_INT(weir__address_unix(&address, path), WEIR_OK);
    check_text(&address, path);
}

/* What the kernel says of sockets without a name, and of Linux's abstract ones. */
TEST(address, without_a_name_has_words_too)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0name"};
    size_t head = offsetof(struct sockaddr_un, sun_path);
    weir_address address = {.len = 0};
    check_text(&address, "");
    CHECK_INT(weir_address_port(&address), 0);
    memcpy(address.sockaddr.bytes, &un, sizeof(un));
    address.len = (uint32_t)head;
    check_text(&address, "unix");
    address.len = (uint32_t)(head + 5);
    check_text(&address, "@name");
}

TEST(address, is_cut_to_the_room_there_is)
{
    weir_address address;
    char text[8] = "xxxxxxx";
    weir_address_parse(&address, "127.0.0.1", 80);
    weir_address_text(&address, text, 5);
    CHECK_BYTES(weir_slice_of(text), WEIR_S("127."));
    weir_address_text(&address, text, 1);
    CHECK_BYTES(weir_slice_of(text), WEIR_S(""));
}

TEST(address, gets_another_port)
{
    static const char *const TEXTS[] = {"127.0.0.1", "::1"};
    for (int i = 0; i < 2; i++) {
        weir_address address;
        weir_address_parse(&address, TEXTS[i], 80);
        weir__address_set_port(&address, 65535);
        CHECK_INT(weir_address_port(&address), 65535);
    }
}

TEST(address, is_public_when_everybody_can_be_there)
{
    static const char *const PUBLIC[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",  "172.32.0.0",      "192.0.1.0",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255",  "198.20.0.0",
        "203.0.114.0",     "223.255.255.255", "2606:4700::1111", "2001:200::",
        "3ffe:ffff::",     "::ffff:8.8.8.8",  "64:ff9b::808:808"};
    static const char *const OTHERS[] = {"0.0.0.0",
                                         "0.1.2.3",
                                         "10.0.0.1",
                                         "100.64.0.1",
                                         "100.127.255.255",
                                         "127.0.0.1",
                                         "127.255.255.255",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.0.0.1",
                                         "192.0.2.1",
                                         "192.88.99.1",
                                         "192.168.1.1",
                                         "198.18.0.1",
                                         "198.19.255.255",
                                         "198.51.100.7",
                                         "203.0.113.7",
                                         "224.0.0.1",
                                         "239.255.255.255",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "::127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "::ffff:127.0.0.1",
                                         "64:ff9b::7f00:1",
                                         "64:ff9b::a00:1",
                                         "64:ff9b:1::1",
                                         "100::1",
                                         "2001::1",
                                         "2001:1ff::1",
                                         "2001:db8::1",
                                         "2002:7f00:1::1",
                                         "3fff::1",
                                         "fc00::1",
                                         "fdff::1",
                                         "fe80::1",
                                         "fec0::1",
                                         "ff02::1"};
    weir_address address;
    for (size_t i = 0; i < sizeof(PUBLIC) / sizeof(PUBLIC[0]); i++) {
        REQUIRE(weir_address_parse(&address, PUBLIC[i], 80) == WEIR_OK);
        test_check(weir_address_is_public(&address), __FILE__, __LINE__, PUBLIC[i]);
    }
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        REQUIRE(weir_address_parse(&address, OTHERS[i], 80) == WEIR_OK);
        test_check(!weir_address_is_public(&address), __FILE__, __LINE__, OTHERS[i]);
    }
    CHECK(!weir_address_is_public(&(weir_address){.len = 0}));
    REQUIRE(weir__address_unix(&address, "/run/x") == WEIR_OK);
    CHECK(!weir_address_is_public(&address));
}
