/**
 * Values of fields taken apart: media types, content dispositions, links.
 *
 *   weir_media_type type;
 *   weir_http_param charset;
 *   if (weir_media_type_parse(&type, WEIR_S("text/html; charset=utf-8")) == WEIR_OK &&
 *       weir_media_type_param(&type, WEIR_S("charset"), &charset))
 *       use(charset.value);                      // utf-8
 *
 * Nothing here allocates: what comes out are slices of the text that went in, valid as
 * long as that is. Functions that write take `space` and `size`, and set `*len` to what
 * it takes also when that is more: then they return WEIR_E_TOO_BIG, having written
 * nothing that counts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_HTTP_VALUES_H
#define WEIR_HTTP_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/http.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** A parameter of a value: `; name="value"` (RFC 9110 5.6.6). */
typedef struct weir_http_param {
    weir_slice name;  /**< a token; its case means nothing */
    weir_slice value; /**< what stands between the quotes, with its backslashes, or the
                           bare value. Data NULL: there is no `=` */
    bool quoted;      /**< whether it stood in quotes */
} weir_http_param;

/**
 * Takes the next parameter off the front of `; a=b; c="d"`.
 *
 *   rest   in: what follows a value, or the call before left; out: what follows
 *
 * A bare value may have spaces and what else is no token, since it has in practice.
 * Returns 1; 0 when there are no more; or WEIR_E_INVALID for what is no parameter:
 * that is in `rest` no more, and who is lenient calls again.
 */
int weir_http_param_next(weir_slice *rest, weir_http_param *param);

/**
 * Writes the value without its backslashes (RFC 9110 5.6.4).
 *
 *   space   at least param->value.len bytes
 *
 * Returns how many it wrote.
 */
size_t weir_http_param_text(const weir_http_param *param, char *space);

/** Whether the value is this text but for the case of A to Z. */
bool weir_http_param_is(const weir_http_param *param, weir_slice text);

/**
 * Decodes an extended value: `UTF-8'en'%e2%82%ac%20rates` (RFC 8187 3.2.1), to UTF-8.
 * UTF-8 and ISO-8859-1 are known.
 *
 *   space   at least value.len bytes
 *   len     out: how many were written
 *
 * Returns WEIR_OK, or WEIR_E_INVALID, also for what is not UTF-8 once it is decoded.
 */
int weir_http_ext_value_decode(weir_slice value, char *space, size_t *len);

/** A media type: the value of Content-Type (RFC 9110 8.3). */
typedef struct weir_media_type {
    weir_slice essence; /**< `text/html`, as it was written */
    weir_slice type;    /**< `text` */
    weir_slice subtype; /**< `html` */
    weir_slice params;  /**< the rest, for weir_http_param_next */
} weir_media_type;

/** Takes a media type apart. WEIR_OK, or WEIR_E_INVALID. */
int weir_media_type_parse(weir_media_type *type, weir_slice text);

/** Whether it is this type, as in `weir_media_type_is(&t, WEIR_S("text/html"))`. */
bool weir_media_type_is(const weir_media_type *type, weir_slice essence);

/** Whether it is JSON: application/json, text/json, or any type with `+json`. */
bool weir_media_type_is_json(const weir_media_type *type);

/**
 * Finds a parameter with a value: "charset", "boundary". Of several the first counts,
 * and what is no parameter is passed over (WHATWG MIME Sniffing 4.4).
 *
 * Returns false, leaving *param alone, when there is none.
 */
bool weir_media_type_param(const weir_media_type *type, weir_slice name,
                           weir_http_param *param);

/** A content disposition: of a response (RFC 6266), or of a part of a form (RFC 7578). */
typedef struct weir_disposition {
    weir_slice type;              /**< `attachment`, `inline`, `form-data` */
    weir_http_param name;         /**< of a field of a form. Value data NULL: none */
    weir_http_param filename;     /**< the same of `filename` */
    weir_http_param filename_ext; /**< the same of `filename*`, undecoded */
    weir_slice params;            /**< all of them, for weir_http_param_next */
} weir_disposition;

