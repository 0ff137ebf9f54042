#!/usr/bin/env python3
"""Reads a multipart/form-data body as servers do, and says what it was.

    form_peer.py READER CONTENT_TYPE < body

READER is email (Python's email package), cgi (its old module cgi), or werkzeug. Prints
a line for each part: name, file name or -, type or -, and the bytes in hexadecimal,
parted by tabs. Exits with 77 when there is no such reader.

SPDX-License-Identifier: MIT
"""

import sys
import warnings

warnings.simplefilter("ignore")


def with_email(content_type, body):
    import email
    import email.policy

    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    if message.defects:
        sys.exit(f"defects: {message.defects}")
    for part in message.iter_parts():
        disposition = part["Content-Disposition"]
        yield (
            disposition.params["name"],
            disposition.params.get("filename"),
            part["Content-Type"],
            part.get_payload(decode=True),
        )


def with_cgi(content_type, body):
    try:
        import cgi
    except ImportError:
        sys.exit(77)
    import io

    form = cgi.FieldStorage(
        fp=io.BytesIO(body),
        headers={"content-type": content_type, "content-length": str(len(body))},
        environ={"REQUEST_METHOD": "POST"},
        keep_blank_values=True,
    )
    for field in form.list:
        value = field.value if isinstance(field.value, bytes) else field.value.encode()
        yield field.name, field.filename, field.headers.get("content-type"), value


def with_werkzeug(content_type, body):
    try:
        from werkzeug.http import parse_options_header
        from werkzeug.sansio import multipart
    except ImportError:
        sys.exit(77)
    boundary = parse_options_header(content_type)[1]["boundary"].encode()
    decoder = multipart.MultipartDecoder(boundary)
    decoder.receive_data(body)
    decoder.receive_data(None)
    part, data = None, b""
    while True:
        event = decoder.next_event()
        if isinstance(event, (multipart.Field, multipart.File)):
            part, data = event, b""
        elif isinstance(event, multipart.Data):
            data += event.data
            if not event.more_data:
                name = getattr(part, "filename", None)
                yield part.name, name, part.headers.get("content-type"), data
        elif isinstance(event, multipart.Epilogue):
            return


def main():
    reader, content_type = sys.argv[1:]
    body = sys.stdin.buffer.read()
    for name, filename, media_type, data in globals()["with_" + reader](content_type, body):
        texts = [name, "-" if filename is None else filename, media_type or "-", data.hex()]
        print("\t".join(texts))


if __name__ == "__main__":
    main()
