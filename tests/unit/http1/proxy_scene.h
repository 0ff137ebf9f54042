/* A proxy in front of the server of an http_scene: HTTP or SOCKS, honest or not.
 *
 *   struct proxy_scene proxy = {.answer = "HTTP/1.1 407 No\r\n\r\n"};
 *   proxy_scene_open(&proxy, scene.loop, scene.port);
 *   ... weir_get(session, &response, url, .proxy = proxy.url) ...
 *   proxy_scene_close(&proxy);
 *
 * Whatever host it is asked for, what it relays to is the scene's server.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_PROXY_SCENE_H
#define WEIR_TESTS_PROXY_SCENE_H

#include <weir/server.h>
#include <weir/stream.h>

enum proxy_then {
    PROXY_RELAYS, /* when it has answered */
    PROXY_CLOSES,
    PROXY_HANGS
};

struct proxy_scene {
    /* Set by the test. */
    int socks;            /* the version; 0: HTTP */
    const char *answer;   /* NULL: the right one */
    size_t answer_len;    /* 0: up to the NUL */
    size_t cut;           /* answer with so many bytes of it; 0: all */
    bool at_once;         /* without reading what is asked */
    enum proxy_then then; /* afterwards */
    const char *user;     /* that SOCKS5 wants, and its password; NULL: nobody */
    const char *password;
    weir_tls_context *tls; /* of a server; NULL: in the clear */

    /* Said to the test. */
    char url[64]; /* http://127.0.0.1:PORT, or of the other schemes */
    int port;
    int connections;
    int tunnels;
    char asked[2048]; /* the latest head of HTTP, or "name.test:443", as SOCKS has it */

    weir_loop *loop;
    weir_server *server;
    int target_port;
};

void proxy_scene_open(struct proxy_scene *proxy, weir_loop *loop, int target_port);
void proxy_scene_close(struct proxy_scene *proxy);

#endif
