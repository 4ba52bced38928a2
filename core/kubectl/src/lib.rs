//! The kubectl command line. It knows an API server by [`kube::rest`] only.
