/* Dialling: Unix paths, own tables of names, families, public addresses.
 *
 * SPDX-License-Identifier: MIT */
#include "dialer.h"

#include <string.h>
#include <weir/resolver.h>

#include "allocator.h"
#include "error.h"
#include "pairs.h"

static bool says_nothing(const weir_session_options *options)
{
    return !options->unix_path && !options->local_host && !options->resolve &&
           options->family == WEIR_FAMILY_ANY && !options->public_only;
}

/* "host", "host:443", "[::1]:443"; "*" is any host. The port is 0 where none is said.
 * False for what is none of these. */
static bool read_name(weir_slice name, weir_slice *host, int *port)
{
    const char *colon = NULL;
    size_t end = name.len;
    *port = 0;
    if (name.len > 0 && name.data[0] == '[') {
        const char *bracket = memchr(name.data, ']', name.len);
        if (!bracket)
            return false;
        end = (size_t)(bracket - name.data);
        *host = (weir_slice){name.data + 1, end - 1};
        colon = end + 1 < name.len ? bracket + 1 : NULL;
    } else {
        colon = memchr(name.data, ':', name.len);
        *host = (weir_slice){name.data, colon ? (size_t)(colon - name.data) : end};
    }
    if (!colon)
        return host->len > 0;
    size_t digits = (size_t)(name.data + name.len - colon) - 1;
    for (size_t i = 1; i <= digits; i++) {
        if (colon[i] < '0' || colon[i] > '9' || digits > 5)
            return false;
        *port = *port * 10 + (colon[i] - '0');
    }
    return host->len > 0 && *colon == ':' && *port > 0 && *port <= 65535;
}

/* Reads a list of addresses; those beyond the room are left out. Returns how many, or
 * -1 for what is none. */
static int read_addresses(const char *list, int port, weir_address *addresses)
{
    char text[64];
    weir_slice rest = weir_slice_of(list);
    weir_slice item;
    int count = 0;
    while (count < WEIR_MAX_ADDRESSES && weir_slice_split(&rest, ',', &item)) {
        item = weir_slice_trim(item);
        if (item.len == 0 || item.len >= sizeof(text))
            return -1;
        memcpy(text, item.data, item.len);
        text[item.len] = '\0';
        if (weir_address_parse(&addresses[count++], text, port) < 0)
            return -1;
    }
    return count > 0 ? count : -1;
}

static int check_resolve(const weir_pair *pair)
{
    weir_address addresses[WEIR_MAX_ADDRESSES];
    weir_slice host;
    int port;
    for (; pair && pair->name; pair++) {
        if (!read_name(weir_slice_of(pair->name), &host, &port))
            return weir__fail(WEIR_E_INVALID, "session",
                              ".resolve: \"%s\" is no host, and no host:port",
                              pair->name);
        if (read_addresses(pair->value ? pair->value : "", 0, addresses) < 0)
            return weir__fail(WEIR_E_INVALID, "session",
                              ".resolve: \"%s\" for %s is no list of addresses",
                              pair->value ? pair->value : "", pair->name);
    }
    return WEIR_OK;
}

static int check(const weir_session_options *options)
{
    weir_address address;
    if (options->unix_path &&
        (options->public_only || options->resolve || options->local_host ||
         options->family != WEIR_FAMILY_ANY))
        return weir__fail(WEIR_E_INVALID, "session",
                          "with .unix_path there are no addresses to choose from");
    if (options->local_host && weir_address_parse(&address, options->local_host, 0) < 0)
        return weir__fail(WEIR_E_INVALID, "session",
                          "the local address %s is no address", options->local_host);
    return check_resolve(options->resolve);
}

static bool copy(weir__dialer *dialer, const weir_session_options *options)
{
    const weir_allocator *allocator = dialer->allocator;
    if (options->unix_path)
        dialer->unix_path =
            weir__strndup(allocator, options->unix_path, strlen(options->unix_path));
    if (options->local_host)
        dialer->local_host =
            weir__strndup(allocator, options->local_host, strlen(options->local_host));
    if (options->resolve)
        dialer->resolve = weir__pairs_copy(allocator, options->resolve);
    return !dialer->unix_path == !options->unix_path &&
           !dialer->local_host == !options->local_host &&
           !dialer->resolve == !options->resolve;
}

