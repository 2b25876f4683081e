/* strike.c: runs a command and strikes it at one of the steps that leave a trace.
 *
 *     strike count COMMAND…       prints how many steps the command and its children make
 *     strike kill N COMMAND…      SIGKILL for the command itself just before step N
 *     strike reboot N COMMAND…    … for it and all its children, as when the power fails
 *     strike full N COMMAND…      from step N on every write fails with ENOSPC, once
 *     strike fill N COMMAND…      … and goes on failing until the command has ended
 *
 * A step is a system call that changes something: of files, of processes, of what is on the disk.  A
 * seccomp filter stops the traced processes at those alone, so the rest runs at full speed.  Ends with
 * the command's own status; 137 where it was killed.  Prints nothing else but in `count`. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <elf.h>

enum { CHILDREN_MAX = 4096 };

static const int steps[] = {
    SYS_write, SYS_pwrite64, SYS_writev, SYS_rename, SYS_renameat, SYS_renameat2, SYS_unlink,
    SYS_unlinkat, SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_mkdir, SYS_mkdirat,
    SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_chown, SYS_fchown, SYS_lchown, SYS_fchownat,
    SYS_utimensat, SYS_setxattr, SYS_fsetxattr, SYS_truncate, SYS_ftruncate, SYS_fsync,
    SYS_fdatasync, SYS_sync, SYS_copy_file_range, SYS_kill, SYS_openat, SYS_open, SYS_execve,
    SYS_clone, SYS_vfork, SYS_fork,
};

static const char *verb;
static long strike_at, seen;
static pid_t children[CHILDREN_MAX];
static size_t child_count;
static bool failing;

/* Lets everything through but the steps, which stop for the tracer. */
static void filter(void)
{
    enum { COUNT = sizeof steps / sizeof *steps };
    struct sock_filter code[COUNT + 3];
    struct sock_fprog program = {COUNT + 3, code};
    size_t i;

    code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           offsetof(struct seccomp_data, nr));
    for (i = 0; i < COUNT; i++)
        code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)steps[i],
                                                   (unsigned char)(COUNT - i), 0);
    code[COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[COUNT + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(99);
}

static void run(char **argv)
{
    setsid(); /* as boot.sh starts a transaction */
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    filter();
    execvp(argv[0], argv);
    _exit(98);
}

static void remember(pid_t pid)
{
    size_t i;

    for (i = 0; i < child_count; i++)
        if (children[i] == pid)
            return;
    if (child_count < CHILDREN_MAX)
        children[child_count++] = pid;
}

static void forget(pid_t pid)
{
    size_t i;

    for (i = 0; i < child_count; i++)
        if (children[i] == pid)
            children[i] = children[--child_count];
}

/* Only opening for writing is a step; a write to a pipe or a terminal is none that can fail so. */
static bool is_step(const struct user_regs_struct *regs)
{
    switch (regs->orig_rax) {
    case SYS_openat:
        return (regs->rdx & (O_CREAT | O_TRUNC)) != 0;
    case SYS_open:
        return (regs->rsi & (O_CREAT | O_TRUNC)) != 0;
    default:
        return true;
    }
}

static bool takes_room(const struct user_regs_struct *regs)
{
    switch (regs->orig_rax) {
    case SYS_write: case SYS_pwrite64: case SYS_writev: case SYS_copy_file_range:
    case SYS_mkdir: case SYS_mkdirat: case SYS_link: case SYS_linkat:
        return true;
    case SYS_openat:
        return (regs->rdx & O_CREAT) != 0;
    default:
        return false;
    }
}

static bool is_file(pid_t pid, unsigned long fd)
{
    char path[64], target[256] = "";

    snprintf(path, sizeof path, "/proc/%d/fd/%lu", (int)pid, fd);
    return readlink(path, target, sizeof target - 1) > 0 && target[0] == '/' &&
           strncmp(target, "/dev/", 5) != 0;
}

static void fail_call(pid_t pid, struct user_regs_struct *regs)
{
    /* A number that no call has, and the answer at once: the kernel skips it. */
    regs->orig_rax = (unsigned long long)-1;
    regs->rax = (unsigned long long)-ENOSPC;
    ptrace(PTRACE_SETREGS, pid, NULL, regs);
}

static void at_step(pid_t pid, pid_t root)
{
    struct user_regs_struct regs;
    size_t i;

    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) || !is_step(&regs))
        return;
    if (strcmp(verb, "full") == 0 || strcmp(verb, "fill") == 0) {
        bool room = takes_room(&regs);

        if (room && (regs.orig_rax == SYS_write || regs.orig_rax == SYS_writev))
            room = is_file(pid, regs.rdi);
        if (!room)
            return;
        seen++;
        if (seen == strike_at || (failing && strcmp(verb, "fill") == 0)) {
            failing = true;
            fail_call(pid, &regs);
        }
        return;
    }
    if (++seen != strike_at)
        return;
    if (strcmp(verb, "reboot") == 0)
        for (i = 0; i < child_count; i++)
            kill(children[i], SIGKILL);
    else if (strcmp(verb, "kill") == 0)
        kill(root, SIGKILL);
}

static int watch(pid_t root)
{
    int status, result = 99;
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    pid_t pid;

    waitpid(root, &status, 0);
    ptrace(PTRACE_SETOPTIONS, root, NULL, options);
    ptrace(PTRACE_CONT, root, NULL, NULL);
    remember(root);
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        int signal = 0;

        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            forget(pid);
            if (pid == root)
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        remember(pid);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
            at_step(pid, root);
        else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP)
            signal = WSTOPSIG(status);
        ptrace(PTRACE_CONT, pid, NULL, signal);
    }
    return result;
}

int main(int argc, char **argv)
{
    int first = 3, result;
    pid_t root;

    verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "count") == 0)
        first = 2;
    else if (argc > 3 && (strcmp(verb, "kill") == 0 || strcmp(verb, "reboot") == 0 ||
                          strcmp(verb, "full") == 0 || strcmp(verb, "fill") == 0))
        strike_at = atol(argv[2]);
    else
        return 64;
    if (argc <= first)
        return 64;
    root = fork();
    if (root == 0)
        run(argv + first);
    result = watch(root);
    if (strcmp(verb, "count") == 0)
        printf("%ld\n", seen);
    return result;
}
