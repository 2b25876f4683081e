/* stream.h: a duplex stream of bytes to one process on a host; for engine/io only.
 *
 *     open (transport.h) -> write(…)… shut() -> out(…)… err(…)… end() -> close()
 *
 * The end comes once, after both outputs have ended and the process is gone.  Nothing is
 * called from within open, write, shut or close, and nothing after close; close may come at any
 * time, also from within a call. */
#ifndef FETTLE_IO_STREAM_H
#define FETTLE_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum stream_end_kind {
    STREAM_EXIT,   /* `code` is the status */
    STREAM_SIGNAL, /* `code` is the signal */
    STREAM_CLOSED, /* in good order, but nobody can say whether with a status, and which */
    STREAM_LOST,   /* nobody knows how it ended; `why` says what happened to the connection */
};

struct stream_end {
    enum stream_end_kind kind;
    int code;
    const char *why; /* or NULL */
    bool crowded;    /* LOST: the host has no room for one more beside those that are there */
};

struct stream_calls {
    /* Of a stream that was `far`: its shell is being started now, so its time begins. */
    void (*begun)(void *data);
    void (*out)(void *data, const char *bytes, size_t n);
    void (*err)(void *data, const char *bytes, size_t n);
    void (*end)(void *data, const struct stream_end *end);
};

/* What becomes of a process that is still there when its stream is closed. */
enum stream_close { STREAM_KILL, STREAM_LEAVE };

struct stream;

struct stream_ops {
    void (*write)(struct stream *s, const void *data, size_t n); /* copied; errors end the stream */
    void (*shut)(struct stream *s);            /* the process sees the end of its input */
    void (*hold)(struct stream *s, bool hold); /* false: the loop need not wait for it */
    void (*close)(struct stream *s, enum stream_close how); /* frees it, when it can */
};

struct stream {
    const struct stream_ops *ops;
    const struct stream_calls *calls;
    void *data;
    bool far; /* still on its way to the host, which the transport bounds by itself */
};

#endif
