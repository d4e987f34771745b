/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/own_text.h"

#include "base/text.h"
#include "message/html.h"
#include "message/limits.h"
#include "message/tnef.h"

bool own_text_is_foreign(const backstop_message *message, unsigned index)
{
    int parent = message_part(message, index)->parent;
    while (parent > 0) {
        const part *p = message_part(message, (unsigned)parent);
        if (!span_equal_nocase(p->type.type, SPAN("multipart"))) {
            return true;
        }
        parent = p->parent;
    }
    /* The root itself may be a bare message/rfc822. */
    return parent == 0 && span_equal_nocase(message_part(message, 0)->type.type, SPAN("message"));
}

typedef struct collector {
    const backstop_message *message;
    GString *buffer;
    GString *scratch;
    span text; /* what was found so far */
    bool cut;
} collector;

static void add_text(collector *c, span text)
{
    if (span_trim(text).len == 0) {
        return;
    }
    if (c->text.len == 0 && text.ptr != c->scratch->str) {
        c->text = text;
        return;
    }
    /* Parts may differ in their line ends: decoded ones have their own. */
    if (c->text.ptr != c->buffer->str) {
        text_append_unix_lines(c->buffer, c->text);
    }
    if (c->buffer->len > 0) {
        g_string_append(c->buffer, "\n\n");
    }
    text_append_unix_lines(c->buffer, text);
    c->text = (span){ c->buffer->str, c->buffer->len };
}

static void add_html(collector *c, const part *p)
{
    GString *plain = g_string_sized_new(1024);
    span html = part_text(p, LIMIT_TEXT_PART_BYTES, c->scratch, &c->cut);
    html_to_text(html, LIMIT_TEXT_PART_BYTES, plain);
    g_string_assign(c->scratch, plain->str);
    g_string_free(plain, TRUE);
    add_text(c, (span){ c->scratch->str, c->scratch->len });
}

static void add_tnef(collector *c, const part *p)
{
    GString *bytes = g_string_sized_new(1024);
    transfer_decode(p->encoding, p->body, LIMIT_TEXT_PART_BYTES, bytes);
    g_string_truncate(c->scratch, 0);
    if (tnef_to_text((span){ bytes->str, bytes->len }, LIMIT_TEXT_PART_BYTES, c->scratch)) {
        add_text(c, (span){ c->scratch->str, c->scratch->len });
    }
    g_string_free(bytes, TRUE);
}

/* Long enough that an HTML part beside it only says the same. */
enum { PLAIN_TEXT_ENOUGH_BYTES = 40 };

static void add_parts(collector *c, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        const part *p = message_part(c->message, i);
        if (c->text.len >= LIMIT_TEXT_PART_BYTES) {
            c->cut = true;
            return;
        }
        if (p->has_parts || own_text_is_foreign(c->message, i)) {
            continue;
        }
        if (part_is(p, "text", "plain")) {
            add_text(c, part_text(p, LIMIT_TEXT_PART_BYTES, c->scratch, &c->cut));
        } else if (c->text.len >= PLAIN_TEXT_ENOUGH_BYTES) {
            continue;
        } else if (part_is(p, "text", "html")) {
            add_html(c, p);
        } else if (part_is(p, "application", "ms-tnef")) {
            add_tnef(c, p);
        }
    }
}

span own_text_read(const backstop_message *message, unsigned end, GString *buffer, bool *cut)
{
    collector c = { .message = message, .buffer = buffer, .text = { "", 0 } };
    c.scratch = g_string_sized_new(256);
    g_string_truncate(buffer, 0);
    add_parts(&c, 0, end);
    if (c.text.len == 0) {
        add_parts(&c, end, message_part_count(message));
    }
    g_string_free(c.scratch, TRUE);
    *cut = *cut || c.cut;
    return c.text;
}