int weir__dialer_new(weir__dialer **dialer, const weir_allocator *allocator,
                     const weir_session_options *options)
{
    *dialer = NULL;
    if (says_nothing(options))
        return WEIR_OK;
    int rc = check(options);
    if (rc < 0)
        return rc;
    weir__dialer *made = weir__calloc(allocator, 1, sizeof(*made));
    if (made)
        *made = (weir__dialer){.holders = 1,
                               .allocator = allocator,
                               .family = options->family,
                               .public_only = options->public_only};
    if (made && copy(made, options)) {
        *dialer = made;
        return WEIR_OK;
    }
    weir__dialer_release(made);
    return weir__fail(WEIR_E_MEMORY, "session", "no memory for a session");
}

weir__dialer *weir__dialer_hold(weir__dialer *dialer)
{
    if (dialer)
        dialer->holders++;
    return dialer;
}

void weir__dialer_release(weir__dialer *dialer)
{
    if (!dialer || --dialer->holders > 0)
        return;
    weir__free(dialer->allocator, dialer->unix_path);
    weir__free(dialer->allocator, dialer->local_host);
    weir__free(dialer->allocator, dialer->resolve);
    weir__free(dialer->allocator, dialer);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool weir__dialer_same(const weir__dialer *a, const weir__dialer *b)
{
    if (!a || !b || a == b)
        return a == b;
    return a->family == b->family && a->public_only == b->public_only &&
           same_text(a->unix_path, b->unix_path) &&
           same_text(a->local_host, b->local_host) &&
           weir__pairs_same(a->resolve, b->resolve);
}

/* The first that fits, as in a table that is read from above. */
static const weir_pair *find(const weir_pair *pair, const char *host, int port)
{
    weir_slice name;
    int its_port;
    for (; pair && pair->name; pair++) {
        if (read_name(weir_slice_of(pair->name), &name, &its_port) &&
            (its_port == 0 || its_port == port) &&
            (weir_slice_equal(name, WEIR_S("*")) ||
             weir_slice_equal_nocase(name, weir_slice_of(host))))
            return pair;
    }
    return NULL;
}

static int find_addresses(const weir__dialer *dialer, const char *host, int port,
                          weir_address *addresses)
{
    const weir_pair *pair = dialer ? find(dialer->resolve, host, port) : NULL;
    return pair ? read_addresses(pair->value, port, addresses) : 0;
}

int weir__dialer_addresses(weir_loop *loop, const weir__dialer *dialer,
                           const char *host, int port, weir_address *addresses)
{
    weir_family family = dialer ? dialer->family : WEIR_FAMILY_ANY;
    int count = find_addresses(dialer, host, port, addresses);
    return count > 0 ? count : weir_resolve(loop, host, port, family, addresses);
}

/* Apart from plain connecting, which has no need of the addresses on its stack. */
static int dial_by(weir_loop *loop, const weir__dialer *dialer,
                   weir_connect_options *options, weir_stream **stream)
{
    weir_address addresses[WEIR_MAX_ADDRESSES];
    int count = find_addresses(dialer, options->host, options->port, addresses);
    options->addresses = addresses;
    options->address_count = count > 0 ? (size_t)count : 0;
    options->family = dialer->family;
    options->local_host = dialer->local_host;
    if (dialer->unix_path) {
        options->unix_path = dialer->unix_path;
        options->host = NULL;
    }
    return weir_stream_connect(loop, stream, options);
}

int weir__dial(weir_loop *loop, const weir__dialer *dialer,
               const struct weir__destination *to, weir_stream **stream)
{
    weir_connect_options options = {
        .host = to->host,
        .port = to->port,
        .connect_timeout_ms = to->connect_timeout_ms,
        .tls = to->tls,
        .server_name = to->host,
        .on_step = to->on_step,
        .step_arg = to->step_arg,
    };
    if (!dialer)
        return weir_stream_connect(loop, stream, &options);
    options.public_only = dialer->public_only && !to->any_address;
    return dial_by(loop, dialer, &options, stream);
}
