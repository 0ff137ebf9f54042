/* How many connections there are: limits for each host, sharing, and what becomes of
 * slots when somebody gives up.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/group.h>

#include "http_scene.h"
#include "session.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};
static const struct http_answer SLOW = {.bytes = OK_BODY, .cut = 3};

struct job {
    struct http_scene *scene;
    weir_session *session;
    char url[80];
    int turn; /* when it was over, from 1 */
};

static int turns;

static int fetch(void *arg)
{
    struct job *job = arg;
    weir_response *response;
    weir_slice text;
    int rc = weir_get(job->session, &response, job->url);
    if (rc < 0)
        return rc;
    rc = weir_response_text(response, &text);
    weir_response_free(response);
    job->turn = ++turns;
    return rc;
}

static void set_job(struct job *job, struct http_scene *scene, const char *host)
{
    job->scene = scene;
    job->session = scene->session;
    snprintf(job->url, sizeof(job->url), "http://%s:%d/", host, scene->port);
}

static weir_response *get_from(struct http_scene *scene, const char *host)
{
    struct job job;
    weir_response *response;
    set_job(&job, scene, host);
    REQUIRE(weir_get(scene->session, &response, job.url) == WEIR_OK);
    return response;
}

/* --- limits for each host --------------------------------------------------------- */

TEST(slots, a_host_has_no_more_than_it_may)
{
    struct http_scene scene;
    struct job jobs[30];
    http_scene_open_with(&scene, &SLOW, 1,
                         &(weir_session_options){.max_connections_per_host = 2});
    weir_group *group = weir_group_new(scene.loop, NULL);
    for (int i = 0; i < 30; i++) {
        set_job(&jobs[i], &scene, i % 3 == 0 ? "a.test" : "b.test");
        CHECK_INT(weir_group_spawn(group, fetch, &jobs[i]), WEIR_OK);
    }
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    weir_group_free(group);
    CHECK_INT(scene.requests, 30);
    CHECK_INT(scene.connections, 4);
    CHECK_INT(weir_session_connections(scene.session), 4);
    CHECK(!weir__link_is_linked(&scene.session->own_pool.slots.hosts));
    http_scene_close(&scene);
}

TEST(slots, a_host_at_its_limit_lets_others_pass)
{
    struct http_scene scene;
    struct job jobs[4];
    weir_task *tasks[4];
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections_per_host = 1});
    weir_response *held = get_from(&scene, "a.test");
    static const char *const HOSTS[] = {"a.test", "a.test", "b.test", "b.test"};
    for (int i = 0; i < 4; i++) {
        set_job(&jobs[i], &scene, HOSTS[i]);
        tasks[i] = weir_spawn(scene.loop, fetch, &jobs[i]);
    }
    turns = 0;
    CHECK_INT(weir_join(tasks[2]), WEIR_OK);
    CHECK_INT(weir_join(tasks[3]), WEIR_OK);
    CHECK_INT(turns, 2);
    weir_response_free(held);
    CHECK_INT(weir_join(tasks[0]), WEIR_OK);
    CHECK_INT(weir_join(tasks[1]), WEIR_OK);
    CHECK(jobs[0].turn < jobs[1].turn);
    CHECK_INT(scene.connections, 2);
    http_scene_close(&scene);
}

TEST(slots, are_given_in_the_order_of_asking)
{
    struct http_scene scene;
    struct job jobs[10];
    weir_task *tasks[10];
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections = 1});
    weir_response *held = get_from(&scene, "a.test");
    turns = 0;
    for (int i = 0; i < 10; i++) {
        set_job(&jobs[i], &scene, i % 2 ? "a.test" : "b.test");
        tasks[i] = weir_spawn(scene.loop, fetch, &jobs[i]);
    }
    weir_sleep(scene.loop, 5);
    CHECK_INT(turns, 0);
    weir_response_free(held);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(weir_join(tasks[i]), WEIR_OK);
        CHECK_INT(jobs[i].turn, i + 1);
    }
    http_scene_close(&scene);
}

/* Idle ones of another kind make room: here one that the next request is not to use. */
TEST(slots, of_a_host_count_what_is_idle)
{
    static const struct http_answer ANSWERS[] = {{.bytes = OK_BODY},
                                                 {.bytes = OK_BODY},
                                                 {.then = HTTP_CLOSE},
                                                 {.bytes = OK_BODY}};
    struct http_scene scene;
    http_scene_open_with(&scene, ANSWERS, 4,
                         &(weir_session_options){.max_connections_per_host = 2});
    weir_response *first = get_from(&scene, "a.test");
    weir_response *second = get_from(&scene, "a.test");
    weir_response_free(first);
    weir_response_free(second);
    CHECK_INT(weir_session_connections(scene.session), 2);
    first = get_from(&scene, "a.test"); /* fails, and goes over a new one */
    CHECK_INT(weir_session_connections(scene.session), 2);
    CHECK_INT(scene.connections, 3);
    weir_response_free(first);
    http_scene_close(&scene);
}

