/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the service manager is told (sd_notify(3)), if one started the daemon. */
#ifndef BACKSTOP_BACKSTOPD_NOTIFY_H
#define BACKSTOP_BACKSTOPD_NOTIFY_H

/* The socket listens: mail may come. Also the end of a reload. */
void notify_ready(void);

void notify_reloading(void);
void notify_stopping(void);

/* One line for `systemctl status`. */
void notify_status(const char *text);

#endif
