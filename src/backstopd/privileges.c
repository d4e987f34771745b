/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/privileges.h"

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool become(const struct passwd *who)
{
    return initgroups(who->pw_name, who->pw_gid) == 0 &&
           setresgid(who->pw_gid, who->pw_gid, who->pw_gid) == 0 &&
           setresuid(who->pw_uid, who->pw_uid, who->pw_uid) == 0;
}

bool privileges_drop(const char *user, char **problem)
{
    /* Nothing that is executed from here on, by whatever mistake, gains rights. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        *problem = g_strdup_printf("cannot give up gaining rights: %s", g_strerror(errno));
        return false;
    }
    if (geteuid() != 0) {
        return true;
    }
    errno = 0;
    const struct passwd *who = getpwnam(user);
    if (who == NULL) {
        *problem = errno == 0 ? g_strdup_printf("there is no user \"%s\"", user)
                              : g_strdup_printf("user \"%s\": %s", user, g_strerror(errno));
        return false;
    }
    if (who->pw_uid == 0) {
        *problem = g_strdup_printf("\"%s\" is root, and the daemon does not serve as root", user);
        return false;
    }
    if (!become(who)) {
        *problem = g_strdup_printf("cannot become user \"%s\": %s", user, g_strerror(errno));
        return false;
    }
    if (setuid(0) == 0) {
        *problem = g_strdup("root's rights do not go away");
        return false;
    }
    return true;
}