/* --- giving up -------------------------------------------------------------------- */

/* Ends a request at each of its turns of the loop, and sees that another one, which
 * waits for the only slot of its host, gets it. */
static void give_up_at_each_turn(bool by_deadline)
{
    bool over = false;
    for (int turn = 0; !over && turn < 60; turn++) {
        struct http_scene scene;
        struct job first, second;
        http_scene_open_with(&scene, &SLOW, 1,
                             &(weir_session_options){.max_connections_per_host = 1});
        set_job(&first, &scene, "a.test");
        second = first;
        weir_task *leaver = weir_spawn(scene.loop, fetch, &first);
        weir_task *heir = weir_spawn(scene.loop, fetch, &second);
        for (int i = 0; i < turn; i++)
            weir_loop_run_once(scene.loop, by_deadline ? 0 : 1);
        weir_cancel(leaver);
        int rc = weir_join(leaver);
        CHECK(rc == WEIR_OK || rc == WEIR_E_CANCELLED);
        over = rc == WEIR_OK;
        CHECK_INT(weir_join(heir), WEIR_OK);
        CHECK_INT(scene.session->own_pool.slots.used, 0);
        CHECK(!weir__link_is_linked(&scene.session->own_pool.slots.hosts));
        CHECK(weir_session_connections(scene.session) <= 1);
        http_scene_close(&scene);
    }
    CHECK(over);
}

TEST(slots, come_back_whenever_a_request_is_cancelled)
{
    give_up_at_each_turn(false);
    give_up_at_each_turn(true);
}

TEST(slots, come_back_when_resolving_takes_too_long)
{
    struct http_scene scene;
    struct job job;
    weir_response *response;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections = 1});
    set_job(&job, &scene, "slow.test");
    CHECK_INT(weir_get(scene.session, &response, job.url, .timeout_ms = 10),
              WEIR_E_TIMEOUT);
    CHECK_INT(weir_get(scene.session, &response, job.url, .connect_timeout_ms = 10),
              WEIR_E_TIMEOUT);
    weir_task *task = weir_spawn(scene.loop, fetch, &job);
    weir_sleep(scene.loop, 1);
    CHECK_INT(weir_session_connections(scene.session), 1);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    CHECK_INT(weir_session_connections(scene.session), 0);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    http_scene_close(&scene);
}

TEST(slots, survive_each_failing_allocation)
{
    bool failed = true;
    for (size_t n = 1; failed && n < 200; n++) {
        struct http_scene scene;
        http_scene_open_with(&scene, &KEPT, 1,
                             &(weir_session_options){.max_connections_per_host = 1});
        scene.nth.fail_at = scene.nth.count + n;
        int rc = http_scene_get(&scene, NULL);
        failed = scene.nth.failed;
        CHECK(rc == 200 || (failed && rc < 0));
        scene.nth.fail_at = 0;
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        CHECK(!weir__link_is_linked(&scene.session->own_pool.slots.hosts));
        http_scene_close(&scene);
    }
    CHECK(!failed);
}

TEST(slots, are_not_held_by_what_was_detached)
{
    struct http_scene scene;
    weir__connection *connection;
    weir_slice bytes;
    http_scene_open_with(
        &scene, &KEPT, 1,
        &(weir_session_options){.max_connections = 1, .max_connections_per_host = 1});
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    struct weir__pool_wish wish = {.url = &scene.session->target->url};
    REQUIRE(weir__pool_take(&scene.session->client, &wish, &connection) == WEIR_OK);
    weir_stream *stream = weir__pool_detach(connection);
    CHECK_INT(weir_session_connections(scene.session), 0);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.connections, 2);
    weir_write(weir_stream_writer(stream), WEIR_S("GET / HTTP/1.1\r\n\r\n"));
    CHECK(weir_readuntil(weir_stream_reader(stream), WEIR_S("body"), &bytes) > 0);
    weir_stream_abort(stream);
    http_scene_close(&scene);
}

/* --- sharing ---------------------------------------------------------------------- */

static weir_session *sharer(struct http_scene *scene, weir_session_options options)
{
    options.share_with = scene->session;
    weir_session *session = weir_session_new(scene->loop, &options);
    REQUIRE(session != NULL);
    return session;
}

