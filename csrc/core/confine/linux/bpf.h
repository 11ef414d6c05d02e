/* bpf.h: assembling a classic BPF program.  */
#ifndef PJ_BPF_H
#define PJ_BPF_H

#include <linux/filter.h>
#include <stdint.h>

#include "procjail.h"

/* More than any plan needs; the kernel's own limit is 4096.  */
#define PJ_BPF_MOST 768
#define PJ_BPF_LABELS 512

/* Jump targets.  NEXT is the following instruction.  A label may be put at
   several places, as the common ends are: a jump, which can only go forward
   and not far, goes to the first of them after it.  */
enum { PJ_BPF_NEXT = 0 };

typedef struct pj_bpf {
    struct sock_filter code[PJ_BPF_MOST];
    int yes[PJ_BPF_MOST], no[PJ_BPF_MOST]; /* labels of the jumps */
    struct {
        int label, at;
    } puts[PJ_BPF_LABELS];
    int count, put_count;
    int last_label;
    int overflow; /* something did not fit */
} pj_bpf;

/* Begins a program; labels up to `named` are the caller's.  */
void pj_bpf_begin(pj_bpf *p, int named);

int pj_bpf_label(pj_bpf *p);
void pj_bpf_put(pj_bpf *p, int label);
void pj_bpf_emit(pj_bpf *p, unsigned code, uint32_t k);

/* Tests are BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET and BPF_JA.  */
void pj_bpf_jump(pj_bpf *p, unsigned test, uint32_t k, int yes, int no);

/* Turns labels into distances.  -1 if the program or a jump is too long, or
   a label does not come after its jump.  */
int pj_bpf_resolve(pj_bpf *p);

/* Resolves a program of at most `most` instructions into memory that the
   caller frees.  Fails with OutOfMemory, or with SandboxUnavailable for the
   control that it is for.  */
int pj_bpf_finish(pj_bpf *p, const char *control, int most,
                  struct sock_filter **out, unsigned short *count,
                  pj_error *err);

#endif
