/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The callbacks of libmilter. They collect what the mail server says, and hand it on. */
#include "backstopd/milter.h"

#include "backstopd/incoming.h"
#include "backstopd/route.h"
#include "backstopd/session.h"
#include "backstopd/socket_file.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    LISTEN_BACKLOG = 1024,     /* mail servers connect in bursts */
    MAILS_MSEC = 10 * 1000,    /* for mails on their way, while it still listens */
    CALLBACKS_MSEC = 2 * 1000, /* for what runs when it has ended */
    POLL_MSEC = 10,
    DESCRIPTORS_TRIED = 256, /* at the start few are open */
    DESCRIPTORS_KEPT = 48,   /* for the store, the log and the files that are written */
    AWAY_SEC = 600,          /* a client who came without us may send mail for so long ... */
    AWAY_NOTED_SEC = 60,     /* ... which is noted so often */
    NR_STEPS = SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR,
};

/* libmilter hands no pointer of ours to its callbacks, so the process's one milter stands here. */
static struct {
    /* Set before libmilter starts. */
    service *service;
    bool is_inet;          /* mail servers reach it over TCP */
    struct sockaddr_un at; /* where it listens, unless it is that */
    unsigned sessions_max;

    atomic_uint sessions; /* connections that have negotiated */
    /* When it was last noted that one more was turned away; 0: never. */
    _Atomic(int64_t) away_sec;
    atomic_uint mails;     /* between their sender and their end */
    atomic_uint callbacks; /* that run now */
    /* Of the protocol: what each mail server that negotiated has agreed to. */
    atomic_ulong steps;
    atomic_bool can_be_woken; /* it listens at `at` */
    atomic_bool is_stopped;
    atomic_bool is_over; /* the service may be gone: nothing is touched any more */
} the_milter;

/* libmilter's threads outlive smfi_main(). */
static bool enter(void)
{
    atomic_fetch_add(&the_milter.callbacks, 1);
    if (atomic_load(&the_milter.is_over)) {
        atomic_fetch_sub(&the_milter.callbacks, 1);
        return false;
    }
    return true;
}

static sfsistat leave(sfsistat answer)
{
    atomic_fetch_sub(&the_milter.callbacks, 1);
    return answer;
}

/* The connection's session; NULL if libmilter has none, which ends the callback. */
static session *enter_session(SMFICTX *context)
{
    if (!enter()) {
        return NULL;
    }
    session *s = smfi_getpriv(context);
    if (s == NULL) {
        leave(SMFIS_TEMPFAIL);
    }
    return s;
}

static void end_mail(session *s)
{
    if (s->settings != NULL) {
        atomic_fetch_sub(&the_milter.mails, 1);
    }
    session_end(s);
}

