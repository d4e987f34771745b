/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The history: which notices came, what was thought of each, and what was done. From it comes what
 * an owner needs to know before notices are refused: how many there are, and whether mail leaves by
 * a way that Backstop does not see.
 *
 * Unlike the ledger it holds addresses in plain: those of mailboxes that got notices. They go after
 * the history's days, by backstop_store_expire(), and at once by backstop_store_forget().
 *
 * All calls may be made by several threads at once, and give BACKSTOP_ERROR_BUSY and _STORE as
 * store.h says.
 */
#ifndef BACKSTOP_HISTORY_H
#define BACKSTOP_HISTORY_H

#include <backstop/disposition.h>
#include <backstop/error.h>
#include <backstop/judge.h>
#include <backstop/store.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BACKSTOP_HISTORY_DAYS = 30, /* how long it is kept if nobody says otherwise */
    BACKSTOP_HISTORY_DAYS_MAX = 400,
    BACKSTOP_READY_DAYS = 14,      /* of observation, before notices are refused */
    BACKSTOP_STORIES_MAX = 100000, /* of them half for backscatter */
    BACKSTOP_STORY_FOUND_MAX = 20, /* that one queue id gives */
    BACKSTOP_UNTAGGED_MAX = 10000, /* senders and paths, each day's counted apart */
    BACKSTOP_EVENTS_AT_ONCE = 512, /* are added all or none */
    /* Of an explanation are kept; of addresses and Message-IDs 256, of other texts 128. */
    BACKSTOP_EXPLANATION_BYTES = 1024,
};

/*
 * One notice that came in: one event, however many recipients it has. Texts are NUL-terminated
 * bytes, hostile ones too; NULL: not known. A text that is too long is cut.
 */
typedef struct backstop_event {
    int64_t when_sec;
    const char *queue_id; /* the mail server's */
    backstop_verdict verdict;
    backstop_confidence confidence;
    const char *by;            /* the witness that decided */
    const char *kind;          /* backstop_kind_name() */
    const char *reason;        /* backstop_reason_name() */
    const char *recipient;     /* the mailbox that was notified: whose mail it would be */
    const char *client_ip;     /* who handed the notice in */
    const char *outbound_path; /* the host, by IP or name, that handed the returned mail over to
                                  the reporting side */
    backstop_disposition done;
    backstop_disposition enforced; /* what would have been done in enforce */

    /* A witness says, at any strength, that the returned mail is ours. */
    bool has_genuine_witness;
    /* It bears a tag of ours. */
    bool has_tag;
    /* It is known why it bears none: the ledger proves that it was seen as it left, not as much of
     * its header came back that a tag would have to be there, it bears one that cannot be checked,
     * or it left before mail was tagged. Of no concern where has_tag. */
    bool is_explained;

    const char *message_id;  /* of the returned mail */
    const char *explanation; /* backstop_judgement_explanation() */
} backstop_event;

/*
 * Adds events, best many at once. They are counted by day, verdict, confidence, kind and
 * disposition, for ever so many of them in the same small room; and each is kept as a story, the
 * oldest of which give way. Events that lie after `now_sec` are taken as of `now_sec`. They go in
 * by transactions of BACKSTOP_EVENTS_AT_ONCE; if there are more, after an error some are in and
 * some are not.
 */
BACKSTOP_CHECKED backstop_status backstop_store_add_events(backstop_store *store,
                                                           const backstop_event *events,
                                                           size_t count, int64_t now_sec,
                                                           backstop_error *error);

/* How long the history is kept, in days, 1 to BACKSTOP_HISTORY_DAYS_MAX; for what is expired from
 * now on. */
BACKSTOP_API void backstop_store_set_history_days(backstop_store *store, unsigned days);

/* The stories of one queue id, the latest first: mail servers use ids again. */
typedef struct backstop_stories {
    const backstop_event *events; /* `recipient` in canonical form */
    size_t count;                 /* 0: there is none (any more) */
} backstop_stories;

/* BACKSTOP_OK: `*out` is to be freed with backstop_stories_free(). Else it is NULL. */
BACKSTOP_CHECKED backstop_status backstop_store_find_event(backstop_store *store,
                                                           const char *queue_id,
                                                           backstop_stories **out,
                                                           backstop_error *error);

/* Takes NULL. */
BACKSTOP_API void backstop_stories_free(backstop_stories *stories);

/* Notices of one day (UTC) that are alike. */
typedef struct backstop_tally {
    int64_t day_sec; /* when the day began */
    backstop_verdict verdict;
    backstop_confidence confidence;
    const char *kind; /* static */
    backstop_disposition done, enforced;
    uint64_t count;
    uint64_t untagged;    /* of them, with a genuine witness, but without a tag */
    uint64_t unexplained; /* of these, not explained */
} backstop_tally;

/* Notices with a genuine witness but without a tag, about mail of one sender by one path. */
typedef struct backstop_untagged {
    const char *sender;        /* the notified mailbox, canonical, without sub-address */
    const char *outbound_path; /* of both, NULL: not known */
    uint64_t count, unexplained;
    int64_t last_day_sec; /* when the day of the last one began */
} backstop_untagged;

typedef struct backstop_report {
    const backstop_tally *tallies; /* by day */
    size_t tally_count;
    const backstop_untagged *untagged; /* those with the most unexplained ones first */
    size_t untagged_count;
} backstop_report;

/* Of the days (UTC) from that of `from_sec` to that of `until_sec`, both included.
 * BACKSTOP_OK: `*out` is to be freed with backstop_report_free(). Else it is NULL. The sums over
 * `untagged` are less than those over `tallies` if there were more than BACKSTOP_UNTAGGED_MAX. */
BACKSTOP_CHECKED backstop_status backstop_store_report(backstop_store *store, int64_t from_sec,
                                                       int64_t until_sec, backstop_report **out,
                                                       backstop_error *error);

/* Takes NULL. */
BACKSTOP_API void backstop_report_free(backstop_report *report);

/* Says that a daemon sees all notices at this time, in observe or in enforce. To be called when it
 * starts, and then each hour or oftener. */
BACKSTOP_CHECKED backstop_status backstop_store_note_observing(backstop_store *store,
                                                               int64_t now_sec,
                                                               backstop_error *error);

/* Whether it is safe to refuse notices. It is if observed_days is BACKSTOP_READY_DAYS at least, and
 * untagged_unexplained is 0. */
typedef struct backstop_readiness {
    int64_t observed_since_sec; /* 0: never */
    int64_t observed_last_sec;  /* when a daemon last said so; 0: never */
    /* Days (UTC) of the last 30 on which a daemon observed; not more than have passed since it
     * began. */
    unsigned observed_days;
    /* Notices of the last 14 days with a genuine witness, but without a tag or an explanation:
     * mail that leaves by a way that Backstop does not see. */
    uint64_t untagged_unexplained;
} backstop_readiness;

/* Cheap, however much there is: may be called each minute. */
BACKSTOP_CHECKED backstop_status backstop_store_get_readiness(backstop_store *store,
                                                              int64_t now_sec,
                                                              backstop_readiness *out,
                                                              backstop_error *error);

/* Whether these figures allow to refuse notices. */
BACKSTOP_API bool backstop_readiness_is_enough(const backstop_readiness *readiness);

#endif
