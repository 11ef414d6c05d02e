/* bpf.c: assembling a classic BPF program.

   Anything that does not fit is recorded and refused at the end, since a
   jump with a truncated distance would silently go somewhere else.  */
#include "confine/linux/bpf.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strings.h"

void
pj_bpf_begin(pj_bpf *p, int named)
{
    memset(p, 0, sizeof *p);
    p->last_label = named;
}

int
pj_bpf_label(pj_bpf *p)
{
    return ++p->last_label;
}

void
pj_bpf_put(pj_bpf *p, int label)
{
    if (p->put_count == PJ_BPF_LABELS || label == PJ_BPF_NEXT) {
        p->overflow = 1;
        return;
    }
    p->puts[p->put_count].label = label;
    p->puts[p->put_count].at = p->count;
    p->put_count++;
}

void
pj_bpf_jump(pj_bpf *p, unsigned test, uint32_t k, int yes, int no)
{
    pj_bpf_emit(p, BPF_JMP | test | BPF_K, k);
    if (p->overflow)
        return;
    p->yes[p->count - 1] = yes;
    p->no[p->count - 1] = no;
}

void
pj_bpf_emit(pj_bpf *p, unsigned code, uint32_t k)
{
    if (p->count == PJ_BPF_MOST) {
        p->overflow = 1;
        return;
    }
    p->code[p->count] = (struct sock_filter){(uint16_t)code, 0, 0, k};
    p->yes[p->count] = p->no[p->count] = PJ_BPF_NEXT;
    p->count++;
}

/* The distance from an instruction to a label; -1 if it cannot be reached.
   Places were put in code order.  */
static int
distance(const pj_bpf *p, int from, int label)
{
    if (label == PJ_BPF_NEXT)
        return 0;
    for (int i = 0; i < p->put_count; i++)
        if (p->puts[i].label == label && p->puts[i].at > from
            && p->puts[i].at < p->count)
            return p->puts[i].at - from - 1;
    return -1;
}

int
pj_bpf_resolve(pj_bpf *p)
{
    if (p->overflow || p->count == 0
        || BPF_CLASS(p->code[p->count - 1].code) != BPF_RET)
        return -1;
    for (int i = 0; i < p->count; i++) {
        int always = p->code[i].code == (BPF_JMP | BPF_JA | BPF_K);
        int yes = distance(p, i, p->yes[i]), no = distance(p, i, p->no[i]);

        if (BPF_CLASS(p->code[i].code) != BPF_JMP)
            continue;
        if (yes < 0 || no < 0 || (!always && (yes > 255 || no > 255)))
            return -1;
        if (always)
            p->code[i].k = (uint32_t)yes;
        else {
            p->code[i].jt = (uint8_t)yes;
            p->code[i].jf = (uint8_t)no;
        }
    }
    return 0;
}

int
pj_bpf_finish(pj_bpf *p, const char *control, int most,
              struct sock_filter **out, unsigned short *count, pj_error *err)
{
    size_t size;

    if (pj_bpf_resolve(p) < 0 || p->count > most) {
        pj_error_begin(err, PJ_E_SandboxUnavailable, pj_str_of(control));
        return pj_error_say(err, "sandbox control %s is not available: "
                            "internal error: the filter does not resolve",
                            control);
    }
    size = (size_t)p->count * sizeof **out;
    *out = malloc(size);
    if (*out == NULL)
        return pj_error_memory(err);
    memcpy(*out, p->code, size);
    *count = (unsigned short)p->count;
    return 0;
}
