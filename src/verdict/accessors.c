/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the public header hands out of a judgement, and the names of its values. */
#include "verdict/judge.h"

static const char *name_at(const char *const *names, size_t count, size_t index)
{
    return index < count ? names[index] : NULL;
}

const char *backstop_verdict_name(backstop_verdict verdict)
{
    static const char *const names[] = {
        [BACKSTOP_VERDICT_NOT_A_NOTICE] = "not_a_notice",
        [BACKSTOP_VERDICT_GENUINE] = "genuine",
        [BACKSTOP_VERDICT_BACKSCATTER] = "backscatter",
        [BACKSTOP_VERDICT_UNVERIFIED] = "unverified",
    };
    return name_at(names, G_N_ELEMENTS(names), verdict);
}

const char *backstop_confidence_name(backstop_confidence confidence)
{
    static const char *const names[] = {
        [BACKSTOP_CONFIDENCE_LIKELY] = "likely",
        [BACKSTOP_CONFIDENCE_PROVEN] = "proven",
    };
    return name_at(names, G_N_ELEMENTS(names), confidence);
}

const char *backstop_claim_name(backstop_claim claim)
{
    static const char *const names[] = {
        [BACKSTOP_CLAIM_GENUINE] = "genuine",
        [BACKSTOP_CLAIM_FORGED] = "forged",
    };
    return name_at(names, G_N_ELEMENTS(names), claim);
}

const char *backstop_strength_name(backstop_strength strength)
{
    static const char *const names[] = {
        [BACKSTOP_STRENGTH_HINT] = "hint",
        [BACKSTOP_STRENGTH_LIKELY] = "likely",
        [BACKSTOP_STRENGTH_PROOF] = "proof",
    };
    return name_at(names, G_N_ELEMENTS(names), strength);
}

backstop_verdict backstop_judgement_verdict(const backstop_judgement *judgement)
{
    return judgement->decision.verdict;
}

backstop_confidence backstop_judgement_confidence(const backstop_judgement *judgement)
{
    return judgement->decision.confidence;
}

static const evidence *evidence_at(const backstop_judgement *judgement, size_t index)
{
    return index < judgement->evidence->len ? &g_array_index(judgement->evidence, evidence, index)
                                            : NULL;
}

const char *backstop_judgement_by(const backstop_judgement *judgement)
{
    return judgement->deciding < 0 ? NULL
                                   : evidence_at(judgement, (size_t)judgement->deciding)->witness;
}

size_t backstop_judgement_evidence_count(const backstop_judgement *judgement)
{
    return judgement->evidence->len;
}

const char *backstop_evidence_witness(const backstop_judgement *judgement, size_t index)
{
    const evidence *e = evidence_at(judgement, index);
    return e == NULL ? NULL : e->witness;
}

backstop_claim backstop_evidence_claim(const backstop_judgement *judgement, size_t index)
{
    const evidence *e = evidence_at(judgement, index);
    return e == NULL ? BACKSTOP_CLAIM_NONE : e->claim;
}

backstop_strength backstop_evidence_strength(const backstop_judgement *judgement, size_t index)
{
    const evidence *e = evidence_at(judgement, index);
    return e == NULL ? BACKSTOP_STRENGTH_NONE : e->strength;
}

const char *backstop_evidence_why(const backstop_judgement *judgement, size_t index)
{
    const evidence *e = evidence_at(judgement, index);
    return e == NULL ? NULL : e->why;
}

const char *backstop_judgement_explanation(const backstop_judgement *judgement)
{
    return judgement->explanation;
}

const char *backstop_judgement_field(const backstop_judgement *judgement)
{
    return judgement->field;
}
