/* Connecting to a peer.
 *
 * SPDX-License-Identifier: MIT */
#include "peer.h"

#include "secure.h"
#include "starttls.h"

static bool go_over(const struct command *command, weir_stream *stream,
                    const struct peer *peer)
{
    const char *name = peer->server_name ? peer->server_name : peer->host;
    if (!starttls_speak(command, stream, peer->starttls, name))
        return false;
    if (secure_start(stream, peer->tls, name) == WEIR_OK)
        return true;
    command_complain_of_failure(command);
    return false;
}

weir_stream *peer_open(const struct command *command, weir_loop *loop,
                       const struct peer *peer)
{
    weir_stream *stream;
    weir_connect_options options = {
        .host = peer->host,
        .port = peer->port,
        .tls = peer->starttls ? NULL : peer->tls,
        .server_name = peer->server_name,
    };
    if (weir_stream_connect(loop, &stream, &options) < 0) {
        command_complain_of_failure(command);
        return NULL;
    }
    if (!peer->starttls || go_over(command, stream, peer))
        return stream;
    weir_stream_abort(stream);
    return NULL;
}

const char *peer_address(weir_stream *stream, char text[WEIR_ADDRESS_TEXT_BYTES])
{
    weir_address address;
    weir_stream_peer_address(stream, &address);
    weir_address_text(&address, text, WEIR_ADDRESS_TEXT_BYTES);
    return text;
}
