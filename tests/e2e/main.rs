//! The judge of the Secrets slice: what a person at a terminal can find out about the cluster.
//!
//! No test looks at a private field, sleeps or measures time; each one names the seed it ran with. Numbers
//! such as R39 in the transcripts are those of the requirements that the workshops make.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

mod audit;
mod audit_kube;
mod bad_input;
mod determinism;
mod limits;
mod managers;
mod profiles;
mod requirements;
mod secrecy;
mod services;
mod wire;

use std::path::{Path, PathBuf};

fn transcript(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/transcripts").join(format!("{name}.txt"))
}

macro_rules! transcripts {
    ($($test:ident: $name:literal,)+) => {
        $(
            #[test]
            fn $test() {
                glasshive_tests::transcript::play(&transcript($name));
            }
        )+

        #[test]
        fn every_transcript_is_played() {
            let folder = transcript("x");
            let mut names: Vec<String> = std::fs::read_dir(folder.parent().unwrap())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            let mut played = vec![$(concat!($name, ".txt")),+];
            played.sort_unstable();
            assert_eq!(names, played);
        }
    };
}

transcripts! {
    shell: "shell",
    users: "users",
    programs: "programs",
    devices: "devices",
    dockercoins: "dockercoins",
    hosts: "hosts",
    remote_20_10: "remote-20.10",
    remote_tls_20_10: "remote-tls-20.10",
    remote_work_20_10: "remote-work-20.10",
    passwords: "passwords",
    secrets_17_03: "secrets-17.03",
    secrets_20_10: "secrets-20.10",
    swarm_17_03: "swarm-17.03",
    swarm_20_10: "swarm-20.10",
    swarm_files_20_10: "swarm-files-20.10",
    docker_service_20_10: "docker-service-20.10",
    certificates_20_10: "certificates-20.10",
    cut_off_20_10: "cut-off-20.10",
    reference_28: "reference-28",
    links_17_03: "links-17.03",
    promotion_20_10: "promotion-20.10",
    updates_20_10: "updates-20.10",
    placement_20_10: "placement-20.10",
    restarts_20_10: "restarts-20.10",
    quorum_28: "quorum-28",
    curl_20_10: "curl-20.10",
    tasks_end_20_10: "tasks-end-20.10",
    task_17_03: "task-17.03",
    service_17_03: "service-17.03",
    beyond_20_10: "beyond-20.10",
    networks_20_10: "networks-20.10",
    overlay_19_03: "overlay-19.03",
    stack_19_03: "stack-19.03",
    logs_28: "logs-28",
    build_17_06: "build-17.06",
    build_28: "build-28",
    registry_19_03: "registry-19.03",
    registry_20_10: "registry-20.10",
    applications_20_10: "applications-20.10",
    health_20_10: "health-20.10",
    cluster_20_10: "cluster-20.10",
    templates_28: "templates-28",
    compose_28: "compose-28",
    compose_19_03: "compose-19.03",
    containers_20_10: "containers-20.10",
    kubectl_1_25: "kubectl-1.25",
    kubectl_cut_1_25: "kubectl-cut-1.25",
    kubectl_1_31: "kubectl-1.31",
    kubectl_documents: "kubectl-documents-1.25",
}
