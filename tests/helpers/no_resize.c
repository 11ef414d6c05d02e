/* no_resize.c: a preload that hides _PyBytes_Resize from dlsym, as an
   interpreter without it would.  */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* How often it was asked for.  */
int hidden;

void *
dlsym(void *handle, const char *name)
{
    static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17",
                                           "GLIBC_2.2.5"};
    void *(*real)(void *, const char *) = NULL;

    if (strcmp(name, "_PyBytes_Resize") == 0) {
        hidden++;
        return NULL;
    }
    for (size_t i = 0; real == NULL && i < 3; i++)
        real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym",
                                                       versions[i]);
    return real == NULL ? NULL : real(handle, name);
}
