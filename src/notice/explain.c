/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A notice in plain words. The sentences stand in tables; the code only chooses them and fills in
 * names. They never say that the reader sent the returned message: it may be a forgery.
 */
#include "notice/explain.h"

#include "notice/notice.h"

#include "base/iso_date.h"

#include <string.h>

enum {
    REASONS = BACKSTOP_REASON_OTHER + 1,
    NAMED_RECIPIENTS = 5, /* of those who share a reason; of the others the number is told */
    TOLD_GROUPS = 4,
    NAME_CHARACTERS = 120, /* of a subject or an address */
    EXPLANATION_USUAL_BYTES = 600,
};

typedef struct reason_text {
    const char *cause;  /* what went wrong, behind a colon */
    const char *advice; /* what to do if it is final */
} reason_text;

#define ASK_ADMIN "show this notice to whoever runs your mail system."

static const reason_text reason_texts[REASONS] = {
    [BACKSTOP_REASON_NONE] = { NULL, "If it matters, reach the recipient in another way." },
    [BACKSTOP_REASON_USER_UNKNOWN] = { "there is no mailbox of that name",
                                       "Check the address for typing mistakes, or ask the "
                                       "recipient in another way for the right one." },
    [BACKSTOP_REASON_HOST_UNKNOWN] = { "the part of the address after the @ names no system that "
                                       "takes mail",
                                       "Check the part after the @ for typing mistakes." },
    [BACKSTOP_REASON_MAILBOX_FULL] = { "the mailbox is full",
                                       "Send the message again in a few days, or reach the "
                                       "recipient in another way." },
    [BACKSTOP_REASON_MAILBOX_DISABLED] = { "the mailbox is closed, or takes no mail at present",
                                           "Ask the recipient in another way for an address that "
                                           "works." },
    [BACKSTOP_REASON_MOVED] = { "the recipient no longer uses that address",
                                "Look into the notice for a new address, or ask for it in another "
                                "way." },
    [BACKSTOP_REASON_TOO_LARGE] = { "the message is larger than the receiving system allows",
                                    "Send it again with fewer or smaller attachments, or hand over "
                                    "the files in another way." },
    [BACKSTOP_REASON_CONTENT_REJECTED] = { "the receiving system took the message for spam, or "
                                           "does not allow something that is in it",
                                           "Try a plainer message without links and attachments, "
                                           "or reach the recipient in another way." },
    [BACKSTOP_REASON_SENDER_REJECTED] = { "the receiving system does not trust the sender's "
                                          "address, or the mail server that the message came from",
                                          "Writing again will hardly help: " ASK_ADMIN },
    [BACKSTOP_REASON_RELAY_DENIED] = { "the server that was asked does not handle mail for that "
                                       "address, or not for this sender",
                                       "Check the address; if it is right, " ASK_ADMIN },
    [BACKSTOP_REASON_RATE_LIMITED] = { "too many messages came in a short time, and the receiving "
                                       "system took no more",
                                       "Send the message again later." },
    [BACKSTOP_REASON_EXPIRED] = { "delivery was tried for a long time without success",
                                  "Send the message again later, or reach the recipient in another "
                                  "way." },
    [BACKSTOP_REASON_NETWORK] = { "the receiving system could not be reached",
                                  "Send the message again later; if that fails too, check the part "
                                  "of the address after the @." },
    [BACKSTOP_REASON_SYSTEM] = { "a mail server on the way has a fault, or is set up wrongly",
                                 "Send the message again later; if that fails too, " ASK_ADMIN },
    [BACKSTOP_REASON_SECURITY] = { "a rule about permission or encryption was not met",
                                   "You may not be allowed to write to that address: ask the "
                                   "recipient in another way, or " ASK_ADMIN },
    [BACKSTOP_REASON_SYNTAX] = { "the form of the address or of the message was not understood",
                                 "Check the address for stray characters; if it is "
                                 "right, " ASK_ADMIN },
    [BACKSTOP_REASON_OTHER] = { "the notice gives no reason that can be put in plain words",
                                "If it matters, reach the recipient in another way, "
                                "or " ASK_ADMIN },
};

typedef enum outcome {
    OUTCOME_FAILED,
    OUTCOME_DELAYED,
    OUTCOME_DELIVERED,
    OUTCOME_RELAYED,
    OUTCOME_EXPANDED,
    OUTCOMES
} outcome;

