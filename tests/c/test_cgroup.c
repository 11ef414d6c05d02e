/* test_cgroup.c: cgroups are made, joined, killed and removed.  Without
   limits that takes no controller, only a mount and the right to it.  */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/cgroup.h"

static const pj_cgroup_limits none = {0, 0};

/* A child that joins and waits to be killed.  */
static pid_t
start_member(const pj_cgroup *group)
{
    int ready[2];
    pid_t pid;
    char byte;

    CHECK(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        if (write(group->join_fd, "0", 1) == 1 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(9);
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

/* Linux 5.14.  */
static int
kills_at_once(int parent_fd, const char *name)
{
    char file[96];

    snprintf(file, sizeof file, "%s/cgroup.kill", name);
    return faccessat(parent_fd, file, F_OK, 0) == 0;
}

static void
test_life(int parent_fd)
{
    pj_cgroup group;
    int status = 0;
    pid_t pid;

    CHECK(pj_cgroup_create(parent_fd, &none, &group) == 0);
    CHECK(group.join_fd > 2);
    CHECK(faccessat(parent_fd, group.name, F_OK, 0) == 0);
    pid = start_member(&group);
    pj_cgroup_close(&group);
    CHECK(group.join_fd == -1);
    char name[sizeof group.name];
    memcpy(name, group.name, sizeof name);
    if (!kills_at_once(parent_fd, name))
        CHECK(kill(pid, SIGKILL) == 0);
    pj_cgroup_remove(&group);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    /* Its zombie may have held the directory until now.  */
    memcpy(group.name, name, sizeof name);
    pj_cgroup_remove(&group);
    CHECK(faccessat(parent_fd, name, F_OK, 0) != 0);
    pj_cgroup_remove(&group);
}

static void
test_two_names(int parent_fd)
{
    pj_cgroup one, two;

    CHECK(pj_cgroup_create(parent_fd, &none, &one) == 0);
    CHECK(pj_cgroup_create(parent_fd, &none, &two) == 0);
    CHECK(strcmp(one.name, two.name) != 0);
    pj_cgroup_remove(&one);
    pj_cgroup_remove(&two);
    CHECK(one.join_fd == -1 && two.join_fd == -1);
}

static void
test_controllers_are_needed(void)
{
    const pj_cgroup_limits memory = {1 << 30, 0}, both = {1 << 30, 10};
    int fd = pj_cgroup_find(&both);

    /* Whoever can have both can have one.  */
    if (fd >= 0) {
        int other = pj_cgroup_find(&memory);

        CHECK(other >= 0);
        close(other);
        close(fd);
    }
    CHECK(pj_cgroup_create(-1, &none, &(pj_cgroup){0}) < 0);
}

int
main(void)
{
    int parent_fd = pj_cgroup_find(&none);

    test_controllers_are_needed();
    if (parent_fd < 0) {
        CHECK_SKIP("no cgroup can be made here, so none was");
    } else {
        CHECK(parent_fd > 2);
        test_life(parent_fd);
        test_two_names(parent_fd);
        close(parent_fd);
    }
    return CHECK_REPORT();
}
