//! Every namespace has a service account `default` and the cluster's root certificate; before 1.24 every account had a
//! token in a secret. A secret that somebody makes for an account's token gets one (`serviceaccount/tokens_controller.go`).

use serde_json::{Value, json};

use super::{View, is_going};
use crate::apiserver::token;
use crate::client;
use crate::json::{at, items, put, text};

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
    fill_secrets(view);
}

const NAME: &str = "kubernetes.io/service-account.name";
const UID: &str = "kubernetes.io/service-account.uid";
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";

/// What a secret with an account's token holds.
fn token_data(view: &View<'_>, account: &Value) -> Value {
    let encode = |text: &str| seal::base64::encode(text.as_bytes());
    json!({
        "ca.crt": encode(view.root_pem),
        "namespace": encode(crate::json::namespace(account)),
        "token": encode(&token::sign(account, view.token_key, view.wall, None)),
    })
}

/// Secrets for tokens that have none yet; those of no account go.
fn fill_secrets(view: &mut View<'_>) {
    for secret in view.objects.list("secrets", "") {
        if text(secret, "type") != TOKEN_TYPE || is_going(secret) {
            continue;
        }
        let named = |note: &str| at(secret, "metadata/annotations")[note].as_str();
        let home = crate::json::namespace(secret);
        let account = view.objects.find("serviceaccounts", home, named(NAME).unwrap_or_default());
        let Some(account) =
            account.filter(|one| named(UID).is_none_or(|uid| uid == crate::json::uid(one)))
        else {
            view.asks.push(client::delete(secret, None));
            continue;
        };
        if at(secret, "data/token").is_null() {
            let mut changed = (**secret).clone();
            crate::json::object(&mut changed, "metadata/annotations")
                .insert(UID.to_owned(), crate::json::uid(account).into());
            for (key, value) in token_data(view, account).as_object().into_iter().flatten() {
                crate::json::object(&mut changed, "data").insert(key.clone(), value.clone());
            }
            view.asks.push(client::replace(changed, ""));
        }
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
            crate::json::name(one).starts_with(&prefix) && text(one, "type") == TOKEN_TYPE
        });
        if let Some(secret) = made {
            let mut changed = (**account).clone();
            put(&mut changed, "secrets", json!([{ "name": crate::json::name(secret) }]));
            view.asks.push(client::replace(changed, ""));
            continue;
        }
        let data = token_data(view, account);
        let suffix = crate::apiserver::random_suffix(view.rng, 5);
        view.asks.push(client::create(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": format!("{prefix}{suffix}"),
                "namespace": home,
                "annotations": {
                    NAME: name,
                    UID: crate::json::uid(account),
                },
            },
            "type": TOKEN_TYPE,
            "data": data,
        })));
    }
}
