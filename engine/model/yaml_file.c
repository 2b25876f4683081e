/* yaml_file.c: YAML from files. */
#include "model/yaml.h"

#include "base/digest.h"
#include "base/file.h"

#include <sys/stat.h>

struct yaml_node *yaml_load(const char *path, struct problems *p)
{
    char sha256[DIGEST_TEXT_SIZE];

    return yaml_load_digest(path, sha256, p);
}

struct yaml_node *yaml_load_digest(const char *path, char sha256[65], struct problems *p)
{
    struct yaml_node *root = NULL;
    struct err e = {0};
    struct stat st;
    struct buf b;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        problems_add(p, path, 0, 0, "this is a folder, not a YAML file");
        return NULL;
    }
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > YAML_FILE_MAX) {
        problems_add(p, path, 0, 0, "too large: %lld bytes, of at most %d", (long long)st.st_size,
                     YAML_FILE_MAX);
        return NULL;
    }
    if (file_read(path, YAML_FILE_MAX, &b, &e) != 0)
        problems_add(p, path, 0, 0, "%s", e.text);
    else
        root = yaml_parse(b.data, b.len, path, p);
    digest_sha256(b.data, b.len, sha256);
    buf_release(&b);
    return root;
}
