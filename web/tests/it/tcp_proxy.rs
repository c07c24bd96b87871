//! The line between a browser and the server, in the test's hand: what the server says can be held back, and everything
//! can be cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Flows,
    /// What the browser says gets through, what the server says does not.
    Held,
    Cut,
}

pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    is_walled: Arc<AtomicBool>,
}

impl Line {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new(State::Flows));
        let is_walled = Arc::new(AtomicBool::new(false));
        let (states, walled) = (state.clone(), is_walled.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *states.borrow() != State::Cut {
                    let (states, walled) = (states.subscribe(), walled.clone());
                    tokio::spawn(async move {
                        if !(walled.load(Ordering::Relaxed) && is_socket(&near).await) {
                            carry(near, server, states).await;
                        }
                    });
                }
            }
        });
        Self { address, state, is_walled }
    }

    /// From now on no WebSocket gets through, as behind some proxies.
    pub(crate) fn wall(&self) {
        self.is_walled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    pub(crate) fn release(&self) {
        self.state.send_replace(State::Flows);
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn mend(&self) {
        self.release();
    }
}

async fn is_socket(near: &TcpStream) -> bool {
    let mut head = vec![0; 4096];
    let length = near.peek(&mut head).await.unwrap_or_default();
    String::from_utf8_lossy(&head[..length]).to_ascii_lowercase().contains("upgrade: websocket")
}

async fn carry(near: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(server).await else { return };
    let ((mut near_reads, mut near_writes), (mut far_reads, mut far_writes)) =
        (near.into_split(), far.into_split());
    let mut held = state.clone();
    let up = async { tokio::io::copy(&mut near_reads, &mut far_writes).await.map(drop) };
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = far_reads.read(&mut buffer).await?;
            if length == 0 {
                return std::io::Result::Ok(());
            }
            if held.wait_for(|it| *it != State::Held).await.is_err() {
                return Ok(());
            }
            near_writes.write_all(&buffer[..length]).await?;
        }
    };
    tokio::select! {
        _ = up => {}
        _ = down => {}
        _ = state.wait_for(|it| *it == State::Cut) => {}
    }
}
