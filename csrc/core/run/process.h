/* process.h: a started command, from the inside.  */
#ifndef PJ_PROCESS_H
#define PJ_PROCESS_H

#include "base/buffer.h"
#include "system/cgroup.h"
#include "system/guard.h"
#include "system/platform.h"

/* Why a process is being stopped.  */
enum pj_stop {
    PJ_STOP_NONE,
    PJ_STOP_TIMEOUT,
    PJ_STOP_STDOUT,
    PJ_STOP_STDERR,
    PJ_STOP_CANCELLED,
    PJ_STOP_FAILED /* reading failed: `failure` is errno */
};

/* One output stream: the read end of the pipe, and what was read.  */
typedef struct pj_stream {
    int fd;   /* -1 at end of file */
    int wide; /* a larger pipe was asked for */
    pj_buffer buffer;
} pj_stream;

struct pj_process {
    pj_command *command;
    pj_child child;
    pj_cgroup cgroup; /* without a name: none */
    pj_stream out;
    pj_stream err;
    pj_guard guard;
    int64_t started_ns;
    pid_t owner;      /* the process that started it and may end it */
    enum pj_stop stop;
    int failure;
    int ended;  /* the leader is a zombie, or someone reaped it */
    int64_t held_ns; /* since when a tracer holds its zombie; or 0 */
    int reaped; /* nothing of it is left */
    pj_status status;
};

#endif
