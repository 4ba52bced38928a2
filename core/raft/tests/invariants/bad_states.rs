//! Bad states, each of which its invariant has to complain about.
