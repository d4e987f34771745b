/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sends one file through the whole path, from backstop_message_read() to every accessor, and
 * prints what it took. Called by test_hostile.py, a process a file, so that the peak of memory is
 * that file's.
 *
 * measure RUNS FILE
 *     CPU seconds of the path (the best of RUNS), those of all part bodies, and the peak memory in
 *     KiB over that before the file was loaded: after the path, and after the bodies as well
 * measure cut STEP FILE...
 *     reads each file truncated at every STEP-th byte; prints how often
 */
#include <backstop/notice.h>

#include <glib.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the accessors returned, so that none of the calls is for nothing. */
typedef struct harvest {
    size_t bytes;
    size_t items;
} harvest;

static void take(harvest *h, const char *text)
{
    h->bytes += text == NULL ? 0 : strlen(text);
    h->items++;
}

static void take_own(harvest *h, char *text)
{
    take(h, text);
    backstop_text_free(text);
}

static void take_message(harvest *h, const backstop_message *message)
{
    static const char *const names[] = { "From", "To",         "Cc",       "Subject",
                                         "Date", "Message-ID", "Received", "Content-Type" };
    size_t len;
    h->items += backstop_message_is_cut(message);
    for (size_t i = 0; i < backstop_message_field_count(message); i++) {
        h->items += backstop_message_field_name(message, i, &len) != NULL;
        h->bytes += len;
        h->items += backstop_message_field_value(message, i, &len) != NULL;
        h->bytes += len;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        take_own(h, backstop_message_field_text(message, names[i]));
    }
    for (size_t i = 0; i < backstop_message_part_count(message); i++) {
        h->items += (size_t)(backstop_message_part_parent(message, i) + 1);
        take_own(h, backstop_message_part_type(message, i));
    }
}

static void take_recipients(harvest *h, const backstop_notice *notice)
{
    for (size_t i = 0; i < backstop_notice_recipient_count(notice); i++) {
        const backstop_recipient *recipient = backstop_notice_recipient(notice, i);
        take(h, backstop_recipient_address(recipient));
        take(h, backstop_recipient_final(recipient));
        take(h, backstop_recipient_original(recipient));
        take(h, backstop_recipient_action(recipient));
        take(h, backstop_reason_name(backstop_recipient_reason(recipient)));
        take(h, backstop_recipient_status(recipient));
        take(h, backstop_recipient_reply(recipient));
        take(h, backstop_recipient_diagnostic(recipient));
    }
}

static void take_returned(harvest *h, const backstop_returned *returned)
{
    int64_t sec;
    size_t len;
    take(h, backstop_form_name(backstop_returned_form(returned)));
    h->items += backstop_returned_is_complete(returned);
    take(h, backstop_returned_message_id(returned));
    take(h, backstop_returned_sender(returned));
    take(h, backstop_returned_from(returned));
    take(h, backstop_returned_subject(returned));
    h->items += backstop_returned_date(returned, &sec);
    for (size_t i = 0; i < backstop_returned_to_count(returned); i++) {
        take(h, backstop_returned_to(returned, i));
    }
    for (size_t i = 0; i < backstop_returned_hop_count(returned); i++) {
        const backstop_hop *hop = backstop_returned_hop(returned, i);
        take(h, backstop_hop_from(hop));
        take(h, backstop_hop_ip(hop));
        take(h, backstop_hop_by(hop));
        h->items += backstop_hop_date(hop, &sec);
    }
    h->items += backstop_returned_body(returned, &len) != NULL;
    h->bytes += len;
}

static void take_notice(harvest *h, const backstop_notice *notice)
{
    int64_t sec;
    take(h, backstop_kind_name(backstop_notice_kind(notice)));
    take(h, backstop_reason_name(backstop_notice_reason(notice)));
    take(h, backstop_notice_status(notice));
    take(h, backstop_notice_reply(notice));
    take(h, backstop_notice_reporting_mta(notice));
    h->items += backstop_notice_arrival_date(notice, &sec);
    h->items += backstop_notice_is_cut(notice);
    take_recipients(h, notice);
    take_returned(h, backstop_notice_returned(notice));
    take_own(h, backstop_notice_explain(notice));
}

