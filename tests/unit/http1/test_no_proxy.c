/* Which hosts a list of exceptions has.
 *
 * SPDX-License-Identifier: MIT */
#include "no_proxy.h"

#include <weir/status.h>

#include "test.h"

TEST(no_proxy, has_names_addresses_and_blocks)
{
    static const struct {
        const char *list;
        const char *url;
        bool has;
    } CASES[] = {
        {"", "http://a.test/", false},
        {" , ,", "http://a.test/", false},
        {"*", "http://a.test/", true},
        {"b.test,*", "http://[::1]/", true},
        {"a.test", "http://a.test/", true},
        {"a.test", "https://A.TEST:8443/", true},
        {"a.test", "http://sub.a.test/", true},
        {"a.test", "http://ba.test/", false},
        {"a.test", "http://test/", false},
        {".a.test", "http://a.test/", true},
        {".a.test", "http://sub.a.test/", true},
        {".a.test", "http://ba.test/", false},
        {"*.a.test", "http://sub.a.test/", true},
        {"a.test.", "http://a.test/", true},
        {"a.test", "http://a.test./", true},
        {"test", "http://a.test/", true},
        {".", "http://a.test/", false},
        {"x, a.test\ty", "http://a.test/", true},
        {"x a.test", "http://a.test/", true},
        {"a.test:80", "http://a.test/", true},
        {"a.test:443", "http://a.test/", false},
        {"a.test:443", "https://sub.a.test/", true},
        {"a.test:", "http://a.test/", false},
        {"a.test:x", "http://a.test/", false},
        {"a.test:99999", "http://a.test/", false},
        {"127.0.0.1", "http://127.0.0.1/", true},
        {"127.0.0.1", "http://127.1/", true},
        {"127.0.0.1", "http://127.0.0.2/", false},
        {"127.0.0.1:8080", "http://127.0.0.1:8080/", true},
        {"127.0.0.1:8080", "http://127.0.0.1/", false},
        {"0.0.1", "http://127.0.0.1/", false}, /* no domain of an address */
        {"127.0.0.0/8", "http://127.255.0.1/", true},
        {"127.0.0.0/8", "http://128.0.0.1/", false},
        {"10.0.0.0/9", "http://10.127.0.1/", true},
        {"10.0.0.0/9", "http://10.128.0.1/", false},
        {"10.0.0.7/32", "http://10.0.0.7/", true},
        {"0.0.0.0/0", "http://8.8.8.8/", true},
        {"0.0.0.0/0", "http://[2001::1]/", false},
        {"0.0.0.0/0", "http://a.test/", false},
        {"10.0.0.0/33", "http://10.0.0.0/", false},
        {"10.0.0.0/", "http://10.0.0.0/", false},
        {"10.0.0.0/x", "http://10.0.0.0/", false},
        {"10.0.0.0/8", "http://[::ffff:10.1.2.3]/", true},
        {"::1", "http://[::1]/", true},
        {"[::1]", "http://[::1]/", true},
        {"[::1]:80", "http://[::1]/", true},
        {"[::1]:81", "http://[::1]/", false},
        {"[::1", "http://[::1]/", false},
        {"[::1]x", "http://[::1]/", false},
        {"0:0:0::1", "http://[::1]/", true},
        {"fd00::/8", "http://[fdab::1]/", true},
        {"fd00::/8", "http://[fc00::1]/", false},
        {"[fd00::/8]:8080", "http://[fdab::1]:8080/", true},
        {"fd00::/129", "http://[fd00::]/", false},
        {"/8", "http://10.0.0.1/", false},
        {"[]", "http://a.test/", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_url url;
        REQUIRE(weir_url_parse(&url, weir_slice_of(CASES[i].url), NULL, NULL, NULL) ==
                WEIR_OK);
        test_check(weir__no_proxy_has(CASES[i].list, &url) == CASES[i].has, __FILE__,
                   __LINE__, CASES[i].list);
        weir_url_clear(&url);
    }
}
