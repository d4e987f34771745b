/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_MSEC = 1000, /* shorter work needs no bar */
    EVERY_MSEC = 100,
    BAR_CELLS = 40,
};

/* Carriage return, then erase to the end of the line (ECMA-48, EL). */
static const char erase_line[] = "\r\033[K";

static int64_t now_msec(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

progress progress_start(void)
{
    progress p = { .is_on = isatty(STDERR_FILENO) == 1 };
    if (p.is_on) {
        p.next_msec = now_msec() + FIRST_MSEC;
    }
    return p;
}

static void draw(double share, uint64_t count)
{
    if (share < 0) {
        fprintf(stderr, "%s%" PRIu64 " messages", erase_line, count);
        return;
    }
    double bounded = share < 1 ? share : 1;
    int filled = (int)(bounded * BAR_CELLS);
    char bar[BAR_CELLS + 1];
    memset(bar, ' ', BAR_CELLS);
    memset(bar, '=', (size_t)filled);
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "%s[%s] %3d %%, %" PRIu64 " messages", erase_line, bar, (int)(bounded * 100),
            count);
}

void progress_update(progress *p, double share, uint64_t count)
{
    if (!p->is_on) {
        return;
    }
    int64_t now = now_msec();
    if (now < p->next_msec) {
        return;
    }
    p->next_msec = now + EVERY_MSEC;
    p->is_shown = true;
    draw(share, count);
}

void progress_hide(progress *p)
{
    if (p->is_shown) {
        p->is_shown = false;
        fputs(erase_line, stderr);
    }
}
