/* ansible_map.c: what Ansible's vars of a host say about the way to it.
 *
 * A value that cannot be followed makes that host one that cannot be used, with the reason, and
 * leaves all others alone.  Of several names of one setting the last that is there wins, as
 * Ansible's plugins (connection/ssh.py, become/sudo.py) list them. */
#include "model/ansible.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mapping {
    struct ansible *all;
    struct host *host;
    json_t *vars;
};

/* The first reason is kept. */
static void refuse(const struct mapping *m, const json_t *var, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(const struct mapping *m, const json_t *var, const char *format, ...)
{
    long long line = json_integer_value(json_object_get(var, "line"));
    char text[512], number[32] = "";
    va_list args;

    if (m->host->unusable)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (line)
        snprintf(number, sizeof number, ":%lld:%lld", line,
                 (long long)json_integer_value(json_object_get(var, "column")));
    m->host->unusable = mem_format(
        "%s%s: %s", json_string_value(json_object_get(var, "file")), number, text);
}

static bool has_template(const char *text)
{
    return strstr(text, "{{") || strstr(text, "{%");
}

static const char *check_text(const struct mapping *m, const json_t *var, const char *name,
                              const char *text)
{
    const char *c;

    if (has_template(text)) {
        refuse(m, var, "\"%s\" is a template, which only Ansible can fill in", name);
        return NULL;
    }
    for (c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            refuse(m, var, "\"%s\" must not have control characters", name);
            return NULL;
        }
    return *text ? text : NULL;
}

/* The var of one of `names` as a text, owned; NULL: not set, or of no use.  `*from` is where. */
static char *take_text(const struct mapping *m, const char *const *names, const json_t **from)
{
    const json_t *var = NULL, *value;
    const char *name = NULL;
    char *text = NULL;

    for (; *names; names++)
        if (json_object_get(m->vars, *names)) {
            name = *names;
            var = json_object_get(m->vars, name);
        }
    value = json_object_get(var, "value");
    if (from)
        *from = var;
    if (var && !value)
        refuse(m, var, "\"%s\" is encrypted with ansible-vault, which fettle does not read", name);
    else if (json_is_string(value))
        text = mem_dup(check_text(m, var, name, json_string_value(value)));
    else if (json_is_integer(value))
        text = mem_format("%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        text = mem_dup(json_is_true(value) ? "true" : "false");
    else if (var && !json_is_null(value))
        refuse(m, var, "\"%s\" must be a text", name);
    return text;
}

/* What ssh would take for an option is no address and no user. */
static char *take_word(const struct mapping *m, const char *const *names)
{
    const json_t *var;
    char *text = take_text(m, names, &var);

    if (!text || *text != '-')
        return text;
    refuse(m, var, "\"%s\" must not start with \"-\"", names[0]);
    free(text);
    return NULL;
}

static int take_port(const struct mapping *m)
{
    static const char *const names[] = {"ansible_port", "ansible_ssh_port", NULL};
    const json_t *var;
    char *text = take_text(m, names, &var);
    size_t n = text ? strspn(text, "0123456789") : 0;
    long port = n && n < 6 && !text[n] ? strtol(text, NULL, 10) : 0;

    if (text && (port < 1 || port > 65535)) {
        refuse(m, var, "\"ansible_port\" must be a number from 1 to 65535");
        port = 0;
    }
    free(text);
    return (int)port;
}

/* Without the collection that it is from. */
static const char *short_name(const char *name)
{
    const char *const prefix[] = {"ansible.builtin.", "ansible.legacy."};
    size_t i;

    for (i = 0; i < 2; i++)
        if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
            return name + strlen(prefix[i]);
    return name;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcasecmp(word, *list) == 0)
            return true;
    return false;
}

static char *take_transport(const struct mapping *m)
{
    static const char *const names[] = {"ansible_connection", NULL};
    static const char *const ssh[] = {"ssh", "smart", "paramiko", "paramiko_ssh", NULL};
    const json_t *var;
    char *text = take_text(m, names, &var);
    bool local = text && strcmp(short_name(text), "local") == 0;

    if (text && !local && !is_one_of(short_name(text), ssh))
        refuse(m, var, "its connection is \"%s\"; fettle knows ssh and local", text);
    free(text);
    return mem_dup(local ? "local" : "ssh");
}

static bool take_flag(const struct mapping *m, const char *name)
{
    static const char *const yes[] = {"true", "yes", "y", "on", "1", "t", NULL};
    static const char *const no[] = {"false", "no", "n", "off", "0", "f", NULL};
    const char *const names[] = {name, NULL};
    const json_t *var;
    char *text = take_text(m, names, &var);
    bool set = text && is_one_of(text, yes);

    if (text && !set && !is_one_of(text, no))
        refuse(m, var, "\"%s\" must be true or false", name);
    free(text);
    return set;
}

static char *take_become(const struct mapping *m)
{
    static const char *const users[] = {"ansible_become_user", "ansible_sudo_user", NULL};
    static const char *const methods[] = {"ansible_become_method", NULL};
    const json_t *method_var, *user_var;
    char *method, *user, *become = NULL;

    if (!take_flag(m, "ansible_become"))
        return NULL;
    method = take_text(m, methods, &method_var);
    user = take_text(m, users, &user_var);
    if (method && strcmp(short_name(method), "sudo") != 0)
        refuse(m, method_var, "it becomes root by \"%s\"; fettle knows sudo", method);
    else if (user && !inventory_name_is_valid(user))
        refuse(m, user_var, "\"ansible_become_user\" is no name for a user");
    else if (user && strcmp(user, "root") != 0)
        become = mem_format("sudo:%s", user);
    else
        become = mem_dup("sudo");
    free(method);
    free(user);
    return become;
}

static void take_ssh_args(const struct mapping *m, const char *name)
{
    const char *const names[] = {name, NULL};
    const json_t *var;
    char *text = take_text(m, names, &var), *why = NULL;

    if (text)
        why = ansible_map_ssh_args(m->all, m->host, text);
    if (why)
        refuse(m, var, "\"%s\" %s; put it into ~/.ssh/config", name, why);
    free(why);
    free(text);
}

/* The vars that playbooks look at. */
static json_t *take_vars(const struct mapping *m)
{
    static const char *const names[] = {"services", "nginx", "php_fpm"};
    json_t *vars = json_object();
    size_t i;

    for (i = 0; i < 3; i++) {
        json_t *value = json_object_get(json_object_get(m->vars, names[i]), "value");

        if (json_is_object(value))
            json_object_set_new(vars, names[i], json_deep_copy(value));
    }
    return vars;
}

/* A person is asked instead, and told so once. */
static void note_password(const struct mapping *m)
{
    static const char *const names[] = {"ansible_password",    "ansible_ssh_pass",
                                        "ansible_ssh_password", "ansible_become_password",
                                        "ansible_become_pass", "ansible_sudo_pass"};
    size_t i;

    for (i = 0; i < 6; i++) {
        const json_t *var = json_object_get(m->vars, names[i]);

        if (!var || m->all->password_noted)
            continue;
        m->all->password_noted = true;
        ansible_note(m->all,
                     "passwords in an inventory, as \"%s\" in %s, are not taken: fettle asks at the "
                     "terminal",
                     names[i], json_string_value(json_object_get(var, "file")));
    }
}

void ansible_map_host(struct ansible *a, struct host *h, json_t *vars)
{
    static const char *const addresses[] = {"ansible_host", "ansible_ssh_host", NULL};
    static const char *const users[] = {"ansible_user", "ansible_ssh_user", NULL};
    static const char *const keys[] = {"ansible_private_key_file", "ansible_ssh_private_key_file",
                                       NULL};
    static const char *const args[] = {"ansible_ssh_args", "ansible_ssh_common_args",
                                       "ansible_ssh_extra_args"};
    struct mapping m = {a, h, vars};
    size_t i;

    h->transport = take_transport(&m);
    h->address = take_word(&m, addresses);
    h->user = take_word(&m, users);
    h->identity = take_word(&m, keys);
    h->port = take_port(&m);
    h->become = take_become(&m);
    for (i = 0; i < 3; i++)
        take_ssh_args(&m, args[i]);
    h->vars = take_vars(&m);
    note_password(&m);
}
