/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A configuration file, and what the loader says of it. To be included after <cmocka.h>. */
#ifndef BACKSTOP_TESTS_UNIT_CONFIG_FIXTURE_H
#define BACKSTOP_TESTS_UNIT_CONFIG_FIXTURE_H

#include "app/config.h"

#include <string.h>
#include <unistd.h>

typedef struct fixture {
    char *folder;
    char *file;
    GPtrArray *errors;
    config *loaded;
} fixture;

static inline int set_up(void **state)
{
    fixture *f = g_new0(fixture, 1);
    f->folder = g_dir_make_tmp("test-config-XXXXXX", NULL);
    f->file = g_build_filename(f->folder, "conf", NULL);
    f->errors = g_ptr_array_new_with_free_func(g_free);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    fixture *f = *state;
    config_free(f->loaded);
    unlink(f->file);
    rmdir(f->folder);
    g_free(f->file);
    g_free(f->folder);
    g_ptr_array_unref(f->errors);
    g_free(f);
    return 0;
}

static inline void load_bytes(fixture *f, const char *text, size_t len)
{
    assert_true(g_file_set_contents(f->file, text, (gssize)len, NULL));
    config_free(f->loaded);
    g_ptr_array_set_size(f->errors, 0);
    f->loaded = config_load(f->file, f->errors);
    assert_true((f->loaded == NULL) == (f->errors->len > 0));
}

static inline const config *load(fixture *f, const char *text)
{
    load_bytes(f, text, strlen(text));
    for (unsigned i = 0; i < f->errors->len; i++) {
        print_message("unexpected: %s\n", (const char *)g_ptr_array_index(f->errors, i));
    }
    assert_non_null(f->loaded);
    return f->loaded;
}

/* All errors of the file, one a line, without the file's name. */
static inline void assert_errors(fixture *f, const char *text, const char *expected)
{
    load_bytes(f, text, strlen(text));
    GString *got = g_string_new(NULL);
    for (unsigned i = 0; i < f->errors->len; i++) {
        const char *line = g_ptr_array_index(f->errors, i);
        assert_true(g_str_has_prefix(line, f->file));
        g_string_append_printf(got, "%s\n", line + strlen(f->file));
    }
    assert_string_equal(got->str, expected);
    g_string_free(got, TRUE);
}

static inline void assert_list(const GPtrArray *list, const char *expected)
{
    GString *got = g_string_new(NULL);
    for (unsigned i = 0; i < list->len; i++) {
        g_string_append_printf(got, "%s|", (const char *)g_ptr_array_index(list, i));
    }
    assert_string_equal(got->str, expected);
    g_string_free(got, TRUE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
