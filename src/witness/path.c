/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The witness of the way that the returned mail took: its Received fields, read from the top.
 *
 * The topmost are true, for the side that reports added them, and it is honest. They are followed
 * down to the hop at which that side took the mail from somebody outside. What stands below was
 * written by him who handed the mail in. So it counts if that was one of our hosts; else all of it
 * may be made up, and proves nothing.
 */
#include "witness/path.h"

#include "notice/notice.h"
#include "witness/host.h"
#include "witness/witness.h"

/* From whom the reporting side took the mail. */
typedef enum handover {
    FROM_UNKNOWN, /* its fields do not tell */
    FROM_INSIDE,  /* from nobody: the mail began there */
    FROM_USER,    /* one who logged in */
    FROM_OURS,
    FROM_OUTSIDE,
} handover;

typedef struct walk {
    const hearing *h;
    span side;        /* the first host that reports, empty until known */
    bool is_ours;     /* it is a host of ours, or one below a domain of ours */
    bool is_guessed;  /* a hop was passed on the word of its client */
    bool is_unclear;  /* it ended at a field that can be read in several ways */
    unsigned at;      /* the hop of the handover */
    site_match match; /* of the handover's client, if it is FROM_OURS */
} walk;

static site_match client_match(const backstop_site *site, const hearing_hop *hop)
{
    site_match by_ip = site_match_ip(site, hop->read.ip);
    if (by_ip != SITE_NOT_OURS || !host_name_is_verified(hop)) {
        return by_ip;
    }
    return site_match_name(site, hop->read.from_rdns);
}

/* A host of ours, or at least one below a domain of ours, by names that a server looked up. */
static bool is_near_us(const backstop_site *site, span name)
{
    return site_match_name(site, name) != SITE_NOT_OURS || site_is_below_domain(site, name);
}

/* Inside the side that reports: what is true there was not said from outside. */
static bool is_inside(walk *w, const hearing_hop *hop)
{
    const received *r = &hop->read;
    if (r->ip.len > 0) {
        return site_ip_is_internal(r->ip) || (w->is_ours && site_is_internal(w->h->site, r->ip)) ||
               (host_name_is_verified(hop) && host_is_beside(r->from_rdns, w->side) &&
                !host_is_made_of_ip(r->from_rdns, r->ip));
    }
    if (r->from.len == 0) {
        return true; /* handed over within one host */
    }
    bool is_said = !w->is_ours && (host_is_local(r->from) || host_is_beside(r->from, w->side));
    w->is_guessed = w->is_guessed || is_said;
    return is_said;
}

static handover judge_hop(walk *w, const hearing_hop *hop)
{
    const received *r = &hop->read;
    w->match = client_match(w->h->site, hop);
    bool is_said = r->ip.len > 0 && !host_ip_is_seen(hop);
    if (is_said && (w->match == SITE_NOT_OURS || w->is_ours)) {
        return FROM_UNKNOWN;
    }
    w->is_guessed = w->is_guessed || is_said;
    /* Between our own hosts the mail goes on: one of them may have had it from outside. */
    if (w->match != SITE_NOT_OURS && !w->is_ours) {
        return FROM_OURS;
    }
    if (host_was_logged_in(r)) {
        return FROM_USER;
    }
    if (w->match != SITE_NOT_OURS || is_inside(w, hop)) {
        return FROM_INSIDE;
    }
    return r->ip.len > 0 ? FROM_OUTSIDE : FROM_UNKNOWN;
}

static handover find_handover(walk *w)
{
    const hearing *h = w->h;
    for (unsigned i = 0; i < h->hops->len; i++) {
        const hearing_hop *hop = hearing_hop_at(h, i);
        span by = hop->read.by;
        w->is_unclear = !host_is_clear(hop);
        if (w->is_unclear) {
            return FROM_UNKNOWN;
        }
        if (w->side.len == 0) {
            w->side = by;
            w->is_ours = is_near_us(h->site, by);
        } else if (by.len > 0 && !w->is_ours && !host_is_local(by) &&
                   !host_is_beside(by, w->side)) {
            return FROM_UNKNOWN; /* somebody else goes on, and who gave him the mail is not said */
        }
        w->at = i;
        handover found = judge_hop(w, hop);
        if (found != FROM_INSIDE) {
            return found;
        }
    }
    return h->hops->len > 0 && h->hops_are_all ? FROM_INSIDE : FROM_UNKNOWN;
}

/* Whether our host had the mail from a stranger, as a forwarder or a careless relay has. Its own
 * fields are below the handover, and true. */
static bool came_from_outside(const walk *w)
{
    const hearing *h = w->h;
    const received *from_us = &hearing_hop_at(h, w->at)->read;
    for (unsigned i = w->at + 1; i < h->hops->len; i++) {
        const hearing_hop *hop = hearing_hop_at(h, i);
        const received *r = &hop->read;
        bool is_by_us = r->by.len == 0 || host_is_local(r->by) || is_near_us(h->site, r->by) ||
                        span_equal_nocase(r->by, from_us->from_rdns) ||
                        span_equal_nocase(r->by, from_us->from);
        if (!is_by_us || host_was_logged_in(r)) {
            return false;
        }
        bool is_inside = r->ip.len == 0 || site_ip_is_internal(r->ip) ||
                         site_is_internal(h->site, r->ip) ||
                         client_match(h->site, hop) != SITE_NOT_OURS ||
                         (host_name_is_verified(hop) && is_near_us(h->site, r->from_rdns));
        if (!is_inside) {
            return true;
        }
    }
    return false;
}

