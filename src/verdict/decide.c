/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "verdict/decide.h"

decision decide(backstop_strength genuine, backstop_strength forged, bool is_proven_forged)
{
    if (genuine == BACKSTOP_STRENGTH_PROOF) {
        return (decision){ BACKSTOP_VERDICT_GENUINE, BACKSTOP_CONFIDENCE_PROVEN };
    }
    if (is_proven_forged) {
        return (decision){ BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_PROVEN };
    }
    bool genuine_is_likely = genuine == BACKSTOP_STRENGTH_LIKELY;
    bool forged_is_likely = forged >= BACKSTOP_STRENGTH_LIKELY;
    if (genuine_is_likely && !forged_is_likely) {
        return (decision){ BACKSTOP_VERDICT_GENUINE, BACKSTOP_CONFIDENCE_LIKELY };
    }
    if (forged_is_likely && !genuine_is_likely) {
        return (decision){ BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_LIKELY };
    }
    return (decision){ BACKSTOP_VERDICT_UNVERIFIED, BACKSTOP_CONFIDENCE_NONE };
}
