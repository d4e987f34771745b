/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a message shows that bears on whether it is a notice: its structure, its header, its own
 * text, and where the returned message begins. Gathers, and decides nothing. The text is read
 * when somebody asks for it.
 */
#ifndef BACKSTOP_NOTICE_CLUES_H
#define BACKSTOP_NOTICE_CLUES_H

#include "message/message.h"
#include "notice/delivery_status.h"
#include "notice/dialect_ses.h"
#include "notice/header_block.h"
#include "notice/normal.h"
#include "notice/phrases.h"
#include "notice/reason.h"

typedef enum auto_submitted {
    AUTO_NONE,      /* no such field, or "no" */
    AUTO_GENERATED, /* RFC 3834, 5 */
    AUTO_REPLIED,
} auto_submitted;

typedef struct clues {
    const backstop_message *message;
    field_block header;
    bool cut;

    /* Structure: parts outside any message/rfc822, NULL where there is none. */
    bool is_report;            /* multipart/report, RFC 6522 */
    const part *status_part;   /* message/delivery-status, message/global-delivery-status */
    const part *mdn_part;      /* message/disposition-notification */
    const part *feedback_part; /* message/feedback-report */
    const part *returned_part; /* message/rfc822, text/rfc822-headers, message/global... */
    unsigned returned_parts;   /* how many there are; the first counts as the returned message */
    bool has_calendar;

    bool use_dialects;
    bool has_text, has_words;

    /* Its own text, before the returned message: after clues_read_text() only. */
    span own_text;
    header_block block; /* a header block or summary in the text */
    char text_line_end;
    dialect_ses_type ses; /* it was JSON of Amazon SES, and is read as what that stands for */

    /* The words in it: after clues_read_words() only. */
    normal_text *normal;
    GArray *hits;                      /* of phrase_hit, in normal->text */
    unsigned counts[PHRASE_CLASSES];   /* hits of each class in its own text, before human marks */
    reason_codes codes;                /* the first in its own text */
    unsigned quoted_lines, text_lines; /* lines that begin with ">", lines that are not blank */

    /* Its header. */
    GString *subject;             /* normal form */
    backstop_kind subject_kind;   /* BACKSTOP_KIND_NONE: no phrase */
    bool subject_is_answer;       /* Re:, Fwd: */
    bool subject_ends_as_failure; /* it answers, but a program put its verdict behind the subject */
    bool subject_starts_with_phrase;
    bool subject_is_of_other; /* a phrase says that it is another program's mail, no notice */
    bool subject_asks;        /* ends with a question mark: a person's */
    bool subject_is_label;    /* the phrase is a prefix with a colon: "Automatic reply: ..." */
    bool is_from_daemon;
    bool is_only_postmaster; /* no more than that: people write from there as well */
    bool is_from_list_server;
    bool has_null_sender;
    bool is_bulk; /* newsletters and lists: List-Unsubscribe, List-Id */
    auto_submitted auto_submitted;
    bool is_auto_reply;      /* X-Autoreply and its many kin */
    bool has_low_precedence; /* Precedence: bulk, junk or list, as programs set it */
    bool is_ticket;          /* a ticket system's: it answers, but as a part of a dialogue */
    bool is_log;             /* of a scheduled job */
    bool refers_to_other;    /* In-Reply-To or References */
    span failed_field;       /* X-Failed-Recipients */
    span notified;           /* whom the notice was sent to */
    bool returns_own_mail;   /* the message that it carries is from the one it was sent to */

    /* Delivery status fields, from their part or from the text. */
    delivery_status status;
    span mdn_text;      /* the fields of mdn_part, decoded */
    bool returns_piece; /* something came back behind a separator, but no header */

    /* For the phrases in a text that is not its own, one at a time: clues_match_aside(). */
    normal_text *aside;
    GArray *aside_hits;

    /* Owned buffers behind the spans; NULL where none was needed. */
    GStringChunk *store;
    GString *text_buffer, *status_buffer, *dialect_buffer, *mdn_buffer, *scratch;
} clues;

/* `use_dialects` is false where the general mechanism is to be measured alone. */
clues *clues_gather(const backstop_message *message, bool use_dialects);

/* Brings `text` (valid UTF-8) into normal form, and finds the phrases in it: replaces both. */
void clues_match_text(span text, normal_text *normal, GArray *hits);

/* The same into c->aside and c->aside_hits. */
void clues_match_aside(clues *c, span text);

/* Finds its own text; and the words in it, which is most of the work, and which a well-formed
 * report does not need. Each is done once, however often it is asked for. */
void clues_read_text(clues *c);
void clues_read_words(clues *c);

/* Moves `*index` to the next part behind it that carries a message or its header and is not itself
 * inside one. False if there is none. */
bool clues_next_returned(const backstop_message *m, unsigned *index);

/* Takes NULL. */
void clues_free(clues *c);

#endif
