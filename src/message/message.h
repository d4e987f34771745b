/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The inside of a backstop_message, for the floors that read notices out of it: all fields of all
 * header blocks in one array, all parts in another, in the order they stand. Filled by reader.c.
 */
#ifndef BACKSTOP_MESSAGE_MESSAGE_H
#define BACKSTOP_MESSAGE_MESSAGE_H

#include "message/field.h"
#include "message/param.h"
#include "message/transfer.h"

#include <backstop/message.h>

enum { PART_NONE = -1 };

/* How a header block was read. */
typedef struct header_shape {
    bool ended;    /* by its blank line, not by the end or by a line that is no field */
    bool is_cut;   /* it has more fields than were kept */
    bool has_junk; /* lines in it that are no fields were passed over */
} header_shape;

typedef struct part {
    int parent; /* index of the part that holds it, PART_NONE for the message itself */
    unsigned depth;
    field_block fields;
    header_shape header;
    bool has_parts;  /* a multipart, or a message that was read further */
    media_type type; /* as declared; empty if it is not */
    transfer_encoding encoding;
    span body; /* raw, without the line end that belongs to the boundary after it */
} part;

struct backstop_message {
    span input;
    char line_end; /* the last byte of a line end: '\n', or '\r' where lines end in a lone CR */
    bool cut;
    GArray *fields;      /* of header_field */
    GArray *parts;       /* of part */
    GStringChunk *store; /* owns what could not be borrowed: boundaries, the envelope */
    bool knows_mail_from;
    span client_ip, helo, mail_from;
    span *recipients;
    size_t recipient_count;
};

const part *message_part(const backstop_message *message, unsigned index);
unsigned message_part_count(const backstop_message *message);

/* The message's own header. */
field_block message_header(const backstop_message *message);

/* Gives a message that was found inside another the other's envelope: they came as one. The inner
 * one borrows it. */
void message_share_envelope(const backstop_message *outer, backstop_message *inner);

/* Whether the part is of this type; undeclared types are text/plain. */
static inline bool part_is(const part *p, const char *type, const char *subtype)
{
    if (p->type.type.len == 0) {
        return strcmp(type, "text") == 0 && strcmp(subtype, "plain") == 0;
    }
    return media_type_is(p->type, type, subtype);
}

/* Whether it is a text/ part (declared or not) without parts of its own. */
bool part_is_text(const part *p);

/* Its body as UTF-8, decoded from its transfer encoding and charset, at most about `max_bytes` of
 * it, with the line ends as they are. Borrowed from the message if the bytes already are that,
 * else written to `scratch` (emptied first). `*cut` is set, never cleared, if max_bytes cut it. */
span part_text(const part *p, size_t max_bytes, GString *scratch, bool *cut);

/* Fills message->fields and ->parts from message->input: reader.c. */
void reader_run(backstop_message *message);

/* Reads the header block at the start of `*rest` into `fields`, at most `max_fields` of them, and
 * moves `*rest` behind its blank line, or to the line that cannot be a field. Returns how many
 * fields were added, and in `*shape` how it went. */
unsigned reader_header_block(span *rest, char line_end, GArray *fields, unsigned max_fields,
                             header_shape *shape);

/* Cuts the next line off, its end being `line_end` with any CRs before it. */
bool reader_next_line(span *rest, char line_end, span *line);

/* Which byte ends lines in `input`: '\r' if its beginning holds more lone CRs than LFs. */
char reader_line_end(span input);

#endif
