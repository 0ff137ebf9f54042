/* The words for failures: one record a task (core/error.h).
 *
 * SPDX-License-Identifier: MIT */
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "loop.h"
#include "loop_scene.h"

TEST(error, a_record_says_what_failed)
{
    CHECK_TEXT(weir_last_error()->message, "");
    CHECK_TEXT(weir_last_error()->operation, "");
    CHECK_INT(weir__fail(WEIR_E_TLS, "handshake", "certificate of %s", "example"),
              WEIR_E_TLS);
    const weir_error *error = weir_last_error();
    CHECK_INT(error->status, WEIR_E_TLS);
    CHECK_INT(error->os_error, 0);
    CHECK_INT(error->offset, 0);
    CHECK_TEXT(error->operation, "handshake");
    CHECK_TEXT(error->message, "certificate of example");

    CHECK_INT(weir__fail_at(WEIR_E_PROTOCOL, 17, "head", "no colon"), WEIR_E_PROTOCOL);
    CHECK_INT(error->offset, 17);
    CHECK_TEXT(error->message, "no colon");
}

TEST(error, an_errno_is_kept_and_put_in_words)
{
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "connect to %s: %s", "h", strerror(ECONNREFUSED));
    CHECK_INT(weir__fail_errno(ECONNREFUSED, "connect", "connect to %s", "h"),
              WEIR_E_CONNECTION);
    CHECK_TEXT(weir_last_error()->message, wanted);
    CHECK_INT(weir_last_error()->os_error, ECONNREFUSED);
    CHECK_INT(weir__fail_system(EMFILE, "accept", "too many"), WEIR_E_SYSTEM);
    CHECK_TEXT(weir_last_error()->message, "too many");
    CHECK_INT(weir_last_error()->os_error, EMFILE);
    weir__fail(WEIR_E_TYPE, "x", "y");
    CHECK_INT(weir_last_error()->os_error, 0);
}

TEST(error, each_errno_has_the_status_that_a_program_can_act_on)
{
    static const struct {
        int os_error;
        int status;
    } rows[] = {
        {ECONNREFUSED, WEIR_E_CONNECTION},
        {ECONNRESET, WEIR_E_CONNECTION},
        {EPIPE, WEIR_E_CONNECTION},
        {ETIMEDOUT, WEIR_E_CONNECTION},
        {EHOSTUNREACH, WEIR_E_CONNECTION},
        {ENETUNREACH, WEIR_E_CONNECTION},
        {ENOTCONN, WEIR_E_CONNECTION},
        {ECONNABORTED, WEIR_E_CONNECTION},
        {ENOMEM, WEIR_E_MEMORY},
        {ENOBUFS, WEIR_E_MEMORY},
        {EMFILE, WEIR_E_SYSTEM},
        {EACCES, WEIR_E_SYSTEM},
        {EBADF, WEIR_E_SYSTEM},
        {ENOENT, WEIR_E_SYSTEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(weir__status_of_errno(rows[i].os_error), rows[i].status);
}

TEST(error, a_prefix_goes_before_the_words_and_changes_nothing_else)
{
    weir__fail_errno(ENOENT, "open", "open %s", "f");
    CHECK_INT(weir__fail_prefix("serve %s", "unix:f"), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, ENOENT);
    CHECK_TEXT(weir_last_error()->operation, "open");
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "serve unix:f: open f: %s", strerror(ENOENT));
    CHECK_TEXT(weir_last_error()->message, wanted);
    CHECK_INT(weir__fail_prefix("again"), WEIR_E_SYSTEM);
    CHECK(strncmp(weir_last_error()->message, "again: serve unix:f: ", 21) == 0);
}

TEST(error, words_that_are_too_long_are_cut)
{
    char text[600];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    weir__fail(WEIR_E_TYPE, "x", "%s", text);
    CHECK_INT(strlen(weir_last_error()->message), 255);
    weir__fail_prefix("p");
    CHECK_INT(strlen(weir_last_error()->message), 255);
    CHECK(strncmp(weir_last_error()->message, "p: aaa", 6) == 0);
    weir__fail_errno(EBADF, "x", "%s", text);
    CHECK_INT(strlen(weir_last_error()->message), 255);
    CHECK_INT(weir_last_error()->os_error, EBADF);
    weir__fail_prefix("%s", text);
    CHECK_INT(strlen(weir_last_error()->message), 255);
}

/* The record itself as an argument: a layer that says the same again. */
TEST(error, the_words_of_the_record_may_be_used_for_the_next)
{
    weir__fail(WEIR_E_TYPE, "x", "cause");
    weir__fail(WEIR_E_TYPE, "y", "more: %s", weir_last_error()->message);
    CHECK_TEXT(weir_last_error()->message, "more: cause");
    weir__fail_prefix("a %s b", weir_last_error()->message);
    CHECK_TEXT(weir_last_error()->message, "a more: cause b: more: cause");
    weir__fail_errno(EBADF, "x", "again: %s", weir_last_error()->message);
    CHECK(strncmp(weir_last_error()->message, "again: a more: cause b", 22) == 0);
}

struct failing {
    weir_loop *loop;
    int number;
};

static int fail_in_turns(void *arg)
{
    const struct failing *self = arg;
    char wanted[32];
    CHECK_INT(weir_last_error()->status, 0);
    CHECK_TEXT(weir_last_error()->message, "");
    for (int i = 0; i < 5; i++) {
        snprintf(wanted, sizeof(wanted), "task %d, failure %d", self->number, i);
        weir__fail(-self->number, "test", "task %d, failure %d", self->number, i);
        CHECK_INT(weir_yield(self->loop), WEIR_OK);
        CHECK_TEXT(weir_last_error()->message, wanted);
        CHECK_INT(weir_last_error()->status, -self->number);
    }
    return -self->number;
}

static void fail_in_callback(void *arg)
{
    (void)arg;
    weir__fail(WEIR_E_TYPE, "callback", "callback");
    CHECK_TEXT(weir_last_error()->message, "callback");
}

static void look_in_callback(void *arg)
{
    (void)arg;
    CHECK_TEXT(weir_last_error()->message, "callback");
}

TEST(error, records_of_tasks_do_not_mix_and_join_hands_them_over)
{
    struct loop_scene scene;
    weir_task *tasks[3];
    loop_scene_open(&scene);
    struct failing failing[3] = {{scene.loop, 10}, {scene.loop, 11}, {scene.loop, 12}};
    weir__fail(WEIR_E_TYPE, "outside", "outside");
    for (int i = 0; i < 3; i++)
        tasks[i] = weir_spawn(scene.loop, fail_in_turns, &failing[i]);
    weir_loop_run(scene.loop);
    CHECK_TEXT(weir_last_error()->message, "outside");
    for (int i = 2; i >= 0; i--) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "task %d, failure 4", 10 + i);
        CHECK_INT(weir_join(tasks[i]), -10 - i);
        CHECK_TEXT(weir_last_error()->message, wanted);
    }
    loop_scene_close(&scene);
}

