//! Every namespace has a service account `default` and the cluster's root certificate; before 1.24 every account had a
//! token in a secret.

use serde_json::json;

use super::{View, is_going};
use crate::apiserver::token;
use crate::client;
use crate::json::{items, put};

pub(super) fn run(view: &mut View<'_>) {
    let names: Vec<String> = view
        .objects
        .list("namespaces", "")
        .filter(|one| !is_going(one))
        .map(|one| crate::json::name(one).to_owned())
        .collect();
    for home in names {
        if view.objects.find("serviceaccounts", &home, "default").is_none() {
            view.asks.push(client::create(json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": { "name": "default", "namespace": home },
            })));
        }
        if 20 <= view.minor && view.objects.find("configmaps", &home, "kube-root-ca.crt").is_none()
        {
            view.asks.push(client::create(json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": { "name": "kube-root-ca.crt", "namespace": home },
                "data": { "ca.crt": view.root_pem },
            })));
        }
    }
    if view.minor < 24 {
        token_secrets(view);
    }
}

fn token_secrets(view: &mut View<'_>) {
    for account in view.objects.list("serviceaccounts", "") {
        if !items(account, "secrets").is_empty() || is_going(account) {
            continue;
        }
        let (home, name) = (crate::json::namespace(account), crate::json::name(account));
        let prefix = format!("{name}-token-");
        let made = view.objects.list("secrets", home).find(|one| {
            crate::json::name(one).starts_with(&prefix)
                && crate::json::text(one, "type") == "kubernetes.io/service-account-token"
        });
        if let Some(secret) = made {
            let mut changed = (**account).clone();
            put(&mut changed, "secrets", json!([{ "name": crate::json::name(secret) }]));
            view.asks.push(client::replace(changed, ""));
            continue;
        }
        let encode = |text: &str| seal::base64::encode(text.as_bytes());
        let token = token::sign(account, view.token_key, view.wall, None);
        let suffix = crate::apiserver::random_suffix(view.rng, 5);
        view.asks.push(client::create(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": format!("{prefix}{suffix}"),
                "namespace": home,
                "annotations": {
                    "kubernetes.io/service-account.name": name,
                    "kubernetes.io/service-account.uid": crate::json::uid(account),
                },
            },
            "type": "kubernetes.io/service-account-token",
            "data": {
                "ca.crt": encode(view.root_pem),
                "namespace": encode(home),
                "token": encode(&token),
            },
        })));
    }
}