typedef struct outcome_text {
    const char *action;   /* of RFC 3464, 2.3.3 */
    const char *sentence; /* behind what names the message, before its recipients */
    const char *outlook;  /* whether that is final; NULL: nothing to say */
} outcome_text;

static const outcome_text outcome_texts[OUTCOMES] = {
    [OUTCOME_FAILED] = { "failed", "could not be delivered to ",
                         "This is final: nobody will try again." },
    [OUTCOME_DELAYED] = { "delayed", "has not yet been delivered to ",
                          "This is not final: the mail server keeps trying by itself, and sends "
                          "another notice if it gives up. There is nothing to do for now." },
    [OUTCOME_DELIVERED] = { "delivered", "has been delivered to ", NULL },
    [OUTCOME_RELAYED] = { "relayed", "has been passed on towards ",
                          "The next mail server does not report what becomes of it." },
    [OUTCOME_EXPANDED] = { "expanded", "has been passed on to the members of ", NULL },
};

typedef struct kind_text {
    const char *opening; /* NULL: the outcomes are told */
    const char *closing;
    bool asks_if_yours;   /* whether it is said what to do if somebody else sent the message */
    bool may_give_reason; /* its own text may say why the message was not accepted */
} kind_text;

#define THE_MESSAGE "a message that names you as its sender{details}"
#define NOT_YOURS                                                                                  \
    "If you did not send that message, somebody else put your address on it, and you can ignore "  \
    "this notice."

/* The marks in braces are those of `marks` below. */
static const kind_text kind_texts[] = {
    [BACKSTOP_KIND_NONE] = { "This is an ordinary message, not an automatic notice about another "
                             "one.",
                             NULL, false, false },
    [BACKSTOP_KIND_FAILURE] = { NULL, NULL, true, false },
    [BACKSTOP_KIND_DELAY] = { NULL, NULL, true, false },
    [BACKSTOP_KIND_SUCCESS] = { NULL, "There is nothing to do.", true, false },
    [BACKSTOP_KIND_AUTO_REPLY] = { "This is an automatic reply{from} to " THE_MESSAGE
                                   ", such as a note that somebody is away.",
                                   "A program sent it; the message itself has usually arrived. "
                                   "There is nothing to do, unless the reply asks for "
                                   "something.",
                                   true, true },
    [BACKSTOP_KIND_LIST_REPLY] = { "This is the answer of a mailing list program{from} "
                                   "to " THE_MESSAGE ".",
                                   "Such programs confirm requests, or say that a message waits "
                                   "for approval or was refused. Do what it asks for only if you "
                                   "wrote to that list.",
                                   true, true },
    [BACKSTOP_KIND_CHALLENGE] = { "This is an automatic request{from} to confirm " THE_MESSAGE ".",
                                  "The message is held back until somebody confirms it. If you "
                                  "sent it, follow the steps in the request. If you did not, do "
                                  "not confirm: that would let a stranger's mail through in your "
                                  "name.",
                                  false, false },
    [BACKSTOP_KIND_CONTENT_WARNING] = { "This is a warning of a mail scanner: it says that it "
                                        "found something harmful or forbidden, such as a virus, "
                                        "in " THE_MESSAGE ".{meant}",
                                        "The message was probably not delivered, and will not be "
                                        "tried again. Harmful mail mostly bears a false sender: "
                                        "if you did not send it, you can ignore this warning. If "
                                        "you did, check the attached files and your computer.",
                                        false, false },
    [BACKSTOP_KIND_READ_RECEIPT] = { "This is a read receipt{from} for " THE_MESSAGE ".",
                                     "It says what a mail program did with the message: it was "
                                     "displayed, deleted or passed on. That does not prove that a "
                                     "person has read it. There is nothing to do.",
                                     true, false },
    [BACKSTOP_KIND_FEEDBACK] = { "This is an abuse report: somebody marked as unwanted " THE_MESSAGE
                                 ", or your network as its origin.{meant}",
                                 "If it was sent from there, stop sending to that recipient. If "
                                 "not, your address is being misused, and there is nothing to do.",
                                 false, false },
};

/* The recipients who share an outcome and a reason. */
typedef struct group {
    outcome result;
    backstop_reason reason;
    size_t count;
    size_t named;
    const char *names[NAMED_RECIPIENTS];
} group;

typedef struct groups {
    size_t count;
    group list[OUTCOMES * REASONS];
} groups;