/* What a step is answered that the mail server waits at, or does not. */
static sfsistat go_on(const session *s, unsigned long step)
{
    return (s->steps & step) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static void ask_for_macros(SMFICTX *context)
{
    char connect[] = "{daemon_name}";
    char sender[] = "{auth_authen} {auth_type} i";
    char recipient[] = "{rcpt_addr} {rcpt_mailer}";
    char end[] = "i";
    smfi_setsymlist(context, SMFIM_CONNECT, connect);
    smfi_setsymlist(context, SMFIM_ENVFROM, sender);
    smfi_setsymlist(context, SMFIM_ENVRCPT, recipient);
    smfi_setsymlist(context, SMFIM_EOH, end);
    smfi_setsymlist(context, SMFIM_EOM, end);
}

/* Without a descriptor, libmilter could not take a connection, and the mail server would wait half
 * a minute for us to speak, and go on without: we would not even know that mail goes out unsigned.
 * So those that are too many are turned away while we can. */
static void turn_away(service *s)
{
    int64_t now_sec = service_now(s);
    int64_t before_sec = atomic_load(&the_milter.away_sec);
    bool is_noted =
        before_sec != 0 && before_sec <= now_sec && now_sec - before_sec < AWAY_NOTED_SEC;
    if (is_noted || !atomic_compare_exchange_strong(&the_milter.away_sec, &before_sec, now_sec)) {
        return;
    }
    const service_settings *settings = service_take(s);
    service_log(s, LOG_ERR, NULL,
                "error: %u connections are all that the limit of file descriptors allows; others "
                "are left to the mail server's default action",
                the_milter.sessions_max);
    service_note_gap(s, settings, now_sec, now_sec + AWAY_SEC);
    service_give(settings);
}

static session *begin_session(SMFICTX *context)
{
    session *s = session_new(context, the_milter.service);
    atomic_fetch_add(&the_milter.sessions, 1);
    smfi_setpriv(context, s);
    return s;
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
                             unsigned long unused2, unsigned long unused3,
                             unsigned long *our_actions, unsigned long *our_steps,
                             unsigned long *our2, unsigned long *our3)
{
    (void)unused2;
    (void)unused3;
    if (!enter()) {
        return SMFIS_REJECT;
    }
    if (atomic_load(&the_milter.sessions) >= the_milter.sessions_max) {
        turn_away(the_milter.service);
        return leave(SMFIS_REJECT);
    }
    session *s = begin_session(context);
    const service_settings *settings = service_take(the_milter.service);
    unsigned long wanted = NR_STEPS | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_SKIP;
    /* Over TCP each step is answered, for the answer carries the acknowledgement that the mail
     * server's next bytes wait for: else they wait for 40 ms (docs/postfix.md). */
    if (the_milter.is_inet) {
        wanted &= ~(unsigned long)NR_STEPS;
    } else if (settings->config->refuse_at_data->len == 0) {
        wanted |= SMFIP_NODATA;
    }
    service_give(settings);
    s->steps = wanted & steps;
    atomic_fetch_and(&the_milter.steps, s->steps);
    *our_actions =
        actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT |
                   SMFIF_QUARANTINE | SMFIF_CHGFROM | SMFIF_ADDRCPT_PAR | SMFIF_SETSYMLIST);
    *our_steps = s->steps;
    *our2 = 0;
    *our3 = 0;
    if ((actions & SMFIF_SETSYMLIST) != 0) {
        ask_for_macros(context);
    }
    return leave(SMFIS_CONTINUE);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libmilter says what its callbacks take. */
static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    char daemon_name[] = "{daemon_name}";
    if (!enter()) {
        return SMFIS_TEMPFAIL;
    }
    session *s = smfi_getpriv(context);
    if (s == NULL) {
        /* The mail server uses the connection again, without negotiating anew (SMFIC_QUIT_NC), and
         * libmilter has us forget the session, and does not tell what was negotiated. What all have
         * agreed to, this one has as well. */
        s = begin_session(context);
        s->steps = atomic_load(&the_milter.steps);
    }
    session_set_client(s, host, address, smfi_getsymval(context, daemon_name));
    return leave(go_on(s, SMFIP_NR_CONN));
}

static sfsistat on_sender(SMFICTX *context, char **words)
{
    char auth[] = "{auth_authen}";
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    end_mail(s);
    session_begin(s);
    atomic_fetch_add(&the_milter.mails, 1);
    const char *user = smfi_getsymval(context, auth);
    s->has_auth = user != NULL && user[0] != '\0';
    transaction_set_sender(&s->mail, words[0]);
    return leave(go_on(s, SMFIP_NR_MAIL));
}

static sfsistat on_recipient(SMFICTX *context, char **words)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    incoming_add_recipient(s, words);
    return leave(go_on(s, SMFIP_NR_RCPT));
}

static sfsistat on_data(SMFICTX *context)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    return leave(incoming_refuses_data(s) ? SMFIS_REJECT : SMFIS_CONTINUE);
}

static sfsistat on_field(SMFICTX *context, char *name, char *value)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    transaction_add_field(&s->mail, name, value);
    return leave(go_on(s, SMFIP_NR_HDR));
}

static sfsistat on_header_end(SMFICTX *context)
{
    sfsistat answer = SMFIS_CONTINUE;
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    transaction_end_header(&s->mail);
    route_choose(s);
    if (s->route == ROUTE_PASS) {
        answer = SMFIS_ACCEPT;
        end_mail(s);
    }
    return leave(answer);
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t len)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    bool wants_body = s->route == ROUTE_JUDGE || s->route == ROUTE_OWN;
    if (wants_body) {
        transaction_add_body(&s->mail, (const char *)bytes, len);
        wants_body = !transaction_is_full(&s->mail);
    }
    return leave(wants_body || (s->steps & SMFIP_SKIP) == 0 ? SMFIS_CONTINUE : SMFIS_SKIP);
}

static sfsistat on_end(SMFICTX *context)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_TEMPFAIL;
    }
    sfsistat answer = s->settings == NULL ? SMFIS_ACCEPT : route_finish(s);
    end_mail(s);
    return leave(answer);
}

static sfsistat on_abort(SMFICTX *context)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_CONTINUE;
    }
    end_mail(s);
    return leave(SMFIS_CONTINUE);
}

static sfsistat on_close(SMFICTX *context)
{
    session *s = enter_session(context);
    if (s == NULL) {
        return SMFIS_CONTINUE;
    }
    end_mail(s);
    session_free(s);
    atomic_fetch_sub(&the_milter.sessions, 1);
    smfi_setpriv(context, NULL);
    return leave(SMFIS_CONTINUE);
}

