//! The keys and certificates of a cluster and the files that hold them, as `kubeadm init` and `kubeadm join` leave them.

use seal::keyfile::{self, NodeKeyFile};
use seal::{Certificate, Csr, Identity, NodeIdentity, PrivateKey, Role, RootCa};
use sim::{Duration, Rng, Time};

use crate::config::ClusterConfig;
use crate::rest::Credential;

/// kubeadm: certificates live for a year.
const LIFETIME: Duration = Duration::from_secs(365 * 86_400);
/// Members of etcd have this as their organisation.
pub(crate) const ETCD_GROUP: &str = "etcd";

/// A file of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFile {
    /// Its path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// What is in it.
    pub text: String,
}

/// A cluster's authority, before it is on any disk.
#[derive(Debug)]
pub struct Pki<'a> {
    config: &'a ClusterConfig,
    ca: RootCa,
    /// Signs the tokens of service accounts.
    accounts: PrivateKey,
    now: Time,
    rng: Rng,
}

/// A key in PEM.
fn key_pem(key: &PrivateKey) -> String {
    // Written without the headers that a swarm's key file has.
    let text = keyfile::write(&NodeKeyFile::new(key.clone()), None);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.retain(|line| !line.contains(": ") && !line.is_empty());
    lines.join("\n") + "\n"
}

impl<'a> Pki<'a> {
    /// A new authority.
    pub fn new(config: &'a ClusterConfig, now: Time, mut rng: Rng) -> Self {
        let ca = RootCa::create_named("kubernetes", now, &mut rng);
        let accounts = PrivateKey::generate(&mut rng);
        Self { config, ca, accounts, now, rng }
    }

    /// A certificate for somebody, and its key.
    fn issue(&mut self, name: &str, group: &str) -> (String, String) {
        let key = PrivateKey::generate(&mut self.rng);
        let node = NodeIdentity {
            node_id: name.to_owned(),
            role: Role::Plain,
            cluster_id: group.to_owned(),
        };
        let issued = self.ca.issue(&Csr::new(&key), &node, self.now, LIFETIME, &mut self.rng);
        (issued.map(|certificate| certificate.pem()).unwrap_or_default(), key_pem(&key))
    }

    fn kubeconfig(&mut self, user: &str, group: &str) -> String {
        let (certificate, key) = self.issue(user, group);
        let encode = |text: &str| seal::base64::encode(text.as_bytes());
        format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: \
             https://{address}:6443\n  name: kubernetes\ncontexts:\n- context:\n    cluster: kubernetes\n    \
             user: {user}\n  name: {user}@kubernetes\ncurrent-context: {user}@kubernetes\nkind: \
             Config\npreferences: {{}}\nusers:\n- name: {user}\n  user:\n    client-certificate-data: \
             {certificate}\n    client-key-data: {key}\n",
            ca = encode(&self.ca.certificate.pem()),
            address = self.config.endpoint(),
            certificate = encode(&certificate),
            key = encode(&key),
        )
    }

    /// The files of the host with that number in the cluster.
    pub fn files(&mut self, number: usize) -> Vec<HostFile> {
        let mut files = Vec::new();
        let mut add = |path: &str, mode: u32, text: String| {
            files.push(HostFile { path: path.to_owned(), mode, text });
        };
        let ca = self.ca.certificate.pem();
        let name = self.config.hosts[number].name.clone();
        add("/etc/kubernetes/pki/ca.crt", 0o644, ca.clone());
        let kubelet = self.kubeconfig(&format!("system:node:{name}"), "system:nodes");
        add("/etc/kubernetes/kubelet.conf", 0o600, kubelet);
        add("/var/lib/kubelet/config.yaml", 0o644, KUBELET_CONFIG.to_owned());
        // Any terminal works as the administrator's own would.
        let admin = self.kubeconfig("kubernetes-admin", "system:masters");
        add("/root/.kube/config", 0o600, admin.clone());
        if number < self.config.control_plane_count {
            add("/etc/kubernetes/admin.conf", 0o600, admin);
            add("/etc/kubernetes/pki/ca.key", 0o600, key_pem(&self.ca.key));
            add("/etc/kubernetes/pki/etcd/ca.crt", 0o644, ca.clone());
            add("/etc/kubernetes/pki/sa.key", 0o600, key_pem(&self.accounts));
            let pairs = [
                ("apiserver", "kube-apiserver", "kubernetes"),
                (
                    "apiserver-kubelet-client",
                    "kube-apiserver-kubelet-client",
                    crate::apiserver::access::MASTERS,
                ),
                ("etcd/peer", name.as_str(), ETCD_GROUP),
                ("etcd/server", name.as_str(), ETCD_GROUP),
                ("apiserver-etcd-client", "kube-apiserver-etcd-client", ETCD_GROUP),
            ];
            for (file, user, group) in pairs {
                let (certificate, key) = self.issue(user, group);
                add(&format!("/etc/kubernetes/pki/{file}.crt"), 0o644, certificate);
                add(&format!("/etc/kubernetes/pki/{file}.key"), 0o600, key);
            }
            let address = &self.config.hosts[number].address;
            let version = self.config.version();
            let is_alone = self.config.control_plane_count == 1;
            for (program, text) in manifests(&name, address, &version, is_alone) {
                add(&manifest_path(program), 0o600, text);
            }
        }
        files
    }
}

