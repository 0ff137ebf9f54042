/* Cookie jars by text: what is set, and what is sent.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_JAR_SCENE_H
#define WEIR_TESTS_JAR_SCENE_H

#include <stdint.h>
#include <stdlib.h>
#include <weir/cookies.h>
#include <weir/status.h>

#include "test.h"

static const int64_t JAR_NOW = 1700000000;

static inline weir_url jar_url(const char *text)
{
    weir_url url = {0};
    CHECK_INT(weir_url_parse(&url, weir_slice_of(text), NULL, NULL, NULL), WEIR_OK);
    return url;
}

static inline int jar_set_at(weir_cookie_jar *jar, const char *url_text,
                             const char *value, int64_t now)
{
    weir_codec_error error = {0};
    weir_url url = jar_url(url_text);
    int rc = weir_cookie_jar_set(jar, &url, weir_slice_of(value), now, &error);
    CHECK(error.status == rc && (rc == WEIR_OK) == (error.reason == NULL));
    weir_url_clear(&url);
    return rc;
}

static inline int jar_set(weir_cookie_jar *jar, const char *url, const char *value)
{
    return jar_set_at(jar, url, value, JAR_NOW);
}

/* The field Cookie for a URL. */
static inline weir_slice jar_get_at(weir_cookie_jar *jar, const char *url_text,
                                    int64_t now)
{
    weir_slice value = {NULL, 0};
    weir_url url = jar_url(url_text);
    int rc = weir_cookie_jar_header(jar, &url, now, &value);
    CHECK((rc > 0) == (value.len > 0));
    weir_url_clear(&url);
    return value;
}

static inline weir_slice jar_get(weir_cookie_jar *jar, const char *url)
{
    return jar_get_at(jar, url, JAR_NOW);
}

#define CHECK_SENT(jar, url, wanted) \
    CHECK_BYTES(jar_get((jar), (url)), weir_slice_of(wanted))

#endif
