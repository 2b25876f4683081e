/* report.c: what a person reads of a run. */
#include "cli/report.h"

#include "base/argv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *report_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

char *report_argv(const json_t *words)
{
    char **argv = NULL;
    char *text;
    const json_t *word;
    size_t i;

    json_array_foreach(words, i, word) argv =
        argv_add(argv, json_is_string(word) ? json_string_value(word) : "");
    text = argv ? argv_text(argv) : mem_dup("");
    argv_free(argv);
    return text;
}

const char *report_status_words(const char *status)
{
    static const char *const words[][2] = {
        {"healthy", "healthy"},
        {"cause-found", "a cause was found, nothing was changed"},
        {"inconclusive", "the cause could not be found"},
        {"unreachable", "could not be reached"},
        {"fixed", "fixed, and checked"},
        {"not-fixed", "the change did not help and was put back"},
        {"failed", "failed"},
        {"rolled-back", "the change failed, everything was put back"},
        {"refused", "refused, nothing was changed"},
    };
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], status) == 0)
            return words[i][1];
    return status;
}

const char *report_exit_words(int code, const char *mode)
{
    switch (code) {
    case 0:
        if (strcmp(mode, "undo") == 0)
            return "taken back";
        return strcmp(mode, "fix") == 0 || strcmp(mode, "apply") == 0 ? "healthy or fixed"
                                                                      : "healthy";
    case 1:
        return "error";
    case 2:
        return "cause found, nothing changed";
    case 3:
        return "no cause confirmed";
    case 4:
        return "host not reached";
    case 5:
        return "refused";
    case 6:
        return "failed, put back";
    case 7:
        return "no cure, put back";
    case 8:
        return "PUTTING BACK FAILED";
    case 65:
        return "playbook or plan wrong";
    case 130:
        return "interrupted";
    default:
        return "not closed";
    }
}

static enum look status_look(const char *status)
{
    if (strcmp(status, "healthy") == 0 || strcmp(status, "fixed") == 0)
        return LOOK_GOOD;
    return strcmp(status, "cause-found") == 0 || strcmp(status, "inconclusive") == 0 ? LOOK_WARN
                                                                                     : LOOK_BAD;
}

static bool recommended(const json_t *fix)
{
    return json_is_true(json_object_get(fix, "recommended"));
}

json_t *report_fixes_of(const json_t *host, const json_t *cause)
{
    json_t *list = json_array();
    const char *playbook = report_text(cause, "playbook");
    json_t *fix;
    size_t i;

    json_array_foreach(json_object_get(host, "fixes"), i, fix)
    {
        if (strcmp(report_text(fix, "playbook"), playbook) != 0)
            continue;
        if (recommended(fix))
            json_array_insert(list, 0, fix);
        else
            json_array_append(list, fix);
    }
    return list;
}

static void put_unfinished(const struct style *s, const json_t *host)
{
    if (*report_text(host, "unfinished"))
        style_wrap(s, LOOK_WARN, 2, "Unfinished: ", report_text(host, "unfinished"));
}

void report_verdicts(const struct style *s, const json_t *document)
{
    const json_t *host, *cause;
    size_t i, j;

    json_array_foreach(json_object_get(document, "hosts"), i, host)
    {
        const char *status = report_text(host, "status");
        json_t *causes = report_causes(host, "confirmed");

        style_line(s, status_look(status), 0, "%s: %s%s%s", report_text(host, "host"),
                   report_status_words(status), *report_text(host, "error") ? ": " : "",
                   report_text(host, "error"));
        json_array_foreach(causes, j, cause)
            style_line(s, LOOK_PLAIN, 2, "%s: %s", report_text(cause, "playbook"),
                       report_text(cause, "title"));
        put_unfinished(s, host);
        json_decref(causes);
    }
}

static const char *symptom_of(const json_t *host)
{
    const json_t *symptom = json_object_get(host, "symptom");
    const char *summary = json_is_object(symptom) ? report_text(symptom, "summary") : "";

    return *summary ? summary : report_text(host, "symptom_summary");
}