/// The programs of a control plane that are static pods, those that are read for their arguments among them.
pub(crate) const STATIC_PODS: [&str; 4] =
    ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// Where the manifest of a static pod is.
pub(crate) fn manifest_path(program: &str) -> String {
    format!("/etc/kubernetes/manifests/{program}.yaml")
}

const KUBELET_CONFIG: &str = "apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
";

/// The manifests of a control plane, as kubeadm writes them: a static pod for each program, and whether it runs depends on
/// its being there.
fn manifests(
    name: &str,
    address: &str,
    version: &str,
    is_alone: bool,
) -> [(&'static str, String); 4] {
    let certificates = ("/etc/kubernetes/pki", "k8s-certs", "      readOnly: true\n");
    let elects = format!("--leader-elect={}", !is_alone);
    let server = format!(
        "--advertise-address={address} --authorization-mode=Node,RBAC --client-ca-file=/etc/kubernetes/pki/ca.crt \
         --enable-admission-plugins=NodeRestriction --etcd-servers=https://127.0.0.1:2379 --secure-port=6443 \
         --service-account-key-file=/etc/kubernetes/pki/sa.pub --service-cluster-ip-range=10.96.0.0/12 \
         --tls-cert-file=/etc/kubernetes/pki/apiserver.crt --tls-private-key-file=/etc/kubernetes/pki/apiserver.key"
    );
    let etcd = format!(
        "--advertise-client-urls=https://{address}:2379 --data-dir=/var/lib/etcd --name={name} --snapshot-count=10000"
    );
    let data = ("/var/lib/etcd", "etcd-data", "");
    STATIC_PODS.map(|program| {
        let (arguments, version, (path, volume, mode)) = match program {
            "etcd" => (&etcd, "3.5.6-0", data),
            "kube-apiserver" => (&server, version, certificates),
            _ => (&elects, version, certificates),
        };
        let arguments = arguments.replace(' ', "\n    - ");
        let text = format!(
            "apiVersion: v1
kind: Pod
metadata:
  labels:
    component: {program}
    tier: control-plane
  name: {program}
  namespace: kube-system
spec:
  containers:
  - command:
    - {program}
    - {arguments}
    image: registry.k8s.io/{program}:{version}
    name: {program}
    volumeMounts:
    - mountPath: {path}
      name: {volume}
{mode}  hostNetwork: true
  volumes:
  - hostPath:
      path: {path}
      type: DirectoryOrCreate
    name: {volume}
"
        );
        (program, text)
    })
}

/// A certificate and its key as somebody's identity.
pub(crate) fn identity(certificate: &str, key: &str) -> Option<Identity> {
    let leaf = Certificate::from_pem(certificate).ok()?;
    let key = keyfile::read_private_key(key).ok()?;
    Some(Identity { chain: leaf.into(), key })
}

/// The certificate and key of a kubeconfig's first user.
fn kubeconfig_pair(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let root = yaml::read(0, text).ok()?;
    let user = root.get("users")?.items().first()?.get("user")?.clone();
    let part = |name: &str| seal::base64::decode(&user.text_of(name));
    Some((part("client-certificate-data")?, part("client-key-data")?))
}

/// The identity in a kubeconfig.
pub(crate) fn kubeconfig_identity(text: &str) -> Option<Identity> {
    let (certificate, key) = kubeconfig_pair(text)?;
    identity(&String::from_utf8(certificate).ok()?, &String::from_utf8(key).ok()?)
}

/// The server that a kubeconfig of this module names.
pub(crate) fn server_of(text: &str) -> &str {
    text.lines().find_map(|line| line.trim().strip_prefix("server: ")).unwrap_or_default()
}

/// The server that a kubeconfig of this module names, and who asks with it.
pub fn admin_of(text: &str) -> (String, Credential) {
    let credential = match kubeconfig_pair(text) {
        Some((certificate, key)) => Credential::Certificate { certificate, key },
        None => Credential::Anonymous,
    };
    (server_of(text).to_owned(), credential)
}
