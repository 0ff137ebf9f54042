/* Values of fields: media types, dispositions, links, challenges, forms in URLs.
 *
 * - What comes out is a slice of what went in, and the going through ends.
 * - What is printed from what was read is read as the same: a fixed point.
 * - The answer to any challenge of Digest is one that has not got out of its quotes.
 * - A safe file name is one component without controls, and is safe to itself.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form_codec.h>
#include <weir/http_auth.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "harness.h"
#include "param.h"

#define MOST 4096

static char space[8 * MOST];

static void check_inside(weir_slice part, weir_slice whole)
{
    uintptr_t at = (uintptr_t)part.data;
    uintptr_t start = (uintptr_t)whole.data;
    HOLDS(part.len == 0 || (at >= start && at + part.len <= start + whole.len));
}

/* Prints the parameters and reads them again. */
static void check_params(weir_slice text, const char *separator)
{
    static char value[MOST];
    weir_slice rest = text;
    weir_http_param a;
    weir_http_param b;
    int rc;
    for (size_t left = SIZE_MAX; (rc = weir_http_param_next(&rest, &a)) != 0;
         left = rest.len) {
        HOLDS(rest.len < left);
        if (rc < 0)
            continue;
        check_inside(a.name, text);
        check_inside(a.value, text);
        weir_slice raw = {value, weir_http_param_text(&a, value)};
        HOLDS(!a.value.data || weir_http_param_is(&a, raw));
        weir__output output = {space, sizeof(space), 0};
        weir__output_put(&output, weir_slice_of(separator));
        weir__output_put(&output, a.name);
        weir__output_put(&output, WEIR_S("="));
        weir__output_put_quoted(&output, raw);
        weir_slice printed = {space, output.len};
        HOLDS(weir_http_param_next(&printed, &b) == 1 && printed.len == 0);
        HOLDS(weir_slice_equal(a.name, b.name) && weir_http_param_is(&b, raw));
    }
}

static void check_media_type(weir_slice text)
{
    weir_media_type type;
    weir_media_type again;
    weir_http_param param;
    if (weir_media_type_parse(&type, text) < 0)
        return;
    check_inside(type.essence, text);
    check_inside(type.params, text);
    check_params(type.params, ";");
    HOLDS(weir_media_type_parse(&again, type.essence) == WEIR_OK);
    HOLDS(weir_media_type_is(&again, type.essence));
    if (weir_media_type_param(&type, WEIR_S("charset"), &param))
        check_inside(param.value, text);
}

static void check_file_name(weir_slice name)
{
    static char safe[2 * MOST];
    static char again[2 * MOST];
    weir_slice first = {safe, weir_safe_filename(name, safe)};
    HOLDS(first.len <= 255 && safe[first.len] == '\0');
    for (size_t i = 0; i < first.len; i++)
        HOLDS((unsigned char)safe[i] >= ' ' && !strchr("/\\<>:\"|?*\x7F", safe[i]));
    HOLDS(first.len == 0 || (safe[0] != '.' && safe[first.len - 1] != '.'));
    weir_slice second = {again, weir_safe_filename(first, again)};
    HOLDS(weir_slice_equal(first, second));
}

static void check_disposition(weir_slice text)
{
    static char name[2 * MOST];
    weir_disposition d;
    weir_disposition printed;
    size_t len;
    if (weir_disposition_parse(&d, text) < 0)
        return;
    check_inside(d.name.value, text);
    check_inside(d.filename.value, text);
    check_inside(d.filename_ext.value, text);
    HOLDS(weir_disposition_name(&d, name) <= d.name.value.len);
    weir_slice file = {name, weir_disposition_filename(&d, name)};
    HOLDS(file.len + 2 <= WEIR_DISPOSITION_FILENAME_BYTES(&d));
    check_file_name(file);
    if (weir_disposition_encode(WEIR_S("inline"), file, space, sizeof(space), &len) < 0)
        return;
    static char again[2 * MOST];
    HOLDS(weir_disposition_parse(&printed, (weir_slice){space, len}) == WEIR_OK);
    HOLDS(WEIR_DISPOSITION_FILENAME_BYTES(&printed) <= sizeof(again));
    len = weir_disposition_filename(&printed, again);
    HOLDS(weir_slice_equal(file, (weir_slice){again, len}));
}

static void check_links(weir_slice text)
{
    weir_slice rest = text;
    weir_link link;
    weir_link again;
    int rc;
    for (size_t left = SIZE_MAX; (rc = weir_link_next(&rest, &link)) != 0;
         left = rest.len) {
        HOLDS(rest.len < left);
        if (rc < 0)
            continue;
        check_inside(link.target, text);
        check_inside(link.params, text);
        check_params(link.params, ";");
        weir_link_has_rel(&link, WEIR_S("next"));
        weir__output output = {space, sizeof(space), 0};
        weir__output_put(&output, WEIR_S("<"));
        weir__output_put(&output, link.target);
        weir__output_put(&output, WEIR_S(">"));
        weir__output_put(&output, link.params);
        weir_slice printed = {space, output.len};
        HOLDS(weir_link_next(&printed, &again) == 1 && printed.len == 0);
        HOLDS(weir_slice_equal(link.target, again.target));
        HOLDS(weir_slice_equal(link.params, again.params));
    }
}

