/* record.c: everything that a run saw and did, one JSON object a line. */
#include "model/record.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/base64.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_MAX = 256 << 20 }; /* bytes that are read back */

struct record {
    int fd;
    char *path;
    bool failed;
};

char *record_new_run(struct err *e)
{
    int64_t now_ms = clock_wall_ms();
    time_t now = (time_t)(now_ms / 1000);
    char date[32], chance[5];
    struct tm tm;

    if (digest_random(chance, 2, e) != 0)
        return NULL;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%Y%m%dT%H%M%S", &tm);
    /* The milliseconds come first, so that names sort by time within a second, too. */
    return mem_format("%s-%03d%s", date, (int)(now_ms % 1000), chance);
}

/* Letters, digits and `-` only: a run names a folder, here and on hosts. */
static bool run_is_valid(const char *run)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

    return *run && *run != '-' && strlen(run) < 64 && strspn(run, set) == strlen(run);
}

static char *runs_folder(void)
{
    char *state = file_state_folder(), *runs = mem_format("%s/runs", state);

    free(state);
    return runs;
}

struct record *record_create(const char *run, struct err *e)
{
    char *runs = runs_folder(), *folder = mem_format("%s/%s", runs, run);
    struct record *r = mem_alloc(sizeof *r);
    int rc;

    r->path = mem_format("%s/record.jsonl", folder);
    r->fd = -1;
    rc = run_is_valid(run) ? file_make_folders(folder, e)
                           : err_set(e, ERR_INTERNAL, "\"%s\" is no name of a run", run);
    if (rc == 0) {
        r->fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        if (r->fd < 0)
            err_system(e, errno, "cannot create \"%s\"", r->path);
    }
    free(runs);
    free(folder);
    if (r->fd >= 0)
        return r;
    free(r->path);
    free(r);
    return NULL;
}

static json_t *masked_text(const char *text, size_t n)
{
    size_t len;
    char *masked = mask_secrets(text, n, &len);
    json_t *value = json_stringn(masked, len);

    free(masked);
    return value;
}

/* Bytes that came as base64 hide their secrets no less than texts do. */
static json_t *masked_base64(const char *text)
{
    size_t n, len;
    char *data = base64_decode(text, &n), *masked, *again;
    json_t *value;

    if (!data)
        return masked_text(text, strlen(text));
    masked = mask_secrets(data, n, &len);
    again = base64_encode(masked, len);
    value = json_string(again);
    free(data);
    free(masked);
    free(again);
    return value;
}

static json_t *masked(const char *key, const json_t *value)
{
    const char *suffix = key ? strstr(key, "_base64") : NULL;
    const json_t *item;
    const char *name;
    json_t *copy;
    size_t i;

    if (json_is_string(value))
        return suffix ? masked_base64(json_string_value(value))
                      : masked_text(json_string_value(value), json_string_length(value));
    if (json_is_array(value)) {
        copy = json_array();
        for (i = 0; i < json_array_size(value); i++)
            json_array_append_new(copy, masked(key, json_array_get(value, i)));
        return copy;
    }
    if (!json_is_object(value))
        return json_deep_copy(value);
    copy = json_object();
    json_object_foreach((json_t *)(uintptr_t)value, name, item)
        json_object_set_new(copy, name, masked(name, item));
    return copy;
}

/* One write for a line: with O_APPEND it is there as a whole or, after a crash, cut at the end. */
static void write_line(struct record *r, const char *text, size_t n)
{
    while (n && !r->failed) {
        ssize_t done = write(r->fd, text, n);

        if (done < 0 && errno == EINTR)
            continue;
        r->failed = done < 0;
        if (done > 0) {
            text += done;
            n -= (size_t)done;
        }
    }
}

void record_add(struct record *r, const char *kind, json_t *fields)
{
    char at[CLOCK_TEXT_SIZE], *text, *line;
    json_t *object = json_object(), *copy = fields ? masked(NULL, fields) : json_object();

    clock_format(clock_wall_ms(), at);
    json_object_set_new(object, "kind", json_string(kind));
    json_object_set_new(object, "at", json_string(at));
    json_object_update(object, copy); /* a read's own "at" wins: when it was started */
    json_object_set_new(object, "kind", json_string(kind));
    text = json_dumps(object, JSON_COMPACT);
    if (text) {
        line = mem_format("%s\n", text);
        write_line(r, line, strlen(line));
        free(line);
    } else {
        r->failed = true;
    }
    free(text);
    json_decref(object);
    json_decref(copy);
    json_decref(fields);
}

