/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Backstop's part in bench/recognise: the library alone, messages in memory.
 *
 * Usage: recognise SECONDS < LIST, one path a line. Prints for each file, in order,
 * "answer TAB 1 or 0 (a notice or not) TAB recipients, comma-separated"; then, having read all of
 * them over and over for SECONDS of CPU time, "time TAB messages TAB CPU seconds".
 */
#include <backstop/notice.h>

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* NULL for a file without content. To be freed with backstop_notice_free(). */
static backstop_notice *read_notice(const GString *mail)
{
    backstop_message *message = NULL;
    if (backstop_message_read(mail->str, mail->len, NULL, &message) != BACKSTOP_OK) {
        return NULL;
    }
    backstop_notice *notice = backstop_notice_read(message);
    backstop_message_free(message);
    return notice;
}

/* The other tools in the comparison do not name the recipients that were reached. */
static bool was_reached(const backstop_recipient *recipient)
{
    const char *action = backstop_recipient_action(recipient);
    return action != NULL && (strcmp(action, "delivered") == 0 || strcmp(action, "relayed") == 0 ||
                              strcmp(action, "expanded") == 0);
}

static void print_answer(const backstop_notice *notice)
{
    bool is_notice = notice != NULL && backstop_notice_kind(notice) != BACKSTOP_KIND_NONE;
    printf("answer\t%d\t", is_notice);
    const char *comma = "";
    for (size_t i = 0; is_notice && i < backstop_notice_recipient_count(notice); i++) {
        const backstop_recipient *recipient = backstop_notice_recipient(notice, i);
        const char *address = backstop_recipient_address(recipient);
        if (address != NULL && !was_reached(recipient)) {
            printf("%s%s", comma, address);
            comma = ",";
        }
    }
    putchar('\n');
}

static void free_mail(gpointer mail)
{
    g_string_free(mail, TRUE);
}

static GPtrArray *load_mails(void)
{
    GPtrArray *mails = g_ptr_array_new_with_free_func(free_mail);
    char path[4096];
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        char *bytes = NULL;
        gsize len = 0;
        g_autoptr(GError) error = NULL;
        if (!g_file_get_contents(path, &bytes, &len, &error)) {
            fprintf(stderr, "recognise: %s\n", error->message);
            exit(1);
        }
        g_ptr_array_add(mails, g_string_new_len(bytes, (gssize)len));
        g_free(bytes);
    }
    return mails;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: recognise SECONDS < LIST\n", stderr);
        return 64;
    }
    double limit_sec = g_ascii_strtod(argv[1], NULL);
    g_autoptr(GPtrArray) mails = load_mails();
    for (guint i = 0; i < mails->len; i++) {
        backstop_notice *notice = read_notice(g_ptr_array_index(mails, i));
        print_answer(notice);
        backstop_notice_free(notice);
    }
    unsigned long count = 0;
    double started = cpu_seconds();
    while (mails->len > 0 && cpu_seconds() - started < limit_sec) {
        for (guint i = 0; i < mails->len; i++) {
            backstop_notice_free(read_notice(g_ptr_array_index(mails, i)));
        }
        count += mails->len;
    }
    printf("time\t%lu\t%.6f\n", count, cpu_seconds() - started);
    return 0;
}
