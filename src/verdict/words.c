/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A judgement in words: for a person, and as the field that mail programs and filters read. */
#include "verdict/judge.h"

#include "notice/explain.h"
#include "notice/notice.h"

/* Names of witnesses as a person may read them. */
static const char *plain_name(const char *name)
{
    static const struct {
        const char *witness, *plain;
    } names[] = {
        { "tag", "our tag" },
        { "prvs", "the sender's signed address" },
        { "ledger", "the list of sent mail" },
        { "dkim", "the DKIM signature" },
        { "path", "the way that the message took" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(names[i].witness, name)) {
            return names[i].plain;
        }
    }
    return name;
}

/* The sentences of all witnesses that make this claim, behind `opening`; nothing if there are none.
 */
static void append_reasons(GString *out, const GArray *all, backstop_claim claim,
                           const char *opening)
{
    bool has_any = false;
    for (unsigned i = 0; i < all->len; i++) {
        const evidence *e = &g_array_index(all, evidence, i);
        if (e->claim == claim) {
            g_string_append(out, has_any ? "; " : opening);
            g_string_append(out, e->why);
            has_any = true;
        }
    }
    g_string_append(out, has_any ? ". " : "");
}

static void append_silent(GString *out, const GArray *all)
{
    for (unsigned i = 0; i < all->len; i++) {
        const evidence *e = &g_array_index(all, evidence, i);
        if (e->claim == BACKSTOP_CLAIM_NONE) {
            g_string_append_printf(out, "Nothing could be learned from %s: %s. ",
                                   plain_name(e->witness), e->why);
        }
    }
}

static const char *reserve_text(reserve r)
{
    switch (r) {
    case RESERVE_LONE_ABSENCE:
        return "That alone is not enough: sent mail may have been deleted, or sent from "
               "elsewhere. ";
    case RESERVE_MUST_HEAR:
        return "It is not called backscatter all the same, because this address, or this kind of "
               "report, has to hear of everything. ";
    case RESERVE_OTHERS:
        return "It carries a second message for which that does not hold, so it is not proven. ";
    case RESERVE_CITED:
        return "What came back stands in the text of the notice, where somebody else may have "
               "written it, so it is not proven. ";
    case RESERVE_UNTAGGED:
        return "Somebody else can have copied the Message-ID, so it is not proven. ";
    default:
        return "";
    }
}

static void append_genuine(GString *out, const backstop_judgement *j)
{
    g_string_append(out, j->decision.confidence == BACKSTOP_CONFIDENCE_PROVEN
                             ? "This notice is about a message that was really sent from here"
                             : "This notice is most likely about a message that was really sent "
                               "from here");
    append_reasons(out, j->evidence, BACKSTOP_CLAIM_GENUINE, ": ");
    append_reasons(out, j->evidence, BACKSTOP_CLAIM_FORGED, "Against it speaks that ");
}

static void append_backscatter(GString *out, const backstop_judgement *j)
{
    g_string_append(out, j->decision.confidence == BACKSTOP_CONFIDENCE_PROVEN
                             ? "Somebody else put your address on a message, and this notice about "
                               "it came to you"
                             : "Most likely somebody else put your address on a message, and this "
                               "notice about it came to you");
    append_reasons(out, j->evidence, BACKSTOP_CLAIM_FORGED, ": ");
    append_reasons(out, j->evidence, BACKSTOP_CLAIM_GENUINE, "Against it speaks that ");
    g_string_append(out, "There is nothing to do, and nothing is wrong with your mailbox. ");
}

static void append_unverified(GString *out, const backstop_judgement *j)
{
    g_string_append(out, "It is not known whether this notice is about a message of yours. ");
    append_reasons(out, j->evidence, BACKSTOP_CLAIM_GENUINE, "For it speaks that ");
    append_reasons(out, j->evidence, BACKSTOP_CLAIM_FORGED, "Against it speaks that ");
}

char *words_explain(const backstop_judgement *judgement, const backstop_notice *notice)
{
    GString *out = g_string_new(NULL);
    bool is_ours = judgement->decision.verdict == BACKSTOP_VERDICT_GENUINE;
    switch (judgement->decision.verdict) {
    case BACKSTOP_VERDICT_GENUINE:
        append_genuine(out, judgement);
        break;
    case BACKSTOP_VERDICT_BACKSCATTER:
        append_backscatter(out, judgement);
        break;
    default:
        append_unverified(out, judgement);
        break;
    }
    g_string_append(out, reserve_text(judgement->reserve));
    append_silent(out, judgement->evidence);
    /* What the notice says of a stranger's mail is no concern of the reader's. */
    if (judgement->decision.verdict != BACKSTOP_VERDICT_BACKSCATTER) {
        g_autofree char *said = explain_notice(notice, is_ours);
        g_string_append(out, said);
    }
    return g_strchomp(g_string_free(out, FALSE));
}

char *words_field(const backstop_judgement *judgement, const backstop_notice *notice)
{
    GString *out = g_string_new(backstop_verdict_name(judgement->decision.verdict));
    const char *confidence = backstop_confidence_name(judgement->decision.confidence);
    const char *by = backstop_judgement_by(judgement);
    const char *reason = backstop_reason_name(backstop_notice_reason(notice));
    if (confidence != NULL) {
        g_string_append_printf(out, "; confidence=%s", confidence);
    }
    if (by != NULL) {
        g_string_append_printf(out, "; by=%s", by);
    }
    g_string_append_printf(out, "; kind=%s", backstop_kind_name(notice->kind));
    if (reason != NULL) {
        g_string_append_printf(out, "; reason=%s", reason);
    }
    return g_string_free(out, FALSE);
}
