/**
 * TLS: a stream that nobody else reads, to a peer that is who it says.
 *
 *   weir_tls_context *tls;
 *   if (weir_tls_client_new(&tls, NULL) < 0) ...
 *   weir_open_connection(loop, &stream, "example.com", 443, .tls = tls);
 *   ...
 *   weir_tls_context_free(tls);
 *
 * A context holds what connections have in common: whom to trust, the own
 * certificate, what to offer. Make one and use it for all of them: it reads the trust
 * store once, and remembers sessions. Zeroed options are safe ones: TLS 1.2 or 1.3,
 * the system's trust store, the name of the host checked.
 *
 * Only there when weir was built with TLS (features.h: WEIR_HAS_TLS).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TLS_H
#define WEIR_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/hash.h>
#include <weir/slice.h>
#include <weir/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** Versions of the protocol. Older ones are not safe (RFC 8996) and not spoken. */
typedef enum weir_tls_version {
    WEIR_TLS_ANY = 0, /**< 1.2 at least, or what both sides have that is newest */
    WEIR_TLS_1_2 = 0x0303,
    WEIR_TLS_1_3 = 0x0304
} weir_tls_version;

/** Whether a server asks its clients for a certificate. */
typedef enum weir_tls_client_certificate {
    WEIR_TLS_CLIENT_CERTIFICATE_NONE = 0,
    WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL, /**< one that is sent must be trusted */
    WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED
} weir_tls_client_certificate;

/** Options of a context. All zero is the default. Texts are copied; what `arg` is
 * given to is called in the thread of the connection. */
typedef struct weir_tls_options {
    /** Whom to trust: certificates as PEM in a file, in a directory as made by
     * `openssl rehash`, or in memory; several of them add up. All empty: the system's
     * trust store, for clients; nobody, for servers. */
    const char *ca_file;
    const char *ca_directory;
    weir_slice ca_pem;

    /** Certificate revocation lists, as PEM in a file. When given, every certificate
     * of the chain but the root must have one. */
    const char *crl_file;

    /** Keys one of which the peer's certificate must have, whatever else holds:
     * `sha256//` and the Base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469
     * 2.4; as curl --pinnedpubkey). Ended by NULL. NULL: any. */
    const char *const *pins;

    /** The own certificate, and those of the issuers behind it, as PEM in a file or in
     * memory; servers need one, unless on_server_name gives one. NULL: none. */
    const char *certificate_file;
    weir_slice certificate_pem;

    /** Its private key, likewise. NULL: in the same place. */
    const char *key_file;
    weir_slice key_pem;

    /** Writes the password of an encrypted key, at most `size` bytes, and returns its
     * length, or a negative number to give up. NULL: such a key is an error. */
    int (*on_key_password)(void *arg, char *password, size_t size);

    weir_tls_version min_version; /**< 0: 1.2 */
    weir_tls_version max_version; /**< 0: the newest */

    /** What to offer or to accept, in the order of preference, as OpenSSL writes it:
     * of TLS 1.2 ("ECDHE-RSA-AES128-GCM-SHA256:..."), of TLS 1.3
     * ("TLS_AES_128_GCM_SHA256:..."), groups ("X25519:P-256") and signature algorithms
     * ("ecdsa_secp256r1_sha256:..."). NULL: OpenSSL's. */
    const char *ciphers;
    const char *cipher_suites;
    const char *groups;
    const char *signature_algorithms;

    /** Protocols for the application (ALPN, RFC 7301), best first, ended by NULL. A
     * server picks the first of its own that the client has, and refuses a client that
     * has none of them. NULL: none are offered, and any is ignored. */
    const char *const *alpn;

    /** Servers: whether clients show a certificate. Who is trusted is said above. */
    weir_tls_client_certificate client_certificate;

    /** Servers: the context for a name that the client asks for (SNI, RFC 6066 3), in
     * lower case. NULL: this context. It must live as long as the connection. */
    weir_tls_context *(*on_server_name)(void *arg, const char *server_name);

    /** How long a handshake may take, in milliseconds. 0: 60 s. */
    uint32_t handshake_timeout_ms;

    /** How long a close waits for the peer to say goodbye too (close_notify), after
     * the own has left, in milliseconds. 0: not at all. */
    uint32_t shutdown_timeout_ms;

    /** Clients: how many sessions to remember, to be resumed without a full
     * handshake; each is tried at most once (RFC 8446 C.4), and only with the same
     * name, port and protocols. 0: 100. */
    size_t max_sessions;

    /** No sessions: none resumed by a client, no tickets from a server. */
    bool no_sessions;

    /** INSECURE: append the secrets of all connections to this file, for Wireshark.
     * getenv("SSLKEYLOGFILE") is what other programs use. NULL: no. */
    const char *key_log_file;

    /** INSECURE: called with each line for such a file. NULL: no. */
    void (*on_key_log)(void *arg, const char *line);

    /** INSECURE: talk to anybody. The result of the check is in weir_tls_info; pins
     * hold all the same. A system without a trust store will do. */
    bool insecure_skip_verify;

    /** INSECURE: whom the certificate is for does not matter; it is in weir_tls_info,
     * too. */
    bool insecure_skip_hostname;

    void *arg; /**< for the functions above */
} weir_tls_options;

