/*
 * main.c: the program between the host and a command, for what cannot be
 * done in the host's memory: being the init of a pid namespace, and changing
 * ids, which would make the host undumpable.
 *
 * Static, without libc, a few kilobytes: the cost of executing it does not
 * depend on the host.  Its arguments are the number of a descriptor for a
 * pj_order, then the program's argv; its environment is the program's.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux/child.h"
#include "system/linux/init.h"
#include "system/linux/order.h"

static int
number_of(const char *digits)
{
    int number = 0;

    while (*digits >= '0' && *digits <= '9')
        number = number * 10 + (*digits++ - '0');
    return number;
}

static pj_order *
read_order(int fd)
{
    void *page = (void *)syscall(SYS_mmap, NULL, sizeof(pj_order),
                                 PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                                 (off_t)0);

    syscall(SYS_close, fd);
    return page;
}

static void __attribute__((noreturn))
give_up(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

int
main(int argc, char **argv, char **envp)
{
    pj_order *order;

    if (argc < 3)
        give_up(127);
    order = read_order(number_of(argv[1]));
    if (order == MAP_FAILED)
        give_up(127);
    order->confinement.filter = order->confinement.filter_count > 0
        ? order->filter : NULL;
    order->confinement.own_filter = order->confinement.own_filter_count > 0
        ? order->own_filter : NULL;
    order->plan.confinement = &order->confinement;
    order->plan.report = &order->report;
    order->plan.exec_path = order->exec_path;
    order->plan.argv = argv + 2;
    order->plan.envp = envp;
    if (order->confinement.namespace_flags != 0)
        pj_child_init(&order->plan);
    pj_child_become(&order->plan);
}
