/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_screen.h"

#include "app/terminal.h"

#include <stdio.h>
#include <unistd.h>

sweep_screen sweep_screen_new(void)
{
    return (sweep_screen){
        .out = output_new(STDOUT_FILENO),
        .bar = progress_start(),
        .is_terminal = isatty(STDOUT_FILENO) == 1,
        .columns = terminal_columns(STDOUT_FILENO),
    };
}

void sweep_screen_free(sweep_screen *screen)
{
    output_free(&screen->out);
}

bool sweep_screen_flush(sweep_screen *screen)
{
    progress_hide(&screen->bar);
    return output_flush(&screen->out);
}

void sweep_screen_tell(sweep_screen *screen, const char *file, const char *text)
{
    g_autoptr(GString) line = g_string_new("backstop: ");
    if (file != NULL) {
        screen->errors++;
        terminal_append_escaped(line, file);
        g_string_append(line, ": ");
    }
    terminal_append_escaped(line, text);
    sweep_screen_flush(screen);
    fprintf(stderr, "%s\n", line->str);
}

void sweep_screen_error(const char *file, const char *why, void *context)
{
    sweep_screen_tell(context, file, why);
}
