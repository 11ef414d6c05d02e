/* profile.c: the method of a builder that the package fills in.  */
#include "builder.h"
#include "package.h"

const char pj_py_profile_doc[] =
"profile($self, /, name, read=(), write=(), path=None, hosts=())\n--\n\n"
"Return a copy that allows a known program with rules made for it.\n\n"
"`name`: of the program (str), found in the system's directories or at\n"
"`path`.  `read` and `write`: directories (absolute) that its arguments may\n"
"name and the kernel lets it reach.  `hosts`: for programs of the network.\n"
"docs/profiles.md lists all.  Raises LookupError for an unknown name.\n\n"
">>> ProcPolicyBuilder().profile('grep', read=['/srv/docs'])";

/* The profiles are the package's, and loaded when they are used.  */
PyObject *
pj_py_builder_profile(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return pj_py_package_method("proc_jail.profiles", "extend", self, args,
                                kwargs);
}
