//! The swarm control plane: store, control API, orchestrator, scheduler, dispatcher, agent.
