/* GETs over keep-alive connections with libcurl's multi interface, driven by epoll
 * through its socket actions: a peer of the bench get.
 *
 * SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "argument.h"

#define MAX_EVENTS 256

static int epoll;
static long timeout_ms = -1;
static long long to_send;
static long long to_receive;
static unsigned long long body_bytes;

static void fail(const char *what)
{
    fprintf(stderr, "get_curl: %s\n", what);
    exit(EXIT_FAILURE);
}

static size_t count_body(char *bytes, size_t size, size_t count, void *self)
{
    (void)bytes;
    (void)self;
    body_bytes += size * count;
    return size * count;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *known)
{
    CURLM *multi = self;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (!known)
        curl_multi_assign(multi, fd, multi);
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *self)
{
    (void)multi;
    (void)self;
    timeout_ms = ms;
    return 0;
}

static void add_request(CURLM *multi, CURL *easy)
{
    if (to_send == 0)
        return;
    to_send--;
    if (curl_multi_add_handle(multi, easy) != CURLM_OK)
        fail("cannot add a request");
}

static void collect(CURLM *multi)
{
    CURLMsg *message;
    int queued;
    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
        CURL *easy = message->easy_handle;
        if (message->data.result != CURLE_OK)
            fail(curl_easy_strerror(message->data.result));
        to_receive--;
        curl_multi_remove_handle(multi, easy);
        add_request(multi, easy);
    }
}

static void run_once(CURLM *multi)
{
    struct epoll_event events[MAX_EVENTS];
    int running;
    int n = epoll_wait(epoll, events, MAX_EVENTS, (int)timeout_ms);
    for (int i = 0; i < n; i++) {
        int action = 0;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            action |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT)
            action |= CURL_CSELECT_OUT;
        curl_multi_socket_action(multi, events[i].data.fd, action, &running);
    }
    if (n == 0) {
        timeout_ms = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect(multi);
}

static CURL *new_request(const char *url)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        fail("no memory");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_body);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

int main(int argc, char **argv)
{
    argument_count(argc, 3, "get_curl PORT CONNECTIONS REQUESTS");
    char url[64];
    int port = (int)argument_number(argv[1], 65535);
    int count = (int)argument_number(argv[2], 10000);
    long long requests = argument_number(argv[3], 1LL << 40);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    CURL **all = calloc((size_t)count, sizeof(CURL *));
    epoll = epoll_create1(0);
    if (!multi || !all || epoll < 0)
        fail("cannot start");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)count);
    to_send = to_receive = requests;
    for (int i = 0; i < count; i++)
        add_request(multi, all[i] = new_request(url));
    while (to_receive > 0)
        run_once(multi);
    for (int i = 0; i < count; i++)
        curl_easy_cleanup(all[i]);
    free(all);
    curl_multi_cleanup(multi);
    curl_global_cleanup();
    close(epoll);
    return body_bytes >= (unsigned long long)requests ? EXIT_SUCCESS : EXIT_FAILURE;
}
