/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/gate.h"

#include <fcntl.h>
#include <unistd.h>

enum { DAY_SEC = 86400 };

static uint64_t unexplained_since_yesterday(backstop_store *store, int64_t now_sec)
{
    backstop_report *report;
    if (backstop_store_report(store, now_sec - DAY_SEC, now_sec, &report, NULL) != BACKSTOP_OK) {
        return 0; /* gate_ask_store() has just been answered; it asks again in a minute */
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < report->tally_count; i++) {
        sum += report->tallies[i].unexplained;
    }
    backstop_report_free(report);
    return sum;
}

void gate_ask_store(backstop_store *store, int64_t now_sec, gate_facts *facts)
{
    facts->now_sec = now_sec;
    facts->has_store = store != NULL && backstop_store_get_readiness(
                                            store, now_sec, &facts->readiness, NULL) == BACKSTOP_OK;
    facts->unexplained_lately = facts->has_store ? unexplained_since_yesterday(store, now_sec) : 0;
}

bool gate_may_begin(const gate_facts *facts, GString *why)
{
    const backstop_readiness *r = &facts->readiness;
    if (facts->is_forced || (facts->has_store && backstop_readiness_is_enough(r))) {
        return true;
    }
    if (!facts->has_store) {
        g_string_append(why, "the store cannot tell what was observed so far");
    } else if (r->observed_days < BACKSTOP_READY_DAYS) {
        g_string_append_printf(why, "notices were observed on %u days, of %d that it takes",
                               r->observed_days, BACKSTOP_READY_DAYS);
    } else {
        g_string_append_printf(why,
                               "%" G_GUINT64_FORMAT
                               " notices of the last 14 days are about mail of ours without a tag, "
                               "and nobody knows why: mail leaves by a way that Backstop does not "
                               "see (backstop report)",
                               r->untagged_unexplained);
    }
    return false;
}

static bool is_lately(int64_t when_sec, int64_t now_sec, int64_t span_sec)
{
    return when_sec > 0 && when_sec > now_sec - span_sec;
}

bool gate_must_pause(const gate_facts *facts, GString *why)
{
    if (!facts->has_store) {
        g_string_append(why, "the store cannot be read");
    } else if (is_lately(facts->gap_sec, facts->now_sec, GATE_GAP_SEC)) {
        g_string_append(why, "mail went out unsigned or unrecorded");
    } else if (is_lately(facts->step_sec, facts->now_sec, GATE_STEP_SEC)) {
        g_string_append(why, "the clock was set");
    } else if (!facts->is_forced && facts->unexplained_lately >= GATE_UNEXPLAINED) {
        g_string_append_printf(why,
                               "%" G_GUINT64_FORMAT
                               " notices since yesterday are about mail of ours without a tag, and "
                               "nobody knows why (backstop report)",
                               facts->unexplained_lately);
    } else {
        return false;
    }
    return true;
}

static char *mark_path(const char *store_path)
{
    return g_strconcat(store_path, "-enforcing", NULL);
}

bool gate_has_begun(const char *store_path)
{
    g_autofree char *path = mark_path(store_path);
    return access(path, F_OK) == 0;
}

void gate_set_begun(const char *store_path, bool has_begun)
{
    g_autofree char *path = mark_path(store_path);
    if (!has_begun) {
        (void)unlink(path);
        return;
    }
    /* Without it, the next start asks the history again: the safer side. */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        close(fd);
    }
}
