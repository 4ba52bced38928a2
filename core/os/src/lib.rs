//! A host's operating system as far as a workshop sees it: files, processes, pipes, terminals.
