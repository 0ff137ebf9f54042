/* Standard input and output: whatever they are, and given back as they were.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <weir/stream.h>
#include <weir/task.h>
#include <weir/timeout.h>

#include "test.h"

/* What fd 0 or 1 was before the test. */
static int saved[2] = {-1, -1};

static void put_in_place(int fd, int standard)
{
    saved[standard] = dup(standard);
    REQUIRE(dup2(fd, standard) == standard);
    close(fd);
}

static void put_back(int standard)
{
    if (saved[standard] >= 0) {
        dup2(saved[standard], standard);
        close(saved[standard]);
    } else {
        close(standard);
    }
    saved[standard] = -1;
}

static bool is_blocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

static weir_stream *open_input(weir_loop *loop)
{
    weir_stream *input = NULL;
    REQUIRE(weir_open_stdin(loop, &input) == WEIR_OK);
    return input;
}

static void check_line(weir_stream *input, const char *wanted)
{
    weir_slice line = {NULL, 0};
    weir_timeout timeout = weir_timeout_start(weir_stream_loop(input), 5000);
    CHECK_INT(weir_readline(weir_stream_reader(input), &line), (int)strlen(wanted));
    CHECK_BYTES(line, weir_slice_of(wanted));
    weir_timeout_end(&timeout);
}

