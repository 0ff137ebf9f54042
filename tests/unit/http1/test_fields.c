/* Lists of fields.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http.h>
#include <weir/status.h>

#include "nth.h"
#include "test.h"

static weir_http_fields *made(weir_http_fields *fields, const char *const *pairs)
{
    weir_http_fields_init(fields, NULL, NULL);
    for (; *pairs; pairs += 2)
        REQUIRE(weir_http_fields_add(fields, weir_slice_of(pairs[0]),
                                     weir_slice_of(pairs[1])) == WEIR_OK);
    return fields;
}

static bool is_list(const weir_http_fields *fields, const char *const *pairs)
{
    size_t i = 0;
    bool ok = true;
    for (; pairs[2 * i]; i++) {
        weir_http_field field = weir_http_fields_at(fields, i);
        ok = CHECK_BYTES(field.name, weir_slice_of(pairs[2 * i])) && ok;
        ok = CHECK_BYTES(field.value, weir_slice_of(pairs[2 * i + 1])) && ok;
    }
    return CHECK_INT(weir_http_fields_count(fields), i) && ok;
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL, NULL})

/* RFC 9110 5.1, 5.3: names without regard to case, order and repeats kept. */
TEST(fields, keeps_order_and_repeats)
{
    weir_http_fields f;
    weir_slice value;
    size_t cursor = 0;
    made(&f,
         LIST("Set-Cookie", "a=1", "Date", " today\t", "set-cookie", "b=2", "X", ""));
    is_list(&f,
            LIST("Set-Cookie", "a=1", "Date", "today", "set-cookie", "b=2", "X", ""));
    CHECK_BYTES(weir_http_fields_value(&f, WEIR_S("DATE")), WEIR_S("today"));
    CHECK(weir_http_fields_value(&f, WEIR_S("x")).data != NULL);
    CHECK(weir_http_fields_value(&f, WEIR_S("y")).data == NULL);
    CHECK(weir_http_fields_next(&f, WEIR_S("SET-COOKIE"), &cursor, &value));
    CHECK_BYTES(value, WEIR_S("a=1"));
    CHECK(weir_http_fields_next(&f, WEIR_S("SET-COOKIE"), &cursor, &value));
    CHECK_BYTES(value, WEIR_S("b=2"));
    CHECK(!weir_http_fields_next(&f, WEIR_S("SET-COOKIE"), &cursor, &value));
    CHECK_BYTES(value, WEIR_S("b=2"));
    CHECK_INT(weir_http_fields_at(&f, 4).name.len, 0);
    weir_http_fields_clear(&f);
}

/* RFC 9110 5.3: what a sender replaces, it replaces all of. */
TEST(fields, sets_and_removes_all_of_a_name)
{
    weir_http_fields f;
    made(&f, LIST("A", "1", "B", "2", "a", "3", "C", "4"));
    CHECK_INT(weir_http_fields_set(&f, WEIR_S("A"), WEIR_S("5")), WEIR_OK);
    is_list(&f, LIST("B", "2", "C", "4", "A", "5"));
    CHECK_INT(weir_http_fields_set(&f, WEIR_S("D"), WEIR_S("6")), WEIR_OK);
    CHECK_INT(weir_http_fields_remove(&f, WEIR_S("c")), 1);
    CHECK_INT(weir_http_fields_remove(&f, WEIR_S("c")), 0);
    is_list(&f, LIST("B", "2", "A", "5", "D", "6"));
    weir_http_fields_reset(&f);
    is_list(&f, LIST(NULL));
    weir_http_fields_clear(&f);
}

/* Arguments may be slices of the list itself, although it moves. */
TEST(fields, takes_slices_of_its_own)
{
    weir_http_fields f;
    made(&f, LIST("Name", "value", "Other", "thing"));
    for (size_t i = 0; i < 50; i++) {
        weir_http_field field = weir_http_fields_at(&f, i);
        CHECK_INT(weir_http_fields_add(&f, field.name, field.value), WEIR_OK);
    }
    CHECK_BYTES(weir_http_fields_at(&f, 51).value, WEIR_S("thing"));
    weir_http_field last = weir_http_fields_at(&f, 51);
    CHECK_INT(weir_http_fields_set(&f, last.name, last.value), WEIR_OK);
    CHECK_INT(weir_http_fields_remove(&f, weir_http_fields_at(&f, 3).name), 26);
    is_list(&f, LIST("Other", "thing"));
    weir_http_fields_clear(&f);
}

