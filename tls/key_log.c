/* The log of secrets. Each line is one write at the end of the file, so that contexts,
 * threads and other programs can share one.
 *
 * SPDX-License-Identifier: MIT */
#include "key_log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>
#include <weir/status.h>

#include "error.h"

#define MAX_LINE 512 /* the longest: a label, and 32 and 48 bytes in hexadecimal */

int weir__tls_key_log_open(weir__tls_key_log *log, const char *file)
{
    log->fd = -1;
    if (!file)
        return WEIR_OK;
    log->fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log->fd < 0)
        return weir__fail_errno(errno, "TLS", "key_log_file %s", file);
    return WEIR_OK;
}

void weir__tls_key_log_close(weir__tls_key_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

void weir__tls_key_log_write(const weir__tls_key_log *log, const char *line)
{
    char whole[MAX_LINE];
    if (log->fd < 0)
        return;
    int len = snprintf(whole, sizeof(whole), "%s\n", line);
    if (len > 0 && (size_t)len < sizeof(whole)) {
        ssize_t written = write(log->fd, whole, (size_t)len);
        (void)written;
    }
    OPENSSL_cleanse(whole, sizeof(whole));
}
