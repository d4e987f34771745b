/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* read(2) and write(2) that go on after signals and short counts. */
#ifndef BACKSTOP_APP_DESCRIPTOR_H
#define BACKSTOP_APP_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads until `size` bytes are there or the end. How many; -1 and errno on an error. */
ssize_t descriptor_read(int fd, void *buffer, size_t size);

/* Writes all. False and errno on an error. */
bool descriptor_write(int fd, const void *bytes, size_t len);

#endif
