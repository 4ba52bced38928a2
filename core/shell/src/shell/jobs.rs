//! Commands behind `&`.

use sorted::SortedMap;

use os::process::Handle;
use os::{Errno, ExitStatus, Fd, Pid};

use super::{Done, Flow, Shell};
use crate::Flavour;
use crate::syntax::Item;

/// A command that runs in the background.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// As `%1` names it.
    pub(crate) number: u32,
    pub(crate) pid: Pid,
    /// The number that `$!` shows.
    pub(crate) shown_pid: Pid,
    pub(crate) text: String,
    /// How it ended, once it did.
    pub(crate) status: Option<ExitStatus>,
}

impl Shell {
    pub(super) async fn start_background(&mut self, item: &Item) -> Done {
        self.tick().await?;
        let chain = item.chain.clone();
        let mut fds = SortedMap::new();
        if !self.interactive {
            fds.insert(Fd::STDIN, Handle::null());
        }
        let body = move |shell: Self| shell.run_chain_as_child(chain);
        let pid = self.fork(fds, false, self.interactive, body).await?;
        let shown_pid = self.proc.visible_pid(pid);
        let number = self.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        self.jobs.push(Job { number, pid, shown_pid, text: item.text.clone(), status: None });
        self.last_background = Some(shown_pid);
        self.status = 0;
        if self.interactive && self.flavour == Flavour::Bash {
            self.proc.eprint(format!("[{number}] {shown_pid}\n")).await;
        }
        Ok(())
    }

    /// Looks which jobs have ended.
    pub(crate) fn poll_jobs(&mut self) {
        for job in self.jobs.iter_mut().filter(|job| job.status.is_none()) {
            match self.proc.try_wait(job.pid) {
                Ok(status) => job.status = status,
                Err(Errno::NoChild) => job.status = Some(ExitStatus::Code(127)),
                Err(_) => {}
            }
        }
    }

    /// A job's line of `jobs`.
    pub(crate) fn job_line(&self, job: &Job, with_pid: bool) -> String {
        let last = self.jobs.last().map(|job| job.number);
        let previous = self.jobs.len().checked_sub(2).map(|index| self.jobs[index].number);
        let mark = match Some(job.number) {
            number if number == last => '+',
            number if number == previous => '-',
            _ => ' ',
        };
        let state = match job.status {
            None => "Running".to_owned(),
            Some(ExitStatus::Code(0)) => "Done".to_owned(),
            Some(ExitStatus::Code(code)) if self.flavour == Flavour::Bash => format!("Exit {code}"),
            Some(ExitStatus::Code(code)) => format!("Done({code})"),
            Some(ExitStatus::Signal(signal)) => {
                crate::messages::signal(signal).unwrap_or("Interrupt").to_owned()
            }
        };
        let pid = if with_pid { format!("{:>5} ", job.shown_pid) } else { String::new() };
        let behind = if job.status.is_none() && self.flavour == Flavour::Bash { " &" } else { "" };
        format!("[{}]{mark}  {pid}{state:<24}{}{behind}\n", job.number, job.text)
    }

    /// Before a prompt: tells of the jobs that have ended, and forgets them.
    pub(super) async fn tell_of_jobs(&mut self) {
        self.poll_jobs();
        let ended = self.jobs.iter().filter(|job| job.status.is_some());
        let lines: String = ended.map(|job| self.job_line(job, false)).collect();
        self.jobs.retain(|job| job.status.is_none());
        if !lines.is_empty() {
            self.proc.eprint(lines).await;
        }
    }

    /// The job that `%1`, `%%`, `%name` or a process number means.
    pub(crate) fn find_job(&self, text: &str) -> Option<usize> {
        let Some(name) = text.strip_prefix('%') else {
            let pid = text.parse().ok()?;
            return self.jobs.iter().position(|job| job.shown_pid == Pid(pid));
        };
        match name {
            "" | "%" | "+" => self.jobs.len().checked_sub(1),
            "-" => self.jobs.len().checked_sub(2),
            name => match name.parse::<u32>() {
                Ok(number) => self.jobs.iter().position(|job| job.number == number),
                Err(_) => self.jobs.iter().position(|job| job.text.starts_with(name)),
            },
        }
    }

    /// Waits until a job ends and forgets it.
    pub(crate) async fn await_job(&mut self, index: usize) -> Result<i32, Flow> {
        let pid = self.jobs[index].pid;
        let status = match self.jobs[index].status {
            Some(status) => status.code(),
            None => match self.proc.wait(pid).await {
                Ok(status) => status.code(),
                Err(Errno::Interrupted) => {
                    self.take_signals().await?;
                    return Ok(130);
                }
                Err(_) => 127,
            },
        };
        self.jobs.retain(|job| job.pid != pid);
        Ok(status)
    }
}
