/* The public functions of transports: each calls the entry of its name.
 *
 * SPDX-License-Identifier: MIT */
#include "transport.h"

#include <string.h>

#include "address.h"
#include "error.h"
#include "loop.h"

int weir_transport_write(weir_transport *transport, weir_slice bytes)
{
    return transport->operations->writelines(transport, &bytes, 1);
}

int weir_transport_writelines(weir_transport *transport, const weir_slice *slices,
                              size_t count)
{
    return transport->operations->writelines(transport, slices, count);
}

int weir_transport_write_eof(weir_transport *transport)
{
    return transport->operations->write_eof(transport);
}

void weir_transport_close(weir_transport *transport)
{
    transport->operations->close(transport);
}

void weir_transport_abort(weir_transport *transport)
{
    transport->operations->abort(transport);
}

bool weir_transport_is_closing(const weir_transport *transport)
{
    return transport->operations->is_closing(transport);
}

void weir_transport_pause_reading(weir_transport *transport)
{
    transport->operations->set_reading(transport, false);
}

void weir_transport_resume_reading(weir_transport *transport)
{
    transport->operations->set_reading(transport, true);
}

bool weir_transport_is_reading(const weir_transport *transport)
{
    return transport->operations->is_reading(transport);
}

size_t weir_transport_queued(const weir_transport *transport)
{
    return transport->operations->queued(transport);
}

int weir_transport_set_watermarks(weir_transport *transport, size_t high, size_t low)
{
    if (low > high)
        return weir__fail(WEIR_E_INVALID, "watermarks",
                          "the low watermark %zu is above the high one %zu", low, high);
    transport->operations->set_watermarks(transport, high, low);
    return WEIR_OK;
}

void weir_transport_set_protocol(weir_transport *transport,
                                 const weir_protocol *protocol, void *self)
{
    transport->operations->set_protocol(transport, protocol, self);
}

int weir_transport_fd(const weir_transport *transport)
{
    return transport->operations->fd(transport);
}

weir_loop *weir_transport_loop(const weir_transport *transport)
{
    return transport->loop;
}

typedef int address_call(weir_sys *sys, int fd, struct sockaddr *address,
                         socklen_t *len);

static void ask(const weir_transport *transport, address_call *call,
                weir_address *address)
{
    int fd = weir_transport_fd(transport);
    socklen_t len = sizeof(address->sockaddr);
    memset(address, 0, sizeof(*address));
    if (fd >= 0 &&
        call(transport->loop->sys, fd, weir__address_sockaddr(address), &len) == 0)
        address->len = (uint32_t)len;
}

void weir_transport_local_address(const weir_transport *transport,
                                  weir_address *address)
{
    ask(transport, transport->loop->sys->getsockname, address);
}

void weir_transport_peer_address(const weir_transport *transport, weir_address *address)
{
    ask(transport, transport->loop->sys->getpeername, address);
}
