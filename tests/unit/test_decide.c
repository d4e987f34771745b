/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The decision table of docs/how-it-decides.md against the code: each row, and that there is a row
 * for everything that can happen. */
#include "verdict/decide.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { COLUMNS = 5, STRENGTHS = BACKSTOP_STRENGTH_PROOF + 1 };

static backstop_strength read_strength(const char *text)
{
    for (unsigned s = BACKSTOP_STRENGTH_HINT; s < STRENGTHS; s++) {
        if (g_str_equal(text, backstop_strength_name((backstop_strength)s))) {
            return (backstop_strength)s;
        }
    }
    assert_string_equal(text, "none");
    return BACKSTOP_STRENGTH_NONE;
}

typedef struct row {
    backstop_strength genuine, forged;
    bool is_proven_forged;
    char *verdict, *confidence;
} row;

/* False if the line is no row of the table. */
static bool read_row(const char *line, row *out)
{
    g_auto(GStrv) cells = g_strsplit(line, "|", -1);
    if (g_strv_length(cells) != COLUMNS + 2 || !g_str_has_prefix(line, "| ")) {
        return false;
    }
    for (unsigned i = 0; i < COLUMNS + 2; i++) {
        g_strstrip(cells[i]);
    }
    if (!g_str_equal(cells[3], "yes") && !g_str_equal(cells[3], "no")) {
        return false;
    }
    *out = (row){ read_strength(cells[1]), read_strength(cells[2]), g_str_equal(cells[3], "yes"),
                  g_strdup(cells[4]), g_strdup(cells[5]) };
    return true;
}

static void check_row(const row *r)
{
    decision d = decide(r->genuine, r->forged, r->is_proven_forged);
    const char *confidence = backstop_confidence_name(d.confidence);
    assert_string_equal(backstop_verdict_name(d.verdict), r->verdict);
    assert_string_equal(confidence == NULL ? "-" : confidence, r->confidence);
}

static void documented_table_is_the_code(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(DOCS_DIR "/how-it-decides.md", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned seen[STRENGTHS][STRENGTHS][2] = { 0 };
    for (char **line = lines; *line != NULL; line++) {
        row r;
        if (read_row(*line, &r)) {
            check_row(&r);
            seen[r.genuine][r.forged][r.is_proven_forged]++;
            g_free(r.verdict);
            g_free(r.confidence);
        }
    }
    for (unsigned g = 0; g < STRENGTHS; g++) {
        for (unsigned f = 0; f < BACKSTOP_STRENGTH_PROOF; f++) {
            assert_int_equal(seen[g][f][0], 1);
        }
    }
    assert_int_equal(seen[BACKSTOP_STRENGTH_NONE][BACKSTOP_STRENGTH_LIKELY][1], 1);
}

static void proof_wins_over_everything(void **state)
{
    (void)state;
    for (unsigned forged = 0; forged < STRENGTHS; forged++) {
        decision d = decide(BACKSTOP_STRENGTH_PROOF, (backstop_strength)forged, false);
        assert_int_equal(d.verdict, BACKSTOP_VERDICT_GENUINE);
        assert_int_equal(d.confidence, BACKSTOP_CONFIDENCE_PROVEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_table_is_the_code),
        cmocka_unit_test(proof_wins_over_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
