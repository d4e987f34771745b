/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "witness/witness.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const witness witnesses[] = {
    { "tag", tag_testify },   { "prvs", prvs_testify }, { "ledger", ledger_testify },
    { "dkim", dkim_testify }, { "path", path_testify },
};
const size_t witness_count = G_N_ELEMENTS(witnesses);

/* What is no UTF-8 ends it: the beginning of a character whose end did not fit, or the odd bytes of
 * a file's name. */
static void end_at_bad_bytes(evidence *out)
{
    const char *valid_end;
    if (!g_utf8_validate(out->why, -1, &valid_end)) {
        out->why[valid_end - out->why] = '\0';
    }
}

void evidence_say(evidence *out, backstop_claim claim, backstop_strength strength, const char *why,
                  ...)
{
    out->claim = claim;
    out->strength = strength;
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(out->why, sizeof out->why, why, arguments);
    va_end(arguments);
    end_at_bad_bytes(out);
}

void evidence_say_absent(evidence *out, const char *why, ...)
{
    out->claim = BACKSTOP_CLAIM_FORGED;
    out->strength = BACKSTOP_STRENGTH_LIKELY;
    out->is_absence = true;
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(out->why, sizeof out->why, why, arguments);
    va_end(arguments);
    end_at_bad_bytes(out);
}

void evidence_say_store_failed(evidence *out, const backstop_error *error)
{
    evidence_say(out, BACKSTOP_CLAIM_NONE, BACKSTOP_STRENGTH_NONE,
                 "the ledger could not be asked (%s)", error->text);
}

const char *evidence_day(int64_t unix_sec, char out[EVIDENCE_DAY_SIZE])
{
    char whole[ISO_DATE_SIZE];
    iso_date_format(unix_sec, whole);
    g_strlcpy(out, whole, EVIDENCE_DAY_SIZE);
    return out;
}