static outcome outcome_of_kind(backstop_kind kind)
{
    switch (kind) {
    case BACKSTOP_KIND_DELAY:
        return OUTCOME_DELAYED;
    case BACKSTOP_KIND_SUCCESS:
        return OUTCOME_DELIVERED;
    default:
        return OUTCOME_FAILED;
    }
}

static outcome outcome_of(const backstop_recipient *r, backstop_kind kind)
{
    for (unsigned i = 0; r->action != NULL && i < OUTCOMES; i++) {
        if (g_str_equal(r->action, outcome_texts[i].action)) {
            return (outcome)i;
        }
    }
    return outcome_of_kind(kind);
}

static group *find_group(groups *all, outcome result, backstop_reason reason)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].result == result && all->list[i].reason == reason) {
            return &all->list[i];
        }
    }
    group *added = &all->list[all->count++];
    *added = (group){ .result = result, .reason = reason };
    return added;
}

static void gather_groups(const backstop_notice *notice, groups *all)
{
    for (unsigned i = 0; i < notice->recipients->len; i++) {
        const backstop_recipient *r = &g_array_index(notice->recipients, backstop_recipient, i);
        outcome result = outcome_of(r, notice->kind);
        bool has_failed = result == OUTCOME_FAILED || result == OUTCOME_DELAYED;
        group *g = find_group(all, result, has_failed ? r->reason : BACKSTOP_REASON_NONE);
        g->count++;
        if (r->address != NULL && g->named < NAMED_RECIPIENTS) {
            g->names[g->named++] = r->address;
        }
    }
    if (all->count == 0) {
        find_group(all, outcome_of_kind(notice->kind), notice->reason)->count = 1;
    }
}

static void append_shortened(GString *out, const char *text)
{
    if (strlen(text) <= NAME_CHARACTERS || g_utf8_strlen(text, -1) <= NAME_CHARACTERS) {
        g_string_append(out, text);
        return;
    }
    g_string_append_len(out, text, g_utf8_offset_to_pointer(text, NAME_CHARACTERS) - text);
    g_string_append(out, "...");
}

/* "a, b and c", or "a, b and 7 more": `count` in all, the first `named` by name. */
static void append_names(GString *out, const char *const *names, size_t named, size_t count)
{
    for (size_t i = 0; i < named; i++) {
        bool is_last = i + 1 == count;
        if (i > 0) {
            g_string_append(out, is_last ? " and " : ", ");
        }
        append_shortened(out, names[i]);
    }
    if (count > named) {
        g_string_append_printf(out, " and %zu more", count - named);
    }
}

static void append_who(GString *out, const group *g)
{
    if (g->named > 0) {
        append_names(out, g->names, g->named, g->count);
    } else if (g->count == 1) {
        g_string_append(out, "its recipient");
    } else {
        g_string_append_printf(out, "%zu recipients", g->count);
    }
}

/* "23 November 2026", in UTC. */
static void append_day(GString *out, int64_t unix_sec)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    char iso[ISO_DATE_SIZE];
    iso_date_format(unix_sec, iso);
    unsigned month = 1;
    span_read_number(span_skip(span_from_string(iso), strlen("2026-")), 2, &month);
    const char *day = iso + strlen("2026-11-");
    size_t zeros = day[0] == '0' ? 1 : 0;
    g_string_append_len(out, day + zeros, (gssize)(2 - zeros));
    g_string_append_c(out, ' ');
    g_string_append(out, months[(month - 1) % G_N_ELEMENTS(months)]);
    g_string_append_c(out, ' ');
    g_string_append_len(out, iso, strlen("2026"));
}

/* " ("Offer", written to a@b.example, dated 23 November 2026)": what is known of the message. */
static void append_details(GString *out, const backstop_notice *notice, const groups *all)
{
    (void)all;
    const backstop_returned *returned = &notice->returned;
    size_t start = out->len;
    if (returned->subject != NULL) {
        g_string_append(out, ", \"");
        append_shortened(out, returned->subject);
        g_string_append_c(out, '"');
    }
    if (notice->recipients->len == 0 && returned->to->len > 0) {
        size_t named = MIN(returned->to->len, NAMED_RECIPIENTS);
        g_string_append(out, ", written to ");
        append_names(out, (const char *const *)returned->to->pdata, named, returned->to->len);
    }
    if (returned->has_date) {
        g_string_append(out, ", dated ");
        append_day(out, returned->date_sec);
    }
    if (out->len > start) {
        g_string_overwrite(out, start, " (");
        /* The first piece's ", " gave room for the bracket. */
        g_string_append_c(out, ')');
    }
}

