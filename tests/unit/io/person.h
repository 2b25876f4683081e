/* person.h: somebody who answers questions, for the tests. */
#ifndef FETTLE_TEST_IO_PERSON_H
#define FETTLE_TEST_IO_PERSON_H

#include "helper.h"

#include "io/ask.h"
#include "io/askpass.h"

struct person {
    struct loop *loop;
    const char *const *answers; /* in turn; NULL: no answer */
    int asked, cancelled;
    int64_t thinks_ms;
    enum ask_kind kind; /* of the last question */
    char text[1024];
    struct loop_timer *timer;
    ask_answer *answer;
    void *data;
};

static void person_answer(void *data)
{
    struct person *p = data;

    p->timer = NULL;
    p->answer(p->data, p->answers[p->asked++]);
}

static struct ask *person_start(void *data, const struct ask_question *q, ask_answer *answer,
                                void *answer_data)
{
    struct person *p = data;

    assert_string_equal(q->host, "here");
    assert_null(p->timer);
    p->kind = q->kind;
    snprintf(p->text, sizeof p->text, "%s", q->text);
    p->answer = answer;
    p->data = answer_data;
    p->timer = loop_timer_start(p->loop, p->thinks_ms, person_answer, p);
    return (struct ask *)p;
}

static void person_cancel(void *data, struct ask *a)
{
    struct person *p = data;

    assert_ptr_equal(p, a);
    loop_timer_stop(p->timer);
    p->timer = NULL;
    p->cancelled++;
}

static struct asker person_asker(struct person *p)
{
    return (struct asker){person_start, person_cancel, p};
}

/* A target whose questions `p` answers, by way of `a`. */
static void __attribute__((unused)) world_open_with(struct world *w, struct person *p,
                                                    struct asker *a, int timeout_ms,
                                                    const char *become)
{
    *a = person_asker(p);
    world_open(w, &(struct target_options){.asker = a, .timeout_ms = timeout_ms}, become);
    p->loop = w->loop;
}

static void set_true(void *data)
{
    *(bool *)data = true;
}

static void turn(struct world *w)
{
    bool over = false;

    loop_timer_start(w->loop, 50, set_true, &over);
    loop_run(w->loop, &over);
}

/* Until a question is there. */
static void __attribute__((unused)) wait_for_question(struct world *w, struct person *p)
{
    int i;

    for (i = 0; i < 1200 && !p->timer; i++)
        turn(w);
    assert_non_null(p->timer);
}

#endif
