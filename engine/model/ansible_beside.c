/* ansible_beside.c: group_vars/ and host_vars/ beside an Ansible inventory.
 *
 * Found as find_vars_files() and _get_dir_vars_files() of Ansible's parsing/dataloader.py do. */
#include "model/ansible.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_DEPTH = 8 };

static const char *const endings[] = {"", ".yml", ".yaml", ".json", NULL};

static void read_file(struct ansible *a, json_t *vars, const char *path)
{
    struct yaml_node *root = NULL;
    struct err e = {0};
    struct buf text;

    if (file_read(path, YAML_FILE_MAX, &text, &e) != 0)
        problems_add(a->problems, path, 0, 0, "%s", e.text);
    else if (ansible_is_vault(text.data, text.len))
        ansible_note(a, "%s is encrypted with ansible-vault and not read", path);
    else if (strspn(text.data, " \t\r\n") != text.len)
        root = yaml_parse_foreign(text.data, text.len, path, a->problems);
    if (root && root->kind == YAML_MAP)
        ansible_set_map(vars, root, path);
    else if (root && (root->kind == YAML_LIST || *root->text))
        problems_add(a->problems, path, root->line, root->column, "this must be a map of vars");
    yaml_node_free(root);
    buf_release(&text);
}

static bool ends_well(const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t i;

    for (i = 0; endings[i]; i++)
        if (strcmp(dot ? dot : "", endings[i]) == 0)
            return true;
    return false;
}

static void read_folder(struct ansible *a, json_t *vars, const char *folder, int depth)
{
    struct dirent **found = NULL;
    int count = scandir(folder, &found, NULL, alphasort), i;

    for (i = 0; i < count; i++) {
        const char *name = found[i]->d_name;
        size_t n = strlen(name);
        char *path = mem_format("%s/%s", folder, name);

        if (*name != '.' && name[n - 1] != '~') {
            if (!file_is_folder(path) && ends_well(name))
                read_file(a, vars, path);
            else if (file_is_folder(path) && !strchr(name, '.') && depth < FOLDER_DEPTH)
                read_folder(a, vars, path, depth + 1);
        }
        free(path);
        free(found[i]);
    }
    free(found);
}

/* The first of NAME, a file or a folder, NAME.yml, … */
static void read_entity(struct ansible *a, json_t *vars, const char *folder, const char *name)
{
    size_t i;

    if (strchr(name, '/'))
        return;
    for (i = 0; endings[i]; i++) {
        char *path = mem_format("%s/%s%s", folder, name, endings[i]);
        bool found = access(path, F_OK) == 0;

        if (found && !file_is_folder(path))
            read_file(a, vars, path);
        else if (found)
            read_folder(a, vars, path, 0);
        free(path);
        if (found)
            return;
    }
}

void ansible_vars_read(struct ansible *a, const char *folder)
{
    char *groups = mem_format("%s/group_vars", folder);
    char *hosts = mem_format("%s/host_vars", folder);
    size_t i;

    for (i = 0; file_is_folder(groups) && i < a->group_count; i++)
        read_entity(a, a->groups[i]->vars.beside, groups, a->groups[i]->at.name);
    for (i = 0; file_is_folder(hosts) && i < a->host_count; i++)
        read_entity(a, a->hosts[i]->vars.beside, hosts, a->hosts[i]->at.name);
    free(groups);
    free(hosts);
}