void report_host_head(const struct style *s, const json_t *host)
{
    const char *status = report_text(host, "status");
    const char *symptom = symptom_of(host);
    char *head = mem_format("%s: ", report_text(host, "host"));

    style_wrap(s, strcmp(status, "healthy") == 0 ? LOOK_GOOD : LOOK_BOLD, 0, head,
               *symptom ? symptom : report_status_words(status));
    if (*report_text(host, "error"))
        style_wrap(s, LOOK_BAD, 2, "", report_text(host, "error"));
    put_unfinished(s, host);
    if (strcmp(status, "healthy") == 0 && *symptom)
        style_line(s, LOOK_GOOD, 2, "Healthy: nothing to do.");
    free(head);
}

static void evidence_line(const struct style *s, const json_t *e, int indent)
{
    char *line = report_argv(json_object_get(e, "command"));
    const char *outcome = report_text(e, "outcome");
    const json_t *code = json_object_get(e, "exit");

    if (json_is_integer(code) && (!*outcome || strcmp(outcome, "exit") == 0))
        style_line(s, LOOK_PLAIN, indent, "%s$ %s   (exit %d)", report_text(e, "host"), line,
                   (int)json_integer_value(code));
    else
        style_line(s, LOOK_PLAIN, indent, "%s$ %s   (%s)", report_text(e, "host"), line,
                   *outcome ? outcome : "no exit status");
    style_block(s, LOOK_DIM, indent + 4, report_text(e, "excerpt"));
    free(line);
}

void report_evidence(const struct style *s, const json_t *list, int indent)
{
    const json_t *e;
    size_t i;

    json_array_foreach(list, i, e) evidence_line(s, e, indent);
}

void report_cause(const struct style *s, const json_t *cause)
{
    style_wrap(s, LOOK_BAD, 2, "Cause: ", report_text(cause, "title"));
    if (*report_text(cause, "summary"))
        style_wrap(s, LOOK_PLAIN, 2, "", report_text(cause, "summary"));
    style_gap(s);
    style_line(s, LOOK_PLAIN, 2, "What shows it:");
    report_evidence(s, json_object_get(cause, "evidence"), 4);
    style_gap(s);
}

static void one_change(const struct style *s, const json_t *change)
{
    const char *host = report_text(change, "host");
    const char *note = report_text(change, "note");
    char *line;

    if (strcmp(report_text(change, "kind"), "edit") == 0) {
        style_line(s, LOOK_PLAIN, 4, "edits %s on %s:", report_text(change, "path"), host);
        style_gap(s);
        style_diff(s, report_text(change, "diff"));
        style_gap(s);
        return;
    }
    line = report_argv(json_object_get(change, "argv"));
    style_line(s, LOOK_PLAIN, 4, "runs on %s:  %s%s%s", host, line, *note ? "   # " : "", note);
    free(line);
}

void report_changes(const struct style *s, const json_t *fix)
{
    const json_t *change;
    size_t i;

    json_array_foreach(json_object_get(fix, "changes"), i, change) one_change(s, change);
}

static void validators(const struct style *s, const json_t *fix)
{
    const json_t *argv;
    size_t i;

    json_array_foreach(json_object_get(fix, "validate"), i, argv)
    {
        char *line = report_argv(argv);

        style_line(s, LOOK_PLAIN, 4, "must be accepted by:  %s", line);
        free(line);
    }
}

void report_proof(const struct style *s, const json_t *fix)
{
    if (*report_text(fix, "proof"))
        style_wrap(s, LOOK_PLAIN, 4, "", report_text(fix, "proof"));
    if (*report_text(fix, "over_budget"))
        style_wrap(s, LOOK_WARN, 4, "", report_text(fix, "over_budget"));
}

void report_fix(const struct style *s, const json_t *fix)
{
    char *head = mem_format("%s: ", recommended(fix) ? "Fix" : "Another way");
    const char *status = report_text(fix, "status");

    style_wrap(s, LOOK_HEAD, 2, head, report_text(fix, "title"));
    style_line(s, LOOK_PLAIN, 4, "%s, risk: %s%s%s%s", report_text(fix, "id"),
               report_text(fix, "risk"), recommended(fix) ? ", recommended" : "",
               strcmp(status, "proposed") == 0 ? "" : ", ",
               strcmp(status, "proposed") == 0 ? "" : status);
    if (*report_text(fix, "why"))
        style_wrap(s, LOOK_PLAIN, 4, "", report_text(fix, "why"));
    report_changes(s, fix);
    validators(s, fix);
    if (*report_text(fix, "verify"))
        style_wrap(s, LOOK_PLAIN, 4, "checked afterwards:  ", report_text(fix, "verify"));
    report_proof(s, fix);
    free(head);
}

