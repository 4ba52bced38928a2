//! The services of the workshop application DockerCoins (jpetazzo/container.training): `rng` gives random bytes, `hasher` hashes
//! them, `worker` asks both and counts in redis what begins with a zero, `webui` shows the counts.

use os::program::Running;
use os::{Incoming, Proc};
use sha2::{Digest, Sha256};
use sim::Duration;

use super::http::{Request, response};
use super::{redis, voting};

const REDIS: (&str, u16) = ("redis", 6379);
/// What every unit of work takes of each service, so that more of them help.
const WORK: Duration = Duration::from_millis(100);

/// The service that has the program's name.
pub(super) fn dockercoins(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let name = args.first().map_or("", |path| path.rsplit('/').next().unwrap_or(path));
        if name == "worker" { work(&proc).await } else { serve(&proc, name).await }
    })
}

async fn serve(proc: &Proc, name: &str) -> i32 {
    let inbox = match voting::open(proc).await {
        Ok(inbox) => inbox,
        Err(status) => return status,
    };
    let host = proc.hostname();
    proc.eprint(match name {
        "rng" => " * Running on http://0.0.0.0:80/ (Press CTRL+C to quit)\n",
        "hasher" => "Listening on 0.0.0.0:80, CTRL+C to stop\n",
        _ => "WEBUI running on port 80\n",
    })
    .await;
    while let Ok(Incoming { call, request, .. }) = inbox.next().await {
        let request = Request::parse(&request);
        let is_post = request.method == "POST";
        let count = request.path.trim_start_matches('/').parse::<usize>().ok();
        let (kind, body) = match (name, count) {
            ("rng", Some(count)) => {
                let _ = proc.sleep(WORK).await;
                ("application/octet-stream", proc.random(count.min(1 << 16)))
            }
            ("hasher", _) if is_post => {
                let _ = proc.sleep(WORK).await;
                ("application/octet-stream", hex(&Sha256::digest(&request.body)).into_bytes())
            }
            ("webui", _) if request.path == "/json" => {
                let of = async |words: &[&str]| {
                    let answer = redis::query(proc, REDIS, words).await;
                    answer.and_then(Result::ok).filter(|text| !text.is_empty())
                };
                let (coins, hashes) = (of(&["HLEN", "wallet"]).await, of(&["GET", "hashes"]).await);
                let text = format!(
                    "{{\"coins\":{},\"hashes\":{},\"now\":{}}}",
                    coins.unwrap_or_else(|| "0".to_owned()),
                    hashes.unwrap_or_else(|| "0".to_owned()),
                    proc.wall().unix_secs()
                );
                ("application/json", text.into_bytes())
            }
            ("webui", _) => {
                let page = "<!doctype html>\n<html>\n<head>\n<title>DockerCoin Miner WebUI</title>\n</head>\n<body>not \
                            simulated: the chart; /json has its numbers</body>\n</html>\n";
                ("text/html; charset=utf-8", page.as_bytes().to_vec())
            }
            _ => {
                let text = format!("{} running on {host}\n", name.to_uppercase());
                ("text/html; charset=utf-8", text.into_bytes())
            }
        };
        proc.respond(call, response("200 OK", kind, "", &body));
    }
    0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The body that a service answers with.
async fn ask(proc: &Proc, host: &str, head: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    let size = body.len();
    let request = [
        format!("{head} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {size}\r\n\r\n").as_bytes(),
        body,
    ]
    .concat();
    let failed = |errno: os::Errno| {
        format!(
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='{host}', port=80): {errno}"
        )
    };
    let answer = proc.call(host, 80, &request).await.map_err(failed)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    Ok(answer[end..].to_vec())
}

async fn unit(proc: &Proc) -> Result<(), String> {
    let _ = proc.sleep(WORK).await;
    let bytes = ask(proc, "rng", "GET /32", b"").await?;
    let hash = ask(proc, "hasher", "POST /", &bytes).await?;
    let hash = String::from_utf8_lossy(&hash).into_owned();
    if hash.starts_with('0') {
        let begin = hash.get(..8).unwrap_or_default();
        proc.eprint(format!("INFO:__main__:Coin found: {begin}...\n")).await;
        redis::query(proc, REDIS, &["HSET", "wallet", &hash, &hex(&bytes)]).await;
    }
    Ok(())
}

async fn work(proc: &Proc) -> i32 {
    let (mut count, mut until) = (0, proc.now());
    loop {
        let mut done = Ok(());
        if proc.now() >= until {
            let text = format!("INFO:__main__:{count} units of work done, updating hash counter\n");
            proc.eprint(text).await;
            let answer = redis::query(proc, REDIS, &["INCRBY", "hashes", &count.to_string()]).await;
            if answer.is_none() {
                done = Err("redis.exceptions.ConnectionError: connecting to redis:6379".to_owned());
            }
            (count, until) = (0, proc.now() + Duration::from_secs(1));
        }
        if done.is_ok() {
            done = unit(proc).await;
        }
        match done {
            Ok(()) => count += 1,
            Err(text) => {
                let text = format!(
                    "ERROR:__main__:In work loop:\n{text}\nERROR:__main__:Waiting 10s and restarting.\n"
                );
                proc.eprint(text).await;
                if proc.sleep(Duration::from_secs(10)).await.is_err() {
                    return 1;
                }
            }
        }
    }
}