static void write_all(int fd, const char *text)
{
    REQUIRE(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Pipes */

TEST(core_stdio, reads_a_pipe_to_its_end)
{
    weir_loop *loop = weir_loop_new(NULL);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    put_in_place(ends[0], 0);
    weir_stream *input = open_input(loop);
    write_all(ends[1], "one\ntwo\nlast");
    check_line(input, "one\n");
    check_line(input, "two\n");
    CHECK(is_blocking(0)); /* for all others: the mode is not theirs */
    close(ends[1]);
    check_line(input, "last");
    check_line(input, "");
    CHECK(weir_reader_at_eof(weir_stream_reader(input)));
    CHECK_INT(weir_stream_close(input), WEIR_OK);
    put_back(0);
    weir_loop_free(loop);
}

struct scene {
    weir_loop *loop;
    weir_stream *stream;
    int fd;
    bool happened;
};

static int type_later(void *arg)
{
    struct scene *scene = arg;
    int rc = weir_sleep(scene->loop, 20);
    scene->happened = true;
    write_all(scene->fd, "typed\n");
    return rc;
}

TEST(core_stdio, lets_others_run_while_nothing_is_typed)
{
    weir_loop *loop = weir_loop_new(NULL);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    put_in_place(ends[0], 0);
    struct scene scene = {.loop = loop, .fd = ends[1]};
    weir_stream *input = open_input(loop);
    weir_task *typist = weir_spawn(loop, type_later, &scene);
    check_line(input, "typed\n");
    CHECK(scene.happened);
    CHECK_INT(weir_join(typist), WEIR_OK);
    weir_stream_close(input);
    put_back(0);
    close(ends[1]);
    weir_loop_free(loop);
}

/* Files */

static int file_with(const char *text)
{
    char path[] = "/tmp/weir-stdio-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    unlink(path);
    write_all(fd, text);
    REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* As for each command of `(read line; command) < file`. */
TEST(core_stdio, reads_a_file_from_where_it_is)
{
    weir_loop *loop = weir_loop_new(NULL);
    int fd = file_with("before\nfirst\nsecond\n");
    REQUIRE(lseek(fd, 7, SEEK_SET) == 7);
    put_in_place(fd, 0);
    weir_stream *input = open_input(loop);
    check_line(input, "first\n");
    check_line(input, "second\n");
    check_line(input, "");
    CHECK(is_blocking(0));
    weir_stream_close(input);
    CHECK_INT(lseek(0, 0, SEEK_CUR), 20);
    put_back(0);
    weir_loop_free(loop);
}

TEST(core_stdio, finds_dev_null_at_its_end)
{
    weir_loop *loop = weir_loop_new(NULL);
    put_in_place(open("/dev/null", O_RDONLY), 0);
    weir_stream *input = open_input(loop);
    check_line(input, "");
    weir_stream_close(input);
    CHECK(is_blocking(0));
    put_back(0);
    weir_loop_free(loop);
}

/* Terminals */

static int open_terminal(int *master)
{
    int slave;
    if (openpty(master, &slave, NULL, NULL, NULL) < 0)
        SKIP("no pseudo-terminal");
    return slave;
}

TEST(core_stdio, reads_a_terminal_line_by_line)
{
    weir_loop *loop = weir_loop_new(NULL);
    int master;
    int slave = open_terminal(&master);
    struct termios before, after;
    put_in_place(slave, 0);
    REQUIRE(tcgetattr(0, &before) == 0);
    weir_stream *input = open_input(loop);
    write_all(master, "one\ntwo\nhal");
    check_line(input, "one\n");
    check_line(input, "two\n");
    write_all(master, "f\n");
    check_line(input, "half\n");
    write_all(master, "\x04"); /* Ctrl-D at the beginning of a line */
    check_line(input, "");
    CHECK(is_blocking(0));
    REQUIRE(tcgetattr(0, &after) == 0);
    CHECK_INT(after.c_lflag, before.c_lflag);
    CHECK_INT(after.c_iflag, before.c_iflag);
    weir_stream_close(input);
    CHECK(is_blocking(0));
    put_back(0);
    close(master);
    weir_loop_free(loop);
}

TEST(core_stdio, does_not_take_what_is_typed_when_it_only_writes)
{
    weir_loop *loop = weir_loop_new(NULL);
    int master;
    char typed[16] = "";
    weir_stream *output = NULL;
    put_in_place(open_terminal(&master), 1);
    REQUIRE(weir_open_stdout(loop, &output) == WEIR_OK);
    write_all(master, "mine\n");
    CHECK_INT(weir_write(weir_stream_writer(output), WEIR_S("yours\n")), WEIR_OK);
    weir_sleep(loop, 5);
    CHECK_INT(weir_stream_close(output), WEIR_OK);
    CHECK_INT(read(1, typed, sizeof(typed)), 5);
    CHECK(strcmp(typed, "mine\n") == 0);
    put_back(1);
    close(master);
    weir_loop_free(loop);
}

/* The master of a pseudo-terminal opened again would be another terminal. */
TEST(core_stdio, reads_the_master_of_a_terminal)
{
    weir_loop *loop = weir_loop_new(NULL);
    int master;
    int slave = open_terminal(&master);
    put_in_place(master, 0);
    weir_stream *input = open_input(loop);
    write_all(slave, "shown\n");
    check_line(input, "shown\r\n");
    weir_stream_close(input);
    CHECK(is_blocking(0));
    put_back(0);
    close(slave);
    weir_loop_free(loop);
}

/* Sockets: the mode is shared, and given back. */

static int socket_in_place(int standard)
{
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    put_in_place(pair[0], standard);
    return pair[1];
}

TEST(core_stdio, gives_the_mode_of_a_socket_back)
{
    weir_loop *loop = weir_loop_new(NULL);
    int peer = socket_in_place(0);
    weir_stream *input = open_input(loop);
    CHECK(!is_blocking(0));
    write_all(peer, "hello\n");
    check_line(input, "hello\n");
    weir_stream_close(input);
    CHECK(is_blocking(0));
    open_input(loop);
    CHECK(!is_blocking(0));
    weir_loop_free(loop); /* with the stream */
    CHECK(is_blocking(0));
    put_back(0);
    close(peer);
}

TEST(core_stdio, keeps_a_mode_that_was_there_before)
{
    weir_loop *loop = weir_loop_new(NULL);
    int peer = socket_in_place(0);
    REQUIRE(fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    weir_stream_close(open_input(loop));
    CHECK(!is_blocking(0));
    put_back(0);
    close(peer);
    weir_loop_free(loop);
}

/* inetd gives one socket as both. */
TEST(core_stdio, gives_the_mode_back_when_both_streams_of_a_socket_are_closed)
{
    weir_loop *loop = weir_loop_new(NULL);
    int peer = socket_in_place(0);
    weir_stream *output = NULL;
    put_in_place(dup(0), 1);
    weir_stream *input = open_input(loop);
    int rc = weir_open_stdout(loop, &output);
    weir_stream_close(input);
    bool kept = !is_blocking(0);
    weir_stream_close(output);
    bool given_back = is_blocking(0);
    put_back(1);
    CHECK_INT(rc, WEIR_OK);
    CHECK(kept);
    CHECK(given_back);
    put_back(0);
    close(peer);
    weir_loop_free(loop);
}

/* Its loop stays reachable, as that of a program that ends by exit(). */
static weir_loop *left_behind;

static int exit_status_of_child(bool fork_inside)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        left_behind = weir_loop_new(NULL);
        open_input(left_behind);
        if (fork_inside) {
            if (fork() == 0)
                exit(0);
            wait(&status);
            _exit(is_blocking(0) ? 1 : 0);
        }
        exit(is_blocking(0) ? 1 : 0);
    }
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

TEST(core_stdio, gives_the_mode_back_at_exit)
{
    int peer = socket_in_place(0);
    CHECK_INT(exit_status_of_child(false), 0);
    CHECK(is_blocking(0));
    put_back(0);
    close(peer);
}

TEST(core_stdio, leaves_the_mode_to_the_parent_when_a_fork_exits)
{
    int peer = socket_in_place(0);
    CHECK_INT(exit_status_of_child(true), 0);
    put_back(0);
    close(peer);
}

/* Misuse and failure */

TEST(core_stdio, opens_once_at_a_time)
{
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *again = NULL;
    put_in_place(open("/dev/null", O_RDONLY), 0);
    weir_stream *input = open_input(loop);
    CHECK_INT(weir_open_stdin(loop, &again), WEIR_E_MISUSE);
    CHECK(again == NULL);
    weir_stream_close(input);
    CHECK_INT(weir_open_stdin(loop, &again), WEIR_OK);
    weir_stream_abort(again);
    put_back(0);
    weir_loop_free(loop);
}

/* The loop's own poller may get the number 0 then. */
TEST(core_stdio, says_that_there_is_no_standard_input)
{
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *input = NULL;
    saved[0] = dup(0);
    close(0);
    CHECK_INT(weir_open_stdin(loop, &input), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EBADF);
    CHECK(strstr(weir_last_error()->message, "there is no standard input"));
    weir_loop_free(loop);
    loop = weir_loop_new(NULL);
    if (weir_loop_fd(loop) == 0)
        CHECK_INT(weir_open_stdin(loop, &input), WEIR_E_SYSTEM);
    weir_loop_free(loop);
    put_back(0);
}

/* Output */

TEST(core_stdio, writes_to_a_file)
{
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *output = NULL;
    char text[32] = "";
    put_in_place(file_with(""), 1);
    int rc = weir_open_stdout(loop, &output);
    weir_write(weir_stream_writer(output), WEIR_S("one "));
    weir_sleep(loop, 1);
    weir_write(weir_stream_writer(output), WEIR_S("two"));
    int closed = weir_stream_close(output);
    lseek(1, 0, SEEK_SET);
    ssize_t got = read(1, text, sizeof(text) - 1);
    put_back(1);
    CHECK_INT(rc, WEIR_OK);
    CHECK_INT(closed, WEIR_OK);
    CHECK_INT(got, 7);
    CHECK(strcmp(text, "one two") == 0);
    weir_loop_free(loop);
}

/* The kernel takes a part, and nothing will ever say that it takes more. */
TEST(core_stdio, says_that_a_file_is_full)
{
    static const char BYTES[5000];
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *output = NULL;
    struct rlimit before, small;
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = 3000;
    put_in_place(file_with(""), 1);
    int rc = weir_open_stdout(loop, &output);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    weir_timeout timeout = weir_timeout_start(loop, 2000);
    weir_write(weir_stream_writer(output), (weir_slice){BYTES, sizeof(BYTES)});
    int flushed = weir_flush(weir_stream_writer(output));
    int os_error = weir_last_error()->os_error;
    weir_timeout_end(&timeout);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    weir_stream_close(output);
    put_back(1);
    CHECK_INT(rc, WEIR_OK);
    CHECK_INT(flushed, WEIR_E_SYSTEM);
    CHECK_INT(os_error, EFBIG);
    weir_loop_free(loop);
}

static int read_slowly(void *arg)
{
    struct scene *scene = arg;
    char bytes[4096];
    size_t total = 0;
    ssize_t got = 0;
    int rc = WEIR_OK;
    while (rc >= 0 && total < 300000) {
        rc = weir_sleep(scene->loop, 1);
        got = read(scene->fd, bytes, sizeof(bytes));
        total += got > 0 ? (size_t)got : 0;
    }
    return rc < 0 ? rc : (int)total;
}

TEST(core_stdio, waits_for_who_reads_a_pipe)
{
    static const char BYTES[300000];
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *output = NULL;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    put_in_place(ends[1], 1);
    int rc = weir_open_stdout(loop, &output);
    bool blocking = is_blocking(1);
    struct scene scene = {.loop = loop, .fd = ends[0]};
    REQUIRE(fcntl(ends[0], F_SETFL, O_RDONLY | O_NONBLOCK) == 0);
    weir_task *reader = weir_spawn(loop, read_slowly, &scene);
    int written =
        weir_write(weir_stream_writer(output), (weir_slice){BYTES, sizeof(BYTES)});
    int drained = weir_drain(weir_stream_writer(output));
    int closed = weir_stream_close(output);
    int total = weir_join(reader);
    put_back(1);
    CHECK_INT(rc, WEIR_OK);
    CHECK(blocking);
    CHECK_INT(written, WEIR_OK);
    CHECK_INT(drained, WEIR_OK);
    CHECK_INT(closed, WEIR_OK);
    CHECK_INT(total, 300000);
    close(ends[0]);
    weir_loop_free(loop);
}

TEST(core_stdio, says_that_nobody_reads_the_pipe)
{
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *output = NULL;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    put_in_place(ends[1], 1);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    int rc = weir_open_stdout(loop, &output);
    close(ends[0]);
    int written = weir_write(weir_stream_writer(output), WEIR_S("hello"));
    int os_error = weir_last_error()->os_error;
    weir_stream_close(output);
    put_back(1);
    signal(SIGPIPE, handler);
    CHECK_INT(rc, WEIR_OK);
    CHECK_INT(written, WEIR_E_CONNECTION);
    CHECK_INT(os_error, EPIPE);
    weir_loop_free(loop);
}
