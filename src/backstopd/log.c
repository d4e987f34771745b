/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/log.h"

#include "app/descriptor.h"
#include "app/terminal.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

void log_open(daemon_log *l, bool to_syslog)
{
    openlog("backstopd", LOG_PID, LOG_MAIL);
    atomic_init(&l->to_syslog, to_syslog);
}

void log_direct(daemon_log *l, bool to_syslog)
{
    atomic_store(&l->to_syslog, to_syslog);
}

/* Between characters. */
static void cut(GString *line)
{
    static const char mark[] = "...";
    if (line->len > LOG_LINE_MAX) {
        const char *end = g_utf8_find_prev_char(line->str, line->str + LOG_LINE_MAX - sizeof(mark));
        g_string_truncate(line, end == NULL ? 0 : (gsize)(end - line->str));
        g_string_append(line, mark);
    }
}

void log_write(daemon_log *l, int priority, const char *queue_id, const char *text)
{
    int kept = errno;
    g_autoptr(GString) line = g_string_new(NULL);
    if (queue_id != NULL && queue_id[0] != '\0') {
        terminal_append_escaped(line, queue_id);
        g_string_append(line, ": ");
    }
    terminal_append_escaped(line, text);
    cut(line);
    if (atomic_load(&l->to_syslog)) {
        syslog(priority, "%s", line->str);
    } else {
        g_string_prepend(line, "backstopd: ");
        g_string_append_c(line, '\n');
        /* In one call, so that lines of several threads do not mix. Nobody is left to be told
         * that it failed. */
        (void)descriptor_write(STDERR_FILENO, line->str, line->len);
    }
    errno = kept;
}

void log_append_pair(GString *line, const char *key, const char *value)
{
    if (value == NULL) {
        return;
    }
    if (line->len > 0) {
        g_string_append_c(line, ' ');
    }
    g_string_append_printf(line, "%s=", key);
    if (value[0] != '\0' && strpbrk(value, " \t\n\v\f\r\"\\") == NULL) {
        g_string_append(line, value);
        return;
    }
    g_string_append_c(line, '"');
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            g_string_append_c(line, '\\');
        }
        g_string_append_c(line, *c);
    }
    g_string_append_c(line, '"');
}
