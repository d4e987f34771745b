/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <backstop/disposition.h>

#include <glib.h>

const char *backstop_disposition_name(backstop_disposition disposition)
{
    static const char *const names[] = {
        [BACKSTOP_DISPOSITION_DELIVER] = "deliver",       [BACKSTOP_DISPOSITION_MARK] = "mark",
        [BACKSTOP_DISPOSITION_QUARANTINE] = "quarantine", [BACKSTOP_DISPOSITION_REJECT] = "reject",
        [BACKSTOP_DISPOSITION_DISCARD] = "discard",
    };
    return disposition < G_N_ELEMENTS(names) ? names[disposition] : NULL;
}

/* A rule that is none of ours loses no mail. */
static backstop_disposition at_most(backstop_disposition rule, backstop_disposition strictest)
{
    return rule > BACKSTOP_DISPOSITION_DISCARD ? BACKSTOP_DISPOSITION_DELIVER
                                               : MIN(rule, strictest);
}

backstop_disposition backstop_dispose(backstop_verdict verdict, backstop_confidence confidence,
                                      const backstop_rules *rules)
{
    switch (verdict) {
    case BACKSTOP_VERDICT_NOT_A_NOTICE:
        return BACKSTOP_DISPOSITION_DELIVER;
    case BACKSTOP_VERDICT_GENUINE:
        return BACKSTOP_DISPOSITION_MARK;
    case BACKSTOP_VERDICT_UNVERIFIED:
        return at_most(rules->unverified, BACKSTOP_DISPOSITION_QUARANTINE);
    case BACKSTOP_VERDICT_BACKSCATTER:
        return confidence == BACKSTOP_CONFIDENCE_PROVEN
                   ? at_most(rules->proven, BACKSTOP_DISPOSITION_DISCARD)
                   : at_most(rules->likely, BACKSTOP_DISPOSITION_QUARANTINE);
    }
    return BACKSTOP_DISPOSITION_DELIVER;
}
