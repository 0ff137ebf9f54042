/* What one does with requests: parameters, fields, cookies, credentials, forms, files.
 * The peer is httpbin, which answers with what it was sent.
 *
 *   ./02_requests http://127.0.0.1:8080/
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

/* Prints the answer, and frees it. */
static int show(const char *what, int rc, weir_response *response)
{
    weir_slice text;
    if (rc == WEIR_OK)
        rc = weir_response_text(response, &text);
    if (rc == WEIR_OK)
        printf("--- %s: %d\n%.*s\n", what, weir_response_status(response),
               (int)text.len, text.data);
    else
        fprintf(stderr, "%s: %s\n", what, weir_last_error()->message);
    weir_response_free(response);
    return rc;
}

static int send_form(weir_session *session)
{
    weir_response *response = NULL;
    weir_form *form = weir_form_new(NULL);
    int rc =
        form ? weir_form_add(form, "caption", WEIR_S("hello"), NULL) : WEIR_E_MEMORY;
    if (rc == WEIR_OK) /* with weir_form_add_file it would be a file */
        rc = weir_form_add(
            form, "photo", WEIR_S("(a picture)"),
            &(weir_form_part){.filename = "cat.png", .content_type = "image/png"});
    if (rc == WEIR_OK)
        rc = weir_post(session, &response, "post", .multipart = form);
    rc = show("a form with a file", rc, response);
    weir_form_free(form);
    return rc;
}

/* The session keeps what one request sets for those that follow. */
static int keep_cookies(weir_session *session)
{
    weir_response *response = NULL;
    int rc = weir_get(session, &response, "cookies/set?name=value");
    rc = show("a cookie that is set, and the redirect to where it is shown", rc,
              response);
    printf("%zu in the jar\n", weir_cookie_jar_count(weir_session_cookies(session)));
    return rc;
}

static int ask(weir_session *session)
{
    weir_response *response = NULL;
    int rc = weir_get(session, &response, "get",
                      .params = (weir_pair[]){{"key1", "value 1"}, {"key2", "2"}, {0}},
                      .headers = (weir_pair[]){{"X-Mine", "yes"}, {0}},
                      .cookies = (weir_pair[]){{"mine", "1"}, {0}});
    if (show("parameters, fields and cookies", rc, response) < 0)
        return -1;
    response = NULL;
    rc = weir_get(session, &response, "basic-auth/user/secret",
                  .auth = weir_basic_auth("user", "secret"));
    if (show("credentials", rc, response) < 0)
        return -1;
    response = NULL;
    rc = weir_post(session, &response, "post",
                   .form = (weir_pair[]){{"a", "1"}, {"b", "two words"}, {0}});
    if (show("a form", rc, response) < 0)
        return -1;
    response = NULL;
    rc = weir_put(session, &response, "put", .body = WEIR_S("{\"n\": 1}"),
                  .content_type = "application/json");
    return show("JSON", rc, response);
}

/* A status of 400 or more is an answer like others, unless one wants it otherwise. */
static int miss(weir_session *session)
{
    weir_response *response;
    int rc = weir_get(session, &response, "status/404", .raise_for_status = true);
    if (rc == WEIR_E_STATUS)
        printf("--- as a failure: %s\n", weir_last_error()->message);
    else if (rc == WEIR_OK)
        weir_response_free(response);
    return rc == WEIR_E_STATUS ? WEIR_OK : -1;
}

int main(int argc, char **argv)
{
    weir_session_options options = {
        .base_url = argc > 1 ? argv[1] : "https://httpbin.org/",
        .headers = (weir_pair[]){{"Accept", "application/json"}, {0}},
        .timeout_ms = 30000,
    };
    weir_session *session = weir_session_new(NULL, &options);
    if (!session) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        return 1;
    }
    int rc = ask(session);
    if (rc == WEIR_OK)
        rc = send_form(session);
    if (rc == WEIR_OK)
        rc = keep_cookies(session);
    if (rc == WEIR_OK)
        rc = miss(session);
    weir_session_free(session);
    return rc < 0;
}
