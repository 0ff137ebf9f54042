/* The inside of a cookie jar: where its cookies are, and what they are found by.
 *
 *   buckets   by domain: each a list, longer paths first, then older cookies, which
 *             is their order in the field Cookie; so what fits a URL is a few lists,
 *             each of them sorted, that are merged
 *   order     all, as they were first stored
 *   use       all, as they were last sent or stored: the first goes when it is full
 *   expiry    those that expire, soonest first
 *
 * jar_store.c keeps these in step and knows nothing of the rules; jar.c knows those.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_JAR_H
#define WEIR_HTTP1_CODEC_JAR_H

#include <weir/cookies.h>

#include "buffer.h"
#include "heap.h"
#include "list.h"

#define WEIR__JAR_FIRST_BUCKETS 16

typedef struct weir__jar_cookie weir__jar_cookie;

/* One block of memory, its texts behind it. */
struct weir__jar_cookie {
    weir_cookie cookie;
    weir__jar_cookie *next;  /* in its bucket */
    weir__jar_cookie *match; /* the next in an answer, while one is made */
    weir__link order;
    weir__link use;
    weir__heap_node expiry;
    uint64_t created; /* by the jar's own count, as clocks may stand or go back */
    uint64_t used;
    size_t text_len;
    uint32_t hash; /* of the domain */
    char text[];
};

struct weir_cookie_jar {
    const weir_allocator *allocator;
    size_t max_cookies;
    size_t max_per_domain;
    size_t max_header_bytes;
    weir__jar_cookie **buckets;
    size_t bucket_count; /* a power of 2 */
    weir__link order;
    weir__link use;
    weir__heap expiry;
    size_t count;
    size_t secure_count;
    uint64_t sequence;
    size_t left_out;
    weir__buffer text; /* the latest answer */
    weir__jar_cookie *first_buckets[WEIR__JAR_FIRST_BUCKETS];
};

static inline weir__jar_cookie *weir__jar_by_order(weir__link *link)
{
    return WEIR__CONTAINER(link, weir__jar_cookie, order);
}

static inline bool weir__cookie_is_expired(const weir_cookie *cookie, int64_t now)
{
    return cookie->expires != 0 && cookie->expires <= now;
}

void weir__jar_init(weir_cookie_jar *jar);

/* Copies a cookie in, and evicts what is then too much; all slices are as they are to
 * be stored. WEIR_OK or WEIR_E_MEMORY. */
int weir__jar_put(weir_cookie_jar *jar, const weir_cookie *cookie, int64_t now);

/* Moves all cookies of `from` to `jar`; all, or WEIR_E_MEMORY. */
int weir__jar_move(weir_cookie_jar *jar, weir_cookie_jar *from);

void weir__jar_remove(weir_cookie_jar *jar, weir__jar_cookie *cookie);

/* The cookies for a URL, in the order of the field Cookie, by ->match; NULL: none.
 * `secure`: over a connection that is. */
weir__jar_cookie *weir__jar_match(weir_cookie_jar *jar, const weir_url *url,
                                  bool secure);

/* Marks the cookie as the one that was used last. */
void weir__jar_touch(weir_cookie_jar *jar, weir__jar_cookie *cookie);

/* Wipes the latest answer and gives its memory back. */
void weir__jar_forget_answer(weir_cookie_jar *jar);

/* Stores a cookie that is well-formed but for its domain, which may be as in a URL.
 * Returns 1; 0 when it is one that no jar takes, with the reason; or a failure. */
int weir__jar_admit(weir_cookie_jar *jar, weir_cookie cookie, int64_t now,
                    weir_codec_error *error);

#endif
