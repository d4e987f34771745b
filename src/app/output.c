/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/output.h"

#include <errno.h>
#include <unistd.h>

/* What one write() takes: large enough that its cost vanishes, small enough for the cache. */
static const size_t output_bytes = (size_t)64 * 1024;

output output_new(int fd)
{
    return (output){ .text = g_string_sized_new(2 * output_bytes), .fd = fd };
}

void output_free(output *out)
{
    g_string_free(out->text, TRUE);
    out->text = NULL;
}

bool output_is_large(const output *out)
{
    return out->text->len >= output_bytes;
}

bool output_flush(output *out)
{
    size_t done = 0;
    while (out->error == 0 && done < out->text->len) {
        ssize_t n = write(out->fd, out->text->str + done, out->text->len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            out->error = errno;
        }
    }
    g_string_truncate(out->text, 0);
    return out->error == 0;
}