/* Not a hash at all, but of the right length. */
static int fake_hash(void *self, weir_hash_algorithm algorithm, const weir_slice *parts,
                     size_t count, unsigned char *digest)
{
    size_t len = algorithm == WEIR_HASH_MD5 ? 16 : 32;
    (void)self;
    memset(digest, 0, len);
    for (size_t i = 0; i < count; i++)
        digest[i % len] ^= (unsigned char)parts[i].len;
    return (int)len;
}

static void check_digest(const weir_http_challenge *challenge)
{
    const weir_hashes hashes = {fake_hash, NULL};
    const weir_slice body = WEIR_S("body");
    weir_http_digest digest;
    weir_http_challenge answer;
    weir_http_param param;
    weir_http_digest_request request = {.user = WEIR_S("a\"\\ \xC3\xA4"),
                                        .method = WEIR_S("GET"),
                                        .target = WEIR_S("/a,b=c"),
                                        .body = &body,
                                        .cnonce = WEIR_S("x")};
    size_t len;
    if (weir_http_digest_parse(&digest, challenge, &hashes) < 0)
        return;
    HOLDS(weir_http_digest_answer(&digest, &request, &hashes, space, sizeof(space),
                                  &len) == WEIR_OK);
    weir_slice rest = {space, len};
    HOLDS(weir_http_challenge_next(&rest, &answer) == 1 && rest.len == 0);
    HOLDS(weir_http_challenge_param(&answer, WEIR_S("uri"), &param));
    HOLDS(weir_slice_equal(param.value, request.target));
    HOLDS(weir_http_challenge_param(&answer, WEIR_S("realm"), &param));
    HOLDS(weir_slice_equal(param.value, digest.realm));
    HOLDS(weir_http_challenge_param(&answer, WEIR_S("response"), &param));
    HOLDS(param.value.len == (digest.hash == WEIR_HASH_MD5 ? 32 : 64));
}

static void check_challenges(weir_slice text)
{
    weir_slice rest = text;
    weir_http_challenge c;
    weir_http_challenge again;
    weir_http_param param;
    int rc;
    for (size_t left = SIZE_MAX; (rc = weir_http_challenge_next(&rest, &c)) != 0;
         left = rest.len) {
        HOLDS(rest.len < left);
        if (rc < 0)
            continue;
        check_inside(c.scheme, text);
        check_inside(c.token68, text);
        check_inside(c.params, text);
        if (weir_http_challenge_param(&c, WEIR_S("realm"), &param))
            check_inside(param.value, c.params);
        check_digest(&c);
        weir__output output = {space, sizeof(space), 0};
        weir__output_put(&output, c.scheme);
        weir__output_put(&output, WEIR_S(" "));
        weir__output_put(&output, c.token68.data ? c.token68 : c.params);
        weir_slice printed = {space, output.len};
        HOLDS(weir_http_challenge_next(&printed, &again) == 1 && printed.len == 0);
        HOLDS(weir_slice_equal(c.params, again.params));
        HOLDS(weir_slice_equal(c.token68, again.token68));
    }
}

static void check_urlencoded(weir_slice text)
{
    static char bytes[MOST];
    weir_slice rest = text;
    weir_form_field a;
    weir_form_field b;
    size_t len;
    while (weir_urlencoded_next(&rest, &a)) {
        check_inside(a.name, text);
        check_inside(a.value, text);
        size_t name = weir_urlencoded_decode(a.name, bytes);
        size_t value = weir_urlencoded_decode(a.value, bytes + name);
        weir_form_field decoded = {{bytes, name}, {bytes + name, value}};
        HOLDS(weir_urlencoded_encode(&decoded, 1, space, sizeof(space), &len) ==
              WEIR_OK);
        weir_slice printed = {space, len};
        HOLDS(weir_urlencoded_next(&printed, &b));
        HOLDS(weir_slice_find(printed, WEIR_S("&")) == printed.len);
        char *at = space;
        size_t again = weir_urlencoded_decode(b.name, at);
        HOLDS(weir_slice_equal((weir_slice){at, again}, decoded.name));
        at = space + (b.value.data - space);
        again = weir_urlencoded_decode(b.value, at);
        HOLDS(weir_slice_equal((weir_slice){at, again}, decoded.value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice text = {(const char *)data, size < MOST ? size : MOST - 1};
    check_media_type(text);
    check_disposition(text);
    check_file_name(text);
    check_links(text);
    check_challenges(text);
    check_urlencoded(text);
    check_params(text, "");
    return 0;
}