TEST(shared_pool, serves_all_sessions_over_the_same_connections)
{
    struct http_scene scene;
    struct job job;
    http_scene_open(&scene, &KEPT, 1);
    weir_session *other = sharer(&scene, (weir_session_options){.user_agent = "other"});
    weir_session *third =
        weir_session_new(NULL, &(weir_session_options){.share_with = other});
    REQUIRE(third != NULL);
    CHECK(weir_session_loop(third) == scene.loop);
    set_job(&job, &scene, "127.0.0.1");
    CHECK_INT(fetch(&job), WEIR_OK);
    job.session = other;
    CHECK_INT(fetch(&job), WEIR_OK);
    CHECK(http_scene_saw(&scene, "User-Agent: other"));
    job.session = third;
    CHECK_INT(fetch(&job), WEIR_OK);
    CHECK_INT(scene.connections, 1);
    CHECK_INT(weir_session_connections(third), 1);
    /* The one that the connections are called after goes first. */
    weir_session_free(scene.session);
    scene.session = NULL;
    CHECK_INT(fetch(&job), WEIR_OK);
    CHECK_INT(scene.connections, 1);
    weir_session_free(other);
    CHECK_INT(weir_session_connections(third), 1);
    CHECK_INT(fetch(&job), WEIR_OK);
    weir_session_free(third);
    http_scene_close(&scene);
}

TEST(shared_pool, ends_the_requests_of_the_session_that_is_freed)
{
    static const struct http_answer ANSWERS[] = {{.bytes = "HTT", .then = HTTP_HANG},
                                                 {.bytes = OK_BODY}};
    struct http_scene scene;
    struct job jobs[3];
    http_scene_open_with(&scene, ANSWERS, 2,
                         &(weir_session_options){.max_connections = 1});
    weir_session *other = sharer(&scene, (weir_session_options){0});
    for (int i = 0; i < 3; i++)
        set_job(&jobs[i], &scene, "127.0.0.1");
    jobs[2].session = other;
    weir_task *hanging = weir_spawn(scene.loop, fetch, &jobs[0]);
    weir_task *waiting = weir_spawn(scene.loop, fetch, &jobs[1]);
    weir_task *patient = weir_spawn(scene.loop, fetch, &jobs[2]);
    weir_sleep(scene.loop, 5);
    weir_session_free(scene.session);
    scene.session = NULL;
    CHECK_INT(weir_join(hanging), WEIR_E_CLOSED);
    CHECK_INT(weir_join(waiting), WEIR_E_CLOSED);
    CHECK_INT(weir_join(patient), WEIR_OK);
    weir_session_free(other);
    http_scene_close(&scene);
}

TEST(shared_pool, keeps_apart_what_is_reached_in_different_ways)
{
    struct http_scene scene;
    struct job job;
    http_scene_open(&scene, &KEPT, 1);
    weir_session_options from = {.local_host = "127.0.0.1"};
    weir_session *other = sharer(&scene, from);
    weir_session *third = sharer(&scene, from);
    set_job(&job, &scene, "127.0.0.1");
    CHECK_INT(fetch(&job), WEIR_OK);
    job.session = other;
    CHECK_INT(fetch(&job), WEIR_OK);
    CHECK_INT(scene.connections, 2);
    job.session = third;
    CHECK_INT(fetch(&job), WEIR_OK);
    CHECK_INT(scene.connections, 2);
    weir_session_free(other);
    weir_session_free(third);
    http_scene_close(&scene);
}

TEST(shared_pool, has_the_limits_of_one)
{
    struct http_scene scene;
    http_scene_open(&scene, &KEPT, 1);
    CHECK(!weir_session_new(
        scene.loop,
        &(weir_session_options){.share_with = scene.session, .max_connections = 7}));
    CHECK(http_failed_with("the limits of shared connections"));
    weir_loop *loop = weir_loop_new(NULL);
    CHECK(
        !weir_session_new(loop, &(weir_session_options){.share_with = scene.session}));
    CHECK(http_failed_with("another loop"));
    weir_loop_free(loop);
    http_scene_close(&scene);
}

TEST(shared_pool, of_a_loop_of_its_own_lasts_as_long_as_needed)
{
    weir_session *first = weir_session_new(NULL, NULL);
    weir_session *second =
        weir_session_new(NULL, &(weir_session_options){.share_with = first});
    REQUIRE(second != NULL);
    weir_session_free(first);
    CHECK_INT(weir_loop_run_once(weir_session_loop(second), 0), WEIR_OK);
    weir_session_free(second);
}
