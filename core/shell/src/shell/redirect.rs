//! Redirections: what a command's descriptors stand for while it runs.

use os::process::Handle;
use os::{Errno, Fd};

use super::{Flow, Shell};
use crate::Flavour;
use crate::syntax::{Redirect, RedirectKind, Word};

/// What descriptors stood for before; none for those that were closed.
pub(crate) type Saved = Vec<(Fd, Option<Handle>)>;

impl Shell {
    /// Redirects; the value undoes it. On an error, which has been printed, everything is undone
    /// already: none if only this command fails, else how to go on.
    pub(crate) async fn redirect(&mut self, redirects: &[Redirect]) -> Result<Saved, Option<Flow>> {
        let mut saved = Vec::new();
        for redirect in redirects {
            let result = self.redirect_one(redirect, &mut saved).await;
            if let Err(flow) = result {
                self.restore(saved);
                self.status = if self.flavour == Flavour::Dash { 2 } else { 1 };
                return Err(flow);
            }
        }
        Ok(saved)
    }

    /// Undoes redirections, the last one first.
    pub(crate) fn restore(&mut self, saved: Saved) {
        for (fd, handle) in saved.into_iter().rev() {
            match handle {
                Some(handle) => self.proc.set_handle(fd, handle),
                None => self.proc.close(fd),
            }
        }
    }

    fn put(&mut self, fd: Fd, handle: Option<Handle>, saved: &mut Saved) {
        saved.push((fd, self.proc.handle(fd).ok()));
        match handle {
            Some(handle) => self.proc.set_handle(fd, handle),
            None => self.proc.close(fd),
        }
    }

    async fn target(&mut self, word: &Word) -> Result<String, Option<Flow>> {
        let mut fields = Vec::new();
        if self.interactive || self.flavour == Flavour::Bash {
            self.expand_into(word, &mut fields).await.map_err(Some)?;
        } else {
            fields.push(self.expand_text(word).await.map_err(Some)?);
        }
        match fields.pop() {
            Some(field) if fields.is_empty() => Ok(field),
            _ => {
                self.complain(&format!("{}: ambiguous redirect", word.text)).await;
                Err(None)
            }
        }
    }

    async fn failed(&self, path: &str, errno: Errno, creating: bool) -> Option<Flow> {
        let text = match self.flavour {
            Flavour::Bash => format!("{path}: {errno}"),
            Flavour::Ash if creating => {
                let reason = match errno {
                    Errno::NotFound => "nonexistent directory".to_owned(),
                    errno => errno.to_string(),
                };
                format!("can't create {path}: {reason}")
            }
            Flavour::Ash => {
                let reason = match errno {
                    Errno::NotFound => "no such file".to_owned(),
                    errno => errno.to_string(),
                };
                format!("can't open {path}: {reason}")
            }
            Flavour::Dash if creating => {
                let reason = match errno {
                    Errno::NotFound => "Directory nonexistent".to_owned(),
                    errno => errno.to_string(),
                };
                format!("cannot create {path}: {reason}")
            }
            Flavour::Dash => {
                let reason = match errno {
                    Errno::NotFound => "No such file".to_owned(),
                    errno => errno.to_string(),
                };
                format!("cannot open {path}: {reason}")
            }
        };
        self.complain(&text).await;
        None
    }

    async fn redirect_one(
        &mut self,
        redirect: &Redirect,
        saved: &mut Saved,
    ) -> Result<(), Option<Flow>> {
        let fd = |default: u32| Fd(redirect.fd.unwrap_or(default));
        match &redirect.kind {
            RedirectKind::Read(word) => {
                let path = self.target(word).await?;
                match self.proc.open_read(&path) {
                    Ok(handle) => self.put(fd(0), Some(handle), saved),
                    Err(errno) => return Err(self.failed(&path, errno, false).await),
                }
            }
            RedirectKind::Write(word) | RedirectKind::Append(word) => {
                let append = matches!(redirect.kind, RedirectKind::Append(_));
                let path = self.target(word).await?;
                let is_file = |inode: os::fs::Inode| matches!(inode.kind, os::fs::Kind::File(_));
                if self.options.noclobber && !append && self.proc.stat(&path).is_ok_and(is_file) {
                    self.complain(&format!("{path}: cannot overwrite existing file")).await;
                    return Err(None);
                }
                match self.proc.open_write(&path, append) {
                    Ok(handle) => self.put(fd(1), Some(handle), saved),
                    Err(errno) => return Err(self.failed(&path, errno, true).await),
                }
            }
            RedirectKind::ReadWrite(word) => {
                let path = self.target(word).await?;
                match self.proc.open_read_write(&path) {
                    Ok(handle) => self.put(fd(0), Some(handle), saved),
                    Err(errno) => return Err(self.failed(&path, errno, true).await),
                }
            }
            RedirectKind::Both(word, append) => {
                let path = self.target(word).await?;
                match self.proc.open_write(&path, *append) {
                    Ok(handle) => {
                        self.put(Fd::STDOUT, Some(handle.clone()), saved);
                        self.put(Fd::STDERR, Some(handle), saved);
                    }
                    Err(errno) => return Err(self.failed(&path, errno, true).await),
                }
            }
            RedirectKind::Duplicate(word) => {
                let target = self.expand_text(word).await.map_err(Some)?;
                if target == "-" {
                    self.put(fd(0), None, saved);
                    return Ok(());
                }
                let number = target.trim_end_matches('-').parse::<u32>();
                let handle = number.ok().and_then(|number| self.proc.handle(Fd(number)).ok());
                let Some(handle) = handle else {
                    let text = match self.flavour {
                        Flavour::Bash => format!("{target}: Bad file descriptor"),
                        Flavour::Ash => format!("dup2({target},{}): Bad file descriptor", fd(0).0),
                        Flavour::Dash => format!("{target}: Bad file descriptor"),
                    };
                    self.complain(&text).await;
                    return Err(None);
                };
                self.put(fd(0), Some(handle), saved);
            }
            RedirectKind::Here(body) => {
                let text = match body.get() {
                    Some(word) => {
                        let field = self.expand_field(&word.parts).await.map_err(Some)?;
                        crate::pattern::text(&field)
                    }
                    None => String::new(),
                };
                self.put(fd(0), Some(Handle::bytes(text.into_bytes())), saved);
            }
            RedirectKind::HereString(word) => {
                let text = self.expand_text(word).await.map_err(Some)? + "\n";
                self.put(fd(0), Some(Handle::bytes(text.into_bytes())), saved);
            }
        }
        Ok(())
    }
}
