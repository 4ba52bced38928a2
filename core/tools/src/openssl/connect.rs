//! `openssl s_client`: what a server shows.

use os::{Errno, Proc};
use seal::pki::tls::Client;
use seal::pki::{Certificate, verify};

use super::{Options, random, read};

pub(super) async fn s_client(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options = Options::parse(
        "s_client",
        args,
        "showcerts quiet brief tls1_2 tls1_3 verify_return_error ign_eof",
        "connect CAfile servername verify cert key host port",
    )?;
    let place = options.value("connect").or(options.operands.first().map(String::as_str));
    let place = place.unwrap_or("localhost:4433").to_owned();
    let (host, port) = place.split_once(':').unwrap_or((&place, "443"));
    let Ok(port) = port.parse::<u16>() else { return Err(options.misuse("no port")) };
    let roots = match options.value("CAfile") {
        Some(path) => Certificate::all_of(&read(proc, Some(path), "certificate").await?),
        None => Vec::new(),
    };
    let (client, hello) = Client::hello(&mut random(proc));
    let answer = match proc.call(host, port, &hello).await {
        Ok(answer) => answer,
        Err(Errno::NotFound) => {
            return Err(format!(
                "BIO_lookup_ex: Name or service not known: {host}\nconnect:errno=0\n"
            ));
        }
        Err(errno) => {
            let number = if errno == Errno::Refused { 111 } else { 110 };
            return Err(format!("connect: {errno}\nconnect:errno={number}\n"));
        }
    };
    proc.print("CONNECTED(00000003)\n").await;
    let Ok(session) = client.finish(&answer) else {
        let text =
            "ssl3_get_record:wrong version number\n---\nno peer certificate available\n---\n";
        proc.eprint(text).await;
        return Ok(1);
    };
    let chain = &session.chain;
    let checked = verify(&chain[0], &chain[1..], &roots, Some(proc.wall()));
    let (mut told, code) = (
        String::new(),
        match &checked {
            Ok(_) => "0 (ok)".to_owned(),
            Err(complaint) => format!("{} ({})", complaint.number, complaint.why),
        },
    );
    match &checked {
        Ok(path) => {
            for (depth, one) in path.iter().enumerate().rev() {
                told += &format!("depth={depth} {}\nverify return:1\n", one.subject.text());
            }
        }
        Err(complaint) => {
            told += &format!(
                "depth={} {}\nverify error:num={}:{}\nverify return:1\n",
                complaint.depth, complaint.subject, complaint.number, complaint.why
            );
        }
    }
    proc.eprint(told).await;
    let mut shown = "---\nCertificate chain\n".to_owned();
    for (depth, one) in chain.iter().enumerate() {
        let (subject, issuer) = (one.subject.text(), one.issuer.text());
        shown += &format!(" {depth} s:{subject}\n   i:{issuer}\n");
        if options.has("showcerts") {
            shown += &one.pem();
        }
    }
    let leaf = &chain[0];
    let (subject, issuer, bits) = (leaf.subject.text(), leaf.issuer.text(), leaf.key.bits());
    shown += &format!(
        "---\nServer certificate\n{}subject={subject}\nissuer={issuer}\n---\nNo client certificate CA names \
         sent\n---\nServer public key is {bits} bit\nVerify \
         return code: {code}\n---\n",
        leaf.pem()
    );
    proc.print(shown).await;
    Ok(0)
}
