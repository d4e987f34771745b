/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/small_file.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

/* Up to `max_bytes`, and one more if there are more. The error is errno's; 0: none. */
static GString *read_bytes(const char *path, size_t max_bytes, int *error)
{
    GString *bytes = g_string_new(NULL);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *error = errno;
        return bytes;
    }
    char block[4096];
    size_t n;
    while (bytes->len <= max_bytes && (n = fread(block, 1, sizeof block, file)) > 0) {
        g_string_append_len(bytes, block, (gssize)n);
    }
    *error = ferror(file) ? errno : 0;
    fclose(file);
    return bytes;
}

char *small_file_read(const char *path, size_t max_bytes, size_t *len, char **problem)
{
    int error;
    GString *bytes = read_bytes(path, max_bytes, &error);
    *problem = NULL;
    *len = bytes->len;
    if (error != 0) {
        *problem = g_strdup(g_strerror(error));
    } else if (bytes->len > max_bytes) {
        *problem = g_strdup_printf("is longer than %zu bytes", max_bytes);
    } else if (strlen(bytes->str) < bytes->len) {
        *problem = g_strdup("holds a NUL byte: it is not a text file");
    }
    return g_string_free(bytes, *problem != NULL);
}
