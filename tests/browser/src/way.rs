//! The way to the page's server, which a test can cut.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::{Result, setting};

/// An address of its own that leads to the server as long as it is not cut.
#[derive(Debug)]
pub struct Way {
    address: String,
    task: JoinHandle<()>,
}

impl Way {
    /// Opens it.
    ///
    /// # Errors
    /// If no port is free, or nobody has said where the server is.
    pub async fn open() -> Result<Self> {
        let page = setting("GLASSHIVE_PAGE")?;
        let server = page.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}/", listener.local_addr()?);
        let task = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(&server).await {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Ok(Self { address, task })
    }

    /// Where the page is on this way.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on nobody answers there.
    pub async fn cut(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
