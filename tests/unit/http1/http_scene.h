/* A loop with a session and a server that answers what a test tells it to.
 *
 *   static const struct http_answer ANSWERS[] = {{.bytes = "HTTP/1.1 204 \r\n\r\n"}};
 *   struct http_scene scene;
 *   http_scene_open(&scene, ANSWERS, 1);
 *   ... weir_get(scene.session, &response, scene.url) ...
 *   http_scene_close(&scene);          checks that nothing leaked
 *
 * The n-th request gets the n-th answer, whatever its connection; those beyond the
 * last one get the last. Every name but slow.test is the server's; the resolver waits
 * for ever for slow.test.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_HTTP_SCENE_H
#define WEIR_TESTS_HTTP_SCENE_H

#include <weir/server.h>
#include <weir/session.h>
#include <weir/status.h>
#include <weir/task.h>
#include <weir/timeout.h>

#include "nth.h"
#include "test.h"

enum http_then {
    HTTP_KEEP,  /* wait for the next request */
    HTTP_CLOSE, /* close the connection */
    HTTP_CUT,   /* close it without close_notify */
    HTTP_HANG   /* keep it open, and read nothing more */
};

struct http_answer {
    const char *bytes; /* NULL: none */
    size_t len;        /* 0: up to the NUL */
    size_t cut;        /* send so many bytes at a time; 0: all */
    enum http_then then;
    bool at_once;        /* without reading the request */
    bool early;          /* without reading its body */
    const char *interim; /* sent between the head and the body of the request */
};

struct http_scene {
    struct nth nth;
    weir_loop *loop;
    weir_server *server;
    weir_session *session;
    int port;
    char url[64]; /* http://127.0.0.1:PORT/path?query, or https://localhost:... */
    const struct http_answer *answers;
    size_t count;
    size_t connections; /* that were made so far */
    size_t requests;
    char request[16384]; /* the latest, with its body */
    size_t request_len;
};

void http_scene_open(struct http_scene *scene, const struct http_answer *answers,
                     size_t count);

/* The same with options for the session. */
void http_scene_open_with(struct http_scene *scene, const struct http_answer *answers,
                          size_t count, const weir_session_options *options);

/* The same with a server that speaks TLS. */
void http_scene_open_secure(struct http_scene *scene, const struct http_answer *answers,
                            size_t count, weir_tls_context *server,
                            const weir_session_options *options);

void http_scene_close(struct http_scene *scene);

/* GETs the scene's URL and returns the status code, or a negative status also of the
 * reading of the body. `text`, if not NULL, gets the body, cut to 255 bytes. */
int http_scene_get(struct http_scene *scene, char *text);

/* Whether the latest request contains this text. */
bool http_scene_saw(const struct http_scene *scene, const char *text);

/* Whether the latest failure's sentence contains this text; prints it if not. */
bool http_failed_with(const char *text);

#endif
