//! A cluster you can type into: hosts, terminals, faults, record and replay, observation.
