//! `gitea` as a process: it says where its database is, serves one page, and ends on SIGTERM.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Proc, Service, Signal};
use sim::Time;

use super::next_signal;

const PAGE: &str = "<!DOCTYPE html>\n<html>\n<head><title>Gitea: Git with a cup of tea</title></head>\n\
                    <body>not simulated: what is on Gitea's pages</body>\n</html>\n";

#[derive(Debug)]
struct Pages;

impl Service for Pages {
    fn answer(&mut self, _now: Time, _request: &[u8]) -> Vec<u8> {
        let size = PAGE.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {size}\r\n\r\n{PAGE}"
        )
        .into_bytes()
    }
}

pub(super) fn gitea(proc: Proc) -> Running {
    Box::pin(async move {
        proc.on_signal(Signal::Terminate, Disposition::Catch);
        let log =
            |text: String| format!("{} {text}\n", proc.wall().civil().strftime("%Y/%m/%d %T"));
        proc.print(log("cmd/web.go:107:runWeb() [I] Starting Gitea on PID: 1".to_owned())).await;
        // The image copies such variables into its configuration file, passwords included.
        let value = |name: &str| proc.env(name).unwrap_or_default();
        let ini = format!(
            "APP_NAME = Gitea\nRUN_MODE = prod\n\n[database]\nDB_TYPE = {}\nHOST    = {}\nNAME    = \
             {}\nUSER    = {}\nPASSWD  = {}\n",
            value("DB_TYPE"),
            value("DB_HOST"),
            value("DB_NAME"),
            value("DB_USER"),
            value("DB_PASSWD")
        );
        for folder in ["/data/gitea", "/data/gitea/conf"] {
            let _ = proc.make_directory(folder, 0o755);
        }
        if !proc.exists("/data/gitea/conf/app.ini") {
            let _ = proc.write_file("/data/gitea/conf/app.ini", ini.as_bytes());
        }
        if let Err(errno) = proc.listen(3000, Rc::new(RefCell::new(Pages))) {
            proc.eprint(log(format!("[F] Failed to start server: listen tcp :3000: {errno}")))
                .await;
            return 1;
        }
        proc.print(log("cmd/web.go:198:listen() [I] Listen: http://0.0.0.0:3000".to_owned())).await;
        next_signal(&proc).await;
        0
    })
}
