/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The witness of our Backstop-Tag (proof/tag.h) in the returned header. A tag that cannot be
 * checked may be ours, and silences; one that a key of ours shows to be false is none.
 */
#include "witness/tag.h"

#include "proof/tag.h"

#include "message/address.h"
#include "witness/recall.h"
#include "witness/witness.h"

/* What the tags of a header come to, the strongest last. */
typedef enum tag_finding {
    TAG_NONE,
    TAG_UNKNOWN_KEY,
    TAG_UNREADABLE,
    TAG_NO_KEYS,
    TAG_UNBOUND, /* ours, but not of this mail as it came back */
    TAG_FUTURE,  /* from here on: of this mail */
    TAG_EXPIRED,
    TAG_RETIRED,
    TAG_BOUND,
} tag_finding;

typedef struct tag_search {
    const hearing *h;
    tag_finding finding;
    int64_t time_sec; /* of the tag found */
    bool has_mail;    /* `mail` was read */
    tag_mail mail;
} tag_search;

static bool is_bound(tag_search *s, const tag *t, const key *k)
{
    if (!s->has_mail) {
        tag_mail_read(s->h->header, s->h->strings, &s->mail);
        s->has_mail = true;
    }
    for (unsigned i = 0; i < s->h->senders->len; i++) {
        if (tag_is_bound(t, k, hearing_text_at(s->h->senders, i), &s->mail)) {
            return true;
        }
    }
    return false;
}

static tag_finding age_of(const hearing *h, const tag *t, bool is_retired)
{
    if (t->time_sec > h->now_sec + HEARING_CLOCK_SKEW_SEC) {
        return TAG_FUTURE;
    }
    if (t->time_sec < h->now_sec - h->site->tag_lifetime_sec) {
        return TAG_EXPIRED;
    }
    return is_retired ? TAG_RETIRED : TAG_BOUND;
}

static tag_finding examine(tag_search *s, const tag *t)
{
    const hearing *h = s->h;
    bool is_retired = false;
    if (h->keys == NULL) {
        return TAG_NO_KEYS;
    }
    const key *k =
        keys_to_verify(h->keys, KEY_TAG, span_from_string(t->key_id), h->now_sec, &is_retired);
    if (k == NULL) {
        return TAG_UNKNOWN_KEY;
    }
    if (!tag_is_ours(t, k)) {
        return TAG_NONE;
    }
    return is_bound(s, t, k) ? age_of(h, t, is_retired) : TAG_UNBOUND;
}

static void search(tag_search *s)
{
    unsigned tried = 0;
    for (unsigned i = 0; i < s->h->header.count && s->finding != TAG_BOUND; i++) {
        const header_field *f = field_at(s->h->header, i);
        if (!span_equal_nocase(f->name, SPAN(TAG_FIELD_NAME))) {
            continue;
        }
        tag t;
        bool is_readable = tried++ < TAG_FIELDS_TRIED && tag_read(TAG_ORIGIN, f->value, &t);
        tag_finding found = is_readable ? examine(s, &t) : TAG_UNREADABLE;
        if (found > s->finding) {
            s->finding = found;
            s->time_sec = is_readable ? t.time_sec : 0;
        }
        if (tried > TAG_FIELDS_TRIED) {
            break;
        }
    }
}

bool tag_is_there(const hearing *h)
{
    tag_search s = { .h = h, .finding = TAG_NONE };
    search(&s);
    return s.finding >= TAG_UNBOUND;
}

bool tag_is_of_this_mail(const hearing *h)
{
    tag_search s = { .h = h, .finding = TAG_NONE };
    search(&s);
    return s.finding >= TAG_FUTURE;
}

static void say_bound(const tag_search *s, evidence *out)
{
    static const char *const reserves[] = {
        [TAG_FUTURE] = ", a day that is still to come by the clock here",
        [TAG_EXPIRED] = ", but so long ago that somebody may have copied it since",
        [TAG_RETIRED] = ", with a key that is no longer used for new mail",
    };
    char day[EVIDENCE_DAY_SIZE];
    const char *reserve = s->finding == TAG_BOUND ? "" : reserves[s->finding];
    bool is_proof = s->finding == TAG_BOUND;
    if (is_proof && recall_is_worn(s->h)) {
        is_proof = false;
        reserve = ", but more notices came back about that mail than can be true";
    }
    evidence_say(out, BACKSTOP_CLAIM_GENUINE,
                 is_proof ? BACKSTOP_STRENGTH_PROOF : BACKSTOP_STRENGTH_LIKELY,
                 "the returned message bears our tag, made for exactly this mail on %s%s",
                 evidence_day(s->time_sec, day), reserve);
}

static void say_unchecked(const tag_search *s, evidence *out)
{
    static const char *const texts[] = {
        [TAG_UNKNOWN_KEY] = "the tag in the returned message names a key that is not known here",
        [TAG_UNREADABLE] = "the tag in the returned message cannot be read: it is damaged, or of "
                           "another version",
        [TAG_NO_KEYS] = "there are no keys here to check the tag in the returned message with",
    };
    evidence_say(out, BACKSTOP_CLAIM_NONE, BACKSTOP_STRENGTH_NONE, "%s", texts[s->finding]);
}

static void testify_absence(const hearing *h, evidence *out)
{
    int64_t since = 0;
    bool covers = false;
    backstop_error error;
    char day[EVIDENCE_DAY_SIZE];
    if (h->absence_is_silent != NULL || h->store == NULL) {
        return;
    }
    if (recall_tagged_since(h, &since, &error) != BACKSTOP_OK ||
        recall_covers(h, since, &covers, &error) != BACKSTOP_OK) {
        evidence_say_store_failed(out, &error);
    } else if (covers) {
        bool is_closed = h->domain != NULL && h->domain->is_closed;
        span whose = hearing_text_at(h->claimed->len > 0 ? h->claimed : h->senders, 0);
        whose = is_closed ? address_domain(whose) : whose;
        evidence_say_absent(out,
                            "mail of %.*s bears our tag since %s, and the returned message does "
                            "not",
                            SPAN_ARG(whose), evidence_day(since, day));
    }
}

void tag_testify(const hearing *h, evidence *out)
{
    tag_search s = { .h = h, .finding = TAG_NONE };
    char day[EVIDENCE_DAY_SIZE];
    search(&s);
    switch (s.finding) {
    case TAG_NONE:
        testify_absence(h, out);
        break;
    case TAG_UNKNOWN_KEY:
    case TAG_UNREADABLE:
    case TAG_NO_KEYS:
        say_unchecked(&s, out);
        break;
    case TAG_UNBOUND:
        evidence_say(out, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_LIKELY,
                     "the returned message bears a tag of ours of %s, though not all that it was "
                     "made for came back as it was",
                     evidence_day(s.time_sec, day));
        break;
    default:
        say_bound(&s, out);
        break;
    }
}