/* Who cleans up before he tells what went wrong runs the loop, in which others fail. */
TEST(error, what_fails_in_a_callback_does_not_cover_what_failed_outside)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir__fail(WEIR_E_TYPE, "outside", "outside");
    REQUIRE(weir_loop_post(scene.loop, fail_in_callback, NULL) == WEIR_OK);
    weir_loop_run(scene.loop);
    CHECK_TEXT(weir_last_error()->message, "outside");
    REQUIRE(weir_loop_post(scene.loop, look_in_callback, NULL) == WEIR_OK);
    weir_loop_run(scene.loop);
    loop_scene_close(&scene);
}

static void *look_from_thread(void *arg)
{
    *(const char **)arg = weir_last_error()->message[0] ? "written" : "empty";
    weir__fail(WEIR_E_TYPE, "thread", "thread");
    return NULL;
}

TEST(error, records_of_threads_do_not_mix)
{
    const char *seen = NULL;
    pthread_t thread;
    weir__fail(WEIR_E_TYPE, "main", "main");
    REQUIRE(pthread_create(&thread, NULL, look_from_thread, (void *)&seen) == 0);
    pthread_join(thread, NULL);
    CHECK_TEXT(seen, "empty");
    CHECK_TEXT(weir_last_error()->message, "main");
}

TEST(error, bytes_of_a_peer_are_printed_as_text)
{
    static const struct {
        weir_slice bytes;
        const char *text;
    } rows[] = {
        {{NULL, 0}, ""},
        {{"plain text ~!", 13}, "plain text ~!"},
        {{"a\nb\rc\td", 7}, "a\\nb\\rc\\x09d"},
        {{"\0\x01\x1f\x7f", 4}, "\\x00\\x01\\x1f\\x7f"},
        {{"\x80\xff\xc3\xbc", 4}, "\\x80\\xff\\xc3\\xbc"},
        {{"say \"no\"", 8}, "say \\x22no\\x22"},
        {{"c:\\n", 4}, "c:\\x5cn"},
        {{"\x1b[31mred", 8}, "\\x1b[31mred"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_TEXT(weir__escape(rows[i].bytes, text, sizeof(text)), rows[i].text);
}

TEST(error, bytes_of_a_peer_are_cut_to_fit_and_say_so)
{
    static const struct {
        size_t size;
        weir_slice bytes;
        const char *text;
    } rows[] = {
        {6, {"hello", 5}, "hello"},
        {5, {"hello", 5}, "h..."},
        {8, {"\xff\xff", 2}, "\\xff..."},
        {9, {"\xff\xff", 2}, "\\xff\\xff"},
        {8, {"abcdefgh", 8}, "abcd..."},
        {1, {"abc", 3}, ""},
        {2, {"abc", 3}, "."},
        {3, {"abc", 3}, ".."},
        {4, {"abc", 3}, "abc"},
        {4, {"abcd", 4}, "..."},
        {4, {"\xff", 1}, "..."},
        {5, {"\xff", 1}, "\\xff"},
        {1, {"", 0}, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[16];
        memset(text, '#', sizeof(text));
        CHECK(weir__escape(rows[i].bytes, text, rows[i].size) == text);
        CHECK_TEXT(text, rows[i].text);
        for (size_t n = rows[i].size; n < sizeof(text); n++)
            CHECK(text[n] == '#');
    }
}
