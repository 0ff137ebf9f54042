/**
 * All of weir. The contents, from the ground up:
 *
 *   status.h slice.h allocator.h address.h    what everything else speaks in
 *   loop.h timer.h signal.h                   the loop
 *   task.h timeout.h group.h                  tasks, and how long they may take
 *   queue.h event.h semaphore.h               between tasks
 *   transport.h                               connections by callbacks
 *   reader.h writer.h stream.h server.h       connections for tasks
 *   resolver.h                                names
 *   tls.h                                     secure connections
 *   url.h http.h http_codec.h http_values.h   codecs, without connections
 *   form_codec.h http_auth.h hash.h           forms; challenges and answers
 *   cookies.h                                 cookies, and a jar of them
 *   content_codec.h content_reader.h          what is compressed
 *   session.h request.h response.h auth.h     HTTP
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/address.h>
#include <weir/allocator.h>
#include <weir/auth.h>
#include <weir/content_codec.h>
#include <weir/content_reader.h>
#include <weir/cookies.h>
#include <weir/event.h>
#include <weir/features.h>
#include <weir/form.h>
#include <weir/form_codec.h>
#include <weir/group.h>
#include <weir/hash.h>
#include <weir/http.h>
#include <weir/http_auth.h>
#include <weir/http_codec.h>
#include <weir/http_values.h>
#include <weir/json_adapter.h>
#include <weir/loop.h>
#include <weir/queue.h>
#include <weir/reader.h>
#include <weir/request.h>
#include <weir/resolver.h>
#include <weir/response.h>
#include <weir/semaphore.h>
#include <weir/server.h>
#include <weir/session.h>
#include <weir/signal.h>
#include <weir/slice.h>
#include <weir/status.h>
#include <weir/stream.h>
#include <weir/task.h>
#include <weir/timeout.h>
#include <weir/timer.h>
#include <weir/trace.h>
#include <weir/transport.h>
#include <weir/url.h>
#include <weir/writer.h>
#if WEIR_HAS_TLS
#include <weir/tls.h>
#endif

#endif
