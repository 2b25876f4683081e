/* err.h: one way to say what went wrong.
 *
 * A function that can fail returns 0 or -1 and takes a `struct err *`, which it
 * leaves untouched on success.  The text is complete enough to print as it
 * stands: lower case, the failure first, the subject in double quotes, no full
 * stop.  `code` is the exit status that fits, should this end the program. */
#ifndef FETTLE_BASE_ERR_H
#define FETTLE_BASE_ERR_H

enum err_code {
    ERR_INTERNAL = 1,    /* internal or I/O error */
    ERR_UNREACHABLE = 4, /* a host could not be reached or logged in to */
    ERR_REFUSED = 5,     /* not approved, out of date, locked, not declared */
    ERR_USAGE = 64,      /* the command line is wrong */
    ERR_DATA = 65,       /* a playbook, inventory or plan is wrong */
};

struct err {
    enum err_code code;
    char text[1024];
};

/* Sets `e` (which may be NULL); always returns -1, so that `return err_set(…)` reads well. */
int err_set(struct err *e, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the meaning of `errnum` at the end. */
int err_system(struct err *e, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a context in front of what is there: "read host \"web1\": …".  Returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
