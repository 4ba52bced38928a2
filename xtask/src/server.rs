//! A static file server for `dist/`, on the loopback address alone.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};

use crate::Result;
use crate::page;

/// Builds the page and serves it until Ctrl-C.
///
/// # Errors
/// If the build fails or the port is taken.
pub fn serve(port: u16) -> Result<()> {
    // Before the build: a taken port should be known at once.
    let listener = listen(port)?;
    page::build()?;
    println!("\nGlasshive is served on http://127.0.0.1:{port} (Ctrl-C ends it)");
    answer_all(&listener, &page::dist());
    Ok(())
}

fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
        format!("cannot listen on 127.0.0.1:{port}: {error}; try `cargo xtask serve --port 8081`")
    })
}

/// Serves the built page in the background on a free port, for the browser test.
///
/// # Errors
/// If no port is free.
pub fn serve_in_background() -> Result<u16> {
    let listener = listen(0)?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    std::thread::spawn(move || answer_all(&listener, &page::dist()));
    Ok(port)
}

fn answer_all(listener: &TcpListener, folder: &Path) {
    for stream in listener.incoming().flatten() {
        let folder = folder.to_path_buf();
        // A browser opens several connections and may leave one open without a word.
        std::thread::spawn(move || {
            let _ = answer(stream, &folder);
        });
    }
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let path = request.split_whitespace().nth(1).unwrap_or("/");
    let (status, kind, body) = match local(path, folder).and_then(|file| {
        let body = std::fs::read(&file).ok()?;
        Some((content_type(&file), body))
    }) {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain; charset=utf-8", b"not found\n".to_vec()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Cache-Control: no-cache\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

/// The file that a request's path means; nothing for what would leave the folder.
fn local(path: &str, folder: &Path) -> Option<PathBuf> {
    let path = path.split(['?', '#']).next()?.trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| folder.join(path))
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_stay_in_the_folder() {
        let folder = Path::new("/dist");
        assert_eq!(local("/", folder), Some("/dist/index.html".into()));
        assert_eq!(local("/a/b.js?x=1", folder), Some("/dist/a/b.js".into()));
        assert_eq!(local("/../secret", folder), None);
        assert_eq!(local("//etc/passwd", folder), Some("/dist/etc/passwd".into()));
    }
}
