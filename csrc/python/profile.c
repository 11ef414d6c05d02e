/* profile.c: the method of a builder that the package fills in.  */
#include "builder.h"
#include "package.h"

const char pj_py_profile_doc[] =
"profile($self, /, name, read=(), write=(), path=None, hosts=())\n--\n\n"
"Return a copy that allows a known program with rules made for it.\n\n"
"`name` is the name of the program, found in the system's directories or at\n"
"`path`.  `read` and `write` are absolute directories that its arguments may\n"
"name and the kernel lets it reach.  `hosts` is for programs that use the\n"
"network.  docs/profiles.md lists all profiles.  Raises LookupError for an\n"
"unknown name, and ArgRulesInvalid for a program of that name that is of\n"
"another maker than the profile is for.\n\n"
">>> builder = ProcPolicyBuilder().profile('grep', read=['/srv/docs'])";

/* The profiles are the package's, and loaded when they are used.  */
PyObject *
pj_py_builder_profile(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return pj_py_package_method("proc_jail.profiles", "extend", self, args,
                                kwargs);
}
