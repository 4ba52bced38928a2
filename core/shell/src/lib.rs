//! A shell and the utilities that workshops use.