static bool is_ours_anyhow(const backstop_site *site, span name_or_ip)
{
    return site_match_name(site, name_or_ip) != SITE_NOT_OURS ||
           site_match_ip(site, host_without_brackets(name_or_ip)) != SITE_NOT_OURS;
}

/* Whether any field, true or not, names a host of ours. */
static bool touches_us(const hearing *h)
{
    for (unsigned i = 0; i < h->hops->len; i++) {
        const received *r = &hearing_hop_at(h, i)->read;
        if (site_is_internal(h->site, r->ip) || is_ours_anyhow(h->site, r->ip) ||
            is_ours_anyhow(h->site, r->from) || is_ours_anyhow(h->site, r->from_rdns) ||
            is_ours_anyhow(h->site, r->by)) {
            return true;
        }
    }
    return is_near_us(h->site, span_from_string(h->notice->reporting_mta));
}

/* Where the side that reports saw the mail come from outside, and from nobody who logged in: a
 * notice of a host of ours that nobody named could look like it otherwise. */
static void testify_absence(const walk *w, handover found, evidence *out)
{
    const hearing *h = w->h;
    if (found != FROM_OUTSIDE || w->is_ours || h->absence_is_silent != NULL || !h->hops_are_all ||
        h->site->has_unknown_exits || touches_us(h)) {
        return;
    }
    const hearing_hop *hop = hearing_hop_at(h, w->at);
    bool has_our_name =
        host_name_is_verified(hop) && site_is_below_domain(h->site, hop->read.from_rdns);
    /* A host of ours may have its provider's name, so names alone would not make it known. */
    if (has_our_name || !site_has_network_like(h->site, hop->read.ip)) {
        return;
    }
    evidence_say_absent(out,
                        "the returned message was handed in by %.*s, which is none of our hosts, "
                        "and passed none of them on its way",
                        SPAN_ARG(hop->read.ip));
}

/* Who gave the mail to the reporting side is not to be made out, and further down a host of ours is
 * named: that may be true. Where a stranger was seen to hand it in, it is not; nor where the client
 * wrote what only a server writes, for honest ones do not. */
static void testify_touched(const walk *w, handover found, evidence *out)
{
    if (found != FROM_OUTSIDE && !w->is_unclear && touches_us(w->h)) {
        evidence_say(out, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_HINT,
                     "the way that the returned message took leads over a host of ours, as far as "
                     "its header can be believed");
    }
}

static void testify_handed_in(const walk *w, evidence *out)
{
    const hearing *h = w->h;
    bool is_alone = site_match_name(h->site, w->side) == SITE_OURS;
    evidence_say(
        out, BACKSTOP_CLAIM_GENUINE, is_alone ? BACKSTOP_STRENGTH_LIKELY : BACKSTOP_STRENGTH_HINT,
        "a host %s reports that it took the returned message from %s",
        is_alone ? "of ours" : "that may be ours",
        is_alone ? "a machine or a user of ours" : "within, or from somebody who logged in");
}

static void testify_handed_over(const walk *w, evidence *out)
{
    const received *r = &hearing_hop_at(w->h, w->at)->read;
    const char *reserve = "";
    if (w->match == SITE_SHARED) {
        reserve = ", from which strangers send as well";
    } else if (came_from_outside(w)) {
        reserve = ", which had it from outside";
    } else if (w->is_guessed) {
        reserve = ", as far as its header can be believed";
    }
    evidence_say(out, BACKSTOP_CLAIM_GENUINE,
                 reserve[0] == '\0' ? BACKSTOP_STRENGTH_LIKELY : BACKSTOP_STRENGTH_HINT,
                 "the returned message came from our host %.*s%s", SPAN_ARG(r->ip), reserve);
}

void path_testify(const hearing *h, evidence *out)
{
    walk w = { .h = h, .side = SPAN("") };
    if (!site_has_hosts(h->site) || !h->hops_are_on_top) {
        return;
    }
    handover found = find_handover(&w);
    if (found == FROM_OURS) {
        testify_handed_over(&w, out);
    } else if (w.is_ours && (found == FROM_USER || found == FROM_INSIDE)) {
        testify_handed_in(&w, out);
    } else {
        testify_absence(&w, found, out);
        if (out->claim == BACKSTOP_CLAIM_NONE) {
            testify_touched(&w, found, out);
        }
    }
}

bool path_began_with_us(const hearing *h)
{
    walk w = { .h = h, .side = SPAN("") };
    if (!h->hops_are_on_top) {
        return false;
    }
    handover found = find_handover(&w);
    return w.is_ours && (found == FROM_USER || found == FROM_INSIDE);
}