/**
 * Takes a content disposition apart.
 *
 * Returns WEIR_OK, or WEIR_E_INVALID: no type, or a parameter twice (RFC 6266 4.1), or,
 * of `form-data`, something that is no parameter.
 */
int weir_disposition_parse(weir_disposition *disposition, weir_slice text);

/**
 * Writes the name of the field of a form, decoded; nothing when there is none.
 *
 *   space   at least disposition->name.value.len bytes
 *
 * Browsers send `%22`, `%0D` and `%0A` for what cannot stand in quotes, and leave all
 * else as it is (WHATWG HTML 4.10.21.8); other programs send a backslash before a
 * quote. Returns how many bytes it wrote: UTF-8, unless the sender had its own mind.
 */
size_t weir_disposition_name(const weir_disposition *disposition, char *space);

/** The most bytes that the names of files below take. */
#define WEIR_DISPOSITION_FILENAME_BYTES(disposition) \
    ((disposition)->filename.value.len + (disposition)->filename_ext.value.len + 2)

/**
 * Writes the name of the file as the sender gave it: of `filename*` if that is well
 * formed, else of `filename` (RFC 6266 4.3).
 *
 *   space   at least WEIR_DISPOSITION_FILENAME_BYTES(disposition)
 *
 * Never open it: it may be a path, or have control characters in it. Returns how many
 * bytes it wrote; 0 when there is no name, or an empty one.
 */
size_t weir_disposition_filename(const weir_disposition *disposition, char *space);

/** The same, through weir_safe_filename. */
size_t weir_disposition_safe_filename(const weir_disposition *disposition, char *space);

/**
 * Makes of any text the name of a file that can be opened in the present folder on
 * any system (RFC 6266 4.3).
 *
 * What is before the last slash or backslash goes, as do control characters, those that
 * turn the direction of writing, and dots and spaces at both ends; characters that
 * Windows forbids become `_`, and its devices (`NUL`, `COM1.txt`) get one in front; what
 * is over 255 bytes is cut out before the suffix.
 *
 *   name    UTF-8; each byte that is not becomes `_`
 *   space   at least name.len + 2 bytes; may be where `name` is. A NUL is written
 *           behind the name
 *
 * Returns the length; 0 when nothing is left: then the caller has a name of its own.
 */
size_t weir_safe_filename(weir_slice name, char *space);

/**
 * Writes a disposition with the name of a file: `attachment; filename="cat.png"`, and
 * behind it, when the name is not all plain ASCII, `filename*=UTF-8''...` (RFC 6266 D).
 *
 *   type      a token: `attachment`, `inline`
 *   filename  UTF-8 without control characters
 *
 * Returns WEIR_OK, WEIR_E_TOO_BIG or WEIR_E_INVALID.
 */
int weir_disposition_encode(weir_slice type, weir_slice filename, char *space,
                            size_t size, size_t *len);

/** One link of the field Link (RFC 8288 3). */
typedef struct weir_link {
    weir_slice target; /**< what is between `<` and `>`: a reference, to be resolved by
                            weir_url_parse with the URL of the response as its base */
    weir_slice params; /**< the rest, for weir_http_param_next */
} weir_link;

/**
 * Takes the next link off the front of a value of the field Link.
 *
 * Returns 1; 0 when there are no more; or WEIR_E_INVALID for what is no link: that is
 * in `rest` no more, and who is lenient calls again.
 */
int weir_link_next(weir_slice *rest, weir_link *link);

/** Finds a parameter, the first of that name; without `=` its value's data is NULL. */
bool weir_link_param(const weir_link *link, weir_slice name, weir_http_param *param);

/** Whether the link is of that relation: "next" (RFC 8288 3.3). */
bool weir_link_has_rel(const weir_link *link, weir_slice rel);

/**
 * Finds the first link of that relation in all fields Link.
 *
 * Links that are about something else than the response, with a parameter `anchor`, are
 * passed over (RFC 8288 3.2). Returns false, leaving *link alone, when there is none.
 */
bool weir_link_find(const weir_http_fields *fields, weir_slice rel, weir_link *link);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
