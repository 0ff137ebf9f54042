/* A protocol that writes down what it is told, in the trail: M made, d data, E end, P
 * pause, R resume, L lost.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_NOTES_H
#define WEIR_TESTS_NOTES_H

#include "io_scene.h"

struct notes {
    weir_transport *transport;
    size_t received;
    int lost; /* the status of connection_lost */
    int os_error;
    int keep;                            /* the result of eof_received */
    int (*on_made)(struct notes *notes); /* what else to do */
    int (*on_data)(struct notes *notes, weir_slice bytes);
    void (*on_lost)(struct notes *notes);
    char *memory; /* for get_buffer */
    size_t size;
};

extern const weir_protocol NOTES;

/* NOTES over one end of a pair, of TCP or Unix sockets; clears the trail. */
weir_transport *notes_open(struct io_scene *scene, struct notes *notes, int *peer,
                           const weir_transport_options *options, bool tcp);

/* NOTES over a descriptor. */
weir_transport *notes_open_fd(struct io_scene *scene, struct notes *notes, int fd,
                              const weir_transport_options *options);

/* An entry for get_buffer: notes->memory. */
char *notes_buffer(weir_transport *transport, void *self, size_t *size);

/* Runs the loop until nothing is left, and checks what was told. */
void notes_finish(struct io_scene *scene, const char *wanted);

#endif
