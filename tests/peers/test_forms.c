/* Forms, as other programs read and send them: Python's email and cgi, werkzeug; curl.
 *
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/form.h>
#include <weir/http_codec.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "peer.h"
#include "test.h"

static const char BYTES[] = "\0\xFF\r\n--\r\n----weir\r\n\r";

static char path[128];

static void write_file(struct peer *peer)
{
    snprintf(path, sizeof(path), "%s", peer_path(peer, "a b.bin"));
    FILE *file = fopen(path, "wb");
    REQUIRE(file && fwrite(BYTES, 1, sizeof(BYTES) - 1, file) == sizeof(BYTES) - 1);
    fclose(file);
}

/* The body of a form with what is hard about it, in a file. */
static weir_form *write_body(weir_loop *loop, const char *boundary, const char *body)
{
    weir_slice bytes;
    weir_form *form = weir_form_new(&(weir_form_options){.boundary = boundary});
    REQUIRE(form != NULL);
    REQUIRE(weir_form_add(form, "t\xC3\xA4xt", WEIR_S("hello"), NULL) == WEIR_OK);
    REQUIRE(weir_form_add(form, "empty", WEIR_S(""), NULL) == WEIR_OK);
    REQUIRE(weir_form_add(form, "a;b=c", WEIR_S("\xE2\x82\xAC"),
                          &(weir_form_part){"text/csv", NULL}) == WEIR_OK);
    REQUIRE(weir_form_add_file(form, "file", path, NULL) == WEIR_OK);
    weir_reader *reader = weir_form_reader_new(loop, form);
    REQUIRE(reader && weir_readall(reader, WEIR_NO_LIMIT, &bytes) > 0);
    FILE *file = fopen(body, "wb");
    REQUIRE(file && fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    fclose(file);
    weir_reader_free(reader);
    return form;
}

static void check_reader(const char *name, const char *boundary)
{
    static const char WANTED[] = "t\xC3\xA4xt\t-\t-\t68656c6c6f\n"
                                 "empty\t-\t-\t\n"
                                 "a;b=c\t-\ttext/csv\te282ac\n"
                                 "file\ta b.bin\tapplication/octet-stream\t"
                                 "00ff0d0a2d2d0d0a2d2d2d2d776569720d0a0d\n";
    struct peer python;
    char command[1024];
    char got[1024];
    char body[128];
    weir_loop *loop = weir_loop_new(NULL);
    peer_open(&python, "python3");
    write_file(&python);
    snprintf(body, sizeof(body), "%s", peer_path(&python, "body"));
    weir_form *form = write_body(loop, boundary, body);
    snprintf(command, sizeof(command),
             "PYTHONIOENCODING=utf-8 /usr/bin/python3 %s/tests/peers/form_peer.py %s "
             "'%s' <%s",
             WEIR_SOURCE_DIR, name, weir_form_content_type(form), body);
    FILE *output = popen(command, "r");
    REQUIRE(output != NULL);
    size_t len = fread(got, 1, sizeof(got), output);
    int status = pclose(output);
    weir_form_free(form);
    weir_loop_free(loop);
    peer_close(&python);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        peer_missing(name);
    CHECK_INT(status, 0);
    CHECK_BYTES(((weir_slice){got, len}), weir_slice_of(WANTED));
}

static void check_python(const char *name)
{
    static const char *const TRY[] = {"/usr/bin/python3", "-c", "pass", NULL};
    if (!peer_try(TRY))
        peer_missing("python3");
    check_reader(name, NULL);
    check_reader(name, "a b:c");
}

TEST(forms, are_read_by_python_email)
{
    check_python("email");
}

TEST(forms, are_read_by_python_cgi)
{
    check_python("cgi");
}

TEST(forms, are_read_by_werkzeug)
{
    check_python("werkzeug");
}

static int listening(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
    REQUIRE(listen(fd, 1) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* What a request with a form has: names, file names, types, bytes. */
struct received {
    weir_multipart_decoder parts;
    char log[1024];
    size_t len;
};

static void note(struct received *r, weir_slice text)
{
    REQUIRE(r->len + text.len < sizeof(r->log));
    if (text.len > 0)
        memcpy(r->log + r->len, text.data, text.len);
    r->len += text.len;
}

static void note_part(struct received *r, const weir_http_fields *fields)
{
    char name[512];
    weir_disposition d;
    weir_slice field = weir_http_fields_value(fields, WEIR_S("Content-Disposition"));
    REQUIRE(weir_disposition_parse(&d, field) == WEIR_OK);
    note(r, (weir_slice){name, weir_disposition_name(&d, name)});
    note(r, WEIR_S("|"));
    note(r, (weir_slice){name, weir_disposition_filename(&d, name)});
    note(r, WEIR_S("|"));
    note(r, weir_http_fields_value(fields, WEIR_S("Content-Type")));
    note(r, WEIR_S("|"));
}

static void note_body(struct received *r, weir_slice data)
{
    weir_multipart_event event;
    int rc;
    while ((rc = weir_multipart_decode(&r->parts, &data, &event)) > 0) {
        if (event.type == WEIR_MULTIPART_PART)
            note_part(r, event.fields);
        else if (event.type == WEIR_MULTIPART_DATA)
            note(r, event.data);
        else
            note(r, WEIR_S("\n"));
    }
    CHECK_INT(rc, WEIR_MULTIPART_MORE);
}

static void begin_body(struct received *r, const weir_http_head *head)
{
    weir_media_type type;
    weir_http_param boundary;
    weir_slice value = weir_http_fields_value(head->fields, WEIR_S("Content-Type"));
    REQUIRE(weir_media_type_parse(&type, value) == WEIR_OK);
    REQUIRE(weir_media_type_is(&type, WEIR_S("multipart/form-data")));
    REQUIRE(weir_media_type_param(&type, WEIR_S("boundary"), &boundary));
    REQUIRE(weir_multipart_decoder_init(&r->parts, boundary.value, NULL) == WEIR_OK);
}

/* One request, and an answer to it. */
static void serve(int listener, struct received *r)
{
    static const char ANSWER[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    weir_http_decoder decoder;
    weir_http_event event = {.data = {NULL, 0}};
    char bytes[97];
    int fd = accept(listener, NULL, NULL);
    REQUIRE(fd >= 0);
    weir_http_decoder_init(&decoder, WEIR_HTTP_REQUEST, NULL);
    while (event.type != WEIR_HTTP_END) {
        ssize_t count = read(fd, bytes, sizeof(bytes));
        REQUIRE(count > 0);
        weir_slice input = {bytes, (size_t)count};
        while (weir_http_decode(&decoder, &input, &event) == WEIR_HTTP_EVENT) {
            if (event.type == WEIR_HTTP_HEAD)
                begin_body(r, event.head);
            else if (event.type == WEIR_HTTP_DATA)
                note_body(r, event.data);
        }
    }
    REQUIRE(write(fd, ANSWER, sizeof(ANSWER) - 1) == sizeof(ANSWER) - 1);
    close(fd);
    weir_http_decoder_clear(&decoder);
    weir_multipart_decoder_clear(&r->parts);
}

TEST(forms, of_curl_are_read)
{
    static const char WANTED[] = "a\"b|||x=1\n"
                                 "file|a b.bin|application/octet-stream|"
                                 "\0\xFF\r\n--\r\n----weir\r\n\r\n"
                                 "file|\"x\".txt|text/html|hello\n\n";
    static struct received r;
    struct peer curl;
    char command[1024];
    int port;
    if (!peer_is_installed("curl"))
        peer_missing("curl");
    peer_open(&curl, "curl");
    write_file(&curl);
    int listener = listening(&port);
    snprintf(command, sizeof(command),
             "curl -s --max-time 20 -F 'a\"b=x=1' -F 'file=@\"%s\"' "
             "-F 'file=hello;filename=\"\\\"x\\\".txt\";type=text/html' "
             "http://127.0.0.1:%d/ &",
             path, port);
    CHECK_INT(system(command), 0);
    serve(listener, &r);
    CHECK_BYTES(((weir_slice){r.log, r.len}),
                ((weir_slice){WANTED, sizeof(WANTED) - 1}));
    close(listener);
    peer_close(&curl);
}
