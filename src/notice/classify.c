/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/classify.h"

#include "message/address.h"

/* How much the sender and the header say that a mail system wrote this. */
static unsigned weigh_author(const clues *c)
{
    unsigned weight = 0;
    weight += c->is_from_daemon ? 2 : 0;
    weight += c->has_null_sender ? 1 : 0;
    weight += c->auto_submitted != AUTO_NONE || c->is_auto_reply ? 1 : 0;
    weight += c->is_report ? 1 : 0;
    weight += c->ses != SES_NONE ? 2 : 0;
    weight += c->failed_field.len > 0 ? 3 : 0;
    weight += c->returns_own_mail ? 1 : 0;
    weight += c->subject_ends_as_failure ? 1 : 0;
    if (c->subject_kind != BACKSTOP_KIND_NONE && !c->subject_is_answer) {
        weight += c->subject_starts_with_phrase ? 2 : 1;
    }
    return weight;
}

static bool subject_of_system_says_failure(const clues *c)
{
    bool is_delivery =
        c->subject_kind == BACKSTOP_KIND_FAILURE || c->subject_kind == BACKSTOP_KIND_DELAY;
    return is_delivery && !c->subject_is_answer && (c->is_from_daemon || c->has_null_sender);
}

/* How much its own text says that some delivery failed or waits, with what the subject of a mail
 * system says. */
static unsigned weigh_failure_words(const clues *c)
{
    unsigned weight = 0;
    weight += subject_of_system_says_failure(c) ? 1 : 0;
    weight += c->counts[PHRASE_FAILED] > 0 || c->counts[PHRASE_DELAYED] > 0 ? 2 : 0;
    weight += c->counts[PHRASE_FAILED] > 2 ? 1 : 0;
    weight += c->counts[PHRASE_GAVE_UP] > 0 ? 1 : 0;
    weight += c->counts[PHRASE_REASON] > 0 ? 1 : 0;
    weight += reason_has_codes(&c->codes) ? 1 : 0;
    if (weight == 0) {
        return 0; /* separators and labels stand in many mails, and say nothing alone */
    }
    weight += c->counts[PHRASE_SEPARATOR] > 0 ? 1 : 0;
    weight += c->counts[PHRASE_LABEL] > 0 ? 1 : 0;
    return weight;
}

/* Whether nothing but addresses follows this one on its line: "user@host" <user@host>. */
static bool ends_line(const clues *c, unsigned index)
{
    unsigned line = normal_address_at(c->normal, index)->line;
    while (index + 1 < c->normal->addresses->len &&
           normal_address_at(c->normal, index + 1)->line == line) {
        index++;
    }
    return normal_address_at(c->normal, index)->is_last;
}

/* Whether its text names an address other than that of its reader: 1, or 2 if one has a line of
 * its own. Programs put the address that failed there, people put it into a sentence. */
static unsigned weigh_addresses(const clues *c)
{
    unsigned weight = 0;
    for (unsigned i = 0; i < c->normal->addresses->len && weight < 2; i++) {
        const normal_address *a = normal_address_at(c->normal, i);
        bool alone = a->is_first && ends_line(c, i);
        if (alone || !address_equal(a->spec, c->notified)) {
            weight = alone ? 2 : 1;
        }
    }
    return weight;
}

/* How much there is that the failure can be about. */
static unsigned weigh_object(const clues *c)
{
    unsigned weight = 0;
    weight += c->returned_part != NULL || c->block.quality == BLOCK_HEADER ? 2 : 0;
    weight += c->block.quality == BLOCK_SUMMARY ? 1 : 0;
    weight += c->failed_field.len > 0 ? 1 : 0;
    return weight + weigh_addresses(c);
}

