/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Judging: whether we sent the mail that a notice is about. Witnesses say what they know, a small
 * table weighs it (docs/how-it-decides.md), and every verdict explains itself.
 */
#ifndef BACKSTOP_JUDGE_H
#define BACKSTOP_JUDGE_H

#include <backstop/error.h>
#include <backstop/keys.h>
#include <backstop/notice.h>
#include <backstop/site.h>
#include <backstop/store.h>

#include <stddef.h>
#include <stdint.h>

/* The header field that tells the reader of a mail what was found: backstop_judgement_field(). */
#define BACKSTOP_VERDICT_FIELD "Backstop-Verdict"

typedef enum backstop_verdict {
    BACKSTOP_VERDICT_NOT_A_NOTICE,
    BACKSTOP_VERDICT_GENUINE,     /* we sent that mail */
    BACKSTOP_VERDICT_BACKSCATTER, /* somebody else did, in our name */
    BACKSTOP_VERDICT_UNVERIFIED,  /* what is known does not tell */
} backstop_verdict;

typedef enum backstop_confidence {
    BACKSTOP_CONFIDENCE_NONE, /* of unverified, and of no notice */
    BACKSTOP_CONFIDENCE_LIKELY,
    BACKSTOP_CONFIDENCE_PROVEN,
} backstop_confidence;

typedef enum backstop_claim {
    BACKSTOP_CLAIM_NONE, /* the witness could not answer; its sentence says why */
    BACKSTOP_CLAIM_GENUINE,
    BACKSTOP_CLAIM_FORGED,
} backstop_claim;

typedef enum backstop_strength {
    BACKSTOP_STRENGTH_NONE,
    BACKSTOP_STRENGTH_HINT,
    BACKSTOP_STRENGTH_LIKELY,
    BACKSTOP_STRENGTH_PROOF,
} backstop_strength;

/* "genuine", "proven", "forged", "likely": static; NULL for the NONE of each. */
BACKSTOP_API const char *backstop_verdict_name(backstop_verdict verdict);
BACKSTOP_API const char *backstop_confidence_name(backstop_confidence confidence);
BACKSTOP_API const char *backstop_claim_name(backstop_claim claim);
BACKSTOP_API const char *backstop_strength_name(backstop_strength strength);

typedef struct backstop_judgement backstop_judgement;

/*
 * Judges a notice; always succeeds: a witness that cannot answer is silent, and says so. `keys` and
 * `store` may be NULL. The bytes that the notice was read from must still be there. Changes nothing
 * in the store. To be freed with backstop_judgement_free(); it keeps no other object.
 */
BACKSTOP_CHECKED backstop_judgement *backstop_judge(const backstop_notice *notice,
                                                    const backstop_site *site,
                                                    const backstop_keys *keys,
                                                    backstop_store *store, int64_t now_sec);

/* Takes NULL. */
BACKSTOP_API void backstop_judgement_free(backstop_judgement *judgement);

BACKSTOP_API backstop_verdict backstop_judgement_verdict(const backstop_judgement *judgement);
BACKSTOP_API backstop_confidence backstop_judgement_confidence(const backstop_judgement *judgement);

/* The witness that decided ("tag"), static; NULL for a verdict that none did. */
BACKSTOP_API const char *backstop_judgement_by(const backstop_judgement *judgement);

/* What each witness said, in the order of the table of witnesses; those with nothing to say are
 * left out. `index` runs from 0 to the count. Strings live as long as the judgement. */
BACKSTOP_API size_t backstop_judgement_evidence_count(const backstop_judgement *judgement);
BACKSTOP_API const char *backstop_evidence_witness(const backstop_judgement *judgement,
                                                   size_t index);
BACKSTOP_API backstop_claim backstop_evidence_claim(const backstop_judgement *judgement,
                                                    size_t index);
BACKSTOP_API backstop_strength backstop_evidence_strength(const backstop_judgement *judgement,
                                                          size_t index);
BACKSTOP_API const char *backstop_evidence_why(const backstop_judgement *judgement, size_t index);

/* The verdict, why, and what the notice reports, in a paragraph for a person without mail
 * knowledge. Of no notice it says that it is none. */
BACKSTOP_API const char *backstop_judgement_explanation(const backstop_judgement *judgement);

/* The value of the field BACKSTOP_VERDICT_FIELD: "backscatter; confidence=proven; by=tag;
 * kind=failure; reason=user_unknown". ASCII, one line; NULL for no notice. */
BACKSTOP_API const char *backstop_judgement_field(const backstop_judgement *judgement);

/*
 * Counts the notice, if it is proven, against the mail that it is about, so that copies of a proof
 * do not prove for ever. To be called once for each notice that came in, and not where mail is only
 * looked at.
 */
BACKSTOP_CHECKED backstop_status backstop_judgement_count(const backstop_judgement *judgement,
                                                          backstop_store *store, int64_t now_sec,
                                                          backstop_error *error);

#endif