/* " from a@b.example": who sent the automatic answer. */
static void append_from(GString *out, const backstop_notice *notice, const groups *all)
{
    if (notice->recipients->len > 0) {
        g_string_append(out, " from ");
        append_who(out, &all->list[0]);
    }
}

/* " It was meant for a@b.example." */
static void append_meant(GString *out, const backstop_notice *notice, const groups *all)
{
    if (notice->recipients->len > 0) {
        g_string_append(out, " It was meant for ");
        append_who(out, &all->list[0]);
        g_string_append_c(out, '.');
    }
}

static const struct {
    const char *mark;
    void (*append)(GString *out, const backstop_notice *notice, const groups *all);
} marks[] = {
    { "{details}", append_details },
    { "{from}", append_from },
    { "{meant}", append_meant },
};

/* Appends a text of the tables, its marks replaced. */
static void append_opening(GString *out, const char *text, const backstop_notice *notice,
                           const groups *all)
{
    const char *brace;
    while ((brace = strchr(text, '{')) != NULL) {
        g_string_append_len(out, text, brace - text);
        text = strchr(brace, '}') + 1;
        span mark = { brace, (size_t)(text - brace) };
        for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
            if (span_equal(mark, span_from_string(marks[i].mark))) {
                marks[i].append(out, notice, all);
            }
        }
    }
    g_string_append(out, text);
}

static void append_sentence(GString *out, const char *sentence)
{
    if (sentence != NULL) {
        if (out->len > 0) {
            g_string_append_c(out, ' ');
        }
        g_string_append(out, sentence);
    }
}

static void append_group(GString *out, const group *g, bool with_outlook)
{
    const outcome_text *text = &outcome_texts[g->result];
    const reason_text *reason = &reason_texts[g->reason];
    append_sentence(out, text->sentence);
    append_who(out, g);
    if (reason->cause != NULL) {
        g_string_append(out, ": ");
        g_string_append(out, reason->cause);
    }
    g_string_append_c(out, '.');
    append_sentence(out, with_outlook ? text->outlook : NULL);
    append_sentence(out, g->result == OUTCOME_FAILED ? reason->advice : NULL);
}

/* What became of the message: the worst first, and whether it is final once for each outcome. */
static void append_outcomes(GString *out, const backstop_notice *notice, const groups *all)
{
    append_opening(out, "A message that names you as its sender{details}", notice, all);
    size_t told = 0;
    size_t untold = 0;
    for (unsigned result = 0; result < OUTCOMES; result++) {
        bool is_first = true;
        for (size_t i = 0; i < all->count; i++) {
            const group *g = &all->list[i];
            if (g->result != result) {
                continue;
            }
            if (told == TOLD_GROUPS) {
                untold += g->count;
                continue;
            }
            append_sentence(out, told == 0 ? NULL : "It");
            append_group(out, g, is_first);
            is_first = false;
            told++;
        }
    }
    if (untold > 0) {
        g_string_append_printf(out, " The notice names %zu more, for other reasons.", untold);
    }
}

/* An automatic answer may say why, too. */
static void append_given_reason(GString *out, backstop_reason reason)
{
    if (reason != BACKSTOP_REASON_NONE && reason != BACKSTOP_REASON_OTHER) {
        append_sentence(out, "It gives this reason: ");
        g_string_append(out, reason_texts[reason].cause);
        g_string_append_c(out, '.');
    }
}

char *explain_notice(const backstop_notice *notice, bool is_ours)
{
    const kind_text *text = &kind_texts[notice->kind];
    GString *out = g_string_sized_new(EXPLANATION_USUAL_BYTES);
    groups all;
    all.count = 0;
    gather_groups(notice, &all);
    if (text->opening == NULL) {
        append_outcomes(out, notice, &all);
    } else {
        append_opening(out, text->opening, notice, &all);
        append_given_reason(out, text->may_give_reason ? all.list[0].reason : BACKSTOP_REASON_NONE);
    }
    append_sentence(out, text->closing);
    append_sentence(out, text->asks_if_yours && !is_ours ? NOT_YOURS : NULL);
    return g_string_free(out, FALSE);
}

char *backstop_notice_explain(const backstop_notice *notice)
{
    return explain_notice(notice, false);
}
