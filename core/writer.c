/* The public functions of writers: each calls the entry of the sink.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "writer.h"

int weir_write(weir_writer *writer, weir_slice bytes)
{
    return writer->sink->writelines(writer->self, &bytes, 1);
}

int weir_writelines(weir_writer *writer, const weir_slice *slices, size_t count)
{
    return writer->sink->writelines(writer->self, slices, count);
}

int weir_sendall(weir_writer *writer, weir_slice bytes)
{
    return writer->sink->sendall(writer->self, bytes);
}

int weir_drain(weir_writer *writer)
{
    return writer->sink->drain(writer->self, false);
}

int weir_flush(weir_writer *writer)
{
    return writer->sink->drain(writer->self, true);
}

int weir_write_eof(weir_writer *writer)
{
    return writer->sink->write_eof(writer->self);
}

size_t weir_writer_queued(const weir_writer *writer)
{
    return writer->sink->queued(writer->self);
}

int weir_writer_set_watermarks(weir_writer *writer, size_t high, size_t low)
{
    return writer->sink->set_watermarks(writer->self, high, low);
}
