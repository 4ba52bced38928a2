//! dockerd on one host: the API that the command line talks to, joining engine and swarm.