json_t *report_causes(const json_t *host, const char *verdict)
{
    json_t *list = json_array();
    json_t *cause;
    size_t i;

    json_array_foreach(json_object_get(host, "causes"), i,
                       cause) if (strcmp(report_text(cause, "verdict"), verdict) == 0)
        json_array_append(list, cause);
    return list;
}

static const char *reason_of(const json_t *item)
{
    const char *reason = report_text(item, "reason");

    return *reason ? reason : report_text(item, "summary");
}

/* "a, b, c:", all of the list that give the same reason as the item at `from`; NULL if an earlier
 * one does, too. */
static char *who_says(const json_t *list, size_t from, bool *several)
{
    const char *reason = reason_of(json_array_get(list, from));
    struct buf who;
    const json_t *item;
    char *text;
    size_t i;

    *several = false;
    buf_init(&who, 4096);
    json_array_foreach(list, i, item)
    {
        if (strcmp(reason_of(item), reason) != 0)
            continue;
        if (i < from)
            break;
        *several = i > from;
        buf_addf(&who, "%s%s", i > from ? ", " : "", report_text(item, "playbook"));
    }
    text = who.len ? mem_format("%s:", who.data) : NULL;
    buf_release(&who);
    return text;
}

static void one_reason(const struct style *s, enum look look, const char *who, bool several,
                       const char *reason)
{
    char *first = mem_format("%s ", who);

    if (several)
        style_wrap(s, look, 4, "", who);
    style_wrap(s, look, several ? 6 : 4, several ? "" : first, reason);
    free(first);
}

static void reasons(const struct style *s, enum look look, const char *title, const json_t *list,
                    bool verbose)
{
    const json_t *item;
    bool several = false;
    size_t i;

    if (json_array_size(list) == 0)
        return;
    style_line(s, look, 2, "%s", title);
    json_array_foreach(list, i, item)
    {
        /* With their evidence they differ, so then each stands by itself. */
        char *who = verbose ? mem_format("%s:", report_text(item, "playbook"))
                            : who_says(list, i, &several);

        if (who)
            one_reason(s, look, who, several, reason_of(item));
        if (verbose)
            report_evidence(s, json_object_get(item, "evidence"), 6);
        free(who);
    }
}

void report_others(const struct style *s, const json_t *host, bool verbose)
{
    json_t *open = report_causes(host, "inconclusive");

    reasons(s, LOOK_WARN, "Could not be decided:", open, verbose);
    reasons(s, LOOK_DIM, "Ruled out:", json_object_get(host, "ruled_out"), verbose);
    json_decref(open);
}

void report_host(const struct style *s, const json_t *host, bool verbose)
{
    json_t *causes = report_causes(host, "confirmed");
    const json_t *cause, *fix;
    size_t i, j;

    report_host_head(s, host);
    style_gap(s);
    json_array_foreach(causes, i, cause)
    {
        json_t *fixes = report_fixes_of(host, cause);

        report_cause(s, cause);
        json_array_foreach(fixes, j, fix)
        {
            report_fix(s, fix);
            style_gap(s);
        }
        json_decref(fixes);
    }
    report_others(s, host, verbose);
    json_decref(causes);
}

void report_way(const struct style *s, const json_t *way)
{
    const char *host = report_text(way, "host"), *login = report_text(way, "login");
    const char *why = report_text(way, "why"), *note = report_text(way, "note");

    if (!*login)
        return;
    style_line(s, LOOK_DIM, 0, "%s  over %s as %s%s%s", host, report_text(way, "by"), login,
               *why ? ": " : "", why);
    if (*note)
        style_line(s, LOOK_DIM, 0, "%s  %s", host, note);
}
