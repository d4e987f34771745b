/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A folder for one test: the state is its path. Included behind cmocka.h. */
#ifndef BACKSTOP_TESTS_TEMPORARY_FOLDER_H
#define BACKSTOP_TESTS_TEMPORARY_FOLDER_H

#include <dirent.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Takes away what lies in the folder, which tests make two levels deep at most. */
static inline void temporary_folder_empty(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        g_autofree char *inner = g_build_filename(path, entry->d_name, NULL);
        struct stat info;
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..")) {
            continue;
        }
        if (lstat(inner, &info) == 0 && S_ISDIR(info.st_mode)) {
            chmod(inner, 0700);
            temporary_folder_empty(inner); /* NOLINT(misc-no-recursion) */
            rmdir(inner);
        } else {
            unlink(inner);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static inline int temporary_folder_make(void **state)
{
    *state = g_dir_make_tmp("backstop-XXXXXX", NULL);
    return *state == NULL ? -1 : 0;
}

static inline int temporary_folder_remove(void **state)
{
    temporary_folder_empty(*state);
    rmdir(*state);
    g_free(*state);
    return 0;
}

/* The content of a file. */
static inline char *temporary_folder_get(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *content = NULL;
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    return content;
}

static inline void temporary_folder_put(const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, content, -1, NULL));
}

static inline bool temporary_folder_has(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

#endif