/* RFC 9110 5.1, 5.5, 11.1: nothing that could end a line, or split a name. */
TEST(fields, refuses_what_would_inject)
{
    static const char *const NAMES[] = {"", "a b", "a:", "a\r\n", "\x80", "a\"", "(a)"};
    weir_http_fields f;
    weir_http_fields_init(&f, NULL, NULL);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        CHECK_INT(weir_http_fields_add(&f, weir_slice_of(NAMES[i]), WEIR_S("x")),
                  WEIR_E_INVALID);
    for (int c = 0; c < 256; c++) {
        char value[] = {'a', (char)(unsigned char)c, 'b'};
        bool allowed = c == '\t' || (c >= ' ' && c != 0x7F);
        CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), (weir_slice){value, 3}),
                  allowed ? WEIR_OK : WEIR_E_INVALID);
        weir_http_fields_reset(&f);
    }
    CHECK(!weir_http_is_token(WEIR_S("")));
    CHECK(weir_http_is_token(WEIR_S("!#$%&'*+-.^_`|~09AZaz")));
    CHECK(weir_http_is_field_value(WEIR_S("")));
    weir_http_fields_clear(&f);
}

/* features.md 0: 64 KiB in all, 128 fields, 16 KiB a field; a set counts net. */
TEST(fields, has_limits)
{
    static char big[20000];
    weir_http_fields f;
    memset(big, 'x', sizeof(big));
    weir_http_fields_init(&f, NULL, NULL);
    CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), (weir_slice){big, 16384}),
              WEIR_E_TOO_BIG);
    for (int i = 0; i < 4; i++)
        CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), (weir_slice){big, 16000}),
                  WEIR_OK);
    CHECK_INT(weir_http_fields_add(&f, WEIR_S("B"), (weir_slice){big, 16000}),
              WEIR_E_TOO_BIG);
    CHECK_INT(weir_http_fields_set(&f, WEIR_S("A"), (weir_slice){big, 16000}), WEIR_OK);
    CHECK_INT(weir_http_fields_count(&f), 1);
    weir_http_fields_clear(&f);

    for (int i = 0; i < 128; i++)
        CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), WEIR_S("b")), WEIR_OK);
    CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), WEIR_S("b")), WEIR_E_TOO_BIG);
    CHECK_INT(weir_http_fields_set(&f, WEIR_S("C"), WEIR_S("b")), WEIR_E_TOO_BIG);
    CHECK_INT(weir_http_fields_count(&f), 128);
    CHECK_INT(weir_http_fields_set(&f, WEIR_S("a"), WEIR_S("b")), WEIR_OK);
    weir_http_fields_clear(&f);

    weir_http_limits limits = {
        .max_fields = 1, .max_field_bytes = 2, .max_head_bytes = 9};
    weir_http_fields_init(&f, NULL, &limits);
    CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), WEIR_S("bc")), WEIR_E_TOO_BIG);
    CHECK_INT(weir_http_fields_add(&f, WEIR_S("A"), WEIR_S("b")), WEIR_OK);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(weir_http_fields_set(&f, WEIR_S("A"), WEIR_S("c")), WEIR_OK);
    weir_http_fields_clear(&f);
}

/* RFC 9110 5.6.1: lists, empty elements, and commas in quotes. */
TEST(fields, takes_lists_apart)
{
    static const struct {
        const char *list;
        const char *elements[4];
    } LISTS[] = {
        {"", {NULL}},
        {" , ,\t", {NULL}},
        {"a", {"a"}},
        {"a,b ,\tc", {"a", "b", "c"}},
        {", a ,, b,", {"a", "b"}},
        {"a;q=\"1,2\", b", {"a;q=\"1,2\"", "b"}},
        {"\"a\\\",b\",c", {"\"a\\\",b\"", "c"}},
        {"\"never closed, a", {"\"never closed, a"}},
        {"a\\,b", {"a\\", "b"}},
    };
    for (size_t i = 0; i < sizeof(LISTS) / sizeof(*LISTS); i++) {
        weir_slice rest = weir_slice_of(LISTS[i].list);
        weir_slice element;
        for (size_t k = 0; LISTS[i].elements[k]; k++) {
            REQUIRE(weir_http_list_next(&rest, &element));
            CHECK_BYTES(element, weir_slice_of(LISTS[i].elements[k]));
        }
        CHECK(!weir_http_list_next(&rest, &element));
    }
}

