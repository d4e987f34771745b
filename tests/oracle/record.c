/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "record.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const record_fields[] = { "From", "To", "Cc", "Subject", "Date", "Message-ID", NULL };
const char *const record_address_fields[] = { "From", "To", "Cc", NULL };

void record_item(const char *key, const char *bytes, size_t len)
{
    printf("%s %zu\n", key, len);
    fwrite(bytes, 1, len, stdout);
    putchar('\n');
}

void record_numbered_item(const char *key, size_t number, const char *bytes, size_t len)
{
    g_autofree char *name = g_strdup_printf("%s/%zu", key, number);
    record_item(name, bytes, len);
}

int record_main(record_reader read_message)
{
    char *name = NULL;
    size_t size = 0;
    ssize_t len;
    while ((len = getline(&name, &size, stdin)) > 0) {
        g_autofree char *bytes = NULL;
        gsize bytes_len;
        name[strcspn(name, "\n")] = '\0';
        if (!g_file_get_contents(name, &bytes, &bytes_len, NULL)) {
            fprintf(stderr, "%s cannot be read\n", name);
            free(name);
            return 1;
        }
        read_message(bytes, bytes_len);
        record_item("end", name, strlen(name));
        fflush(stdout);
    }
    free(name);
    return 0;
}
