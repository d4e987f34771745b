/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is done with a notice, by its verdict and the owner's rules. One small table: it looks at
 * neither the message nor who sent it.
 */
#ifndef BACKSTOP_DISPOSITION_H
#define BACKSTOP_DISPOSITION_H

#include <backstop/judge.h>

#include <stdbool.h>

/* From the mildest to the strictest. */
typedef enum backstop_disposition {
    BACKSTOP_DISPOSITION_DELIVER,    /* as it came */
    BACKSTOP_DISPOSITION_MARK,       /* delivered, with a Backstop-Verdict field */
    BACKSTOP_DISPOSITION_QUARANTINE, /* kept where it can be got back from */
    BACKSTOP_DISPOSITION_REJECT,     /* not taken: the server that brought it is told */
    BACKSTOP_DISPOSITION_DISCARD,    /* taken and dropped */
} backstop_disposition;

/* "deliver", "mark" and so on: static; NULL for what is none. */
BACKSTOP_API const char *backstop_disposition_name(backstop_disposition disposition);

/* What the owner wants done. */
typedef struct backstop_rules {
    backstop_disposition proven;     /* backscatter, proven */
    backstop_disposition likely;     /* backscatter, likely: at most quarantine */
    backstop_disposition unverified; /* at most quarantine */
} backstop_rules;

/* What is done. What is no notice is delivered, and a genuine notice is marked, whatever the rules
 * say. Rejected or discarded is proven backscatter alone: for anything else, rules that say so mean
 * quarantine. A verdict or a rule that is none of the above delivers. */
BACKSTOP_API backstop_disposition backstop_dispose(backstop_verdict verdict,
                                                   backstop_confidence confidence,
                                                   const backstop_rules *rules);

#endif