const char *record_path(const struct record *r)
{
    return r->path;
}

bool record_failed(const struct record *r)
{
    return r->failed;
}

void record_close(struct record *r)
{
    if (!r)
        return;
    fsync(r->fd);
    close(r->fd);
    free(r->path);
    free(r);
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

char **record_runs(struct err *e)
{
    char *runs = runs_folder(), **list = mem_alloc(sizeof *list);
    DIR *d = opendir(runs);
    struct dirent *entry;

    if (!d && errno != ENOENT) {
        err_system(e, errno, "cannot read \"%s\"", runs);
        free(list);
        free(runs);
        return NULL;
    }
    while (d && (entry = readdir(d))) {
        char *path = mem_format("%s/%s/record.jsonl", runs, entry->d_name);

        if (run_is_valid(entry->d_name) && access(path, F_OK) == 0)
            list = argv_add(list, entry->d_name);
        free(path);
    }
    if (d)
        closedir(d);
    free(runs);
    qsort(list, argv_len(list), sizeof *list, newest_first);
    return list;
}

/* The one run whose name starts with `prefix`, as the path of its record. */
static char *path_of_run(const char *prefix, struct err *e)
{
    char **names = record_runs(e), *runs, *path;
    const char *found = NULL;
    size_t i, count = 0;

    for (i = 0; names && names[i]; i++) {
        if (strncmp(names[i], prefix, strlen(prefix)) != 0)
            continue;
        found = names[i];
        count++;
        if (strcmp(names[i], prefix) == 0) {
            count = 1;
            break;
        }
    }
    if (names && count == 0)
        err_set(e, ERR_USAGE, "there is no run \"%s\"", prefix);
    if (count > 1)
        err_set(e, ERR_USAGE, "\"%s\" could be any of %zu runs", prefix, count);
    runs = runs_folder();
    path = count == 1 ? mem_format("%s/%s/record.jsonl", runs, found) : NULL;
    free(runs);
    argv_free(names);
    return path;
}

static char *path_of(const char *run_or_path, struct err *e)
{
    if (!*run_or_path) {
        err_set(e, ERR_USAGE, "the name of a run is empty");
        return NULL;
    }
    if (file_is_folder(run_or_path))
        return mem_format("%s/record.jsonl", run_or_path);
    if (strchr(run_or_path, '/') || access(run_or_path, F_OK) == 0)
        return mem_dup(run_or_path);
    return path_of_run(run_or_path, e);
}

static int load_line(json_t *lines, const char *path, const char *text, size_t n, struct err *e)
{
    json_error_t wrong;
    json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, &wrong);

    if (line && json_is_string(json_object_get(line, "kind")))
        return json_array_append_new(lines, line);
    json_decref(line);
    return err_set(e, ERR_DATA, "\"%s\": line %zu is not a record's: %s", path,
                   json_array_size(lines) + 1, line ? "it has no \"kind\"" : wrong.text);
}

json_t *record_load(const char *run_or_path, struct err *e)
{
    char *path = path_of(run_or_path, e);
    json_t *lines = NULL;
    const char *p, *end, *newline;
    struct buf b;

    if (!path)
        return NULL;
    if (file_read(path, RECORD_MAX, &b, e) == 0) {
        lines = json_array();
        p = b.data;
        end = b.data + b.len;
        /* What stands after the last newline was cut by a crash, unless it reads as a whole. */
        while (p < end && (newline = memchr(p, '\n', (size_t)(end - p)))) {
            if (load_line(lines, path, p, (size_t)(newline - p), e) != 0) {
                json_decref(lines);
                lines = NULL;
                break;
            }
            p = newline + 1;
        }
        if (lines && p < end)
            load_line(lines, path, p, (size_t)(end - p), NULL);
        if (lines && json_array_size(lines) == 0) {
            err_set(e, ERR_DATA, "\"%s\" is an empty record", path);
            json_decref(lines);
            lines = NULL;
        }
    }
    buf_release(&b);
    free(path);
    return lines;
}
