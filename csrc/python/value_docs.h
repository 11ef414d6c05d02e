/* value_docs.h: the docstrings of the types of values.  */
#ifndef PJ_PY_VALUE_DOCS_H
#define PJ_PY_VALUE_DOCS_H

PyDoc_STRVAR(int_doc,
"Int(min=None, max=None)\n--\n\n"
"A decimal number from `min` to `max` (int, both included; None: no "
"bound).\n\n"
">>> ArgRules().option('-m', '--max-count', Int(1, 1000))");

PyDoc_STRVAR(choice_doc,
"Choice(*values)\n--\n\n"
"One of some words (str).\n\n"
">>> ArgRules().option('--color', Choice('always', 'never'))");

PyDoc_STRVAR(text_doc,
"Text(max_length=4096)\n--\n\n"
"Any text of at most `max_length` bytes.\n\n"
">>> ArgRules().positional('pattern', Text(max_length=200))");

PyDoc_STRVAR(pattern_doc,
"Pattern(pattern, max_length=4096)\n--\n\n"
"Text that a POSIX extended regular expression matches as a whole.\n\n"
"Back-references are refused, and repeats that nest more than four deep or\n"
"come to more than 1000 characters.  Raises ValueTypeInvalid for those, and\n"
"for an expression that is none.  Characters are those of UTF-8, whatever\n"
"the locale; a system without C.UTF-8 matches ASCII only.\n\n"
">>> ArgRules().option('-n', Pattern('[0-9]+,[0-9]+p'))");

PyDoc_STRVAR(read_path_doc,
"ReadPath(*roots)\n--\n\n"
"An existing file below one of `roots` (absolute paths), links followed.\n\n"
"Relative paths start at the child's working directory.  The kernel lets\n"
"the child read these roots and nothing else of the user's.  '-' is\n"
"standard input, where no file has that name.\n\n"
">>> ArgRules().positional('files', ReadPath('/srv/docs'), max=20)");

PyDoc_STRVAR(write_path_doc,
"WritePath(*roots)\n--\n\n"
"A file, there or not, below one of `roots` (absolute paths).\n\n"
"The kernel lets the child write below these roots only.\n\n"
">>> ArgRules().option('-o', '--output', WritePath('/srv/out'))");

PyDoc_STRVAR(host_name_doc,
"HostName()\n--\n\n"
"A host name or an IPv4 address.\n\n"
">>> ArgRules().positional('host', HostName())");

PyDoc_STRVAR(url_doc,
"Url(schemes=None, hosts=None)\n--\n\n"
"A URL of one of some schemes and hosts ('*.example.com': all below).\n\n"
"Schemes (lower case) None: https; hosts None: every host.  Without user\n"
"name, brackets and braces.\n\n"
">>> ArgRules().positional('url', Url(hosts=['example.com']))");

PyDoc_STRVAR(git_ref_doc,
"GitRef()\n--\n\n"
"A branch, tag, commit, or range of them; no file (HEAD:file), no search.\n\n"
">>> ArgRules().positional('revision', GitRef(), min=0)");

#endif
