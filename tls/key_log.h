/* The log of secrets that Wireshark reads (SSLKEYLOGFILE).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_KEY_LOG_H
#define WEIR_TLS_KEY_LOG_H

typedef struct weir__tls_key_log {
    int fd; /* -1: none */
} weir__tls_key_log;

/* Opens the file, made readable for its owner alone; NULL: none. WEIR_OK or the status
 * of the system's error. */
int weir__tls_key_log_open(weir__tls_key_log *log, const char *file);
void weir__tls_key_log_close(weir__tls_key_log *log);

/* Appends a line, which comes without its end. What cannot be written is lost. */
void weir__tls_key_log_write(const weir__tls_key_log *log, const char *line);

#endif
