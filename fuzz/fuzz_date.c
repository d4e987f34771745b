/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a date: what is read is in range, and its ISO form is read as the same instant. */
#include "base/iso_date.h"
#include "message/date.h"

#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[ISO_DATE_SIZE];
    int64_t sec;
    int64_t again;
    if (size >= sizeof sec) {
        memcpy(&sec, data, sizeof sec);
        iso_date_format(sec, text);
        check(strlen(text) == sizeof "2026-11-23T20:24:50Z" - 1);
    }
    bool found = date_read((span){ (const char *)data, size }, &sec);
    check(found || sec == 0);
    if (found) {
        check(sec >= 0 && sec <= INT64_C(253402300799));
        iso_date_format(sec, text);
        check(date_read(span_from_string(text), &again) && again == sec);
    }
    return 0;
}