/* Mail that people and bulk mailers write. A daemon's notice may quote such words. */
static bool looks_human(const clues *c)
{
    /* A list that hands on a notice puts its List- fields into it. */
    bool says_failure =
        c->subject_kind == BACKSTOP_KIND_FAILURE && !c->subject_is_answer && weigh_object(c) > 1;
    if ((c->is_bulk && !c->is_from_daemon && !says_failure) || c->has_calendar || c->is_log) {
        return true;
    }
    bool mostly_quoted =
        c->quoted_lines * 2 > c->text_lines && (c->subject_is_answer || !c->is_from_daemon);
    bool answers = c->subject_is_answer && !c->subject_ends_as_failure && !c->has_null_sender &&
                   (!c->is_from_daemon || (c->refers_to_other && weigh_object(c) < 2));
    return answers || mostly_quoted;
}

static backstop_kind kind_of_groups(const clues *c)
{
    bool delayed = false, done = false;
    for (unsigned i = 0; i < c->status.groups->len; i++) {
        const delivery_group *g = &g_array_index(c->status.groups, delivery_group, i);
        char class = g->status.len > 0 ? g->status.ptr[0] : '\0';
        if (g->action == ACTION_FAILED || (g->action == ACTION_NONE && class == '5')) {
            return BACKSTOP_KIND_FAILURE;
        }
        delayed = delayed || g->action == ACTION_DELAYED;
        done = done || g->action >= ACTION_DELIVERED || class == '2';
    }
    if (delayed) {
        return BACKSTOP_KIND_DELAY;
    }
    return done ? BACKSTOP_KIND_SUCCESS : BACKSTOP_KIND_NONE;
}

/* A group that names no Action, with a status of class 4. */
static bool has_temporary_status(const clues *c)
{
    for (unsigned i = 0; i < c->status.groups->len; i++) {
        span status = g_array_index(c->status.groups, delivery_group, i).status;
        if (status.len > 0 && status.ptr[0] == '4') {
            return true;
        }
    }
    return false;
}

static backstop_kind failure_or_delay(const clues *c)
{
    if (c->subject_kind == BACKSTOP_KIND_DELAY || c->subject_kind == BACKSTOP_KIND_SUCCESS) {
        return c->subject_kind;
    }
    /* "Delivery failure" is a common subject of delays; one phrase may be advice. */
    unsigned enough = c->subject_kind == BACKSTOP_KIND_FAILURE ? 2 : 1;
    if (c->counts[PHRASE_DELAYED] >= enough && c->counts[PHRASE_GAVE_UP] == 0) {
        return BACKSTOP_KIND_DELAY;
    }
    bool only_delivered = c->counts[PHRASE_DELIVERED] > 0 && c->counts[PHRASE_FAILED] == 0 &&
                          c->counts[PHRASE_REASON] == 0;
    return only_delivered ? BACKSTOP_KIND_SUCCESS : BACKSTOP_KIND_FAILURE;
}

/* The parts of a notice in a mail that no mail system wrote: a person attached them. */
static bool is_passed_on(const clues *c)
{
    return !c->is_report && !c->is_from_daemon && !c->has_null_sender && !c->returns_own_mail &&
           c->auto_submitted == AUTO_NONE && c->failed_field.len == 0 && c->ses == SES_NONE &&
           (c->subject_is_answer || !c->subject_starts_with_phrase);
}

/* RFC 3464: a delivery status says what happened, unless the subject says that a scanner wrote it.
 */
static backstop_kind by_status_part(const clues *c)
{
    if (c->status_part == NULL || c->subject_kind == BACKSTOP_KIND_CONTENT_WARNING ||
        is_passed_on(c)) {
        return BACKSTOP_KIND_NONE;
    }
    return kind_of_groups(c);
}