static void run_path(harvest *h, const char *bytes, size_t len)
{
    backstop_message *message;
    if (backstop_message_read(bytes, len, NULL, &message) != BACKSTOP_OK) {
        return;
    }
    backstop_notice *notice = backstop_notice_read(message);
    take_message(h, message);
    take_notice(h, notice);
    backstop_notice_free(notice);
    backstop_message_free(message);
}

static void run_bodies(harvest *h, const char *bytes, size_t len)
{
    backstop_message *message;
    if (backstop_message_read(bytes, len, NULL, &message) != BACKSTOP_OK) {
        return;
    }
    for (size_t i = 0; i < backstop_message_part_count(message); i++) {
        take_own(h, backstop_message_part_body(message, i, NULL));
    }
    backstop_message_free(message);
}

static double cpu_sec(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The peak of resident memory, of this program alone: getrusage() counts from before exec(). */
static long peak_kib(void)
{
    g_autofree char *status = NULL;
    if (!g_file_get_contents("/proc/self/status", &status, NULL, NULL)) {
        return 0;
    }
    const char *peak = strstr(status, "VmHWM:");
    return peak == NULL ? 0 : strtol(peak + strlen("VmHWM:"), NULL, 10);
}

/* Just as long as the file, so that a byte read behind its end is seen by the sanitizers. */
static char *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "measure: cannot read %s\n", path);
        exit(2);
    }
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = g_malloc(*len);
    if (fread(bytes, 1, *len, file) != *len) {
        fprintf(stderr, "measure: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

/* From here on memory stays with the process once it was touched: what the kernel takes to hand out
 * a page says nothing of us, and differs from machine to machine by more than the work does. */
static void keep_memory(void)
{
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

/* The CPU seconds of the fastest of `runs` runs. */
static double time_best(void (*run)(harvest *h, const char *bytes, size_t len), long runs,
                        harvest *h, const char *bytes, size_t len)
{
    double best = 0;
    for (long i = 0; i < runs; i++) {
        double start = cpu_sec();
        run(h, bytes, len);
        double took = cpu_sec() - start;
        best = i == 0 || took < best ? took : best;
    }
    return best;
}

static int measure(const char *path, long runs)
{
    harvest h = { 0, 0 };
    size_t len;
    long before = peak_kib();
    char *bytes = load(path, &len);
    run_path(&h, bytes, len);
    long path_kib = peak_kib() - before;
    run_bodies(&h, bytes, len);
    long bodies_kib = peak_kib() - before;
    keep_memory();
    double path_sec = time_best(run_path, runs, &h, bytes, len);
    double bodies_sec = time_best(run_bodies, runs, &h, bytes, len);
    printf("%.6f %.6f %ld %ld\n", path_sec, bodies_sec, path_kib, bodies_kib);
    g_free(bytes);
    return h.items > 0 ? 0 : 1;
}

static size_t cut_file(const char *path, size_t step)
{
    harvest h = { 0, 0 };
    size_t len, count = 0;
    char *bytes = load(path, &len);
    for (size_t end = 0; end < len; end += step) {
        char *head = g_memdup2(bytes, end);
        run_path(&h, head, end);
        g_free(head);
        count++;
    }
    g_free(bytes);
    return count;
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        return measure(argv[2], strtol(argv[1], NULL, 10));
    }
    if (argc < 4 || strcmp(argv[1], "cut") != 0) {
        fputs("usage: measure RUNS FILE | measure cut STEP FILE...\n", stderr);
        return 64;
    }
    size_t count = 0;
    for (int i = 3; i < argc; i++) {
        count += cut_file(argv[i], (size_t)strtol(argv[2], NULL, 10));
    }
    printf("%zu\n", count);
    return 0;
}
