//! A line between a server and its database, which a test can make swallow everything.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Line {
    /// The database, by way of the line.
    pub url: PathBuf,
    swallowed: watch::Sender<u64>,
}

impl Line {
    /// A line to the database of an address such as `postgres://postgres@127.0.0.1:5432/it`.
    pub async fn to(url: &str) -> Self {
        let (scheme, rest) = url.split_once('@').unwrap();
        let (address, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}@{}/{name}", listener.local_addr().unwrap());
        let (swallowed, seen) = watch::channel(0);
        tokio::spawn(carry(listener, address.to_owned(), seen));
        Self { url: PathBuf::from(url), swallowed }
    }

    /// What goes over the connections that are there arrives nowhere from now on, and nobody is told. New ones are as
    /// before.
    pub fn swallow(&self) {
        self.swallowed.send_modify(|it| *it += 1);
    }
}

async fn carry(listener: TcpListener, to: String, swallowed: watch::Receiver<u64>) {
    while let Ok((near, _)) = listener.accept().await {
        let mut swallowed = swallowed.clone();
        swallowed.mark_unchanged();
        let Ok(far) = TcpStream::connect(&to).await else { continue };
        let ((near_out, near_in), (far_out, far_in)) = (near.into_split(), far.into_split());
        tokio::spawn(pass(near_out, far_in, swallowed.clone()));
        tokio::spawn(pass(far_out, near_in, swallowed));
    }
}

/// One way, until the end, or until it swallows; then it stays open, and that is all.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut swallowed: watch::Receiver<u64>,
) {
    let mut bytes = [0; 4096];
    loop {
        let read = tokio::select! {
            biased;
            changed = swallowed.changed() => match changed {
                Ok(()) => std::future::pending().await,
                Err(_) => return,
            },
            read = from.read(&mut bytes) => read,
        };
        match read {
            Ok(length) if length > 0 && to.write_all(&bytes[..length]).await.is_ok() => {}
            _ => return,
        }
    }
}