/* RFC 3464, 5965 and 8098, with the text where the structure leaves something open. */
static backstop_kind by_structure(const clues *c)
{
    if (c->feedback_part != NULL || c->ses == SES_COMPLAINT) {
        return BACKSTOP_KIND_FEEDBACK;
    }
    if (c->subject_kind == BACKSTOP_KIND_FEEDBACK && c->subject_starts_with_phrase &&
        c->returned_part != NULL && !c->has_null_sender && !c->is_from_daemon) {
        return BACKSTOP_KIND_FEEDBACK;
    }
    if (c->mdn_part != NULL && !is_passed_on(c)) {
        /* Sieve's reject (RFC 5429, 2.2) refuses a mail in the form of a disposition. */
        return c->counts[PHRASE_FAILED] > 0 ? BACKSTOP_KIND_FAILURE : BACKSTOP_KIND_READ_RECEIPT;
    }
    bool in_text = c->status_part == NULL;
    if (c->status.groups->len == 0 || is_passed_on(c) ||
        (in_text && (weigh_author(c) == 0 || looks_human(c)))) {
        return BACKSTOP_KIND_NONE;
    }
    if (c->subject_kind == BACKSTOP_KIND_CONTENT_WARNING && c->counts[PHRASE_CONTENT_WARNING] > 1) {
        return BACKSTOP_KIND_CONTENT_WARNING;
    }
    backstop_kind kind = kind_of_groups(c);
    if (kind == BACKSTOP_KIND_NONE && has_temporary_status(c) && c->counts[PHRASE_GAVE_UP] == 0) {
        kind = BACKSTOP_KIND_DELAY;
    }
    return kind == BACKSTOP_KIND_NONE ? failure_or_delay(c) : kind;
}

/* Whether one sign of the author alone is enough: logs and tickets bear Auto-Submitted as well. */
static bool is_surely_system(const clues *c)
{
    /* People write about deliveries as well. What they do not is to return a mail, or to cite a
     * code and say that something failed. */
    bool is_technical = reason_has_codes(&c->codes) && c->counts[PHRASE_FAILED] > 0;
    bool by_subject = c->subject_kind != BACKSTOP_KIND_NONE && c->subject_starts_with_phrase &&
                      !c->subject_is_answer && (weigh_object(c) > 1 || is_technical);
    bool from_postmaster =
        c->is_only_postmaster && c->subject_kind != BACKSTOP_KIND_NONE && !c->subject_is_answer;
    return (c->is_from_daemon && !c->is_only_postmaster) || from_postmaster || c->has_null_sender ||
           c->failed_field.len > 0 || by_subject || c->is_report;
}

/* A mail system gives somebody his own mail back: that says it in any language. */
static bool returns_to_author(const clues *c)
{
    bool by_daemon = c->is_from_daemon && !c->is_only_postmaster;
    bool by_nobody = c->has_null_sender && c->auto_submitted != AUTO_REPLIED;
    return c->returns_own_mail && (by_daemon || by_nobody);
}

static bool is_failure_text(const clues *c)
{
    if (looks_human(c)) {
        return false;
    }
    if (returns_to_author(c)) {
        return true;
    }
    unsigned author = weigh_author(c);
    unsigned words = weigh_failure_words(c);
    unsigned object = weigh_object(c);
    if (!is_surely_system(c)) {
        return author >= 1 && words >= 3 && object >= 2;
    }
    bool returns_mail = c->returned_part != NULL || c->block.quality == BLOCK_HEADER;
    return (words >= 2 && object >= 1) || (words >= 1 && returns_mail) ||
           (author >= 4 && words >= 4 && !c->is_bulk);
}

/* Whether a program rather than a person wrote it, as far as the header tells. */
static bool is_by_program(const clues *c)
{
    return c->is_from_daemon || c->has_null_sender || c->auto_submitted != AUTO_NONE ||
           c->is_auto_reply || c->has_low_precedence ||
           (c->subject_is_label && !c->subject_asks &&
            (c->refers_to_other || c->counts[PHRASE_AUTO_REPLY] > 0));
}

/* With a program as author one phrase in the text will do, or two signs of any sort; without one
 * three, and none of a person. */
static bool is_enough(const clues *c, unsigned phrases, unsigned weight)
{
    if (is_by_program(c)) {
        return phrases > 0 || weight > 1;
    }
    return weight > 2 && c->counts[PHRASE_HUMAN] == 0;
}