static bool register_callbacks(void)
{
    char name[] = "backstopd";
    const struct smfiDesc description = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT |
                      SMFIF_QUARANTINE | SMFIF_CHGFROM | SMFIF_ADDRCPT_PAR | SMFIF_SETSYMLIST,
        .xxfi_connect = on_connect,
        .xxfi_envfrom = on_sender,
        .xxfi_envrcpt = on_recipient,
        .xxfi_header = on_field,
        .xxfi_eoh = on_header_end,
        .xxfi_body = on_body,
        .xxfi_eom = on_end,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_data = on_data,
        .xxfi_negotiate = on_negotiate,
    };
    return smfi_register(description) == MI_SUCCESS;
}

/* Connections get this from the socket that they come in at, which libmilter keeps to itself: the
 * changes to a mail and the answer after them are small packets, of which the second would wait
 * until the first is acknowledged. Without it all works, and slower. */
static void set_no_delay(void)
{
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = 0; fd < MIN(most, DESCRIPTORS_TRIED); fd++) {
        int is_listening = 0, domain = 0, yes = 1;
        socklen_t len = sizeof(is_listening);
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 && is_listening &&
            getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain != AF_UNIX) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        }
    }
}

static bool listen_at(service *s)
{
    const service_settings *settings = service_take(s);
    g_autofree char *address = g_strdup(settings->config->milter);
    service_give(settings);
    const char *path = socket_file_path(address);
    the_milter.is_inet = path == NULL;
    if (path != NULL) {
        the_milter.at.sun_family = AF_UNIX;
        g_strlcpy(the_milter.at.sun_path, path, sizeof(the_milter.at.sun_path));
    }
    if (!service_before_listening(s)) {
        return false;
    }
    if (smfi_setconn(address) != MI_SUCCESS || smfi_setbacklog(LISTEN_BACKLOG) != MI_SUCCESS ||
        !register_callbacks() || smfi_opensocket(false) != MI_SUCCESS) {
        service_log(s, LOG_ERR, NULL, "error: cannot listen at %s", address);
        return false;
    }
    if (the_milter.is_inet) {
        set_no_delay();
    }
    atomic_store(&the_milter.can_be_woken, !the_milter.is_inet);
    return service_after_listening(s);
}

static void pause_shortly(void)
{
    const struct timespec pause = { .tv_nsec = POLL_MSEC * 1000000L };
    nanosleep(&pause, NULL);
}

/* False if it does not become zero in time. */
static bool wait_for_none(const atomic_uint *count, int patience_msec)
{
    for (int waited = 0; atomic_load(count) > 0; waited += POLL_MSEC) {
        if (waited >= patience_msec) {
            return false;
        }
        pause_shortly();
    }
    return true;
}

static unsigned find_sessions_max(void)
{
    long most = sysconf(_SC_OPEN_MAX);
    return most < 0 ? UINT_MAX : (unsigned)(MAX(most - DESCRIPTORS_KEPT, 1));
}

int milter_run(service *s)
{
    the_milter.service = s;
    atomic_store(&the_milter.steps, ~0UL);
    the_milter.sessions_max = find_sessions_max();
    if (!listen_at(s)) {
        return -1;
    }
    int result = smfi_main() == MI_SUCCESS ? 0 : -1;
    service_end_listening(s);
    atomic_store(&the_milter.is_over, true);
    if (!wait_for_none(&the_milter.callbacks, CALLBACKS_MSEC)) {
        service_log(s, LOG_WARNING, NULL, "a mail is still being judged after %d s",
                    CALLBACKS_MSEC / 1000);
    }
    return result;
}

/* libmilter looks whether it is to stop when somebody connects, and else every 5 s; until then
 * smfi_stop() waits as well. */
static void *wake_libmilter(void *unused)
{
    (void)unused;
    while (!atomic_load(&the_milter.is_stopped)) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0) {
            (void)connect(fd, (const struct sockaddr *)&the_milter.at, sizeof(the_milter.at));
            close(fd);
        }
        pause_shortly();
    }
    return NULL;
}

void milter_stop(service *s)
{
    if (!wait_for_none(&the_milter.mails, MAILS_MSEC)) {
        service_log(s, LOG_NOTICE, NULL,
                    "mails on their way are left to the mail server's default action");
    }
    service_end_listening(s);
    pthread_t waker;
    bool is_woken = atomic_load(&the_milter.can_be_woken) &&
                    pthread_create(&waker, NULL, wake_libmilter, NULL) == 0;
    smfi_stop();
    atomic_store(&the_milter.is_stopped, true);
    if (is_woken) {
        pthread_join(waker, NULL);
    }
}