/* RFC 9112 9.3: tokens of Connection, over lines and whatever their case. */
TEST(fields, finds_tokens)
{
    weir_http_fields f;
    made(&f, LIST("Connection", "keep-alive", "connection", "X, CLOSE"));
    CHECK(weir_http_fields_has_token(&f, WEIR_S("Connection"), WEIR_S("close")));
    CHECK(weir_http_fields_has_token(&f, WEIR_S("Connection"), WEIR_S("x")));
    CHECK(!weir_http_fields_has_token(&f, WEIR_S("Connection"), WEIR_S("clos")));
    CHECK(!weir_http_fields_has_token(&f, WEIR_S("Upgrade"), WEIR_S("close")));
    weir_http_fields_clear(&f);
}

/* http.h: a copy is in memory of its own and under limits of its own. */
TEST(fields, copies_and_swaps)
{
    weir_http_limits one = {.max_fields = 1};
    weir_http_fields f, copy, small;
    made(&f, LIST("A", "1", "B", "2"));
    made(&copy, LIST("Longer-than-the-other", "and so replaced"));
    weir_http_fields_init(&small, NULL, &one);
    CHECK_INT(weir_http_fields_copy(&copy, &f), WEIR_OK);
    CHECK_INT(weir_http_fields_copy(&small, &f), WEIR_E_TOO_BIG);
    weir_http_fields_clear(&f);
    is_list(&copy, LIST("A", "1", "B", "2"));
    CHECK_INT(weir_http_fields_copy(&copy, &f), WEIR_OK);
    is_list(&copy, LIST(NULL));
    CHECK_INT(weir_http_fields_add(&f, WEIR_S("C"), WEIR_S("3")), WEIR_OK);
    weir_http_fields_swap(&f, &small);
    is_list(&small, LIST("C", "3"));
    is_list(&f, LIST(NULL));
    CHECK_INT(weir_http_fields_add(&small, WEIR_S("D"), WEIR_S("4")), WEIR_E_TOO_BIG);
    weir_http_fields_clear(&f);
    weir_http_fields_clear(&copy);
    weir_http_fields_clear(&small);
}

static int build(weir_http_fields *f, weir_http_fields *copy)
{
    char name[2] = "a";
    for (int i = 0; i < 40; i++) {
        name[0] = (char)('a' + i % 7);
        int rc = weir_http_fields_add(f, (weir_slice){name, 1},
                                      WEIR_S("value of some length"));
        if (rc < 0)
            return rc;
    }
    int rc = weir_http_fields_set(f, WEIR_S("a"), WEIR_S("x"));
    return rc < 0 ? rc : weir_http_fields_copy(copy, f);
}

/* status.h: out of memory is a status, and the list is as before. */
TEST(fields, survives_failing_allocations)
{
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct nth nth;
        weir_http_fields f, copy;
        nth_init(&nth, n);
        weir_http_fields_init(&f, &nth.allocator, NULL);
        weir_http_fields_init(&copy, &nth.allocator, NULL);
        int rc = build(&f, &copy);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        failed = nth.failed;
        weir_http_fields_clear(&f);
        weir_http_fields_clear(&copy);
        CHECK_INT(nth.live, 0);
    }
}

/* RFC 9110 9.2.1, 9.2.2, 15 */
TEST(fields, knows_methods_and_status_codes)
{
    CHECK(weir_http_method_is_safe(WEIR_S("GET")));
    CHECK(!weir_http_method_is_safe(WEIR_S("get")));
    CHECK(!weir_http_method_is_safe(WEIR_S("PUT")));
    CHECK(weir_http_method_is_idempotent(WEIR_S("HEAD")));
    CHECK(weir_http_method_is_idempotent(WEIR_S("DELETE")));
    CHECK(!weir_http_method_is_idempotent(WEIR_S("POST")));
    CHECK_BYTES(weir_slice_of(weir_http_status_reason(404)), WEIR_S("Not Found"));
    CHECK_BYTES(weir_slice_of(weir_http_status_reason(299)), WEIR_S(""));
}