/* The kinds other than failures, by the subject's and the text's phrases. */
static backstop_kind by_words(const clues *c)
{
    static const struct {
        phrase_class class;
        backstop_kind kind;
    } kinds[] = {
        { PHRASE_CHALLENGE, BACKSTOP_KIND_CHALLENGE },
        { PHRASE_CONTENT_WARNING, BACKSTOP_KIND_CONTENT_WARNING },
        { PHRASE_LIST_REPLY, BACKSTOP_KIND_LIST_REPLY },
        { PHRASE_AUTO_REPLY, BACKSTOP_KIND_AUTO_REPLY },
        { PHRASE_READ_RECEIPT, BACKSTOP_KIND_READ_RECEIPT },
    };
    backstop_kind best = BACKSTOP_KIND_NONE;
    unsigned best_weight = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        unsigned phrases = c->counts[kinds[i].class] > 2 ? 2 : c->counts[kinds[i].class];
        bool in_subject = c->subject_kind == kinds[i].kind;
        unsigned weight = phrases;
        weight += in_subject ? (c->subject_starts_with_phrase ? 2 : 1) : 0;
        bool is_vague = kinds[i].class == PHRASE_CONTENT_WARNING && weight < 2;
        if (weight > best_weight && !is_vague && is_enough(c, phrases, weight)) {
            best_weight = weight;
            best = kinds[i].kind;
        }
    }
    return best;
}

/* What a list manager says to someone who wrote to it. Some put their List- fields on such answers
 * too; then more than one phrase has to say it, for posts may cite one. */
static bool is_list_answer(const clues *c)
{
    unsigned phrases = c->counts[PHRASE_LIST_REPLY] + (c->subject_kind == BACKSTOP_KIND_LIST_REPLY);
    return c->is_from_list_server && c->status_part == NULL && phrases > c->is_bulk;
}

/* "Delivered: ...", as systems say it that know no RFC 3464. */
static bool is_success_text(const clues *c)
{
    bool by_system = (c->is_from_daemon && !c->is_only_postmaster) || c->has_null_sender;
    bool only_that = c->counts[PHRASE_FAILED] == 0 && c->counts[PHRASE_DELAYED] == 0 &&
                     c->subject_kind == BACKSTOP_KIND_NONE;
    return c->counts[PHRASE_DELIVERED] > 0 && by_system && weigh_object(c) > 0 &&
           (c->subject_kind == BACKSTOP_KIND_SUCCESS || only_that);
}

/* The subject, which a mail system chose, says that it is none about a delivery. */
static bool is_other_kind(const clues *c)
{
    return c->subject_kind != BACKSTOP_KIND_NONE && c->subject_kind != BACKSTOP_KIND_DELAY &&
           c->subject_kind != BACKSTOP_KIND_FAILURE && c->subject_starts_with_phrase;
}

backstop_kind classify(clues *c)
{
    backstop_kind kind = by_status_part(c);
    if (kind != BACKSTOP_KIND_NONE) {
        return kind;
    }
    clues_read_words(c);
    kind = by_structure(c);
    if (kind != BACKSTOP_KIND_NONE) {
        return kind;
    }
    if (c->subject_is_of_other) {
        return BACKSTOP_KIND_NONE;
    }
    if (is_list_answer(c)) {
        return BACKSTOP_KIND_LIST_REPLY;
    }
    bool is_failure = is_failure_text(c);
    bool is_plain_failure = c->subject_kind == BACKSTOP_KIND_FAILURE || c->status_part != NULL ||
                            (returns_to_author(c) && c->is_from_daemon && !is_other_kind(c));
    if (is_failure && is_plain_failure) {
        return failure_or_delay(c);
    }
    if (is_success_text(c)) {
        return BACKSTOP_KIND_SUCCESS;
    }
    if (!c->is_bulk && !c->has_calendar && !c->is_ticket) {
        kind = by_words(c);
    }
    if (kind != BACKSTOP_KIND_NONE) {
        return kind;
    }
    if (is_failure) {
        return failure_or_delay(c);
    }
    bool replies = c->auto_submitted == AUTO_REPLIED || c->is_auto_reply;
    bool is_other = c->is_bulk || c->has_calendar || c->is_ticket;
    return replies && !is_other ? BACKSTOP_KIND_AUTO_REPLY : BACKSTOP_KIND_NONE;
}