/**
 * Makes the context of clients.
 *
 *   context   out: the caller's until weir_tls_context_free. Any thread may use it
 *   options   NULL: the defaults
 *
 * Returns WEIR_OK; WEIR_E_TLS when a certificate, a key or the trust store cannot be
 * read or used, or a list has something unknown in it; WEIR_E_SYSTEM when the log of
 * keys cannot be opened; WEIR_E_INVALID; WEIR_E_MEMORY.
 */
int weir_tls_client_new(weir_tls_context **context, const weir_tls_options *options);

/** Makes the context of servers. Returns the same. */
int weir_tls_server_new(weir_tls_context **context, const weir_tls_options *options);

/**
 * Reads the files of the options again, for the handshakes to come: certificates that
 * were renewed, a new trust store. Connections go on as they are, and sessions can be
 * resumed, but for those that stand for a check of the peer's certificate.
 *
 * Returns the same; on failure all stays as it was.
 */
int weir_tls_context_reload(weir_tls_context *context);

/** Gives the context up. Connections keep what they need of it. NULL is allowed. */
void weir_tls_context_free(weir_tls_context *context);

/**
 * Goes over to TLS on a live stream, as STARTTLS does, and waits for the handshake.
 *
 * With a client's context it begins the handshake, and with a server's it waits for
 * it. Nothing may be read or written meanwhile. Nests: a stream that is TLS already
 * is wrapped again.
 *
 *   server_name   whose certificate it must be, and the name to ask for: a host name
 *                 or an IP address. Ignored for servers; NULL only without the check
 *
 * Returns WEIR_OK, and the same reader and writer are secure; or, and then the stream
 * is good for weir_stream_close() and _abort() only,
 *
 *   WEIR_E_TLS         the handshake failed; the sentence says why
 *   WEIR_E_PROTOCOL    client: bytes had come before the handshake, which somebody may
 *                      have slipped in (CVE-2011-0411); nothing was sent
 *   WEIR_E_TIMEOUT, WEIR_E_CANCELLED, WEIR_E_CONNECTION, WEIR_E_MEMORY
 *
 * WEIR_E_INVALID or WEIR_E_MISUSE (a read or write is under way): nothing has changed.
 */
int weir_stream_start_tls(weir_stream *stream, weir_tls_context *context,
                          const char *server_name);

/**
 * The same for the callback layer: puts TLS between a transport and a protocol.
 *
 *   upper      out: the transport to use from now on; it is freed, and the one below
 *              with it, after connection_lost
 *   protocol   its connection_made follows when the handshake is done; if that fails,
 *              connection_made and at once connection_lost
 *
 * Never waits. Returns WEIR_OK, WEIR_E_INVALID or WEIR_E_MEMORY; then nothing has
 * changed.
 */
int weir_transport_start_tls(weir_transport *lower, weir_transport **upper,
                             weir_tls_context *context, const char *server_name,
                             const weir_protocol *protocol, void *self);

/** A certificate of the peer. Texts are UTF-8 with control characters escaped. */
typedef struct weir_tls_certificate {
    const char *subject; /**< "CN=example.com,O=Example" (RFC 4514) */
    const char *issuer;
    const char *const *names; /**< it is for these: "example.com", "192.0.2.1" */
    size_t name_count;
    int64_t not_before; /**< seconds since 1970 */
    int64_t not_after;
    const char *key;          /**< "RSA 2048", "EC P-256" */
    const char *signature;    /**< "sha256WithRSAEncryption" */
    const char *serial;       /**< in hexadecimal */
    const char *pin;          /**< as in weir_tls_options.pins */
    unsigned char sha256[32]; /**< of the whole certificate */
    bool is_authority;        /**< may sign others (basicConstraints) */
} weir_tls_certificate;

/** What is known of a connection. */
typedef struct weir_tls_info {
    const char *version;     /**< "TLSv1.3" */
    const char *cipher;      /**< "TLS_AES_128_GCM_SHA256" */
    const char *group;       /**< of the key exchange: "X25519"; "" when unknown */
    const char *alpn;        /**< the protocol agreed on; "" when none was */
    const char *server_name; /**< that was asked for (SNI); "" when none was */
    bool resumed;            /**< without a full handshake */
    bool verified; /**< the peer's certificate is trusted, the name is right */
    const char *verification; /**< a sentence: why it is trusted, or why not */
    bool stapled; /**< the server has proved that it is not revoked (OCSP) */
    bool closed;  /**< the peer has said goodbye (close_notify): nothing was cut off */
    const weir_tls_certificate *certificates; /**< of the peer; its own first */
    size_t certificate_count;
} weir_tls_info;

/**
 * What is known of a stream's connection, after the handshake.
 *
 *   info   out: the caller's until weir_tls_info_free
 *
 * Returns WEIR_OK; WEIR_E_MISUSE when the stream is not TLS; WEIR_E_CONNECTION once
 * the connection is lost; WEIR_E_MEMORY.
 */
int weir_stream_tls_info(weir_stream *stream, weir_tls_info **info);

/** The same of a transport that weir_transport_start_tls has made. */
int weir_transport_tls_info(weir_transport *transport, weir_tls_info **info);

/** Frees it with all its texts. NULL is allowed. */
void weir_tls_info_free(weir_tls_info *info);

/**
 * OpenSSL's hash functions, for what takes a table of such (http_auth.h).
 *
 * A function that OpenSSL does not have as it is configured, MD5 with a FIPS provider,
 * returns WEIR_E_UNSUPPORTED, with a sentence. Static.
 */
const weir_hashes *weir_tls_hashes(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
