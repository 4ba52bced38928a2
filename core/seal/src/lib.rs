//! Keys, certificates, join tokens, sealed records and the mutually authenticated channel.
