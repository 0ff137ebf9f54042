/* The step of the demo that speaks TLS.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/session.h>

#include "demo.h"
#include "demo_certificate.h"
#include "secure.h"

enum { REQUESTS = 100 };

struct scene {
    weir_tls_context *server_side;
    weir_tls_context *client_side;
    weir_server *server;
    weir_session *session;
    char verified[sizeof(((struct demo *)0)->found)]; /* of the latest connection */
    int verification;
    unsigned connections;
};

static void look(weir_stream *stream, void *arg)
{
    struct scene *scene = arg;
    scene->connections++;
    scene->verification =
        secure_describe(stream, scene->verified, sizeof(scene->verified));
}

/* The client trusts the server's certificate, and no other. */
static int set_up(struct demo *demo, struct scene *scene)
{
    weir_slice certificate = weir_slice_of(DEMO_WORTHLESS_CERTIFICATE);
    int rc = secure_open_server(&scene->server_side, certificate,
                                weir_slice_of(DEMO_WORTHLESS_KEY));
    if (rc == WEIR_OK)
        rc = secure_open_client(&scene->client_side, certificate);
    if (rc == WEIR_OK)
        rc = demo_start_https(demo, &scene->server, scene->server_side);
    if (rc < 0)
        return rc;
    weir_session_options options = {
        .tls = scene->client_side, .on_connect = look, .arg = scene};
    scene->session = weir_session_new(demo->loop, &options);
    return scene->session ? WEIR_OK : WEIR_E_MEMORY;
}

static void tear_down(struct scene *scene)
{
    weir_session_free(scene->session);
    weir_server_free(scene->server);
    secure_close(scene->client_side);
    secure_close(scene->server_side);
}

static int get_all(struct scene *scene)
{
    char url[64];
    int rc = WEIR_OK;
    for (int i = 0; i < REQUESTS && rc == WEIR_OK; i++) {
        int len = snprintf(url, sizeof(url), "https://localhost:%d",
                           weir_server_port(scene->server));
        snprintf(url + len, sizeof(url) - (size_t)len, "/item/%d", i);
        rc = demo_get_once(scene->session, url, url + len);
    }
    return rc;
}

bool demo_get_securely(struct demo *demo)
{
    struct scene scene = {.verified = ""};
    int rc = set_up(demo, &scene);
    if (rc == WEIR_OK)
        rc = get_all(&scene);
    bool held =
        rc == WEIR_OK && scene.verification == WEIR_OK && scene.connections == 1;
    if (held)
        demo_found(demo, "%s", scene.verified);
    else if (rc == WEIR_E_UNSUPPORTED)
        held = demo_found(demo, "not tried: this build of weir has no TLS");
    else if (rc < 0)
        demo_failed(demo, "a request failed");
    else
        demo_found(demo, "%u connections, %s", scene.connections, scene.verified);
    tear_down(&scene);
    return held;
}
