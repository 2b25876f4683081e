/* api.c: the manual of what a step can call, one entry for each name that prelude.lua gives.
 * Whoever adds a function there adds its entry here. */
#include "script/api.h"

static const struct api_doc docs[] = {
    {"host:run(argv [, opts]) -> result",
     "Runs one declared command that only reads. opts: limit (bytes, default 256 KiB), timeout "
     "(seconds, default 10), fresh (true: not an answer of this run). What the host does never "
     "raises; an undeclared command does."},
    {"host:run_all({{argv [, opts]}, …}) -> results", "The same for up to 64 commands side by side."},
    {"host:read(path [, opts]) -> text | nil, why, result",
     "A file's bytes (`cat`), or with opts.tail its last bytes (`tail -c`). why: absent, denied, "
     "directory, cut, failed. The third value is always the result."},
    {"host:list(path) -> names | nil, why, result", "A folder's names (`ls -1A`)."},
    {"host:stat(path) -> facts | nil, why, result",
     "type (file, directory, symlink, socket, …), mode (octal text), uid, gid, owner, group, size, "
     "mtime, inode. Does not follow the last symlink."},
    {"host:realpath(path) -> path | nil, why, result", "The path with all symlinks resolved."},
    {"host:may_edit(path) -> boolean",
     "Whether a fix of this playbook may edit that file, and the one that a symlink leads to."},
    {"host:memo(key, function) -> value",
     "The function's value, computed once for all playbooks of this host; others wait for it."},
    {"result:show(text or lines) -> evidence",
     "Evidence of what was seen. Each line must be in the result's output; \"\" shows the status."},
    {"peer(address) -> host | nil", "The inventory's host with this address."},
    {"go \"step\"", "return go \"step\": goes on with another step of the playbook."},
    {"confirmed{title, summary, likelihood, subject, evidence, fixes}",
     "return confirmed{…}: this is the cause. Needs evidence."},
    {"ruled_out{reason, evidence}", "return ruled_out{…}: this is not the cause. Needs evidence."},
    {"inconclusive{reason, evidence}", "return inconclusive{…}: it could not be told."},
    {"present{summary, evidence, …}", "Symptom step: the symptom is there. All fields go to playbooks."},
    {"absent{summary, evidence, …}", "Symptom step: the host is healthy; no playbook runs."},
    {"unknown{summary, evidence, …}", "Symptom step: cannot be told; the playbooks run."},
    {"host.name, host.address, host.user, host.vars", "The inventory's entry, read only."},
    {"params", "The incident's and the playbook's parameters; durations in seconds."},
    {"symptom", "What the symptom step returned, with `state`; read only."},
    {"found", "A table that the steps of one playbook share on one host."},
    {"require \"module\"", "A module of lua/; read only, loaded once for each host."},
};

const struct api_doc *script_api(size_t *n)
{
    *n = sizeof docs / sizeof *docs;
    return docs;
}
